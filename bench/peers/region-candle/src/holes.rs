//! Files that candle reads and we refuse.

use bedplate_region::gguf::Gguf;
use candle_core::quantized::gguf_file::Content;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

const U32: u32 = 4;

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}

/// A file with an alignment, tensors of `f32` by name, sizes and place, and zeros as data.
fn file(alignment: Option<u32>, tensors: &[(&str, &[u64], u64)]) -> Vec<u8> {
    let mut bytes = b"GGUF\x03\0\0\0".to_vec();
    bytes.extend((tensors.len() as u64).to_le_bytes());
    bytes.extend(u64::from(alignment.is_some()).to_le_bytes());
    if let Some(alignment) = alignment {
        text(&mut bytes, "general.alignment");
        bytes.extend(U32.to_le_bytes());
        bytes.extend(alignment.to_le_bytes());
    }
    for (name, sizes, offset) in tensors {
        text(&mut bytes, name);
        bytes.extend((sizes.len() as u32).to_le_bytes());
        for size in *sizes {
            bytes.extend(size.to_le_bytes());
        }
        bytes.extend(0_u32.to_le_bytes());
        bytes.extend(offset.to_le_bytes());
    }
    bytes.resize(bytes.len().next_multiple_of(32) + 128, 0);
    bytes
}

pub(crate) fn print() {
    let holes: [(&str, Vec<u8>); 5] = [
        ("an alignment of zero", file(Some(0), &[("t", &[8], 0)])),
        (
            "a product that wraps to zero",
            file(None, &[("t", &[1 << 32, 1 << 32], 0)]),
        ),
        (
            "a product that wraps to four",
            file(None, &[("t", &[(1 << 62) + 1, 4], 0)]),
        ),
        (
            "a name that stands twice",
            file(None, &[("t", &[8], 0), ("t", &[8], 32)]),
        ),
        (
            "tensors that share bytes",
            file(None, &[("t", &[8], 0), ("u", &[8], 4)]),
        ),
    ];
    std::panic::set_hook(Box::new(|_| {}));
    for (name, bytes) in &holes {
        let read = || Content::read(&mut Cursor::new(bytes.as_slice()));
        let candle = match catch_unwind(AssertUnwindSafe(read)) {
            Err(_) => "panics".to_owned(),
            Ok(Ok(content)) => format!("reads {} tensors", content.tensor_infos.len()),
            Ok(Err(error)) => format!("refuses: {error}"),
        };
        let ours = match Gguf::parse(bytes) {
            Ok(_) => "reads it".to_owned(),
            Err(error) => error.to_string(),
        };
        println!("{name}\n  candle {candle}\n  ours: {ours}");
    }
}
