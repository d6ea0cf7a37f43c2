//! Lines, operands and fields of the text.

/// The instructions of a function: one entry for each, continued lines joined.
pub(super) fn instructions<'t>(lines: &[&'t str]) -> Vec<Instruction<'t>> {
    let mut found: Vec<Instruction<'t>> = Vec::new();
    let mut comment = None;
    for line in lines {
        let text = line.trim_start();
        if let Some(said) = text.strip_prefix("; ") {
            comment = said
                .strip_prefix("call ")
                .or_else(|| said.strip_prefix("invoke "));
            continue;
        }
        if text.is_empty() || text.starts_with("#dbg_") || is_label(line) {
            continue;
        }
        let indent = line.len() - text.len();
        // Cases of a switch, the targets of an invoke, the clauses of a landing pad.
        if (indent != 2 || text.starts_with(']')) && !found.is_empty() {
            if let Some(last) = found.last_mut() {
                last.text.push(' ');
                last.text.push_str(text);
            }
            continue;
        }
        found.push(Instruction {
            text: text.to_owned(),
            called: comment.take(),
        });
    }
    found
}

fn is_label(line: &str) -> bool {
    !line.starts_with(' ')
}

/// One instruction as text.
#[derive(Clone, Debug)]
pub(super) struct Instruction<'t> {
    pub(super) text: String,
    /// The function that is called, as the compiler's remark names it.
    pub(super) called: Option<&'t str>,
}

impl Instruction<'_> {
    /// The name of the value it makes.
    pub(super) fn result(&self) -> Option<&str> {
        if !self.text.starts_with('%') {
            return None;
        }
        let (name, _) = self.text.split_once(" = ")?;
        Some(name)
    }

    /// What stands after the name of the value.
    pub(super) fn body(&self) -> &str {
        match self.result() {
            Some(name) => self.text.get(name.len() + 3..).unwrap_or(""),
            None => &self.text,
        }
    }

    /// The first word: which instruction it is. The words before a call are no part of it.
    pub(super) fn opcode(&self) -> &str {
        let mut words = self.body().split([' ', ',']);
        let first = words.next().unwrap_or("");
        if matches!(first, "tail" | "musttail" | "notail") {
            return "call";
        }
        first
    }

    /// The number of its debug information.
    pub(super) fn debug(&self) -> Option<u32> {
        let at = self.text.find("!dbg !")?;
        leading_number(self.text.get(at + 6..)?)
    }

    /// The values it takes, in order.
    pub(super) fn operands(&self) -> Vec<&str> {
        operands(self.body(), '%')
    }
}

/// The number a text begins with.
pub(super) fn leading_number(text: &str) -> Option<u32> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

/// Names that begin with a mark (`%` for values, `@` for functions and globals), outside of texts.
pub(super) fn operands(text: &str, mark: char) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte == b'"' {
            at = after_quote(bytes, at);
        } else if char::from(byte) == mark {
            let end = match bytes.get(at + 1) {
                Some(b'"') => after_quote(bytes, at + 1),
                _ => after_name(bytes, at + 1),
            };
            found.extend(text.get(at..end));
            at = end;
        } else {
            at += 1;
        }
    }
    found
}

fn after_name(bytes: &[u8], start: usize) -> usize {
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'$' | b'.' | b'_' | b'-');
    let length = bytes
        .get(start..)
        .map_or(0, |rest| rest.iter().take_while(|b| is_name(b)).count());
    start + length
}

fn after_quote(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start + 1..).unwrap_or_default();
    let inside = rest.iter().position(|b| *b == b'"');
    inside.map_or(bytes.len(), |inside| start + inside + 2)
}

/// The value of a field of debug information (`line: 3`, `file: !8`, `name: "x"`).
pub(super) fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find(name)?;
        from = at + name.len();
        let before = text.as_bytes().get(at.wrapping_sub(1)).copied();
        let after = text.get(from..)?;
        if matches!(before, Some(b'(' | b' ')) && after.starts_with(": ") {
            let value = after.get(2..)?;
            if let Some(quoted) = value.strip_prefix('"') {
                return quoted.split('"').next();
            }
            return value.split([',', ')']).next();
        }
    }
}

/// A field that is the number of other debug information.
pub(super) fn reference(text: &str, name: &str) -> Option<u32> {
    leading_number(field(text, name)?.strip_prefix('!')?)
}

/// A field that is a number.
pub(super) fn number(text: &str, name: &str) -> Option<u32> {
    leading_number(field(text, name)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_told_apart_by_their_whole_name() {
        let text = r#"!DISubprogram(name: "f", scope: !4, file: !5, scopeLine: 9, line: 7)"#;
        assert_eq!(number(text, "line"), Some(7));
        assert_eq!(reference(text, "file"), Some(5));
        assert_eq!(field(text, "name"), Some("f"));
        assert_eq!(field(text, "column"), None);
    }

    #[test]
    fn names_in_quotes_are_names_and_texts_are_not() {
        let text = r#"call void @f(ptr %"a b", i64 %c.1) asm "lock %x" @"g h""#;
        assert_eq!(operands(text, '%'), [r#"%"a b""#, "%c.1"]);
        assert_eq!(operands(text, '@'), ["@f", r#"@"g h""#]);
    }

    #[test]
    fn continued_lines_are_one_instruction() {
        let lines = [
            "start:",
            "  switch i64 %x, label %a [",
            "    i64 1, label %b",
            "  ], !dbg !4",
            "    #dbg_value(i64 %x, !1, !2, !3)",
            "; call std::io::print",
            "  tail call void @p(i64 %x), !dbg !12",
        ];
        let found = instructions(&lines);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0].opcode(), "switch");
        assert_eq!(found[1].opcode(), "call");
        assert_eq!(
            (found[1].called, found[1].debug()),
            (Some("std::io::print"), Some(12))
        );
    }
}
