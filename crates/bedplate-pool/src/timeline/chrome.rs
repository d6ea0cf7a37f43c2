//! A timeline as JSON for Perfetto and Chrome.
//!
//! # Role
//! The object form of the trace event format: complete events (`X`) by beginning, instants (`i`),
//! names of the process and its threads (`M`). Times are microseconds with three digits behind the
//! point, which is whole nanoseconds.
//!
//! # Sources
//! "Trace Event Format", the Chromium project.

use super::model::{Mark, Slice, Timeline, Track};
use core::fmt::Write as _;
use std::io;

/// Microseconds since the timeline's beginning.
struct Micros(u64);

impl core::fmt::Display for Micros {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// A text between quotes.
struct Quoted<'t>(&'t str);

impl core::fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                c if c < ' ' => write!(f, "\\u{:04x}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

impl Timeline {
    /// Writes the timeline in the format that <https://ui.perfetto.dev> and `chrome://tracing` open.
    ///
    /// Every thread of the pool, every thread from outside and every fiber is a thread of it; the
    /// pool is its process, by the number of the real one. Contexts are numbers in text, since
    /// JavaScript has no whole numbers of 64 bits.
    ///
    /// # Errors
    /// - Those of `out`.
    pub fn write_chrome(&self, out: &mut impl io::Write) -> io::Result<()> {
        let pid = std::process::id();
        writeln!(
            out,
            "{{\"displayTimeUnit\":\"ns\",\"otherData\":{{\"began_ns\":\"{}\",\
             \"lost_events\":\"{}\"}},\"traceEvents\":[",
            self.began_ns,
            self.lost()
        )?;
        write!(
            out,
            "{{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":{pid},\"tid\":0,\"ts\":0,\
             \"args\":{{\"name\":{}}}}}",
            Quoted(&self.pool)
        )?;
        for (tid, track) in (1..).zip(&self.tracks) {
            head(out, (pid, tid), track)?;
        }
        let mut items: Vec<(u64, u32, Item<'_>)> = Vec::new();
        for (tid, track) in (1..).zip(&self.tracks) {
            let slices = track.slices.iter();
            items.extend(slices.map(|slice| (slice.begin_ns, tid, Item::Slice(slice))));
            let marks = track.marks.iter();
            items.extend(marks.map(|mark| (mark.at_ns, tid, Item::Mark(mark))));
        }
        // Stable: of two that begin together the outer one stays first.
        items.sort_by_key(|(at_ns, ..)| *at_ns);
        for (_, tid, item) in items {
            match item {
                Item::Slice(slice) => complete(out, (pid, tid), slice)?,
                Item::Mark(mark) => instant(out, (pid, tid), mark)?,
            }
        }
        out.write_all(b"\n]}\n")
    }
}

enum Item<'t> {
    Slice(&'t Slice),
    Mark(&'t Mark),
}

/// Name and order of a track, and what it lost.
fn head(out: &mut impl io::Write, (pid, tid): (u32, u32), track: &Track) -> io::Result<()> {
    write!(
        out,
        ",\n{{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":{pid},\"tid\":{tid},\"ts\":0,\
         \"args\":{{\"name\":{}}}}}",
        Quoted(&track.name)
    )?;
    write!(
        out,
        ",\n{{\"ph\":\"M\",\"name\":\"thread_sort_index\",\"pid\":{pid},\"tid\":{tid},\"ts\":0,\
         \"args\":{{\"sort_index\":{tid}}}}}"
    )?;
    if track.lost > 0 {
        write!(
            out,
            ",\n{{\"ph\":\"i\",\"s\":\"t\",\"name\":\"{} earlier events are lost\",\
             \"cat\":\"pool\",\"pid\":{pid},\"tid\":{tid},\"ts\":0.000}}",
            track.lost
        )?;
    }
    Ok(())
}

fn complete(out: &mut impl io::Write, (pid, tid): (u32, u32), slice: &Slice) -> io::Result<()> {
    let lasted_ns = slice.end_ns.saturating_sub(slice.begin_ns);
    write!(
        out,
        ",\n{{\"ph\":\"X\",\"name\":{},\"cat\":{},\"pid\":{pid},\"tid\":{tid},\"ts\":{},\"dur\":{},\
         \"args\":{{\"span\":\"{}\"",
        Quoted(slice.name),
        Quoted(slice.kind.name()),
        Micros(slice.begin_ns),
        Micros(lasted_ns),
        slice.span.id(),
    )?;
    if !slice.parent.is_none() {
        write!(out, ",\"parent\":\"{}\"", slice.parent.id())?;
    }
    if let Some(place) = slice.from {
        write!(out, ",\"taken_from\":{place}")?;
    }
    if slice.is_cut {
        out.write_all(b",\"cut\":true")?;
    }
    out.write_all(b"}}")
}

fn instant(out: &mut impl io::Write, (pid, tid): (u32, u32), mark: &Mark) -> io::Result<()> {
    write!(
        out,
        ",\n{{\"ph\":\"i\",\"s\":\"t\",\"name\":{},\"cat\":\"pool\",\"pid\":{pid},\"tid\":{tid},\
         \"ts\":{},\"args\":{{\"place\":{}}}}}",
        Quoted(mark.kind.name()),
        Micros(mark.at_ns),
        mark.place
    )
}
