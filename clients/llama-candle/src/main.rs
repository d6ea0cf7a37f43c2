//! Small models for the llama client, and the proof that it speaks candle's tokens.
//!
//! `llama-candle make FOLDER` writes two models of random weights and one of characters that is trained
//! for a minute or two on the repository's documents, each as GGUF and as safetensors.
//! `llama-candle prove FOLDER [TOKENS [PENALTY]]` generates with candle and with the client, from both formats and
//! both caches, undisturbed and with forks, cuts, roll backs and evictions on the way; says how far the logits
//! are apart, and ends with 1 where a token differs or a planted error is not seen.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `sizes.rs` | the models, by name |
//! | `written.rs` | a model in both formats |
//! | `trained.rs` | the training, by candle's gradients |
//! | `text.rs` | what is trained on, as characters |
//! | `oracle.rs` | candle's own model of this family |
//! | `proof.rs` | the comparison |
//! | `disturbed.rs` | a sequence to which things happen |

mod disturbed;
mod oracle;
mod proof;
mod sizes;
mod text;
mod trained;
mod written;

use std::path::Path;
use std::process::ExitCode;

/// What any of it may end with.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Tokens that are compared where no other number is named.
const TOKENS: usize = 2000;
/// What the rule against repetition takes off where nothing else is named.
const PENALTY: f32 = 1.0;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ended = match *words {
        ["make", folder] => make(Path::new(folder)),
        ["prove", folder] => proof::prove(Path::new(folder), TOKENS, PENALTY),
        ["prove", folder, tokens] => {
            number(tokens).and_then(|n| proof::prove(Path::new(folder), n, PENALTY))
        }
        ["prove", folder, tokens, penalty] => {
            number(tokens).and_then(|n| proof::prove(Path::new(folder), n, penalty.parse()?))
        }
        _ => Err("see the top of main.rs for what can be asked".into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("llama-candle: {error}");
            ExitCode::FAILURE
        }
    }
}

fn make(folder: &Path) -> Outcome<()> {
    std::fs::create_dir_all(folder)?;
    for (name, sizes, seed) in [
        ("random-a", sizes::RANDOM_A, 1),
        ("random-b", sizes::RANDOM_B, 2),
    ] {
        written::write(folder, name, &sizes, &written::random(&sizes, seed)?, &[])?;
    }
    let text = text::Text::of_the_repository()?;
    let sizes = sizes::trained(text.letters.len());
    let weights = trained::train(&text, &sizes)?;
    written::write(folder, "characters", &sizes, &weights, &text.letters)
}

fn number(word: &str) -> Outcome<usize> {
    Ok(word.parse()?)
}
