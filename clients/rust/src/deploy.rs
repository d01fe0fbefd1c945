//! Putting a Stylus program on a chain: creation, and activation through the precompile `ArbWasm`.

use alloy_primitives::{Address, Bytes, TxKind, U256, address};
use alloy_sol_types::{SolCall, SolError, sol};

use crate::{Chain, Error, Wallet};

sol! {
    /// The precompile that activates programs.
    interface IArbWasm {
        function activateProgram(address program) external payable returns (uint16 version, uint256 dataFee);
        error ProgramUpToDate();
    }
}

/// Where `ArbWasm` is.
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

/// Most bytes of code that an account may hold.
const MAX_CODE_BYTES: usize = 24_576;

/// A program that can be deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// `EFF000`, the dictionary's number, and the compressed WASM.
    pub code: Bytes,
    /// Length of the WASM before compression.
    pub wasm_bytes: u32,
}

/// A program on a chain.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// Where it is.
    pub program: Address,
    /// Gas of all creations.
    pub creation_gas: u64,
    /// Gas of its activation.
    pub activation_gas: u64,
}

impl Chain {
    /// Creates a program and activates it. Code too long for one account is laid into fragments, which `ArbOS` 60 joins; the
    /// program's own account then lists them.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn create_program(
        &self,
        wallet: &Wallet,
        program: &Program,
    ) -> Result<Deployed, Error> {
        let mut creation_gas = 0;
        let mut code = program.code.clone();
        if code.len() > MAX_CODE_BYTES {
            let (_, payload) = code.split_at(PREFIX_BYTES);
            let mut fragments = Vec::new();
            for part in payload.chunks(MAX_FRAGMENT_BYTES) {
                let (address, receipt) =
                    self.create(wallet, create_code(&[&FRAGMENT, part].concat())).await?;
                creation_gas = receipt.gas_used.saturating_add(creation_gas);
                fragments.push(address);
            }
            code = root(program, &fragments);
        }
        let (address, receipt) = self.create(wallet, create_code(&code)).await?;
        creation_gas = receipt.gas_used.saturating_add(creation_gas);
        let call = IArbWasm::activateProgramCall { program: address };
        let value = U256::from(DATA_FEE_OFFER);
        let activation = self
            .send_raw(wallet, TxKind::Call(ARB_WASM), call.abi_encode().into(), value)
            .await
            .map(|receipt| receipt.gas_used);
        let activation_gas = match activation {
            // Programs are active by their code: somebody has activated this one before.
            Err(Error::Reverted { data, .. })
                if data.starts_with(&IArbWasm::ProgramUpToDate::SELECTOR) =>
            {
                0
            }
            other => other?,
        };
        Ok(Deployed { program: address, creation_gas, activation_gas })
    }
}

/// Most bytes of a program in one fragment.
const MAX_FRAGMENT_BYTES: usize = MAX_CODE_BYTES - FRAGMENT.len();
/// Prefix of a fragment's code.
const FRAGMENT: [u8; 3] = [0xef, 0xf0, 0x01];
/// Prefix of the code that lists fragments.
const ROOT: [u8; 3] = [0xef, 0xf0, 0x02];
/// Length of a whole program's prefix, the dictionary's number included.
const PREFIX_BYTES: usize = 4;

/// Code that lists a program's fragments: prefix, dictionary, length of the WASM, addresses.
fn root(program: &Program, fragments: &[Address]) -> Bytes {
    let mut code = ROOT.to_vec();
    code.extend(program.code.get(PREFIX_BYTES - 1));
    code.extend_from_slice(&program.wasm_bytes.to_be_bytes());
    for fragment in fragments {
        code.extend_from_slice(fragment.as_slice());
    }
    code.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_lists_dictionary_length_and_fragments() {
        let program = Program {
            code: Bytes::from_static(&[0xef, 0xf0, 0, 7, 1, 2]),
            wasm_bytes: 0x0102_0304,
        };
        let code = root(&program, &[Address::repeat_byte(9), Address::repeat_byte(8)]);
        assert_eq!(code[..8], [0xef, 0xf0, 2, 7, 1, 2, 3, 4]);
        assert_eq!(code.len(), 8 + 40);
        assert_eq!(code[8..28], [9; 20]);
    }
}
