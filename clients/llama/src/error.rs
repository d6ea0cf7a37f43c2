//! Errors.
//!
//! # Role
//! What failed and what to do. Errors of the rooms below say that themselves and pass through.

use bedplate_region::gguf::{GgufError, KeyError};
use bedplate_region::kv::{KvError, RowError};
use bedplate_region::mapped::FileError;
use bedplate_region::safetensors::SafeTensorsError;
use bedplate_region::tensor::{ElementType, Shape, TensorError};
use bedplate_region::{ArenaError, BuildError, PlanError, ViewError};
use core::fmt;
use std::io;
use std::path::Path;

/// A model that could not be loaded or run.
#[derive(Debug)]
#[non_exhaustive]
pub enum LlamaError {
    /// The file could not be had.
    File {
        /// Its name.
        path: Box<Path>,
        /// Why.
        error: FileError,
    },
    /// The GGUF file is damaged.
    Gguf(GgufError),
    /// A key of the GGUF file is missing or of no use.
    Key(KeyError),
    /// The safetensors file is damaged.
    SafeTensors(SafeTensorsError),
    /// The file is of neither format.
    Format,
    /// The settings beside a safetensors file are missing or of no use.
    Settings {
        /// The file that was looked for.
        file: Box<str>,
        /// What is wrong.
        what: Box<str>,
    },
    /// Sizes that do not go together.
    Config {
        /// What is wrong.
        what: Box<str>,
    },
    /// The file has no such tensor.
    Missing {
        /// Its name.
        tensor: Box<str>,
    },
    /// A tensor is of another shape than the model's sizes ask for.
    Shape {
        /// Its name.
        tensor: Box<str>,
        /// Its shape.
        is: Shape,
        /// Rows and columns that are wanted.
        wanted: [usize; 2],
    },
    /// A tensor's elements are not computed with here.
    Elements {
        /// Its name.
        tensor: Box<str>,
        /// What they are.
        is: ElementType,
    },
    /// A tensor could not be read.
    Tensor {
        /// Its name.
        tensor: Box<str>,
        /// Why.
        error: TensorError,
    },
    /// Rows of keys and values cannot be stored in a format.
    Rows {
        /// Numbers of a head.
        head: usize,
        /// Numbers of a block of the format.
        block: usize,
    },
    /// A number that tokens are to be chosen with is out of its bounds.
    Bounds {
        /// What it is.
        what: &'static str,
        /// The number.
        is: f32,
        /// The least that it may be.
        least: f32,
        /// The most.
        most: f32,
    },
    /// A logit is no number, or an infinite one.
    Logit {
        /// Whose it is.
        token: usize,
        /// What it is.
        is: f32,
    },
    /// A token that the vocabulary does not have.
    Token {
        /// Its number.
        token: u32,
        /// How many there are.
        vocabulary: usize,
    },
    /// No token has the text.
    Text {
        /// Where it stands in the prompt, in bytes.
        at: usize,
        /// What stands there, cut off.
        text: Box<str>,
    },
    /// The model file has no vocabulary.
    NoVocabulary,
    /// Nothing to begin with.
    NoTokens,
    /// More tokens at a time than the runner was made for.
    Batch {
        /// The tokens.
        tokens: usize,
        /// The limit.
        limit: usize,
    },
    /// A sequence is longer than the runner was made for.
    Context {
        /// The tokens.
        tokens: usize,
        /// The limit.
        limit: usize,
    },
    /// The cache could not.
    Cache(KvError),
    /// A row could not be written or read.
    Row(RowError),
    /// There is no scratch.
    Arena(ArenaError),
    /// The scratch could not be made.
    Build(BuildError),
    /// The scratch could not be planned.
    Plan(PlanError),
    /// The scratch was not used as planned: a defect of this client.
    View(ViewError),
    /// There are no threads.
    Pool(bedplate_pool::BuildError),
    /// The engine has ended, and the request with it.
    Ended,
}

impl fmt::Display for LlamaError {
    #[expect(clippy::too_many_lines, reason = "a sentence for each error")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The system's own words say more than its number.
            Self::File {
                path,
                error: FileError::Os(os),
            } => write!(
                f,
                "failed to load the model file {}: {}",
                path.display(),
                io::Error::from_raw_os_error(os.code)
            ),
            Self::File { error, .. } => error.fmt(f),
            Self::Gguf(error) => error.fmt(f),
            Self::Key(error) => error.fmt(f),
            Self::SafeTensors(error) => error.fmt(f),
            Self::Format => f.write_str(
                "failed to read the model file: it is neither GGUF nor safetensors; convert it to one of these",
            ),
            Self::Settings { file, what } => write!(
                f,
                "failed to read the settings {file}: {what}; a safetensors file wants a config.json, or one of its own \
                 name, beside it"
            ),
            Self::Config { what } => {
                write!(f, "failed to make the model: {what}; it is damaged, or of another kind")
            }
            Self::Missing { tensor } => write!(
                f,
                "failed to make the model: there is no tensor {tensor:?}; it was cut short, or is of another kind"
            ),
            Self::Shape { tensor, is, wanted } => write!(
                f,
                "failed to make the model: tensor {tensor:?} has shape {is:?} where its sizes ask for {wanted:?}; the \
                 file contradicts itself, convert it anew"
            ),
            Self::Elements { tensor, is } => write!(
                f,
                "failed to make the model: tensor {tensor:?} is of type {is}; convert it to F32, F16, BF16, Q8_0 or Q4_0"
            ),
            Self::Tensor { tensor, error } => {
                write!(f, "failed to make the model: tensor {tensor:?} has {error}")
            }
            Self::Rows { head, block } => write!(
                f,
                "failed to lay rows of keys and values out: heads of {head} numbers are no whole blocks of {block}; \
                 use rows of f32, f16 or bf16 for this model"
            ),
            Self::Bounds {
                what,
                is,
                least,
                most,
            } => write!(f, "failed to use a {what} of {is}: give {least} to {most}"),
            Self::Logit { token, is } => write!(
                f,
                "failed to choose a token: the model's logits are no numbers (that of token {token} is {is}), so its weights \
                 are damaged or too large; fetch the model file again, or convert it anew"
            ),
            Self::Token { token, vocabulary } => write!(
                f,
                "failed to use token {token}: the model knows those below {vocabulary}"
            ),
            Self::Text { at, text } => write!(
                f,
                "failed to find a token for {text:?} at byte {at} of the prompt; leave it out, or give tokens by number"
            ),
            Self::NoVocabulary => f.write_str(
                "failed to read the prompt: the model file has no vocabulary; give tokens by number",
            ),
            Self::NoTokens => f.write_str(
                "failed to begin: there are no tokens; give a prompt of at least one",
            ),
            Self::Batch { tokens, limit } => write!(
                f,
                "failed to compute {tokens} tokens at a time: the limit is {limit}; give fewer, or raise it"
            ),
            Self::Context { tokens, limit } => write!(
                f,
                "failed to go on: {tokens} tokens are more than the context of {limit}; give fewer, or raise it"
            ),
            Self::Cache(error) => error.fmt(f),
            Self::Row(error) => error.fmt(f),
            Self::Arena(error) => error.fmt(f),
            Self::Build(error) => error.fmt(f),
            Self::Plan(error) => error.fmt(f),
            Self::View(error) => error.fmt(f),
            Self::Pool(error) => error.fmt(f),
            Self::Ended => f.write_str(
                "failed to finish the request: the engine has ended; start it again",
            ),
        }
    }
}

impl core::error::Error for LlamaError {}

impl LlamaError {
    /// Whether options make no sense, or not for this model: nothing failed, and nothing is damaged.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Rows { .. }
                | Self::Bounds { .. }
                | Self::Pool(bedplate_pool::BuildError::Setting { .. })
        )
    }
}

macro_rules! passes {
    ($($error:ty => $variant:ident,)*) => {
        $(
            impl From<$error> for LlamaError {
                fn from(error: $error) -> Self {
                    Self::$variant(error)
                }
            }
        )*
    };
}

passes! {
    GgufError => Gguf,
    KeyError => Key,
    SafeTensorsError => SafeTensors,
    KvError => Cache,
    ArenaError => Arena,
    BuildError => Build,
    PlanError => Plan,
    ViewError => View,
    bedplate_pool::BuildError => Pool,
}

impl From<RowError> for LlamaError {
    fn from(error: RowError) -> Self {
        match error {
            RowError::Cache(error) => Self::Cache(error),
            error => Self::Row(error),
        }
    }
}
