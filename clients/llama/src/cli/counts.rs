//! How many of something, as both programs are told it.

/// The most of anything that is counted in tokens: a model's longest context.
pub(crate) const COUNT_MAX: usize = 1 << 24;
/// The most requests at a time: each has its place in every pass.
const CLIENTS_MAX: usize = 1 << 12;

/// How many of something: at least one.
pub(crate) fn count(text: &str) -> Result<usize, String> {
    between(text, 1, COUNT_MAX)
}

/// How many requests at a time.
pub(crate) fn clients(text: &str) -> Result<usize, String> {
    between(text, 1, CLIENTS_MAX)
}

/// A number in its bounds.
pub(crate) fn between(text: &str, least: usize, most: usize) -> Result<usize, String> {
    let count = text.parse().ok();
    count
        .filter(|count| (least..=most).contains(count))
        .ok_or_else(|| format!("give a number from {least} to {most}"))
}
