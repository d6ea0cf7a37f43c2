//! C text made readable to a parser that does not preprocess.
//!
//! # Invariants
//! I1. Every byte keeps its place, so that lines and ranges hold in both texts.

/// Rewrites what a parser without a preprocessor stumbles over.
pub(super) fn mask(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    while at < bytes.len() {
        at = match bytes[at] {
            b'"' | b'\'' => after_quoted(&bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'/') => after_line(&bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => after_comment(&bytes, at),
            byte if is_word(byte) => word(&mut bytes, at),
            _ => at + 1,
        };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn after_line(bytes: &[u8], at: usize) -> usize {
    let end = bytes[at..].iter().position(|b| *b == b'\n');
    end.map_or(bytes.len(), |end| at + end)
}

fn after_comment(bytes: &[u8], at: usize) -> usize {
    let end = bytes[at..].windows(2).position(|pair| pair == b"*/");
    end.map_or(bytes.len(), |end| at + end + 2)
}

fn after_quoted(bytes: &[u8], at: usize) -> usize {
    let quote = bytes[at];
    let mut next = at + 1;
    while let Some(byte) = bytes.get(next) {
        match byte {
            b'\\' => next += 1,
            b'\n' => return next,
            byte if *byte == quote => return next + 1,
            _ => {}
        }
        next += 1;
    }
    bytes.len()
}

/// Handles the word at `at`; answers where to go on.
fn word(bytes: &mut [u8], at: usize) -> usize {
    let end = at + bytes[at..].iter().take_while(|b| is_word(**b)).count();
    let name = String::from_utf8_lossy(&bytes[at..end]).into_owned();
    match name.as_str() {
        // `_Atomic(T *)` becomes one name, in which the type can still be read.
        "_Atomic" => atomic(bytes, end),
        // `if likely(x) {` is no call before a block.
        "if" | "while" => {
            let next = end + spaces(&bytes[end..]);
            let until = next + bytes[next..].iter().take_while(|b| is_word(**b)).count();
            let opens = bytes.get(until + spaces(bytes.get(until..).unwrap_or(&[]))) == Some(&b'(');
            if until > next && opens {
                bytes[next..until].fill(b' ');
            }
            end
        }
        "struct" | "union" | "class" => {
            blank_before_name(bytes, end);
            end
        }
        // What a macro is defined as stays: a definition of nothing but spaces does not parse.
        _ if is_decoration(&name) && !is_all_of_macro(bytes, at) => {
            bytes[at..end].fill(b' ');
            let open = end + spaces(&bytes[end..]);
            if bytes.get(open) == Some(&b'(') {
                blank_group(bytes, open)
            } else {
                end
            }
        }
        _ => end,
    }
}

/// Whether the word at `at` begins what a macro without parameters is defined as.
fn is_all_of_macro(bytes: &[u8], at: usize) -> bool {
    let start = bytes[..at].iter().rposition(|byte| *byte == b'\n');
    let line = &bytes[start.map_or(0, |start| start + 1)..at];
    let line = String::from_utf8_lossy(line);
    let mut words = line.trim_start().trim_start_matches('#').split_whitespace();
    words.next() == Some("define")
        && words.next().is_some_and(|name| !name.contains('('))
        && words.next().is_none()
}

/// `struct ALIGNED Name {` and `class EXPORTED Name : public Base {`: the first word is a macro.
fn blank_before_name(bytes: &mut [u8], at: usize) {
    let word_at = |from: usize| {
        let start = from + spaces(bytes.get(from..).unwrap_or(&[]));
        let rest = bytes.get(start..).unwrap_or(&[]);
        start..start + rest.iter().take_while(|b| is_word(**b)).count()
    };
    let first = word_at(at);
    let second = word_at(first.end);
    let next = second.end + spaces(bytes.get(second.end..).unwrap_or(&[]));
    let opens = matches!(bytes.get(next), Some(b'{' | b':'));
    let is_path = bytes.get(next + 1) == Some(&b':');
    let is_final = bytes.get(second.clone()) == Some(b"final");
    // `struct timeval now {};` of C++ is a variable.
    let is_macro = bytes.get(first.clone()).is_some_and(|word| {
        word.iter().any(u8::is_ascii_uppercase) && !word.iter().any(u8::is_ascii_lowercase)
    });
    if is_macro && !second.is_empty() && opens && !is_path && !is_final {
        bytes[first].fill(b' ');
    }
}

fn spaces(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| **b == b' ').count()
}

/// Where the group that opens at `open` ends, on the same or the next lines.
fn group_end(bytes: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (place, byte) in bytes.iter().enumerate().skip(open) {
        match byte {
            b'(' => depth += 1,
            b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(place + 1);
                }
            }
            b';' | b'{' => return None,
            _ => {}
        }
    }
    None
}

fn blank_group(bytes: &mut [u8], open: usize) -> usize {
    let Some(end) = group_end(bytes, open) else {
        return open;
    };
    for byte in &mut bytes[open..end] {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
    end
}

fn atomic(bytes: &mut [u8], end: usize) -> usize {
    let open = end + spaces(&bytes[end..]);
    if bytes.get(open) != Some(&b'(') {
        // `_Atomic int` and `int _Atomic`: joined with the type that follows, if one does.
        let after = open + bytes[open..].iter().take_while(|b| is_word(**b)).count();
        if after > open && open > end {
            bytes[end..open].fill(b'_');
        }
        return after;
    }
    let Some(close) = group_end(bytes, open) else {
        return open;
    };
    for byte in &mut bytes[end..close] {
        *byte = match *byte {
            // A pointer stays told apart by a letter of its own.
            b'*' => b'P',
            byte if is_word(byte) => byte,
            _ => b'_',
        };
    }
    // The name may follow at once.
    bytes[close - 1] = b' ';
    close
}

/// Words that only decorate a declaration, by the habits of their names.
fn is_decoration(name: &str) -> bool {
    const EXACT: [&str; 12] = [
        "noexcept",
        "__attribute__",
        "__declspec",
        "alignas",
        "_Alignas",
        "__extension__",
        "__restrict",
        "__cdecl",
        "mi_cdecl",
        "UNUSED",
        "JET_MUTABLE",
        "NORETURN",
    ];
    const PARTS: [&str; 4] = ["_decl_", "_attr_", "_DECL_", "_ATTR"];
    const ENDS: [&str; 12] = [
        "_EXPORT",
        "_INLINE",
        "_NOINLINE",
        "_NOTHROW",
        "_ALIGN",
        "_API",
        "_EXTERN",
        "_NORETURN",
        "_CACHE_ALIGN",
        "_HIDDEN",
        "_ALWAYS_INLINE",
        "_COLD",
    ];
    EXACT.contains(&name)
        || PARTS.iter().any(|part| name.contains(part))
        || ENDS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_macro_before_the_name_of_a_structure_is_blanked() {
        for (text, masked) in [
            ("struct ALIGNED pool {", "struct         pool {"),
            (
                "class OUT_API Pool : public Base {",
                "class         Pool : public Base {",
            ),
            ("class POOL final {", "class POOL final {"),
            ("struct timeval now {};", "struct timeval now {};"),
            ("struct POOL {", "struct POOL {"),
            (
                "#define A __attribute__((b))\n",
                "#define A __attribute__((b))\n",
            ),
            ("# define NOTHING noexcept\n", "# define NOTHING noexcept\n"),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn bytes_keep_their_places() {
        let text = "static mi_decl_cache_align _Atomic(uint8_t*) top; // _Atomic(x)\nif likely(a) { b(\"_Atomic(\"); }\n";
        let masked = mask(text);
        assert_eq!(masked.len(), text.len());
        assert_eq!(
            masked,
            "static                     _Atomic_uint8_tP  top; // _Atomic(x)\nif       (a) { b(\"_Atomic(\"); }\n"
        );
    }
}
