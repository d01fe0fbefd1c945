//! `ArbInfo` (0x65): balance and code of accounts.

use alloy_sol_types::{SolCall, SolInterface, sol};
use revm::Database;

use super::call::{Call, Failure, Purity};
use crate::wasm::wide;

sol! {
    interface ArbInfo {
        function getBalance(address account) external view returns (uint256);
        function getCode(address account) external view returns (bytes memory);
    }
}

const BALANCE_GAS: u64 = 700;
/// The chain asks the price of a cold slot here.
const CODE_GAS: u64 = 2_100;
const COPY_WORD_GAS: u64 = 3;

pub(super) fn run<DB: Database>(call: &mut Call<'_, DB>, input: &[u8]) -> Result<Vec<u8>, Failure> {
    use ArbInfo::ArbInfoCalls as C;
    let method = C::abi_decode(input).map_err(|_| Failure::BurnAll)?;
    call.enter(Purity::View)?;
    Ok(match method {
        C::getBalance(arguments) => {
            call.burn(BALANCE_GAS)?;
            let balance = call.balance(arguments.account)?;
            ArbInfo::getBalanceCall::abi_encode_returns(&balance)
        }
        C::getCode(arguments) => {
            call.burn(CODE_GAS)?;
            let (code, _) = call.code(arguments.account)?;
            call.burn(wide(code.len()).div_ceil(32).saturating_mul(COPY_WORD_GAS))?;
            ArbInfo::getCodeCall::abi_encode_returns(&code.into())
        }
    })
}
