//! Opcodes that differ from Ethereum's.

use revm::{
    Database,
    bytecode::opcode::{BLOBBASEFEE, BLOCKHASH, SELFDESTRUCT},
    context_interface::JournalTr,
    handler::instructions::EthInstructions,
    interpreter::{
        Instruction, InstructionContext, InstructionExecResult, InstructionResult,
        instructions::host, interpreter::EthInterpreter, interpreter_types::InputsTr,
    },
    primitives::Address,
};

use super::{ArbContext, parent};
use crate::stylus;

type Context<'a, DB> = InstructionContext<'a, ArbContext<DB>, EthInterpreter>;

/// Puts them into the table; what they cost before they run stays.
pub(super) fn install<DB: Database>(
    instructions: &mut EthInstructions<EthInterpreter, ArbContext<DB>>,
) {
    let table = instructions.instruction_table_mut();
    for (opcode, instruction) in [
        (BLOCKHASH, Instruction::new(block_hash)),
        (BLOBBASEFEE, Instruction::new(blob_base_fee)),
        (SELFDESTRUCT, Instruction::new(self_destruct)),
    ] {
        if let Some(place) = table.get_mut(usize::from(opcode)) {
            *place = instruction;
        }
    }
}

/// NUMBER counts the parent chain's blocks, and this gives what is recorded of them.
fn block_hash<DB: Database>(context: Context<'_, DB>) -> InstructionExecResult {
    let Context { interpreter, host } = context;
    let Some(number) = interpreter.stack.top() else {
        return Err(InstructionResult::StackUnderflow);
    };
    let hash = parent::hash(host, *number).ok_or(InstructionResult::FatalExternalError)?;
    *number = hash.into();
    Ok(())
}

/// There are no blobs.
const fn blob_base_fee<DB: Database>(_: Context<'_, DB>) -> InstructionExecResult {
    Err(InstructionResult::OpcodeNotFound)
}

/// Programs can't be destroyed, not by code that they call in their own name either: that reverts. The beneficiary exists from
/// then on, even if it gets nothing.
fn self_destruct<DB: Database>(context: Context<'_, DB>) -> InstructionExecResult {
    let Context { interpreter, host } = context;
    let beneficiary =
        interpreter.stack.data().last().map(|word| Address::from_word((*word).into()));
    let own = interpreter.input.target_address();
    let inner = InstructionContext { interpreter: &mut *interpreter, host: &mut *host };
    let result = host::selfdestruct(inner);
    if result == Err(InstructionResult::SelfDestruct) {
        let account = host.journaled_state.load_account_with_code(own);
        let is_program = account.is_ok_and(|account| {
            let code = account.data.info.code.as_ref();
            code.is_some_and(|code| {
                stylus::is_program(code.original_byte_slice(), host.chain.has_fragments())
            })
        });
        if is_program {
            return Err(InstructionResult::Revert);
        }
        host.chain.empties.extend(beneficiary);
    }
    result
}
