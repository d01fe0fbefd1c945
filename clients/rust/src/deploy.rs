//! Putting a Stylus program on a chain: creation, and activation through the precompile ArbWasm.

use alloy_primitives::{Address, Bytes, TxKind, U256, address};
use alloy_sol_types::{SolCall, sol};

use crate::{Chain, Error, Receipt, Wallet};

sol! {
    /// The precompile that activates programs.
    interface IArbWasm {
        function activateProgram(address program) external payable returns (uint16 version, uint256 dataFee);
    }
}

/// Where ArbWasm is.
const ARB_WASM: Address = address!("0000000000000000000000000000000000000071");

/// Most that is offered for a program's data fee, wei: what isn't needed comes back.
const DATA_FEE_OFFER: u64 = 100_000_000_000_000_000;

/// Init code that creates a contract whose code is `code`.
pub fn create_code(code: &[u8]) -> Bytes {
    // PUSH32 length, DUP1, PUSH1 43 (where the code begins), PUSH1 0, CODECOPY, PUSH1 0, RETURN, version byte.
    let mut init = vec![0x7f];
    init.extend_from_slice(&U256::from(code.len()).to_be_bytes::<32>());
    init.extend_from_slice(&[0x80, 0x60, 0x2b, 0x60, 0x00, 0x39, 0x60, 0x00, 0xf3, 0x00]);
    init.extend_from_slice(code);
    init.into()
}

impl Chain {
    /// Creates a program from its deployable code (`EFF00000` and compressed WASM) and activates it: the receipts of both.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn create_program(&self, wallet: &Wallet, code: &[u8]) -> Result<(Address, Receipt, Receipt), Error> {
        let (program, created) = self.create(wallet, create_code(code)).await?;
        let call = IArbWasm::activateProgramCall { program };
        let value = U256::from(DATA_FEE_OFFER);
        let activated = self.send_raw(wallet, TxKind::Call(ARB_WASM), call.abi_encode().into(), value).await?;
        Ok((program, created, activated))
    }
}
