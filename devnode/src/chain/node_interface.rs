//! `NodeInterface` (0xc8): what Nitro answers to `eth_call` at an address without code. Contracts
//! cannot call it.

use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_sol_types::{SolCall, SolInterface, sol};

use super::{Error, Node, Outcome, Overrides, Status};
use crate::precompile_address;

sol! {
    interface NodeInterface {
        function gasEstimateComponents(address to, bool contractCreation, bytes calldata data)
            external payable
            returns (uint64 gasEstimate, uint64 gasEstimateForL1, uint256 baseFee, uint256 l1BaseFee);
        function gasEstimateL1Component(address to, bool contractCreation, bytes calldata data)
            external view
            returns (uint64 gasEstimateForL1, uint256 baseFee, uint256 l1BaseFee);
        function nitroGenesisBlock() external pure returns (uint256 number);
        function blockL1Num(uint64 l2BlockNum) external view returns (uint64 l1BlockNum);
        function l2BlockRangeForL1(uint64 blockNum) external view
            returns (uint64 firstBlock, uint64 lastBlock);
        function getL1Confirmations(bytes32 blockHash) external view returns (uint64 confirmations);
    }
}

/// Where it answers.
const ADDRESS: Address = precompile_address(0xc8);

impl Node {
    /// The answer to a call of `NodeInterface`; `None` if the call is to another address.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for methods that need a parent chain, and as the call that is
    /// estimated.
    pub(super) fn node_interface(
        &mut self,
        request: &TransactionRequest,
        id: BlockId,
        overrides: &Overrides,
    ) -> Result<Option<Outcome>, Error> {
        if request.to != Some(TxKind::Call(ADDRESS)) {
            return Ok(None);
        }
        let input = super::transaction::call_input(request)?;
        let output = self.answer_interface(&input, request, id, overrides)?;
        Ok(Some(Outcome {
            status: Status::Success,
            gas_used: 0,
            gas_refunded: 0,
            output: output.into(),
            created: None,
            logs: Vec::new(),
            is_out_of_gas: false,
        }))
    }

    fn answer_interface(
        &mut self,
        input: &[u8],
        request: &TransactionRequest,
        id: BlockId,
        overrides: &Overrides,
    ) -> Result<Vec<u8>, Error> {
        use NodeInterface as I;
        use NodeInterface::NodeInterfaceCalls as C;
        let method = C::abi_decode(input).map_err(|_| unsupported())?;
        let base_fee = U256::from(self.base_fee());
        Ok(match method {
            C::gasEstimateComponents(arguments) => {
                let call = inner(request, arguments.to, arguments.contractCreation, arguments.data);
                let gas = self.estimate_gas(&call, id, overrides)?;
                let parts = (gas, 0, base_fee, U256::ZERO);
                I::gasEstimateComponentsCall::abi_encode_returns(&parts.into())
            }
            C::gasEstimateL1Component(_) => {
                let parts = (0, base_fee, U256::ZERO);
                I::gasEstimateL1ComponentCall::abi_encode_returns(&parts.into())
            }
            C::nitroGenesisBlock(_) => I::nitroGenesisBlockCall::abi_encode_returns(&U256::ZERO),
            C::blockL1Num(arguments) => {
                let number = BlockNumberOrTag::Number(arguments.l2BlockNum);
                I::blockL1NumCall::abi_encode_returns(&self.block(number.into())?.l1_number)
            }
            C::l2BlockRangeForL1(arguments) => {
                let range = self.range_of(arguments.blockNum).ok_or(Error::UnknownBlock)?;
                I::l2BlockRangeForL1Call::abi_encode_returns(&range.into())
            }
            C::getL1Confirmations(arguments) => {
                self.block(BlockId::hash(arguments.blockHash))?;
                I::getL1ConfirmationsCall::abi_encode_returns(&0)
            }
        })
    }

    /// First and last block that saw a block number of the parent chain.
    fn range_of(&self, l1_number: u64) -> Option<(u64, u64)> {
        let mut numbers = self
            .blocks
            .iter()
            .filter(|block| block.l1_number == l1_number)
            .map(|block| block.header.number);
        let first = numbers.next()?;
        Some((first, numbers.next_back().unwrap_or(first)))
    }
}

/// The call whose gas is asked for.
fn inner(
    request: &TransactionRequest,
    to: Address,
    is_creation: bool,
    data: Bytes,
) -> TransactionRequest {
    TransactionRequest {
        to: Some(if is_creation { TxKind::Create } else { TxKind::Call(to) }),
        input: data.into(),
        ..request.clone()
    }
}

fn unsupported() -> Error {
    let message = "NodeInterface: not a method that this node answers (it has no parent chain)";
    Error::InvalidArgument(message.into())
}
