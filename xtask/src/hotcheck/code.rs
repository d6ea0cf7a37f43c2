//! Instructions of one function.
//!
//! # Role
//! Decodes a function into steps: where each goes next, which fixed address it names, and whether
//! it is one of the instructions that a hit path must not hold.
//!
//! # Invariants
//! - I1: a function is decoded in one sweep over all its bytes, so a jump table inside it hides
//!   nothing. Tables only have to be proved to stay inside.

use super::image::Image;
use iced_x86::{
    Code, Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind, Register,
};

/// Where a step goes after itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// To the next step.
    Next,
    /// To the next step or to an address.
    Branch(u64),
    /// To an address.
    Jump(u64),
    /// To an address and back.
    Call(u64),
    /// To what a linker slot holds.
    JumpSlot(u64),
    /// To what a linker slot holds, and back.
    CallSlot(u64),
    /// By a table that stays inside the function.
    Table,
    /// To an address that is known only at run time.
    JumpUnknown,
    /// To an address that is known only at run time, and back.
    CallUnknown,
    /// Out of the function.
    Return,
    /// Nowhere: a trap.
    Stop,
}

/// An instruction that a hit path must not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taboo {
    /// A `lock` prefix.
    Lock,
    /// `xchg` with memory, which locks without a prefix.
    Exchange,
    /// `mfence`.
    Fence,
    /// A system call.
    SystemCall,
}

/// One instruction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// Its address.
    pub(crate) address: u64,
    /// The address after it.
    pub(crate) next: u64,
    /// Where it goes.
    pub(crate) flow: Flow,
    /// The fixed address that it reads, writes or computes.
    pub(crate) names: Option<u64>,
    /// Whether the fixed address is only computed (`lea`).
    pub(crate) is_address_taken: bool,
    /// What it is that a hit path must not hold.
    pub(crate) taboo: Option<Taboo>,
}

/// Decodes the bytes of `start..end`; what cannot be decoded ends the list.
pub(crate) fn steps(image: &Image, start: u64, end: u64) -> Vec<Step> {
    let instructions = decode(image, start, end);
    instructions
        .iter()
        .enumerate()
        .map(|(index, instruction)| Step {
            address: instruction.ip(),
            next: instruction.next_ip(),
            flow: flow(image, &instructions, index, start..end),
            names: instruction
                .is_ip_rel_memory_operand()
                .then(|| instruction.ip_rel_memory_address()),
            is_address_taken: instruction.mnemonic() == Mnemonic::Lea,
            taboo: taboo(instruction),
        })
        .collect()
}

fn decode(image: &Image, start: u64, end: u64) -> Vec<Instruction> {
    let length = usize::try_from(end.saturating_sub(start)).unwrap_or(0);
    let Some(bytes) = image.bytes_from(start) else {
        return Vec::new();
    };
    let bytes = bytes.get(..length).unwrap_or(bytes);
    let decoder = Decoder::with_ip(64, bytes, start, DecoderOptions::NONE);
    decoder
        .into_iter()
        .take_while(|instruction| !instruction.is_invalid())
        .collect()
}

fn flow(
    image: &Image,
    instructions: &[Instruction],
    index: usize,
    function: core::ops::Range<u64>,
) -> Flow {
    let Some(instruction) = instructions.get(index) else {
        return Flow::Stop;
    };
    let target = instruction.near_branch_target();
    let slot = instruction
        .is_ip_rel_memory_operand()
        .then(|| instruction.ip_rel_memory_address());
    match instruction.flow_control() {
        FlowControl::Next => Flow::Next,
        FlowControl::ConditionalBranch | FlowControl::XbeginXabortXend => Flow::Branch(target),
        FlowControl::UnconditionalBranch => Flow::Jump(target),
        FlowControl::Call if instruction.code() == Code::Syscall => Flow::Next,
        FlowControl::Call => Flow::Call(target),
        FlowControl::IndirectBranch => match slot {
            Some(slot) => Flow::JumpSlot(slot),
            None if is_table_inside(image, instructions, index, &function) => Flow::Table,
            None => Flow::JumpUnknown,
        },
        FlowControl::IndirectCall => slot.map_or(Flow::CallUnknown, Flow::CallSlot),
        FlowControl::Return => Flow::Return,
        FlowControl::Interrupt | FlowControl::Exception => Flow::Stop,
    }
}

/// Whether `jmp register` at `index` takes its target from a table whose entries stay inside.
///
/// The compiler writes a switch as `lea base, [table]; movsxd register, [base + index * 4];
/// add register, base; jmp register`. The table has no length in the file: its first two entries
/// are read, which tells a switch from anything else, and the sweep covers the rest (I1).
fn is_table_inside(
    image: &Image,
    instructions: &[Instruction],
    index: usize,
    function: &core::ops::Range<u64>,
) -> bool {
    let before = instructions.get(..index).unwrap_or_default();
    let Some(base) = before.iter().rev().take(8).find_map(table_base) else {
        return false;
    };
    let Some(table) = before
        .iter()
        .rev()
        .find_map(|instruction| table_address(instruction, base))
    else {
        return false;
    };
    let Some(bytes) = image.bytes_from(table) else {
        return false;
    };
    bytes.chunks_exact(4).take(2).all(|entry| {
        let offset = entry.try_into().map_or(0, i32::from_le_bytes);
        function.contains(&table.wrapping_add_signed(i64::from(offset)))
    })
}

/// The base register when the instruction is the load of a table entry.
fn table_base(instruction: &Instruction) -> Option<Register> {
    let is_load = instruction.mnemonic() == Mnemonic::Movsxd
        && instruction.op1_kind() == OpKind::Memory
        && instruction.memory_index_scale() == 4;
    is_load.then(|| instruction.memory_base())
}

/// The table when the instruction loads its address into `base`.
fn table_address(instruction: &Instruction, base: Register) -> Option<u64> {
    let is_lea = instruction.mnemonic() == Mnemonic::Lea
        && instruction.op0_register() == base
        && instruction.is_ip_rel_memory_operand();
    is_lea.then(|| instruction.ip_rel_memory_address())
}

fn taboo(instruction: &Instruction) -> Option<Taboo> {
    let has_memory =
        (0..instruction.op_count()).any(|operand| instruction.op_kind(operand) == OpKind::Memory);
    match instruction.mnemonic() {
        Mnemonic::Xchg if has_memory => Some(Taboo::Exchange),
        Mnemonic::Mfence => Some(Taboo::Fence),
        Mnemonic::Syscall => Some(Taboo::SystemCall),
        _ if instruction.has_lock_prefix() => Some(Taboo::Lock),
        _ => None,
    }
}
