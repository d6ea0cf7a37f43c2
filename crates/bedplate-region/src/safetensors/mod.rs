//! Model files in the format safetensors.
//!
//! # Role
//! [`SafeTensors`]: what the crate `safetensors` has read and checked, as the same [`Tensor`]s that a
//! GGUF file gives.
//!
//! # Not here
//! Checks of the format but two: the crate multiplies with checks, and refuses data that overlaps or
//! leaves holes. Its index is made of the standard library's maps, so its memory is some times the
//! header's; [`HEADER_BYTES_MAX`] bounds it. Of equal names it would take the last, so they are looked
//! for here.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `names.rs` | names that stand twice in a header |

mod names;

use crate::tensor::{ElementType, Shape, Tensor, TensorError};
use alloc::boxed::Box;
use alloc::string::ToString;
use core::fmt;
use safetensors::Dtype;

/// The largest header that is read, in bytes: a hundred thousand tensors have about 10 MB.
pub const HEADER_BYTES_MAX: usize = 16 << 20;
/// What the crate says is kept for messages up to so many bytes.
const WHAT_BYTES_MAX: usize = 96;

/// A safetensors file's tensors.
#[derive(Debug)]
pub struct SafeTensors<'a> {
    file: safetensors::SafeTensors<'a>,
}

/// A safetensors file or tensor that is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SafeTensorsError {
    /// The header is damaged, or does not go with the file.
    File {
        /// What the crate says of it, cut off where it is long; what is no printable ASCII is escaped.
        what: Box<str>,
    },
    /// The header is larger than [`HEADER_BYTES_MAX`].
    Header {
        /// Its bytes, as the file says.
        bytes: u64,
    },
    /// Two tensors have the same name.
    Twice {
        /// The name; cut off where it is long.
        tensor: Box<str>,
    },
    /// The file has no such tensor.
    Missing {
        /// Its name.
        tensor: Box<str>,
    },
    /// The elements are of a type that is not known here.
    ElementType {
        /// The tensor.
        tensor: Box<str>,
        /// The type, as the crate names it.
        name: Box<str>,
    },
    /// Shape, type and bytes do not go together.
    Tensor {
        /// The tensor.
        tensor: Box<str>,
        /// Why.
        error: TensorError,
    },
}

impl fmt::Display for SafeTensorsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed to read the safetensors file: ")?;
        match self {
            Self::File { what } => write!(f, "{what}; it was cut short or is of another format"),
            Self::Header { bytes } => write!(
                f,
                "its header says that it has {bytes} bytes, and at most {HEADER_BYTES_MAX} are read; it is of another \
                 format, or is to be split"
            ),
            Self::Twice { tensor } => write!(
                f,
                "tensor {tensor:?} is in its header twice; write it anew with one of them"
            ),
            Self::Missing { tensor } => write!(
                f,
                "tensor {tensor:?} is not in it; it is no model of the kind that was asked for"
            ),
            Self::ElementType { tensor, name } => write!(
                f,
                "tensor {tensor:?} has elements of type {name}, which is not known; convert it to F32, F16 or BF16"
            ),
            Self::Tensor { tensor, error } => write!(f, "tensor {tensor:?} has {error}"),
        }
    }
}

impl core::error::Error for SafeTensorsError {}

impl<'a> SafeTensors<'a> {
    /// Reads a file's header and checks it.
    ///
    /// # Examples
    /// ```
    /// use bedplate_region::safetensors::SafeTensors;
    ///
    /// let header = br#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    /// let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    /// bytes.extend(header);
    /// bytes.extend([0; 8]);
    /// let file = SafeTensors::parse(&bytes)?;
    /// assert_eq!(file.tensor("w")?.row_count(), 1);
    /// # Ok::<(), bedplate_region::safetensors::SafeTensorsError>(())
    /// ```
    ///
    /// # Errors
    /// - [`SafeTensorsError::Header`], [`SafeTensorsError::File`], [`SafeTensorsError::Twice`].
    ///
    /// # Cost
    /// The header is read twice.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, SafeTensorsError> {
        let (header_bytes, rest) = match bytes.split_first_chunk::<8>() {
            Some((length, rest)) => (u64::from_le_bytes(*length), rest),
            // The crate says what is missing.
            None => (0, bytes),
        };
        let header = usize::try_from(header_bytes)
            .ok()
            .filter(|bytes| *bytes <= HEADER_BYTES_MAX)
            .ok_or(SafeTensorsError::Header {
                bytes: header_bytes,
            })?;
        let file = safetensors::SafeTensors::deserialize(bytes).map_err(|error| {
            SafeTensorsError::File {
                what: shown(&error.to_string()),
            }
        })?;
        // What the crate has read is valid JSON.
        if let Some(name) = rest.get(..header).and_then(names::repeated) {
            return Err(SafeTensorsError::Twice {
                tensor: cut(&name).into(),
            });
        }
        Ok(Self { file })
    }

    /// How many tensors there are.
    #[must_use]
    pub fn tensor_count(&self) -> usize {
        self.file.len()
    }

    /// The names of the tensors, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.file.names().into_iter()
    }

    /// A tensor by its name. Its data may lie anywhere:
    /// [`Tensor::elements`] says whether it can be used in place.
    ///
    /// # Errors
    /// - [`SafeTensorsError::Missing`], [`SafeTensorsError::ElementType`],
    ///   [`SafeTensorsError::Tensor`].
    pub fn tensor<'s>(&'s self, name: &'s str) -> Result<Tensor<'s>, SafeTensorsError> {
        let view = self
            .file
            .tensor(name)
            .map_err(|_| SafeTensorsError::Missing {
                tensor: name.into(),
            })?;
        let element = element(view.dtype()).ok_or_else(|| SafeTensorsError::ElementType {
            tensor: name.into(),
            name: view.dtype().to_string().into(),
        })?;
        Shape::new(view.shape())
            .and_then(|shape| Tensor::new(name, element, shape, view.data()))
            .map_err(|error| SafeTensorsError::Tensor {
                tensor: name.into(),
                error,
            })
    }
}

/// What can be shown of a text that may hold a file's bytes.
fn shown(text: &str) -> Box<str> {
    cut(text).escape_default().to_string().into()
}

/// The front of a text.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(WHAT_BYTES_MAX);
    // A byte that begins a character is at most three before.
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

const fn element(kind: Dtype) -> Option<ElementType> {
    Some(match kind {
        Dtype::BOOL => ElementType::Bool,
        Dtype::U8 => ElementType::U8,
        Dtype::I8 => ElementType::I8,
        Dtype::F8_E4M3 => ElementType::F8E4M3,
        Dtype::F8_E5M2 => ElementType::F8E5M2,
        Dtype::F8_E8M0 => ElementType::F8E8M0,
        Dtype::U16 => ElementType::U16,
        Dtype::I16 => ElementType::I16,
        Dtype::F16 => ElementType::F16,
        Dtype::BF16 => ElementType::Bf16,
        Dtype::U32 => ElementType::U32,
        Dtype::I32 => ElementType::I32,
        Dtype::F32 => ElementType::F32,
        Dtype::C64 => ElementType::C64,
        Dtype::U64 => ElementType::U64,
        Dtype::I64 => ElementType::I64,
        Dtype::F64 => ElementType::F64,
        // Elements of less than a byte, and those of later versions.
        _ => return None,
    })
}
