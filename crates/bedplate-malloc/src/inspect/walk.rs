//! From the root page to ranges and figures.

use super::capture::{BlockFigures, Capture, CaptureError, ClassFigures, Range, RangeKind};
use super::reader::{Memory, Piece, word};
use super::{Counters, Library};
use crate::class::CLASSES;
use crate::heap::{Heap, Standing, return_threshold, sparse_limit};
use crate::huge::{HUGE_HEADER_OFFSET, HUGE_MAGIC, HugeHeader, Place};
use crate::root::{ROOT_MAGIC, ROOT_VERSION, Root};
use crate::segment::{HEADER_OFFSET, Header, MAGIC, METADATA_BYTES, RECORDS_OFFSET, SHARED_OFFSET};
use crate::slab::{Kind, Shared, Slab, State};
use crate::tuning::{HUGE_EXTENTS, SLICE_BYTES, SLICES};
use bedplate_telemetry::{GateSet, Metric, Snapshot, TABLE};
use core::mem::offset_of;

/// More segments, huge blocks or heaps than this are taken for a loop in torn lists.
const LIST_MAX: usize = 1 << 20;
const SLICE: u64 = SLICE_BYTES as u64;

/// Reads everything, from the root page at `root` on.
///
/// # Errors
/// - [`CaptureError`]: what was found instead.
pub fn capture(memory: &dyn Memory, root: u64) -> Result<Capture, CaptureError> {
    let page = Piece::read(memory, root, size_of::<Root>())?;
    if page.word(offset_of!(Root, magic)) != ROOT_MAGIC {
        return Err(CaptureError::NotBedplate);
    }
    let found = page.word(offset_of!(Root, version));
    let counter_words = page.word(offset_of!(Root, counter_words));
    if found != ROOT_VERSION || counter_words != Counters::WORDS as u64 {
        return Err(CaptureError::OtherVersion { found });
    }
    let mut walk = Walk {
        memory,
        link_key: page.word(offset_of!(Root, link_key)),
        ranges: Vec::new(),
        classes: vec![
            ClassFigures {
                block_bytes: 0,
                slabs: 0,
                capacity: 0,
                live: 0
            };
            CLASSES
        ],
        large: BlockFigures::default(),
        huge: BlockFigures::default(),
        threads: 0,
        parked: 0,
    };
    walk.segments(sane(word(
        memory,
        page.word(offset_of!(Root, newest_segment)),
    )?)?)?;
    walk.huge_blocks(sane(word(
        memory,
        page.word(offset_of!(Root, first_huge)),
    )?)?)?;
    walk.huge_cache(page.word(offset_of!(Root, huge_cache)))?;
    let heap_bytes = sane(page.word(offset_of!(Root, heap_bytes)))?;
    walk.heaps(
        sane(word(memory, page.word(offset_of!(Root, newest_heap)))?)?,
        heap_bytes,
    )?;
    walk.profile(page.word(offset_of!(Root, profile)))?;
    let counters = Piece::read(
        memory,
        page.word(offset_of!(Root, counters)),
        Counters::WORDS * 8,
    )?;
    #[expect(clippy::cast_possible_truncation, reason = "gates are 32 bits")]
    let gates = GateSet::from_bits(page.word(offset_of!(Root, gates)) as u32);
    Ok(Capture {
        library: match page.word(offset_of!(Root, library)) {
            1 => Library::Preload,
            2 => Library::Observed,
            3 => Library::Hardened,
            _ => Library::Linked,
        },
        gates: TABLE
            .iter()
            .filter(|row| gates.has(row.gate))
            .map(|row| row.name)
            .collect(),
        counters: Counters::from_words(&core::array::from_fn(|i| counters.word(i * 8))),
        ranges: disjoint(walk.ranges),
        classes: walk.classes.into_iter().filter(|c| c.slabs > 0).collect(),
        large: walk.large,
        huge: walk.huge,
        threads: walk.threads,
        parked: walk.parked,
        telemetry: telemetry(memory, page.word(offset_of!(Root, telemetry)))?,
    })
}

/// An address or a size that can be one: sums of a few of them do not overflow.
fn sane(word: u64) -> Result<u64, CaptureError> {
    if word >> 48 == 0 {
        Ok(word)
    } else {
        Err(CaptureError::Torn)
    }
}

struct Walk<'a> {
    memory: &'a dyn Memory,
    /// What links are coded with, 0 for nothing.
    link_key: u64,
    ranges: Vec<Range>,
    classes: Vec<ClassFigures>,
    large: BlockFigures,
    huge: BlockFigures,
    threads: u64,
    parked: u64,
}

impl Walk<'_> {
    fn range(&mut self, start: u64, end: u64, kind: RangeKind, live_bytes: u64) {
        if start < end {
            self.ranges.push(Range {
                start,
                end,
                kind,
                live_bytes,
            });
        }
    }

    fn segments(&mut self, newest: u64) -> Result<(), CaptureError> {
        let mut at = newest;
        for _ in 0..LIST_MAX {
            if at == 0 {
                return Ok(());
            }
            let piece = Piece::read(self.memory, at, METADATA_BYTES)?;
            if piece.word(HEADER_OFFSET + offset_of!(Header, magic)) != MAGIC {
                return Err(CaptureError::Torn);
            }
            self.segment(at, &piece)?;
            at = sane(piece.word(HEADER_OFFSET + offset_of!(Header, older)))?;
        }
        Err(CaptureError::Torn)
    }

    fn segment(&mut self, segment: u64, piece: &Piece) -> Result<(), CaptureError> {
        self.range(segment, segment + SLICE, RangeKind::Metadata, 0);
        let dirty = piece.word(HEADER_OFFSET + offset_of!(Header, dirty));
        let mut index = 1;
        while index < SLICES {
            let record = RECORDS_OFFSET + index * size_of::<Slab>();
            let start = segment + index as u64 * SLICE;
            let slices =
                usize::from(piece.byte(record + offset_of!(Slab, slices))).clamp(1, SLICES - index);
            let end = start + slices as u64 * SLICE;
            match piece.byte(record + offset_of!(Slab, kind)) {
                k if k == Kind::Slab as u8 || k == Kind::Sampled as u8 => {
                    self.slab(piece, index, start, end)?;
                    index += slices;
                }
                k if k == Kind::Large as u8 => {
                    let shared = SHARED_OFFSET + record;
                    let usable = piece
                        .word(shared + offset_of!(Shared, usable_bytes))
                        .min(end - start);
                    self.large.blocks += 1;
                    self.large.bytes += usable;
                    self.range(start, start + usable, RangeKind::Blocks, usable);
                    self.range(start + usable, end, RangeKind::Retained, 0);
                    index += slices;
                }
                _ => {
                    let touched = dirty >> index & 1 == 1;
                    let kind = if touched {
                        RangeKind::Retained
                    } else {
                        RangeKind::Untouched
                    };
                    self.range(start, start + SLICE, kind, 0);
                    index += 1;
                }
            }
        }
        Ok(())
    }

    fn slab(
        &mut self,
        piece: &Piece,
        index: usize,
        start: u64,
        end: u64,
    ) -> Result<(), CaptureError> {
        let record = RECORDS_OFFSET + index * size_of::<Slab>();
        let bytes = u64::from(piece.half(record + offset_of!(Slab, block_bytes)));
        let capacity = u32::from(piece.short(record + offset_of!(Slab, capacity)));
        let extended = u32::from(piece.short(record + offset_of!(Slab, extended)));
        let class = usize::from(piece.byte(record + offset_of!(Slab, class)));
        let purged = SHARED_OFFSET + record + offset_of!(Shared, purged);
        let is_hollow = piece.word(purged) | piece.word(purged + 8) != 0;
        let reach = if is_hollow { capacity } else { extended };
        let used = start + u64::from(reach) * bytes;
        if bytes < 16 || extended > capacity || used > end || class >= CLASSES {
            return Err(CaptureError::Torn);
        }
        let countdown = piece.half(record + offset_of!(Slab, countdown));
        let remote = piece.word(SHARED_OFFSET + record + offset_of!(Shared, remote));
        let waiting = (remote >> 48) as u32;
        let state = piece.byte(record + offset_of!(Slab, state));
        let out = if state == State::Queued as u8 {
            countdown.saturating_add(sparse_limit(capacity))
        } else if state == State::Sparse as u8 {
            countdown
        } else if state == State::Full as u8 {
            capacity - return_threshold(capacity).saturating_sub(countdown)
        } else {
            let first = piece.word(record + offset_of!(Slab, free));
            extended - self.list_length(first, start, used, extended)?
        };
        let live = u64::from(out.min(extended).saturating_sub(waiting));
        if let Some(figures) = self.classes.get_mut(class) {
            #[expect(clippy::cast_possible_truncation, reason = "block sizes are 32 bits")]
            {
                figures.block_bytes = bytes as u32;
            }
            figures.slabs += 1;
            figures.capacity += u64::from(capacity);
            figures.live += live;
        }
        self.range(start, used, RangeKind::Blocks, live * bytes);
        self.range(used, end, RangeKind::Retained, 0);
        Ok(())
    }

    /// Length of a current slab's list, whose blocks lie in `start..used`.
    fn list_length(
        &self,
        first: u64,
        start: u64,
        used: u64,
        limit: u32,
    ) -> Result<u32, CaptureError> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a slab has at most 512 KiB"
        )]
        let copy = if first == 0 {
            None
        } else {
            Some(Piece::read(self.memory, start, (used - start) as usize)?)
        };
        let mut at = first;
        let mut length = 0;
        while let Some(piece) = copy.as_ref()
            && at != 0
            && length < limit
        {
            // A link changed under us leads anywhere: the list ends there.
            if at < start || at > used.saturating_sub(16) {
                break;
            }
            length += 1;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a slab has at most 512 KiB"
            )]
            {
                let stored = piece.word((at - start) as usize);
                at = match self.link_key {
                    0 => stored,
                    key => stored ^ key ^ at,
                };
            }
        }
        Ok(length)
    }

    fn huge_blocks(&mut self, first: u64) -> Result<(), CaptureError> {
        let mut at = first;
        for _ in 0..LIST_MAX {
            if at == 0 {
                return Ok(());
            }
            let header = Piece::read(
                self.memory,
                at + HUGE_HEADER_OFFSET as u64,
                size_of::<HugeHeader>(),
            )?;
            let block = sane(header.word(offset_of!(HugeHeader, block)))?;
            let bytes = sane(header.word(offset_of!(HugeHeader, block_bytes)))?;
            let mapped = sane(header.word(offset_of!(HugeHeader, mapped_bytes)))?;
            if header.word(offset_of!(HugeHeader, magic)) != HUGE_MAGIC
                || block < at
                || block + bytes > at + mapped
            {
                return Err(CaptureError::Torn);
            }
            self.huge.blocks += 1;
            self.huge.bytes += bytes;
            self.range(at, block, RangeKind::Metadata, 0);
            self.range(block, block + bytes, RangeKind::Blocks, bytes);
            self.range(block + bytes, at + mapped, RangeKind::Retained, 0);
            at = sane(header.word(offset_of!(HugeHeader, next)))?;
        }
        Err(CaptureError::Torn)
    }

    fn huge_cache(&mut self, address: u64) -> Result<(), CaptureError> {
        let cache = Piece::read(self.memory, address, HUGE_EXTENTS * size_of::<Place>())?;
        for place in (0..HUGE_EXTENTS).map(|i| i * size_of::<Place>()) {
            let start = sane(cache.word(place + offset_of!(Place, start)))?;
            if start != 0 {
                let bytes = sane(cache.word(place + offset_of!(Place, bytes)))?;
                self.range(start, start + bytes, RangeKind::Retained, 0);
            }
        }
        Ok(())
    }

    /// The tables of a heap profile.
    #[cfg(not(bedplate_unprofiled))]
    fn profile(&mut self, tables: u64) -> Result<(), CaptureError> {
        use crate::profile::tables::Tables;
        if tables == 0 {
            return Ok(());
        }
        let tables = Piece::read(self.memory, tables, size_of::<Tables>())?;
        let start = sane(tables.word(offset_of!(Tables, mapping)))?;
        let bytes = sane(tables.word(offset_of!(Tables, mapping_bytes)))?;
        self.range(start, start + bytes, RangeKind::Metadata, 0);
        Ok(())
    }

    #[cfg(bedplate_unprofiled)]
    #[expect(clippy::unnecessary_wraps, reason = "the twin of the above")]
    fn profile(&self, _tables: u64) -> Result<(), CaptureError> {
        Ok(())
    }

    fn heaps(&mut self, newest: u64, heap_bytes: u64) -> Result<(), CaptureError> {
        let mut at = newest;
        for _ in 0..LIST_MAX {
            if at == 0 {
                return Ok(());
            }
            let heap = Piece::read(self.memory, at, size_of::<Heap>())?;
            match heap.byte(offset_of!(Heap, standing)) {
                s if s == Standing::Attached as u8 => self.threads += 1,
                s if s == Standing::Parked as u8 => self.parked += 1,
                _ => {}
            }
            // Whole pages: nothing but heaps lives on them.
            let page = 4096;
            self.range(
                at / page * page,
                (at + heap_bytes).next_multiple_of(page),
                RangeKind::Metadata,
                0,
            );
            at = sane(heap.word(offset_of!(Heap, older)))?;
        }
        Err(CaptureError::Torn)
    }
}

/// Sorts ranges and cuts those that overlap an earlier one: heaps share pages.
fn disjoint(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_by_key(|r| (r.start, r.end));
    let mut last_end = 0;
    ranges.retain_mut(|r| {
        r.start = r.start.max(last_end);
        last_end = last_end.max(r.end);
        r.start < r.end
    });
    ranges
}

fn telemetry(memory: &dyn Memory, address: u64) -> Result<Vec<(String, u64)>, CaptureError> {
    if address == 0 {
        return Ok(Vec::new());
    }
    let piece = Piece::read(memory, address, Snapshot::WORDS * 8)?;
    let words: Vec<u64> = (0..Snapshot::WORDS).map(|i| piece.word(i * 8)).collect();
    let snapshot = Snapshot::from_words(&words).ok_or(CaptureError::Torn)?;
    let figures = Metric::ALL
        .iter()
        .map(|m| (m.name().to_owned(), snapshot.figures[*m as usize]));
    let sizes = crate::class::BLOCK_BYTES.iter();
    let allocations = sizes.clone().zip(snapshot.class_allocations);
    let frees = sizes.zip(snapshot.class_frees);
    Ok(figures
        .chain(allocations.map(|(b, n)| (format!("class_allocations_{b}"), n)))
        .chain(frees.map(|(b, n)| (format!("class_frees_{b}"), n)))
        .filter(|(_, n)| *n > 0)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::{Range, RangeKind, disjoint};

    #[test]
    fn overlapping_ranges_are_cut() {
        let range = |start, end| Range {
            start,
            end,
            kind: RangeKind::Metadata,
            live_bytes: 0,
        };
        let cut = disjoint(vec![range(8, 12), range(0, 4), range(2, 6), range(3, 5)]);
        assert_eq!(cut, vec![range(0, 4), range(4, 6), range(8, 12)]);
    }
}
