//! `ArbDebug` (0xff): for tests, on chains that allow debugging.

use alloy_primitives::U256;
use alloy_sol_types::{SolInterface, sol};
use revm::Database;

use super::{
    arb_owner,
    call::{Call, Failure, Purity},
};

sol! {
    interface ArbDebug {
        function becomeChainOwner() external;
        function events(bool flag, bytes32 value) external payable returns (address, uint256);
        function eventsView() external view;
        function customRevert(uint64 number) external pure;
        function legacyError() external pure;
        event Basic(bool flag, bytes32 indexed value);
        event Mixed(
            bool indexed flag, bool not, bytes32 indexed value, address conn,
            address indexed caller
        );
        error Custom(uint64 number, string name, bool flag);
        error Unused();
    }
}

/// The text that `customRevert` carries.
const NAME: &str = "This spider family wards off bugs: /\\oo/\\ //\\(oo)//\\ /\\oo/\\";

pub(super) fn run<DB: Database>(call: &mut Call<'_, DB>, input: &[u8]) -> Result<Vec<u8>, Failure> {
    use ArbDebug::ArbDebugCalls as C;
    // Numbers and flags must fit their types.
    match C::abi_decode_validate(input).map_err(|_| Failure::BurnAll)? {
        C::becomeChainOwner(_) => {
            call.enter(Purity::Write)?;
            let caller = call.caller;
            call.set_add(arb_owner::OWNERS, caller).map(|()| Vec::new())
        }
        C::events(arguments) => {
            use alloy_sol_types::SolCall;
            call.enter(Purity::Payable)?;
            call.emit(&ArbDebug::Basic { flag: !arguments.flag, value: arguments.value })?;
            let (conn, caller) = (call.address, call.caller);
            let (flag, value) = (arguments.flag, arguments.value);
            call.emit(&ArbDebug::Mixed { flag, not: !flag, value, conn, caller })?;
            let returned: (_, U256) = (caller, call.value);
            Ok(ArbDebug::eventsCall::abi_encode_returns(&returned.into()))
        }
        C::eventsView(_) => {
            // A view may not log: it fails before it has paid for that.
            call.enter(Purity::View)?;
            Err(Failure::Revert(Vec::new()))
        }
        C::customRevert(arguments) => {
            call.enter(Purity::Pure)?;
            let error =
                ArbDebug::Custom { number: arguments.number, name: NAME.to_owned(), flag: true };
            Err(Failure::error(&error))
        }
        C::legacyError(_) => {
            call.enter(Purity::Pure)?;
            Err(Failure::Revert(Vec::new()))
        }
    }
}
