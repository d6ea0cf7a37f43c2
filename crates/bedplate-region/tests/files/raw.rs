//! Files put together by hand, however wrong.

/// Numbers of value types.
pub(crate) const U8: u32 = 0;
pub(crate) const U32: u32 = 4;
pub(crate) const I32: u32 = 5;
pub(crate) const F32: u32 = 6;
pub(crate) const BOOL: u32 = 7;
pub(crate) const TEXT: u32 = 8;
pub(crate) const ARRAY: u32 = 9;
pub(crate) const U64: u32 = 10;

/// A file in the making.
#[derive(Clone, Default)]
pub(crate) struct Raw {
    keys: Vec<Vec<u8>>,
    tensors: Vec<Vec<u8>>,
    data: Vec<u8>,
    align: Option<usize>,
}

/// A text with its length.
pub(crate) fn text(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

/// The head of an array, as a value without its type.
pub(crate) fn array(kind: u32, count: u64, items: &[u8]) -> Vec<u8> {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend(count.to_le_bytes());
    bytes.extend(items);
    bytes
}

impl Raw {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a key with any type and any bytes.
    pub(crate) fn key(mut self, name: &str, kind: u32, value: &[u8]) -> Self {
        let mut bytes = text(name);
        bytes.extend(kind.to_le_bytes());
        bytes.extend(value);
        self.keys.push(bytes);
        self
    }

    /// Names an alignment, right or wrong.
    pub(crate) fn alignment(self, alignment: u32) -> Self {
        let mut raw = self.key("general.alignment", U32, &alignment.to_le_bytes());
        raw.align = Some((alignment as usize).clamp(1, 1 << 20));
        raw
    }

    /// Adds a tensor with any sizes (the fastest first), any type and any place.
    pub(crate) fn tensor(mut self, name: &str, sizes: &[u64], kind: u32, offset: u64) -> Self {
        let mut bytes = text(name);
        let dimensions = u32::try_from(sizes.len()).expect("few");
        bytes.extend(dimensions.to_le_bytes());
        for size in sizes {
            bytes.extend(size.to_le_bytes());
        }
        bytes.extend(kind.to_le_bytes());
        bytes.extend(offset.to_le_bytes());
        self.tensors.push(bytes);
        self
    }

    /// Sets the data of all tensors.
    pub(crate) fn data(mut self, bytes: usize) -> Self {
        self.data = vec![7; bytes];
        self
    }

    /// The file with its own counts.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.with_counts(self.tensors.len() as u64, self.keys.len() as u64)
    }

    /// The file with other counts.
    pub(crate) fn with_counts(&self, tensors: u64, keys: u64) -> Vec<u8> {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend(tensors.to_le_bytes());
        bytes.extend(keys.to_le_bytes());
        bytes.extend(self.keys.concat());
        bytes.extend(self.tensors.concat());
        let align = self.align.unwrap_or(32);
        bytes.resize(bytes.len().next_multiple_of(align), 0);
        bytes.extend(&self.data);
        bytes
    }
}
