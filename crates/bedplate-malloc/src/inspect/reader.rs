//! Words from another process's memory.

use core::fmt;

/// A way to read a process's memory.
pub trait Memory {
    /// Fills `into` from `address` on.
    ///
    /// # Errors
    /// - [`ReadFailed`] where not all of it could be read.
    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), ReadFailed>;
}

/// Memory could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadFailed {
    /// Where.
    pub address: u64,
}

impl fmt::Display for ReadFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "failed to read the process's memory at {:#x}: it ended, changed, or may not be read (run as its user or as root)",
            self.address
        )
    }
}

impl core::error::Error for ReadFailed {}

/// A copy of a piece of memory.
#[derive(Debug)]
pub(super) struct Piece {
    bytes: Vec<u8>,
}

impl Piece {
    pub(super) fn read(
        memory: &dyn Memory,
        address: u64,
        bytes: usize,
    ) -> Result<Self, ReadFailed> {
        let mut piece = Self {
            bytes: vec![0; bytes],
        };
        memory.read(address, &mut piece.bytes)?;
        Ok(piece)
    }

    fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        self.bytes
            .get(at..)
            .and_then(|rest| rest.first_chunk::<N>())
            .copied()
            .unwrap_or([0; N])
    }

    pub(super) fn word(&self, at: usize) -> u64 {
        u64::from_ne_bytes(self.array(at))
    }

    pub(super) fn half(&self, at: usize) -> u32 {
        u32::from_ne_bytes(self.array(at))
    }

    pub(super) fn short(&self, at: usize) -> u16 {
        u16::from_ne_bytes(self.array(at))
    }

    pub(super) fn byte(&self, at: usize) -> u8 {
        self.array::<1>(at)[0]
    }
}

/// One word.
pub(super) fn word(memory: &dyn Memory, address: u64) -> Result<u64, ReadFailed> {
    Ok(Piece::read(memory, address, 8)?.word(0))
}
