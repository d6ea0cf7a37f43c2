//! Figures as people read them.

/// Bytes with a binary unit and three significant digits.
#[must_use]
pub fn bytes(bytes: f64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        // Half a unit below 1000 would be shown as 1000.
        if value.abs() < 999.5 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if unit == "B" {
        format!("{value:.0} B")
    } else {
        format!("{} {unit}", three_digits(value))
    }
}

/// Whole bytes, likewise.
#[must_use]
pub fn whole_bytes(count: u64) -> String {
    bytes(count as f64)
}

/// Bytes of something that cannot be 0 bytes large, so that 0 means it was never seen.
#[must_use]
pub fn known_bytes(count: u64) -> String {
    if count == 0 {
        "not seen".to_owned()
    } else {
        whole_bytes(count)
    }
}

/// Seconds with a fitting unit.
#[must_use]
pub fn seconds(seconds: f64) -> String {
    if seconds >= 3600.0 {
        format!(
            "{:.0} h {:02.0} min",
            (seconds / 3600.0).floor(),
            (seconds % 3600.0) / 60.0
        )
    } else if seconds >= 120.0 {
        format!(
            "{:.0} min {:02.0} s",
            (seconds / 60.0).floor(),
            seconds % 60.0
        )
    } else if seconds >= 0.9995 {
        format!("{} s", three_digits(seconds))
    } else {
        format!("{} ms", three_digits(seconds * 1e3))
    }
}

/// A count with its thousands apart.
#[must_use]
pub fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Words as a shell would take them.
#[must_use]
pub fn command_line(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    quoted.join(" ")
}

fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./=:,+@%".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// "1 process", "2 processes".
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// The last part of a library's path.
#[must_use]
pub fn short_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn three_digits(value: f64) -> String {
    let size = value.abs();
    if size >= 99.95 {
        format!("{value:.0}")
    } else if size >= 9.995 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// A figure without what is behind the point; less than nothing is nothing.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is too great becomes the greatest"
)]
pub fn whole(figure: f64) -> u64 {
    figure.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_unit() {
        assert_eq!(whole_bytes(0), "0 B");
        assert_eq!(whole_bytes(999), "999 B");
        assert_eq!(whole_bytes(1000), "0.98 KiB");
        assert_eq!(whole_bytes(45 << 20), "45.0 MiB");
        assert_eq!(bytes(-2048.0), "-2.00 KiB");
        assert_eq!(seconds(0.0123), "12.3 ms");
        assert_eq!(seconds(1.5), "1.50 s");
        assert_eq!(seconds(3725.0), "1 h 02 min");
        assert_eq!(seconds(150.0), "2 min 30 s");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(12), "12");
        let words = ["sh", "-c", "echo 'a b'", ""].map(str::to_owned);
        assert_eq!(command_line(&words), r"sh -c 'echo '\''a b'\''' ''");
        assert_eq!(counted(1, "process", "processes"), "1 process");
    }
}
