//! A file like a model of today has it: the metadata is a vocabulary.

use crate::Outcome;
use bedplate_region::gguf::write::{Field, Writer};
use bedplate_region::tensor::{ElementType, Shape};
use bedplate_testkit::Chance;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

const TOKENS: usize = 150_000;
const MERGES: usize = 150_000;
const TENSORS: usize = 300;

pub(crate) fn make(path: &Path) -> Outcome<()> {
    let mut chance = Chance::new(7);
    let mut word = |most: usize| -> String {
        let length = 1 + chance.below(most);
        (0..length)
            .map(|_| char::from(b'a' + chance.below(26) as u8))
            .collect()
    };
    let tokens: Vec<String> = (0..TOKENS).map(|_| word(12)).collect();
    let merges: Vec<String> = (0..MERGES)
        .map(|_| format!("{} {}", word(6), word(6)))
        .collect();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let merges: Vec<&str> = merges.iter().map(String::as_str).collect();
    let scores: Vec<f32> = (0..TOKENS).map(|n| -(n as f32)).collect();
    let kinds = vec![1_i32; TOKENS];
    let data = vec![3_u8; 34 * 8 * 64];
    let mut writer = Writer::new();
    writer.key("general.architecture", Field::Text("llama"));
    writer.key("general.name", Field::Text("a vocabulary"));
    writer.key("llama.block_count", Field::U32(32));
    writer.key("tokenizer.ggml.tokens", Field::Texts(&tokens));
    writer.key("tokenizer.ggml.merges", Field::Texts(&merges));
    writer.key("tokenizer.ggml.scores", Field::F32s(&scores));
    writer.key("tokenizer.ggml.token_type", Field::I32s(&kinds));
    for number in 0..TENSORS {
        let name = format!("blk.{}.ffn_{}.weight", number / 9, number % 9);
        writer.tensor(&name, ElementType::Q8_0, Shape::new(&[64, 256])?, &data)?;
    }
    writer.write(&mut BufWriter::new(File::create(path)?))?;
    Ok(())
}
