//! Messages to the parent chain: `ArbSys.sendTxToL1` and `withdrawEth`. Nobody relays them here, but
//! they are hashed, numbered, accumulated and logged as on a chain that has a parent.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::sol;
use revm::Database;

use super::call::{Call, Failure};
use crate::{
    stylus::{Slot, set_slot},
    wasm::wide,
};

sol! {
    event SendMerkleUpdate(
        uint256 indexed reserved, bytes32 indexed hash, uint256 indexed position
    );
    event L2ToL1Tx(
        address caller, address indexed destination, uint256 indexed hash,
        uint256 indexed position, uint256 arbBlockNum, uint256 ethBlockNum, uint256 timestamp,
        uint256 callvalue, bytes data
    );
}

/// The roots of the accumulator's full subtrees, by height.
const PARTIALS: &str = "messages sent";

const HASH_GAS: u64 = 30;
const HASH_WORD_GAS: u64 = 6;

/// Sends a message with the value of the call, which leaves the chain; its number.
pub(super) fn send<DB: Database>(
    call: &mut Call<'_, DB>,
    destination: Address,
    data: Bytes,
) -> Result<U256, Failure> {
    let (caller, value) = (call.caller, call.value);
    let l1_number = call.ctx.block.number;
    let (number, time) = (U256::from(call.ctx.chain.block_number), U256::from(call.time()));
    if !value.is_zero() {
        // Whether tokens are minted here too.
        call.pay_for_reads(1)?;
    }
    let words = [number, l1_number, time, value].map(|word| word.to_be_bytes::<32>());
    let message = [caller.as_slice(), destination.as_slice(), words.as_flattened(), &data];
    let hash = hash(call, &message)?;
    let (index, updates) = append(call, hash)?;
    call.pay_for_reads(1)?;
    call.destroy(value)?;
    for (level, hash) in updates {
        // A place in the tree: its height in the upper 64 bits, the leaf in the lower ones.
        let position = U256::from_limbs([index, 0, 0, level]);
        call.emit(&SendMerkleUpdate { reserved: U256::ZERO, hash, position })?;
    }
    let position = U256::from(index);
    call.emit(&L2ToL1Tx {
        caller,
        destination,
        hash: hash.into(),
        position,
        arbBlockNum: number,
        ethBlockNum: l1_number,
        timestamp: time,
        callvalue: value,
        data,
    })?;
    Ok(position)
}

/// Appends a leaf to the accumulator; its index, and the inner nodes that are new, lowest first.
fn append<DB: Database>(
    call: &mut Call<'_, DB>,
    item: B256,
) -> Result<(u64, Vec<(u64, B256)>), Failure> {
    let index: u64 = call.read(Slot::MessagesSent.into())?.saturating_to();
    call.write(Slot::MessagesSent.into(), U256::from(index.saturating_add(1)))?;
    let heights = u64::from(u64::BITS.saturating_sub(index.leading_zeros()));
    let mut node = keccak256(item);
    let mut updates = Vec::new();
    for level in 0..=heights {
        let slot = set_slot(PARTIALS, level);
        if level == heights {
            call.write(slot, node.into())?;
            break;
        }
        let sibling = B256::from(call.read(slot)?);
        if sibling.is_zero() {
            call.write(slot, node.into())?;
            break;
        }
        node = hash(call, &[sibling.as_slice(), node.as_slice()])?;
        call.write(slot, U256::ZERO)?;
        updates.push((level.saturating_add(1), node));
    }
    Ok((index, updates))
}

fn hash<DB: Database>(call: &mut Call<'_, DB>, parts: &[&[u8]]) -> Result<B256, Failure> {
    let bytes = parts.concat();
    let words = wide(bytes.len()).div_ceil(32);
    call.burn(HASH_GAS.saturating_add(words.saturating_mul(HASH_WORD_GAS)))?;
    Ok(keccak256(&bytes))
}
