//! Resident memory.

use crate::Outcome;
use crate::times::mapped;
use bedplate_region::gguf::Gguf;
use candle_core::quantized::gguf_file::Content;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Resident bytes of this process: pages of files and its own.
fn resident() -> Outcome<u64> {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = text.lines().find(|line| line.starts_with("Rss:"));
    let kib: u64 = line
        .and_then(|line| line.split_whitespace().nth(1))
        .ok_or("no Rss in smaps_rollup")?
        .parse()?;
    Ok(kib << 10)
}

/// Prints what reading the file's metadata added, and the metadata's bytes.
pub(crate) fn print(path: &Path, reader: &str) -> Outcome<()> {
    // What the first call of it takes is not the reading's.
    resident()?;
    let metadata = {
        let file = mapped(path)?;
        Gguf::parse(&file)?.metadata_bytes()
    };
    let before = resident()?;
    let after = match reader {
        "ours" => {
            let file = mapped(path)?;
            let model = Gguf::parse(&file)?;
            let after = resident()?;
            assert!(model.tensor_count() > 0);
            after
        }
        "candle" => {
            let content = Content::read(&mut BufReader::new(File::open(path)?))?;
            let after = resident()?;
            assert!(!content.tensor_infos.is_empty());
            after
        }
        _ => return Err("ours or candle".into()),
    };
    println!("{} {metadata}", after.saturating_sub(before));
    Ok(())
}
