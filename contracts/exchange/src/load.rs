//! Trades from calldata, and what of them is hashed and filled.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, U256};
use novate_abi::{
    IClearing::Fill,
    IExchange::{Leg, Trade},
};
use novate_common::{Input, Revert, signature::keccak};
use stylus_sdk::stylus_core::Host;

const LEG_TYPE: &[u8] = b"Leg(uint64 instrument,int64 quantity,uint128 price)";
const TRADE_TYPE: &[u8] = b"Trade(bytes32 buyer,bytes32 seller,bool buyerIsMaker,Leg[] legs,uint64 deadline,uint256 salt)Leg(uint64 instrument,int64 quantity,uint128 price)";

/// Reads a trade.
pub(crate) fn trade(input: &mut Input<'_>) -> Result<Trade, Revert> {
    let mut fields = input.structure()?;
    let (buyer, seller) = (fields.bytes32()?, fields.bytes32()?);
    let buyer_is_maker = fields.bool()?;
    let (length, mut elements) = fields.array(3)?;
    let mut legs = Vec::with_capacity(length);
    for _ in 0..length {
        let (instrument, quantity) = (elements.u64()?, elements.i64()?);
        legs.push(Leg { instrument, quantity, price: elements.u128()? });
    }
    let (deadline, salt) = (fields.u64()?, fields.u256()?);
    Ok(Trade { buyer, seller, buyerIsMaker: buyer_is_maker, legs, deadline, salt })
}

/// The owner of an account: its first 20 bytes.
pub(crate) const fn owner(account: B256) -> Address {
    let [owner @ .., _, _, _, _, _, _, _, _, _, _, _, _] = account.0;
    Address::new(owner)
}

/// The EIP-712 structure hash of a trade.
pub(crate) fn structure_hash(vm: &impl Host, trade: &Trade) -> B256 {
    const TRADE: B256 = keccak(TRADE_TYPE);
    let mut legs = Vec::with_capacity(trade.legs.len().saturating_mul(32));
    for leg in &trade.legs {
        legs.extend_from_slice(leg_hash(vm, leg).as_slice());
    }
    novate_common::signature::hash_words(
        vm,
        &[
            TRADE,
            trade.buyer,
            trade.seller,
            U256::from(trade.buyerIsMaker).into(),
            vm.native_keccak256(&legs),
            U256::from(trade.deadline).into(),
            trade.salt.into(),
        ],
    )
}

fn leg_hash(vm: &impl Host, leg: &Leg) -> B256 {
    const LEG: B256 = keccak(LEG_TYPE);
    let mut quantity = if leg.quantity < 0 { B256::repeat_byte(u8::MAX) } else { B256::ZERO };
    if let Some(low) = quantity.last_chunk_mut() {
        *low = leg.quantity.to_be_bytes();
    }
    novate_common::signature::hash_words(
        vm,
        &[LEG, U256::from(leg.instrument).into(), quantity, U256::from(leg.price).into()],
    )
}

/// The fills of a trade: a leg of negative quantity goes the other way.
pub(crate) fn fills(trade: &Trade) -> Vec<Fill> {
    let fill = |leg: &Leg| {
        let turned = leg.quantity < 0;
        let (buyer, seller) =
            if turned { (trade.seller, trade.buyer) } else { (trade.buyer, trade.seller) };
        Fill {
            instrument: leg.instrument,
            quantity: leg.quantity.unsigned_abs(),
            price: leg.price,
            buyer,
            seller,
            buyerIsMaker: trade.buyerIsMaker != turned,
        }
    };
    trade.legs.iter().map(fill).collect()
}
