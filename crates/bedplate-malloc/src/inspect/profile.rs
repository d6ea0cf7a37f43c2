//! The heap profile of a process, from outside.
//!
//! # Role
//! Sites with their samples as the process notes them, and the estimates that follow.
//!
//! # Sources
//! A block of s bytes is sampled with probability 1 - exp(-s / rate), so each sample stands for the
//! reciprocal of that many blocks: an unbiased estimate (Horvitz and Thompson, 1952).

use super::capture::CaptureError;
use super::reader::{Memory, Piece};
use crate::profile::tables::{FRAMES, SITES, Site, Tables};
use crate::root::{ROOT_MAGIC, ROOT_VERSION, Root};
use core::mem::offset_of;

/// What a process noted of its allocations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeapProfile {
    /// Bytes for each sample on the average.
    pub rate_bytes: u64,
    /// Samples that could not be noted: a table was full, or the unwinder itself allocated.
    pub dropped: u64,
    /// Where samples were taken.
    pub sites: Vec<ProfileSite>,
}

/// Samples of one stack and one block size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileSite {
    /// Size of the blocks.
    pub block_bytes: u64,
    /// Samples allocated.
    pub allocated: u64,
    /// Of these, samples that were freed.
    pub freed: u64,
    /// Return addresses, innermost first; the allocator's own frames are among them.
    pub frames: Vec<u64>,
}

impl HeapProfile {
    /// Blocks that one sample of blocks of `block_bytes` stands for.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "an estimate; sizes are far below 2^53"
    )]
    pub fn weight(&self, block_bytes: u64) -> f64 {
        if self.rate_bytes == 0 {
            return 1.0;
        }
        1.0 / -(-(block_bytes as f64) / self.rate_bytes as f64).exp_m1()
    }
}

/// Reads the heap profile of the allocator whose root page is at `root`; `None` if it samples
/// nothing.
///
/// # Errors
/// - [`CaptureError`]: what was found instead.
pub fn heap_profile(memory: &dyn Memory, root: u64) -> Result<Option<HeapProfile>, CaptureError> {
    let page = Piece::read(memory, root, size_of::<Root>())?;
    if page.word(offset_of!(Root, magic)) != ROOT_MAGIC {
        return Err(CaptureError::NotBedplate);
    }
    let found = page.word(offset_of!(Root, version));
    if found != ROOT_VERSION {
        return Err(CaptureError::OtherVersion { found });
    }
    let tables = page.word(offset_of!(Root, profile));
    if tables == 0 {
        return Ok(None);
    }
    read_tables(memory, tables).map(Some)
}

fn read_tables(memory: &dyn Memory, at: u64) -> Result<HeapProfile, CaptureError> {
    let tables = Piece::read(memory, at, size_of::<Tables>())?;
    let count = |offset: usize, most: usize| {
        usize::try_from(tables.word(offset))
            .ok()
            .filter(|count| *count <= most)
            .ok_or(CaptureError::Torn)
    };
    let site_count = count(offset_of!(Tables, sites_used), SITES)?;
    let sites = Piece::read(
        memory,
        tables.word(offset_of!(Tables, sites)),
        site_count * size_of::<Site>(),
    )?;
    // After the sites: the frames of each were written before it was counted.
    let tables = Piece::read(memory, at, size_of::<Tables>())?;
    let frame_count = usize::try_from(tables.word(offset_of!(Tables, frames_used)))
        .ok()
        .filter(|count| *count <= FRAMES)
        .ok_or(CaptureError::Torn)?;
    let frames = Piece::read(
        memory,
        tables.word(offset_of!(Tables, frames)),
        frame_count * 8,
    )?;
    let site = |index: usize| {
        let at = index * size_of::<Site>();
        let first = sites.half(at + offset_of!(Site, first_frame)) as usize;
        let count = sites.half(at + offset_of!(Site, frame_count)) as usize;
        if first + count > frame_count {
            return Err(CaptureError::Torn);
        }
        Ok(ProfileSite {
            block_bytes: sites.word(at + offset_of!(Site, block_bytes)),
            allocated: sites.word(at + offset_of!(Site, allocated)),
            freed: sites.word(at + offset_of!(Site, freed)),
            frames: (first..first + count)
                .map(|word| frames.word(word * 8))
                .collect(),
        })
    };
    Ok(HeapProfile {
        rate_bytes: tables.word(offset_of!(Tables, rate)),
        dropped: tables.word(offset_of!(Tables, dropped)),
        sites: (0..site_count).map(site).collect::<Result<_, _>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::HeapProfile;

    #[test]
    fn a_sample_of_a_small_block_stands_for_many() {
        let profile = HeapProfile {
            rate_bytes: 1 << 19,
            ..HeapProfile::default()
        };
        assert!((profile.weight(16) - 32_768.5).abs() < 0.01);
        assert!((profile.weight(1 << 19) - 1.581_976).abs() < 1e-5);
        assert!((profile.weight(1 << 30) - 1.0).abs() < 1e-9);
    }
}
