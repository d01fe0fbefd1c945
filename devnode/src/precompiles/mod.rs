//! Arbitrum's precompiled contracts, beside Ethereum's.

mod arb_address_table;
mod arb_aggregator;
mod arb_debug;
mod arb_gas_info;
mod arb_info;
mod arb_legacy;
mod arb_owner;
mod arb_owner_public;
mod arb_retryable_tx;
mod arb_sys;
mod arb_sys_send;
mod arb_wasm;
mod arb_wasm_cache;
mod call;

use alloy_primitives::{Address, Bytes};
use revm::{
    Database,
    handler::{EthPrecompiles, PrecompileProvider},
    interpreter::{CallInputs, CallScheme, Gas, InstructionResult, InterpreterResult},
    primitives::{AddressSet, hardfork::SpecId},
};

use crate::{
    config::{ARBITRUM_PRECOMPILES, ChainConfig, mute_precompiles, precompile_address},
    evm::ArbContext,
};
pub(crate) use arb_owner::OWNERS;
use call::{Call, Failure};

/// Ethereum's precompiles and Arbitrum's.
#[derive(Debug)]
pub(crate) struct ArbPrecompiles {
    ethereum: EthPrecompiles,
    addresses: AddressSet,
    debug: bool,
}

impl ArbPrecompiles {
    pub(crate) fn new(spec: SpecId, config: &ChainConfig) -> Self {
        let ethereum = EthPrecompiles::new(spec);
        let mut addresses = AddressSet::default();
        addresses.clone_from(ethereum.warm_addresses());
        addresses.extend(ARBITRUM_PRECOMPILES.map(precompile_address));
        addresses.extend(mute_precompiles(config));
        Self { ethereum, addresses, debug: config.allow_debug }
    }

    /// Whether there is a precompile at an address.
    pub(crate) fn is_precompile(&self, address: &Address) -> bool {
        self.addresses.contains(address)
    }
}

/// Last byte of the address of one of Arbitrum's precompiles.
fn own_index(address: &Address) -> Option<u8> {
    let last = *address.0.last()?;
    let known = ARBITRUM_PRECOMPILES.contains(&last) && *address == precompile_address(last);
    known.then_some(last)
}

impl<DB: Database> PrecompileProvider<ArbContext<DB>> for ArbPrecompiles {
    type Output = InterpreterResult;

    fn set_spec(&mut self, _spec: SpecId) -> bool {
        // The set does not change while a chain runs; it is injected once by revm.
        false
    }

    fn run(
        &mut self,
        ctx: &mut ArbContext<DB>,
        inputs: &CallInputs,
    ) -> Result<Option<InterpreterResult>, String> {
        let Some(index) =
            own_index(&inputs.bytecode_address).filter(|&index| self.debug || index != 0xff)
        else {
            return self.ethereum.run(ctx, inputs);
        };
        let input = inputs.input.bytes(ctx);
        let mut call = Call::new(ctx, inputs);
        // The owner's arguments are paid for once it is known.
        let paid = if index == 0x70 { Ok(()) } else { call.pay_for_input(input.len()) };
        let result = paid.and_then(|()| match index {
            0x64 => arb_sys::run(&mut call, &input),
            0x65 => arb_info::run(&mut call, &input),
            0x66 => arb_address_table::run(&mut call, &input),
            0x68 => arb_legacy::function_table(&mut call, &input),
            0x69 => arb_legacy::test(&mut call, &input),
            0x6b => arb_owner_public::run(&mut call, &input),
            0x6c => arb_gas_info::run(&mut call, &input),
            0x6d => arb_aggregator::run(&mut call, &input),
            0x6e => arb_retryable_tx::run(&mut call, &input),
            0x6f => arb_legacy::statistics(&mut call, &input),
            0x70 => arb_owner::run(&mut call, &input),
            0x71 => arb_wasm::run(&mut call, &input),
            0x72 => arb_wasm_cache::run(&mut call, &input),
            0xff => arb_debug::run(&mut call, &input),
            _ => Err(Failure::BurnAll),
        });
        let result = match result {
            Ok(output) => call.pay_for_output(output.len()).map(|()| output),
            // The data of an error is copied too; who cannot pay for it gets none.
            Err(Failure::Revert(data)) => {
                call.pay_for_output(data.len()).and(Err(Failure::Revert(data)))
            }
            failed => failed,
        };
        let result = if index == 0x70 { arb_owner::free(&mut call, result) } else { result };
        let left = call.gas_left();
        settle(result, left, inputs).map(Some)
    }

    fn warm_addresses(&self) -> &AddressSet {
        &self.addresses
    }
}

fn settle(
    result: Result<Vec<u8>, Failure>,
    left: u64,
    inputs: &CallInputs,
) -> Result<InterpreterResult, String> {
    let mut gas = Gas::new_with_regular_gas_and_reservoir(inputs.gas_limit, inputs.reservoir);
    let (result, output, left) = match result {
        Ok(output) => (InstructionResult::Return, output, left),
        Err(Failure::Revert(data)) => (InstructionResult::Revert, data, left),
        Err(Failure::BurnAll) => (InstructionResult::Revert, Vec::new(), 0),
        Err(Failure::Fatal(error)) => return Err(error),
    };
    gas.set_remaining(left);
    Ok(InterpreterResult { result, output: Bytes::from(output), gas })
}

/// Whether a call acts on the precompile itself.
const fn is_direct(scheme: CallScheme) -> bool {
    matches!(scheme, CallScheme::Call | CallScheme::StaticCall)
}
