//! What an execution came to, and how geth words a failure.

use alloy_primitives::{Address, Bytes, Log};
use revm::context_interface::result::{ExecutionResult, HaltReason, Output};

use super::Error;

/// How an execution ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It succeeded.
    Success,
    /// It reverted; the output is the reason.
    Reverted,
    /// It ended in an exceptional halt, worded as geth words it.
    Halted(String),
}

/// What an execution came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// Gas charged, after refunds.
    pub gas_used: u64,
    /// Gas refunded at the end.
    pub gas_refunded: u64,
    /// Data returned; empty after a halt.
    pub output: Bytes,
    /// The contract created.
    pub created: Option<Address>,
    /// Logs, if it succeeded.
    pub logs: Vec<Log>,
    /// Whether gas ran out.
    pub is_out_of_gas: bool,
}

impl Outcome {
    /// Whether it succeeded.
    pub fn is_success(&self) -> bool {
        self.status == Status::Success
    }

    /// Why it failed.
    pub fn failure(&self) -> Option<Error> {
        match &self.status {
            Status::Success => None,
            Status::Reverted => Some(Error::Reverted { data: self.output.clone() }),
            Status::Halted(reason) => Some(Error::Halted(reason.clone())),
        }
    }

    /// The output of a success.
    ///
    /// # Errors
    /// [`Error::Reverted`] or [`Error::Halted`].
    pub fn into_output(self) -> Result<Bytes, Error> {
        match self.failure() {
            None => Ok(self.output),
            Some(error) => Err(error),
        }
    }
}

impl From<ExecutionResult> for Outcome {
    fn from(result: ExecutionResult) -> Self {
        let gas = *result.gas();
        let (gas_used, gas_refunded) = (gas.tx_gas_used(), gas.final_refunded());
        let mut outcome = Self {
            status: Status::Success,
            gas_used,
            gas_refunded,
            output: Bytes::new(),
            created: None,
            logs: Vec::new(),
            is_out_of_gas: false,
        };
        match result {
            ExecutionResult::Success { logs, output, .. } => {
                outcome.logs = logs;
                outcome.output = match output {
                    Output::Call(data) => data,
                    Output::Create(data, address) => {
                        outcome.created = address;
                        data
                    }
                };
            }
            ExecutionResult::Revert { output, .. } => {
                outcome.status = Status::Reverted;
                outcome.output = output;
            }
            ExecutionResult::Halt { reason, .. } => {
                outcome.is_out_of_gas = matches!(reason, HaltReason::OutOfGas(_));
                outcome.status = Status::Halted(halt_message(&reason));
            }
        }
        outcome
    }
}

/// The wording of go-ethereum's `core/vm/errors.go`.
fn halt_message(reason: &HaltReason) -> String {
    let message = match reason {
        HaltReason::OutOfGas(_) => "out of gas",
        HaltReason::OpcodeNotFound => "invalid opcode",
        HaltReason::InvalidFEOpcode => "invalid opcode: INVALID",
        HaltReason::InvalidJump => "invalid jump destination",
        HaltReason::StackUnderflow => "stack underflow",
        HaltReason::StackOverflow => "stack limit reached 1024",
        HaltReason::OutOfOffset => "return data out of bounds",
        HaltReason::CreateCollision => "contract address collision",
        HaltReason::NonceOverflow => "nonce uint64 overflow",
        HaltReason::CreateContractSizeLimit => "max code size exceeded",
        HaltReason::CreateContractStartingWithEF => "invalid code: must not begin with 0xef",
        HaltReason::CreateInitCodeSizeLimit => "max initcode size exceeded",
        HaltReason::StateChangeDuringStaticCall | HaltReason::CallNotAllowedInsideStatic => {
            "write protection"
        }
        HaltReason::OutOfFunds => "insufficient balance for transfer",
        HaltReason::CallTooDeep => "max call depth exceeded",
        other => return other.to_string(),
    };
    message.into()
}
