//! Which instructions of x86-64 lock memory, and which leave for other code.
//!
//! # Invariants
//! I1. Only addresses are asked for that callgrind saw an instruction begin at.

use std::fs;
use std::io;
use std::path::Path;

use object::{Architecture, Object as _, ObjectSection as _, SectionKind};

/// Most bytes of an instruction.
const BYTES_MAX: usize = 15;

/// What an instruction does, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Has a lock prefix, or is an exchange with memory, which locks without.
    Locked,
    /// Calls, or jumps without a condition, as calls at the end of functions do.
    Leaving,
    Other,
}

/// The code of an object file.
#[derive(Debug)]
pub(super) struct Code {
    sections: Vec<(u64, Vec<u8>)>,
}

impl Code {
    /// Of this file; none if it is not for x86-64.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        let content = fs::read(path)?;
        let file = object::File::parse(&*content).map_err(io::Error::other)?;
        if file.architecture() != Architecture::X86_64 {
            return Ok(None);
        }
        let sections = file
            .sections()
            .filter(|section| section.kind() == SectionKind::Text)
            .filter_map(|section| Some((section.address(), section.data().ok()?.to_vec())))
            .collect();
        Ok(Some(Self { sections }))
    }

    /// What the instruction at this address does.
    pub(super) fn kind_at(&self, address: u64) -> Kind {
        let bytes = self.sections.iter().find_map(|(start, bytes)| {
            let at = usize::try_from(address.checked_sub(*start)?).ok()?;
            let rest = bytes.get(at..)?;
            rest.get(..BYTES_MAX.min(rest.len()))
        });
        bytes.map_or(Kind::Other, kind)
    }
}

/// What an instruction that begins so does.
fn kind(bytes: &[u8]) -> Kind {
    let mut rest = bytes.iter().copied().peekable();
    while let Some(prefix) = rest.next_if(|byte| is_prefix(*byte)) {
        if prefix == 0xf0 {
            return Kind::Locked;
        }
    }
    // The prefix that widens registers comes last.
    let _wide = rest.next_if(|byte| (0x40..=0x4f).contains(byte));
    let (Some(code), operand) = (rest.next(), rest.next().unwrap_or(0)) else {
        return Kind::Other;
    };
    let is_memory = operand >> 6 != 3;
    match (code, (operand >> 3) & 7) {
        (0x86 | 0x87, _) if is_memory => Kind::Locked,
        (0xe8 | 0xe9 | 0xeb, _) | (0xff, 2..=5) => Kind::Leaving,
        _ => Kind::Other,
    }
}

const fn is_prefix(byte: u8) -> bool {
    matches!(
        byte,
        0x26 | 0x2e | 0x36 | 0x3e | 0x64 | 0x65 | 0x66 | 0x67 | 0xf0 | 0xf2 | 0xf3
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locked_instructions_are_told_from_others() {
        // lock add [rip+0], 1; lock xadd [rdi], rax; xchg [rdi], rax; repne lock with a segment
        assert_eq!(kind(&[0xf0, 0x48, 0x83, 0x05, 0, 0, 0, 0, 1]), Kind::Locked);
        assert_eq!(kind(&[0xf0, 0x48, 0x0f, 0xc1, 0x07]), Kind::Locked);
        assert_eq!(kind(&[0x48, 0x87, 0x07]), Kind::Locked);
        assert_eq!(kind(&[0x64, 0xf0, 0xff, 0x04, 0x25]), Kind::Locked);
        // xchg rax, rbx; add [rdi], 1; nothing
        assert_eq!(kind(&[0x48, 0x87, 0xd8]), Kind::Other);
        assert_eq!(kind(&[0x48, 0x83, 0x07, 0x01]), Kind::Other);
        assert_eq!(kind(&[]), Kind::Other);
    }

    #[test]
    fn calls_and_jumps_leave() {
        assert_eq!(kind(&[0xe8, 1, 2, 3, 4]), Kind::Leaving);
        assert_eq!(kind(&[0x41, 0xff, 0xd6]), Kind::Leaving);
        assert_eq!(kind(&[0xff, 0x25, 0, 0, 0, 0]), Kind::Leaving);
        // inc eax; jne
        assert_eq!(kind(&[0xff, 0xc0]), Kind::Other);
        assert_eq!(kind(&[0x75, 0x10]), Kind::Other);
    }
}
