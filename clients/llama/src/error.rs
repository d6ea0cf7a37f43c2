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

/// A model that could not be loaded or run.
#[derive(Debug)]
#[non_exhaustive]
pub enum LlamaError {
    /// The file could not be had.
    File(FileError),
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
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The system's own words say more than its number.
            Self::File(error @ FileError::Os(os)) => {
                write!(f, "{error}: {}", io::Error::from_raw_os_error(os.code))
            }
            Self::File(error) => error.fmt(f),
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
                "failed to go on: {tokens} tokens are more than the context of {limit}; use a window, or raise it"
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
    FileError => File,
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
