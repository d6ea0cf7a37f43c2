//! Numbers that tokens are chosen with; the library knows their bounds.

use crate::counts::{COUNT_MAX, between};
use llama::{Bounds, Repetition, Sampling};

/// How many of something, or none.
pub(crate) fn count_or_none(text: &str) -> Result<usize, String> {
    between(text, 0, COUNT_MAX)
}

/// A temperature.
pub(crate) fn temperature(text: &str) -> Result<f32, String> {
    number(text, Sampling::TEMPERATURE)
}

/// A share of the likeliest tokens.
pub(crate) fn top_p(text: &str) -> Result<f32, String> {
    number(text, Sampling::TOP_P)
}

/// What a repetition costs.
pub(crate) fn penalty(text: &str) -> Result<f32, String> {
    number(text, Repetition::PENALTY)
}

fn number(text: &str, bounds: Bounds) -> Result<f32, String> {
    let number = text.parse::<f32>().map_err(|error| error.to_string())?;
    bounds.check(number).map_err(|error| error.to_string())
}
