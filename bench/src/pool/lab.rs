//! What a room makes its rows with.
//!
//! # Role
//! The options of the run, and the programs, built when the first row needs them.

use super::asked::{Asked, answer};
use super::programs::Programs;
use super::runs::Runs;
use crate::row::Row;
use core::cell::OnceCell;

/// What a room makes its rows with.
#[derive(Debug)]
pub(super) struct Lab {
    quick: bool,
    only: Option<String>,
    programs: OnceCell<Programs>,
    /// What was run already.
    pub(super) runs: Runs,
}

impl Lab {
    /// A lab where nothing is built yet.
    pub(super) fn new(quick: bool, only: Option<&str>) -> Self {
        Self {
            quick,
            only: only.map(str::to_owned),
            programs: OnceCell::new(),
            runs: Runs::default(),
        }
    }

    /// True if a row was asked for. Says so, as the row takes a while.
    pub(super) fn wants(&self, id: &str) -> bool {
        let wanted = self.only.as_deref().is_none_or(|only| id.starts_with(only));
        if wanted {
            eprintln!("{id}");
        }
        wanted
    }

    /// True where a row runs only the contenders it takes, and no variants.
    pub(super) fn is_quick(&self) -> bool {
        self.quick
    }

    /// How often each contender of a row is run.
    pub(super) fn rounds(&self) -> usize {
        if self.quick { 3 } else { 7 }
    }

    /// The programs.
    pub(super) fn programs(&self) -> &Programs {
        self.programs.get_or_init(Programs::build)
    }

    /// The rows of these that were asked for.
    pub(super) fn rows(&self, asked: &[Asked]) -> Vec<Row> {
        let wanted = asked.iter().filter(|asked| self.wants(asked.question.id));
        wanted.map(|asked| answer(self, asked)).collect()
    }
}
