//! One atomic instruction.

use serde::Serialize;

use super::text;
use crate::facts::{OpKind, Order};

/// What an instruction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum InstructionKind {
    /// Reads.
    Load,
    /// Writes.
    Store,
    /// Reads, changes and writes.
    Change,
    /// Reads and writes another value.
    Swap,
    /// Writes only if the value is the expected one.
    Exchange,
}

impl InstructionKind {
    /// The name in documents, that of the source's operations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Store => "store",
            Self::Change => "change",
            Self::Swap => "swap",
            Self::Exchange => "exchange",
        }
    }

    /// Whether an operation of the source may have become this. Compilers make a load of a change by
    /// nothing, a store or swap of one that forgets the old value, and the library makes loads and
    /// exchanges of an update in a loop.
    pub(crate) const fn may_be(self, source: OpKind) -> bool {
        match source {
            OpKind::Load => matches!(self, Self::Load),
            OpKind::Store => matches!(self, Self::Store | Self::Swap),
            OpKind::Swap => matches!(self, Self::Swap | Self::Store | Self::Change),
            OpKind::Change => true,
            OpKind::Exchange => matches!(self, Self::Exchange | Self::Load),
        }
    }

    /// Whether it is the same as an operation of the source.
    pub(crate) const fn is(self, source: OpKind) -> bool {
        matches!(
            (self, source),
            (Self::Load, OpKind::Load)
                | (Self::Store, OpKind::Store)
                | (Self::Change, OpKind::Change)
                | (Self::Swap, OpKind::Swap)
                | (Self::Exchange, OpKind::Exchange)
        )
    }
}

/// An atomic instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instruction {
    /// What it does.
    pub kind: InstructionKind,
    /// The memory order, that of success where there are two.
    pub order: &'static str,
    /// Width in bits; of pointers, 64.
    pub bits: u32,
    /// The static it is done to.
    pub symbol: Option<String>,
}

/// Reads an instruction; nothing where it is not an atomic one.
pub(super) fn read(instruction: &text::Instruction<'_>) -> Option<Instruction> {
    let body = instruction.body();
    let opcode = instruction.opcode();
    let kind = match opcode {
        "load" if is_atomic(body, "load") => InstructionKind::Load,
        "store" if is_atomic(body, "store") => InstructionKind::Store,
        "cmpxchg" => InstructionKind::Exchange,
        "atomicrmw" if body.split(' ').take(3).any(|w| w == "xchg") => InstructionKind::Swap,
        "atomicrmw" => InstructionKind::Change,
        _ => return None,
    };
    Some(Instruction {
        kind,
        order: order(body),
        bits: bits(body, kind),
        symbol: symbol(body, kind),
    })
}

fn is_atomic(body: &str, opcode: &str) -> bool {
    body.get(opcode.len()..)
        .is_some_and(|rest| rest.starts_with(" atomic "))
}

/// The first of the words of orders: that of success stands first.
fn order(body: &str) -> &'static str {
    let orders = [
        ("monotonic", Order::Relaxed),
        ("unordered", Order::Relaxed),
        ("acquire", Order::Acquire),
        ("release", Order::Release),
        ("acq_rel", Order::AcqRel),
        ("seq_cst", Order::SeqCst),
    ];
    body.split([' ', ','])
        .find_map(|word| orders.iter().find(|(name, _)| *name == word))
        .map_or(Order::Unknown, |(_, order)| *order)
        .name()
}

/// The type of the value: the word after the opcode's own for loads and stores, after the address
/// otherwise.
fn bits(body: &str, kind: InstructionKind) -> u32 {
    let is_plain = matches!(kind, InstructionKind::Load | InstructionKind::Store);
    let part = if is_plain {
        Some(body)
    } else {
        body.split_once(", ").map(|(_, after)| after)
    };
    let word = part.and_then(|part| {
        let mut words = part.split([' ', ',']);
        words.find(|word| !matches!(*word, "load" | "store" | "atomic" | "volatile"))
    });
    let Some(word) = word else { return 0 };
    match word {
        _ if word.starts_with("ptr") || word.ends_with('*') => 64,
        "float" => 32,
        "double" => 64,
        _ => word
            .strip_prefix('i')
            .and_then(text::leading_number)
            .unwrap_or(0),
    }
}

/// The address, where it is a static's own.
fn symbol(body: &str, kind: InstructionKind) -> Option<String> {
    let parts: Vec<&str> = body.split(", ").collect();
    let place = match kind {
        InstructionKind::Load | InstructionKind::Store => 1,
        _ => 0,
    };
    let part = parts.get(place)?;
    if part.contains("getelementptr") {
        return None;
    }
    let found = text::operands(part, '@');
    found.last().map(|name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Option<Instruction> {
        let lines = [line];
        let found = text::instructions(&lines);
        read(&found[0])
    }

    #[test]
    fn instructions_of_both_spellings_are_read() {
        let cases = [
            (
                "  %0 = atomicrmw add ptr @_ZN1p4HITSE, i64 1 monotonic, align 8, !dbg !1",
                InstructionKind::Change,
                "relaxed",
                64,
                Some("@_ZN1p4HITSE"),
            ),
            (
                "  %1 = atomicrmw volatile xchg i8* %flag, i8 1 acquire",
                InstructionKind::Swap,
                "acquire",
                8,
                None,
            ),
            (
                "  %2 = cmpxchg weak ptr %x, i32 0, i32 1 acq_rel monotonic, align 4",
                InstructionKind::Exchange,
                "acquire-release",
                32,
                None,
            ),
            (
                "  %3 = load atomic i64, i64* @calls syncscope(\"singlethread\") seq_cst, align 8",
                InstructionKind::Load,
                "sequentially consistent",
                64,
                Some("@calls"),
            ),
            (
                "  store atomic volatile ptr %p, ptr @head release, align 8",
                InstructionKind::Store,
                "release",
                64,
                Some("@head"),
            ),
        ];
        for (line, kind, order, bits, symbol) in cases {
            let found = of(line).unwrap();
            assert_eq!((found.kind, found.order), (kind, order), "{line}");
            assert_eq!(
                (found.bits, found.symbol.as_deref()),
                (bits, symbol),
                "{line}"
            );
        }
    }

    #[test]
    fn plain_accesses_and_parts_of_statics_are_not() {
        assert_eq!(of("  %0 = load i64, ptr @x, align 8"), None);
        let part = of(
            "  store atomic i8 1, ptr getelementptr inbounds (i8, ptr @table, i64 8) release, align 1",
        );
        assert_eq!(part.unwrap().symbol, None);
    }
}
