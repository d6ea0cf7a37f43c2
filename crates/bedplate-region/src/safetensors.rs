//! Model files in the format safetensors.
//!
//! # Role
//! [`SafeTensors`]: what the crate `safetensors` has read and checked, as the same [`Tensor`]s that a
//! GGUF file gives.
//!
//! # Not here
//! Checks of the format: the crate bounds the header (100 MB), multiplies with checks, and refuses
//! data that overlaps or leaves holes. Its index is made of the standard library's maps, so its
//! memory is some times the header's.

use crate::tensor::{ElementType, Shape, Tensor, TensorError};
use alloc::boxed::Box;
use alloc::string::ToString;
use core::fmt;
use safetensors::Dtype;

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
        /// What the crate says of it.
        what: Box<str>,
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
    /// - [`SafeTensorsError::File`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, SafeTensorsError> {
        match safetensors::SafeTensors::deserialize(bytes) {
            Ok(file) => Ok(Self { file }),
            Err(error) => Err(SafeTensorsError::File {
                what: error.to_string().into(),
            }),
        }
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
