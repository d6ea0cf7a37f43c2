//! A model file's bytes, and which format they are.
//!
//! # Role
//! [`ModelBytes`]: the bytes, copied or mapped. [`ModelFile`]: what a reader found in them.

use crate::LlamaError;
use crate::config::Settings;
use bedplate_os::budget::Budget;
use bedplate_region::gguf::Gguf;
use bedplate_region::mapped::{FileError, HugeCopy, MappedFile, open};
use bedplate_region::safetensors::SafeTensors;
use bedplate_region::tensor::Tensor;
use core::ops::Deref;
use std::path::Path;

/// The bytes of a model file.
#[derive(Debug)]
pub enum ModelBytes {
    /// In memory of our own: whatever happens to the file, they stay.
    Copied(HugeCopy),
    /// Where the kernel has them.
    Mapped(MappedFile),
}

impl ModelBytes {
    /// Copies a file into memory, in huge pages where there are any.
    ///
    /// # Errors
    /// - [`LlamaError::File`]: it is no model file, or there is no memory.
    pub fn copy(path: &Path, budget: Option<&'static Budget>) -> Result<Self, LlamaError> {
        let copied = open(path).and_then(|file| HugeCopy::read(&file, budget));
        copied
            .map(Self::Copied)
            .map_err(|error| failed(path, error))
    }

    /// Maps a file.
    ///
    /// # Safety
    /// - As of [`MappedFile::map`]: until the value is dropped, nobody writes to the file or cuts it.
    ///
    /// # Errors
    /// - [`LlamaError::File`]: it is no model file, or was not mapped.
    pub unsafe fn map(path: &Path) -> Result<Self, LlamaError> {
        let file = open(path).map_err(|error| failed(path, error))?;
        // SAFETY: the caller's promise is the one that is asked for.
        let mapped = unsafe { MappedFile::map(file) };
        mapped
            .map(Self::Mapped)
            .map_err(|error| failed(path, error))
    }
}

impl Deref for ModelBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Copied(copy) => copy,
            Self::Mapped(file) => file,
        }
    }
}

/// What a reader found in a model file.
#[derive(Debug)]
#[non_exhaustive]
pub enum ModelFile<'a> {
    /// A GGUF file.
    Gguf(Gguf<'a>),
    /// A safetensors file, and the settings beside it.
    SafeTensors(SafeTensors<'a>, Box<Settings>),
}

/// Settings are small; whatever is larger is none.
const SETTINGS_BYTES_MAX: u64 = 64 << 20;

impl<'a> ModelFile<'a> {
    /// Reads what the bytes of the file at `path` say. A safetensors file has its settings beside it: a file
    /// of its name that ends in `.json`, or else `config.json`.
    ///
    /// # Errors
    /// - [`LlamaError::Gguf`], [`LlamaError::SafeTensors`]: it is damaged.
    /// - [`LlamaError::Settings`]: there are none of use.
    /// - [`LlamaError::Format`]: it is neither.
    pub fn parse(path: &Path, bytes: &'a [u8]) -> Result<Self, LlamaError> {
        // The other byte order has the letters backwards; the reader has a word for it.
        if bytes.starts_with(b"GGUF") || bytes.starts_with(b"FUGG") {
            return Ok(Self::Gguf(Gguf::parse(bytes)?));
        }
        let is_named = path.extension().is_some_and(|end| end == "safetensors");
        // A header begins behind its length.
        if !is_named && bytes.get(8) != Some(&b'{') {
            return Err(LlamaError::Format);
        }
        let file = SafeTensors::parse(bytes)?;
        let settings = Box::new(settings_of(path)?);
        Ok(Self::SafeTensors(file, settings))
    }

    /// A tensor, by its name in either format.
    pub(crate) fn tensor(&self, gguf: &str, other: &str) -> Result<Tensor<'_>, LlamaError> {
        let missing = |name: &str| LlamaError::Missing {
            tensor: name.into(),
        };
        match self {
            Self::Gguf(file) => file.tensor(gguf).ok_or_else(|| missing(gguf)),
            Self::SafeTensors(file, _) => {
                // The file's own name lives as long as the file.
                let own = file.names().find(|name| *name == other);
                Ok(file.tensor(own.ok_or_else(|| missing(other))?)?)
            }
        }
    }
}

fn failed(path: &Path, error: FileError) -> LlamaError {
    LlamaError::File {
        path: path.into(),
        error,
    }
}

fn settings_of(path: &Path) -> Result<Settings, LlamaError> {
    let own = path.with_extension("json");
    let file = if own.exists() {
        own
    } else {
        path.with_file_name("config.json")
    };
    let failed = |what: String| LlamaError::Settings {
        file: file.display().to_string().into(),
        what: what.into(),
    };
    // The same questions as to a model: a FIFO here is not waited for either.
    let opened = open(&file).map_err(|error| failed(error.to_string()))?;
    let length = opened
        .metadata()
        .map_err(|error| failed(error.to_string()))?
        .len();
    if length > SETTINGS_BYTES_MAX {
        return Err(failed(format!("{length} bytes are no settings")));
    }
    let bytes = HugeCopy::read(&opened, None).map_err(|error| failed(error.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))
}
