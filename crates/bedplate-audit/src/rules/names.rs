//! What names of functions and macros tell.

/// Macros that only show their arguments, or stop where a claim does not hold.
const SHOWING_MACROS: [&str; 26] = [
    "println",
    "eprintln",
    "print",
    "eprint",
    "write",
    "writeln",
    "format",
    "format_args",
    "trace",
    "debug",
    "info",
    "warn",
    "error",
    "log",
    "event",
    "span",
    "assert",
    "assert_eq",
    "assert_ne",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "panic",
    "unreachable",
    "metric",
    "trace_span",
];

/// Macros of Rust that only show.
pub(super) fn macro_shows(name: &str) -> bool {
    SHOWING_MACROS.contains(&name)
}

/// Macros that end the process or the thread.
pub(super) fn macro_ends(name: &str) -> bool {
    matches!(
        name,
        "panic" | "unreachable" | "todo" | "unimplemented" | "abort"
    )
}

/// Words of functions that show what they are given.
const SHOWING_WORDS: [&str; 16] = [
    "print",
    "printf",
    "fprintf",
    "println",
    "warn",
    "warning",
    "debug",
    "trace",
    "dump",
    "snprintf",
    "vsnprintf",
    "vfprintf",
    "puts",
    "fputs",
    "logf",
    "assert",
];

fn has_word(name: &str, words: &[&str]) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.split('_').any(|part| words.contains(&part))
}

/// Whether a function shows what it is given, by its name.
pub(super) fn call_shows(name: &str) -> bool {
    !checks_always(name)
        && (has_word(name, &SHOWING_WORDS) || name.to_ascii_lowercase().ends_with("printf"))
}

/// Whether a macro of Rust that is not in the tree gives a message, by its name.
pub(super) fn macro_talks(name: &str) -> bool {
    !checks(name)
        && (call_shows(name) || has_word(name, &["info", "error", "log", "span", "event"]))
}

/// Macros whose value is made of what they are given, and which do nothing with it; and those around code.
pub(super) fn macro_holds(name: &str) -> bool {
    matches!(
        name,
        "vec"
            | "matches"
            | "dbg"
            | "json"
            | "smallvec"
            | "hashmap"
            | "btreemap"
            | "concat"
            | "cfg_if"
            | "select"
            | "join"
            | "try_join"
            | "stream"
            | "try_stream"
    )
}

/// Whether a function gives messages, by its name, where it is given a text. A name alone is not
/// enough: a message may be what the program is about, and a log what it keeps.
pub(super) fn talks(name: &str) -> bool {
    has_word(name, &["log", "message", "msg", "report"])
}

/// The traits by which the macros of texts make a text of a value.
pub(super) fn makes_text(of_trait: &str) -> bool {
    crate::facts::text_of_trait(of_trait).is_some()
}

/// Whether a function with messages in its name does something with them.
pub(super) fn sends(name: &str) -> bool {
    has_word(
        name,
        &[
            "send", "post", "publish", "enqueue", "queue", "push", "write", "append", "put",
            "deliver", "dispatch", "reply", "forward", "commit", "delete", "remove", "create",
            "store", "save", "insert", "submit", "ack", "handle", "process", "on", "recv",
            "receive", "parse", "read", "encode", "decode", "apply", "replay", "rotate",
            "truncate", "flush", "sync", "open", "close",
        ],
    )
}

/// Functions of the standard libraries that print.
pub(super) fn prints_by_standard(name: &str) -> bool {
    matches!(
        name,
        "perror" | "puts" | "fputs" | "fputws" | "putchar" | "putc" | "fputc" | "putwchar"
    ) || name.strip_suffix("printf").is_some_and(|head| {
        matches!(
            head,
            "" | "f"
                | "v"
                | "vf"
                | "d"
                | "vd"
                | "s"
                | "sn"
                | "vs"
                | "vsn"
                | "as"
                | "vas"
                | "w"
                | "fw"
                | "sw"
                | "vw"
                | "vfw"
        )
    })
}

/// Whether all that a name says of showing is that it prints, as to a stream.
pub(super) fn only_prints(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let says = lower.split('_').any(|part| {
        SHOWING_WORDS.contains(&part) && !part.ends_with("printf") && !part.ends_with("puts")
    });
    !says && (lower.ends_with("printf") || lower.ends_with("puts"))
}

/// Methods that collect what is shown (`f.debug_struct().field(...)`).
pub(super) fn method_shows(name: &str) -> bool {
    matches!(
        name,
        "field"
            | "write_fmt"
            | "write_str"
            | "write_char"
            | "fmt"
            | "finish"
            | "debug_struct"
            | "debug_tuple"
            | "debug_list"
            | "record_debug"
            | "entry_debug"
            | "pad"
    )
}

/// Whether a whole function is there to show things, by its name.
pub(super) fn function_shows(name: &str) -> bool {
    name == "fmt" || has_word(name, &SHOWING_WORDS) || has_word(name, &["json"])
}

/// How many arguments of a macro of Rust are claims that are checked in releases too.
pub(super) fn claims_of(name: &str) -> usize {
    match name {
        "assert" => 1,
        "assert_eq" | "assert_ne" => 2,
        _ => 0,
    }
}

/// Whether a macro of C checks a claim, by its name.
pub(super) fn checks(name: &str) -> bool {
    has_word(name, &["assert"]) && !checks_always(name)
}

/// Whether a check stays in releases, by its name.
fn checks_always(name: &str) -> bool {
    has_word(name, &["assert"]) && has_word(name, &["release", "always", "hard", "prod"])
}

/// Functions of libraries that end the process.
pub(super) fn ends_process(name: &str) -> bool {
    matches!(
        name,
        "exit" | "_exit" | "_Exit" | "quick_exit" | "abort" | "terminate" | "raise" | "longjmp"
    )
}

/// Functions of libraries that put a text into their first argument.
pub(super) fn prints_into(name: &str) -> bool {
    ["sprintf", "snprintf"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Methods that find something by what they are given.
pub(super) fn finds(name: &str) -> bool {
    matches!(
        name,
        "get"
            | "get_mut"
            | "get_unchecked"
            | "get_unchecked_mut"
            | "contains_key"
            | "entry"
            | "swap_remove"
    )
}

/// Functions of libraries whose answer only says how the printing went.
pub(super) fn prints(name: &str) -> bool {
    name.ends_with("printf") || name.ends_with("puts") || name.starts_with("print")
}

/// Methods and functions that only compute.
const PURE: [&str; 133] = [
    "first",
    "last",
    "values",
    "keys",
    "leading_zeros",
    "trailing_zeros",
    "count_ones",
    "min",
    "max",
    "wrapping_add",
    "wrapping_sub",
    "wrapping_mul",
    "saturating_add",
    "saturating_sub",
    "checked_add",
    "checked_sub",
    "overflowing_add",
    "abs",
    "pow",
    "round",
    "floor",
    "ceil",
    "sqrt",
    "ln",
    "exp",
    "to_owned",
    "to_string",
    "into",
    "try_into",
    "from",
    "try_from",
    "unwrap",
    "expect",
    "unwrap_or",
    "unwrap_or_default",
    "is_some",
    "is_none",
    "is_ok",
    "is_err",
    "is_null",
    "ok",
    "err",
    "as_ref",
    "as_mut",
    "as_ptr",
    "cast",
    "clone",
    "copied",
    "cloned",
    "len",
    "is_empty",
    "iter",
    "map",
    "map_err",
    "filter",
    "sum",
    "count",
    "collect",
    "enumerate",
    "rev",
    "zip",
    "chain",
    "take",
    "skip",
    "then",
    "then_some",
    "Some",
    "Ok",
    "Err",
    "None",
    "new",
    "default",
    "as_secs",
    "as_nanos",
    "as_millis",
    "from_nanos",
    "from_micros",
    "from_millis",
    "from_secs",
    "elapsed",
    "get",
    "as_str",
    "as_slice",
    "trailing_zeros",
    "leading_zeros",
    "count_ones",
    "is_power_of_two",
    "rotate_left",
    "leading_ones",
    "swap_bytes",
    "to_bits",
    "from_bits",
    "likely",
    "unlikely",
    "eq",
    "ne",
    "cmp",
    "partial_cmp",
    "and_then",
    "or_else",
    "unwrap_or_else",
    "size_of",
    "clamp",
    "chars",
    "char_indices",
    "bytes",
    "lines",
    "trim",
    "trim_start",
    "trim_end",
    "starts_with",
    "ends_with",
    "position",
    "rposition",
    "any",
    "all",
    "find",
    "find_map",
    "filter_map",
    "flat_map",
    "flatten",
    "fold",
    "product",
    "min_by_key",
    "max_by_key",
    "take_while",
    "skip_while",
    "windows",
    "chunks",
    "split",
    "splitn",
    "rsplit",
    "contains",
];

/// Functions that answer what the closure they are given answers, and go by nothing of it.
pub(super) fn hands_on(name: &str) -> bool {
    matches!(
        name,
        "?" | "with"
            | "with_borrow"
            | "with_borrow_mut"
            | "get_or_init"
            | "get_or_insert_with"
            | "or_insert_with"
            | "block_on"
            | "block_in_place"
            | "in_scope"
            | "catch_unwind"
            | "AssertUnwindSafe"
            | "spawn"
            | "spawn_blocking"
            | "scope"
            | "try_with"
            | "call_once"
    )
}

/// Methods whose answers are there to be shown, where they stand in a message.
pub(super) fn describes(name: &str) -> bool {
    matches!(
        name,
        "display" | "id" | "name" | "kind" | "code" | "description" | "path" | "current" | "now"
    )
}

/// Heads of methods of numbers that only reckon, each in its own manner.
const RECKONS: [&str; 4] = ["wrapping_", "saturating_", "checked_", "overflowing_"];

/// Methods of numbers and of durations that only reckon.
fn reckons(name: &str) -> bool {
    RECKONS.iter().any(|head| name.starts_with(head))
        || matches!(
            name,
            "div_ceil"
                | "abs_diff"
                | "rem_euclid"
                | "div_euclid"
                | "mul_f64"
                | "mul_f32"
                | "div_f64"
                | "div_f32"
                | "total_cmp"
                | "ilog2"
                | "ilog10"
                | "log2"
                | "log10"
                | "powi"
                | "powf"
                | "trunc"
                | "fract"
                | "signum"
                | "recip"
                | "mul_add"
                | "next_power_of_two"
                | "map_or"
                | "map_or_else"
                | "is_some_and"
                | "is_none_or"
                | "sum"
                | "duration_since"
                | "unsigned_abs"
        )
}

/// Whether a call only makes room for as many: less would be right as well.
pub(super) fn makes_room(name: &str) -> bool {
    name.starts_with("with_capacity") || matches!(name, "reserve" | "reserve_exact")
}

/// Whether a function makes an owner of what was only pointed to: its end frees that, or closes it.
pub(super) fn owns(name: &str) -> bool {
    name.starts_with("from_raw") && name != "from_raw_os_error"
}

/// Whether a function from elsewhere may keep what a closure answers, or go by it: where it is none of those that only
/// compute, or that run the closure and answer what it did.
pub(super) fn goes_by_answer(name: &str) -> bool {
    let runs = [
        "with", "spawn", "scope", "scoped", "run", "block", "catch", "install", "call", "time",
    ];
    let keeps = ["insert", "init", "resize", "fill", "replace", "update"];
    let hands_back = !has_word(name, &keeps) && has_word(name, &runs);
    !is_pure(name) && !hands_back && !matches!(name, "for_each" | "inspect" | "inspect_err")
}

/// Words of numbers by which others know what they have seen.
const VERSIONS: [&str; 20] = [
    "version",
    "seq",
    "seqno",
    "sequence",
    "epoch",
    "gen",
    "generation",
    "lsn",
    "revision",
    "rev",
    "term",
    "index",
    "head",
    "tail",
    "offset",
    "cursor",
    "watermark",
    "ticket",
    "timestamp",
    "clock",
];

/// Whether a name says that others go by the number.
pub(super) fn is_version(name: &str) -> bool {
    has_word(name, &VERSIONS)
}

/// Whether a function answers where among counts a share of them ends.
pub(super) fn is_quantile(name: &str) -> bool {
    has_word(
        name,
        &[
            "percentile",
            "percentiles",
            "quantile",
            "quantiles",
            "median",
        ],
    )
}

/// Whether a function of C++ is called by what looks like no call: where values are compared, asked whether they hold, or
/// looked up.
pub(super) fn is_asked_by_operator(name: &str) -> bool {
    let Some(operator) = name.strip_prefix("operator") else {
        return false;
    };
    matches!(
        operator.trim(),
        "bool" | "==" | "!=" | "<" | ">" | "<=" | ">=" | "<=>" | "!" | "()" | "[]"
    )
}

/// Methods that pick as many, or that one, as they are given.
pub(super) fn picks(name: &str) -> bool {
    matches!(
        name,
        "take" | "skip" | "nth" | "step_by" | "windows" | "chunks" | "splitn" | "rsplitn"
    )
}

/// Whether a call only computes, by its name.
pub(super) fn is_pure(name: &str) -> bool {
    !owns(name) && computes(name)
}

fn computes(name: &str) -> bool {
    PURE.contains(&name)
        || name.starts_with("is_")
        || name.starts_with("as_")
        || name.starts_with("from_")
        || name.starts_with("to_")
        || name.starts_with("with_capacity")
        || reckons(name)
        || name.contains("likely")
        || name == "__builtin_expect"
}

/// Whether a name is that of a type or a variant, whose call only wraps.
pub(super) fn wraps(name: &str) -> bool {
    name.starts_with(char::is_uppercase) && name.chars().any(char::is_lowercase)
}

/// Whether a name says that only an extreme is kept.
pub(super) fn keeps_extreme(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [
        "max",
        "min",
        "peak",
        "high",
        "largest",
        "longest",
        "watermark",
    ]
    .iter()
    .any(|part| lower.contains(part))
}

/// Methods of generated messages that answer how many bytes one takes.
pub(super) fn measures_message(name: &str) -> bool {
    matches!(
        name,
        "encoded_len"
            | "serialized_size"
            | "encoded_size"
            | "compute_size"
            | "byte_size"
            | "ByteSizeLong"
    )
}
