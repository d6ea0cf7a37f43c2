//! Formats of rows, as both programs are told them.

use bedplate_region::kv::RowFormat;
use clap::ValueEnum;

/// Formats of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Rows {
    F32,
    F16,
    Bf16,
    #[value(name = "q8_0")]
    Q8,
    #[value(name = "q4_0")]
    Q4,
}

impl Rows {
    pub(crate) const fn format(self) -> RowFormat {
        match self {
            Self::F32 => RowFormat::F32,
            Self::F16 => RowFormat::F16,
            Self::Bf16 => RowFormat::Bf16,
            Self::Q8 => RowFormat::Q8_0,
            Self::Q4 => RowFormat::Q4_0,
        }
    }
}
