//! What is done with a value inside of its function.

use alloc::collections::{BTreeMap, BTreeSet};

use super::text::{Instruction, operands};

/// What a use is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum What {
    /// A branch depends on it.
    Branches,
    /// It chooses between two values.
    Chooses,
    /// Memory is reached through it.
    Pointer,
    /// It picks an element.
    Index,
    /// It is returned.
    Returned,
    /// It is written to memory.
    Stored,
    /// It goes into an atomic.
    Atomic,
    /// It is handed to a function.
    Passed(String),
}

impl What {
    /// In words.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Branches => "a branch depends on it".to_owned(),
            Self::Chooses => "it chooses between two values".to_owned(),
            Self::Pointer => "memory is reached through it".to_owned(),
            Self::Index => "it picks an element".to_owned(),
            Self::Returned => "it is returned".to_owned(),
            Self::Stored => "it is written to memory".to_owned(),
            Self::Atomic => "it goes into an atomic".to_owned(),
            Self::Passed(name) => format!("it is handed to `{name}`"),
        }
    }
}

/// A use with its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Use {
    pub(super) what: What,
    /// The number of the debug information of the instruction that does it.
    pub(super) debug: Option<u32>,
}

/// The instructions of a function, by the values they take.
#[derive(Debug)]
pub(super) struct Users<'i> {
    instructions: &'i [Instruction<'i>],
    by_value: BTreeMap<&'i str, Vec<usize>>,
}

impl<'i> Users<'i> {
    pub(super) fn of(instructions: &'i [Instruction<'i>]) -> Self {
        let mut by_value: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, instruction) in instructions.iter().enumerate() {
            for operand in instruction.operands() {
                by_value.entry(operand).or_default().push(place);
            }
        }
        Self {
            instructions,
            by_value,
        }
    }

    /// Every end that a value comes to.
    pub(super) fn uses(&self, value: &str) -> BTreeSet<Use> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut todo = vec![value];
        while let Some(value) = todo.pop() {
            if !seen.insert(value) {
                continue;
            }
            for place in self.by_value.get(value).into_iter().flatten() {
                let instruction = &self.instructions[*place];
                let (what, goes_on) = step(instruction, value);
                found.extend(what.map(|what| Use {
                    what,
                    debug: instruction.debug(),
                }));
                if goes_on {
                    todo.extend(instruction.result());
                }
            }
        }
        found
    }
}

/// What an instruction does with a value, and whether its own value is made of it.
fn step(instruction: &Instruction<'_>, value: &str) -> (Option<What>, bool) {
    let taken = instruction.operands();
    let is_first = taken.first() == Some(&value);
    match instruction.opcode() {
        "br" | "switch" | "indirectbr" => (Some(What::Branches), false),
        "select" => (is_first.then_some(What::Chooses), true),
        "ret" | "resume" => (Some(What::Returned), false),
        "load" => (Some(What::Pointer), false),
        "store" => (Some(stored(instruction.body(), value)), false),
        "getelementptr" => {
            let is_index = taken.iter().skip(1).any(|taken| *taken == value)
                || !is_first
                || base_is_static(instruction.body());
            (is_index.then_some(What::Index), true)
        }
        "atomicrmw" | "cmpxchg" => {
            let address = instruction.body().split(", ").next().unwrap_or("");
            let is_address = operands(address, '%').contains(&value);
            let what = if is_address {
                What::Pointer
            } else {
                What::Atomic
            };
            (Some(what), false)
        }
        "call" | "invoke" | "callbr" => called(instruction, value),
        "fence" | "unreachable" => (None, false),
        // Computes with it; an instruction that makes no value and is not known is a use.
        _ if instruction.result().is_some() => (None, true),
        other => (Some(What::Passed(other.to_owned())), false),
    }
}

/// The address of a static before any value: what is taken is then an index.
fn base_is_static(body: &str) -> bool {
    match (body.find('@'), body.find('%')) {
        (Some(global), Some(value)) => global < value,
        _ => false,
    }
}

/// The value stands before the address.
fn stored(body: &str, value: &str) -> What {
    let parts: Vec<&str> = body.split(", ").collect();
    let holds = |place: usize| {
        let part = parts.get(place).copied().unwrap_or("");
        operands(part, '%').contains(&value)
    };
    match (body.starts_with("store atomic"), holds(0), holds(1)) {
        (_, false, true) => What::Pointer,
        (true, ..) => What::Atomic,
        _ => What::Stored,
    }
}

/// Intrinsics that only tell the compiler something.
const SILENT: [&str; 6] = [
    "assume",
    "dbg.",
    "lifetime.",
    "experimental.noalias",
    "invariant.",
    "donothing",
];
/// Intrinsics that compute.
const COMPUTING: [&str; 20] = [
    "umax",
    "umin",
    "smax",
    "smin",
    "abs",
    "ctpop",
    "ctlz",
    "cttz",
    "bswap",
    "bitreverse",
    "uadd",
    "usub",
    "umul",
    "sadd",
    "ssub",
    "smul",
    "expect",
    "fshl",
    "fshr",
    "is.constant",
];

fn called(instruction: &Instruction<'_>, value: &str) -> (Option<What>, bool) {
    let body = instruction.body();
    if body.contains(" asm ") {
        return (Some(What::Passed("assembly".to_owned())), false);
    }
    // The callee stands before the first parenthesis that follows a name.
    let head = callee(body);
    if head == value {
        return (Some(What::Pointer), false);
    }
    let Some(name) = head.strip_prefix('@') else {
        return (Some(What::Passed("a function pointer".to_owned())), false);
    };
    if let Some(intrinsic) = name.strip_prefix("llvm.") {
        let is = |list: &[&str]| list.iter().any(|name| intrinsic.starts_with(name));
        if is(&SILENT) {
            return (None, false);
        }
        if is(&COMPUTING) {
            return (None, true);
        }
    }
    let name = instruction.called.unwrap_or(name);
    (Some(What::Passed(name.to_owned())), false)
}

/// What is called: the name before its arguments.
fn callee(body: &str) -> &str {
    let named = |mark| {
        let found = operands(body, mark);
        found.into_iter().find(|name| {
            let at = name.as_ptr().addr() - body.as_ptr().addr() + name.len();
            body.as_bytes().get(at) == Some(&b'(')
        })
    };
    named('@').or_else(|| named('%')).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::super::text;
    use super::*;

    fn whats(lines: &[&str], value: &str) -> Vec<What> {
        let instructions = text::instructions(lines);
        let users = Users::of(&instructions);
        users
            .uses(value)
            .into_iter()
            .map(|found| found.what)
            .collect()
    }

    #[test]
    fn a_value_that_nothing_takes_is_unused() {
        let lines = [
            "  %0 = atomicrmw add ptr %p, i64 1 monotonic, align 8",
            "    #dbg_value(i64 %0, !1, !2, !3)",
            "  %1 = icmp ult i64 %0, 8",
            "  call void @llvm.assume(i1 %1)",
            "  ret void",
        ];
        assert_eq!(whats(&lines, "%0"), []);
    }

    #[test]
    fn ends_are_found_through_what_computes() {
        let lines = [
            "  %0 = load atomic i64, ptr %p monotonic, align 8",
            "  %1 = add i64 %0, 4",
            "  %2 = icmp ugt i64 %1, 9",
            "  br i1 %2, label %a, label %b, !dbg !7",
            "  %3 = call i64 @llvm.umax.i64(i64 %1, i64 2)",
            "  %4 = phi i64 [ %3, %a ], [ 0, %b ]",
            "  store i64 %4, ptr %out, align 8",
            "; call p::show",
            "  call void @_ZN1p4showE(i64 %4)",
            "  ret i64 %4",
        ];
        assert_eq!(
            whats(&lines, "%0"),
            [
                What::Branches,
                What::Returned,
                What::Stored,
                What::Passed("p::show".to_owned())
            ]
        );
    }

    #[test]
    fn what_is_reached_through_a_value_is_a_pointer() {
        let lines = [
            "  %0 = load atomic ptr, ptr %head acquire, align 8",
            "  %1 = getelementptr inbounds i8, ptr %0, i64 8",
            "  %2 = load i64, ptr %1, align 8",
            "  %3 = getelementptr inbounds i8, ptr @table, i64 %2",
        ];
        assert_eq!(whats(&lines, "%0"), [What::Pointer]);
        assert_eq!(whats(&lines, "%2"), [What::Index]);
    }

    #[test]
    fn what_goes_into_an_atomic_is_told_from_its_address() {
        let lines = [
            "  %0 = load atomic i64, ptr %p monotonic, align 8",
            "  %1 = cmpxchg weak ptr %q, i64 %0, i64 1 acquire monotonic, align 8",
            "  store atomic i64 %0, ptr %q release, align 8",
            "  %2 = extractvalue { i64, i1 } %1, 1",
            "  %3 = select i1 %2, i64 1, i64 2",
        ];
        assert_eq!(whats(&lines, "%0"), [What::Atomic]);
        assert_eq!(whats(&lines, "%1"), [What::Chooses]);
        assert_eq!(whats(&lines, "%q"), [What::Pointer]);
    }
}
