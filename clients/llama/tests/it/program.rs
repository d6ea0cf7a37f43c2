//! The program: what it prints, and what it says of files that are no models.

use crate::made::{Folder, Made, SMALL};
use bedplate_region::gguf::write::{Field, Writer};
use std::path::Path;
use std::process::{Command, Output};

fn llama(arguments: &[&str], model: &Path) -> Output {
    let (command, rest) = arguments.split_first().expect("a command");
    let program = Command::new(env!("CARGO_BIN_EXE_llama"))
        .arg(command)
        .arg(model)
        .args(rest)
        .output();
    program.expect("is started")
}

fn printed(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).expect("is text")
}

/// The one sentence that a failure ends with.
fn said(output: &Output) -> String {
    said_with(output, 1)
}

fn said_with(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr.clone()).expect("is text");
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

const GENERATE: [&str; 6] = [
    "generate",
    "--prompt",
    "a b c",
    "--count",
    "20",
    "--threads=1",
];

#[test]
fn a_text_goes_on_the_same_on_all_caches_and_formats() {
    let folder = Folder::of(&Made::new(SMALL, 21));
    let run = |name: &str, more: &[&str]| {
        let arguments: Vec<&str> = GENERATE.iter().chain(more).copied().collect();
        printed(&llama(&arguments, &folder.path().join(name)))
    };
    let text = run("made.gguf", &[]);
    assert!(text.starts_with("a b c") && text.len() > 20, "{text}");
    assert_eq!(run("made.gguf", &["--cache", "contiguous"]), text);
    assert_eq!(run("made.safetensors", &["--quiet", "--batch", "2"]), text);
    let drawn = |seed| run("made.gguf", &["--temperature", "2", "--seed", seed]);
    assert_eq!(drawn("1"), drawn("1"));
    assert_ne!(drawn("1"), drawn("2"));
    let numbers = llama(
        &["generate", "--tokens", "0,26,1", "--count", "3"],
        &folder.path().join("made.gguf"),
    );
    assert!(printed(&numbers).len() > 2);
    assert!(String::from_utf8_lossy(&numbers.stderr).contains("in a second"));
}

#[test]
fn a_model_is_described() {
    let folder = Folder::of(&Made::new(SMALL, 22));
    let text = printed(&llama(
        &["describe", "--context", "100"],
        &folder.path().join("made.gguf"),
    ));
    assert!(text.contains("4 over 2 of keys and values"), "{text}");
    assert!(
        text.contains("256 bytes a token, 25 KiB for the whole context"),
        "{text}"
    );
}

#[test]
fn files_that_are_no_models_say_what_to_do() {
    let made = Made::new(SMALL, 23);
    let whole = made.gguf(false, |_| {});
    let folder = Folder::new();
    let mut hostile = whole.clone();
    // The number of tensors.
    hostile[8..16].copy_from_slice(&(u64::MAX / 2).to_le_bytes());
    let mut empty_model = Vec::new();
    let mut writer = Writer::new();
    writer.key("general.architecture", Field::Text("llama"));
    writer.write(&mut empty_model).expect("to memory");
    let hostile_safetensors = [u64::MAX.to_le_bytes().as_slice(), b"{"].concat();
    let fifo = folder.path().join("fifo.gguf");
    let status = Command::new("mkfifo")
        .arg(&fifo)
        .status()
        .expect("coreutils");
    assert!(status.success());
    let cases = [
        (
            folder.write("cut.gguf", &whole[..whole.len() - 100]),
            "it was cut short, fetch it again",
        ),
        (
            folder.write("cut-early.gguf", &whole[..20]),
            "fetch it again",
        ),
        (
            folder.write("empty.gguf", b""),
            "it is empty; it was not fetched or written",
        ),
        (
            folder.path().to_owned(),
            "it is a directory; name a file in it",
        ),
        (
            fifo,
            "it is a FIFO or pipe; write what comes out of it to a file first",
        ),
        (
            folder.write("hostile.gguf", &hostile),
            "failed to read the GGUF file",
        ),
        (
            folder.write("hostile.safetensors", &hostile_safetensors),
            "its header says that it has 18446744073709551615 bytes",
        ),
        (
            folder.write("none.gguf", &empty_model),
            "there is no tensor \"token_embd.weight\"",
        ),
        (
            folder.write("none.safetensors", b"\x02\0\0\0\0\0\0\0{}"),
            "config.json",
        ),
        (
            folder.write("text.txt", b"no model at all"),
            "it is neither GGUF nor safetensors",
        ),
        (
            folder.path().join("nowhere.gguf"),
            "nowhere.gguf: No such file or directory (os error 2)",
        ),
    ];
    for (path, wanted) in cases {
        let sentence = said(&llama(&GENERATE, &path));
        assert!(sentence.contains(wanted), "{}: {sentence}", path.display());
        assert!(sentence.matches("error 2").count() <= 1, "{sentence}");
        // Whoever asks, and for what.
        for other in ["describe", "crowd"] {
            assert_eq!(said(&llama(&[other], &path)), sentence, "{other}");
        }
    }
}

#[test]
fn prompts_and_limits_that_cannot_be() {
    let folder = Folder::of(&Made::new(SMALL, 24));
    let model = folder.path().join("made.gguf");
    let fails = |arguments: &[&str]| said(&llama(arguments, &model));
    let text = fails(&["generate", "--prompt", "abc?", "--count", "1"]);
    assert!(
        text.contains("failed to find a token for \"?\" at byte 3"),
        "{text}"
    );
    let text = fails(&["generate", "--prompt", "", "--count", "1"]);
    assert!(text.contains("there are no tokens"), "{text}");
    let text = fails(&["generate", "--tokens", "99", "--count", "1"]);
    assert!(text.contains("failed to use token 99"), "{text}");
    let text = fails(&["generate", "--prompt", "a", "--memory-mib", "0"]);
    assert!(text.contains("budget"), "{text}");
    let usage = llama(&["generate"], &model);
    assert_eq!(usage.status.code(), Some(2));
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    let folder = Folder::of(&Made::new(SMALL, 25));
    let model = folder.path().join("made.gguf");
    let refused = |command: &[&str], option: &str, value: &str| {
        let arguments: Vec<&str> = command.iter().copied().chain([option, value]).collect();
        let ended = llama(&arguments, &model);
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{option} {value}: {said}");
        assert!(said.contains(option) && said.contains("give "), "{said}");
    };
    for (option, value) in [
        ("--temperature", "nan"),
        ("--temperature", "inf"),
        ("--temperature", "-1"),
        ("--top-p", "7"),
        ("--top-p", "-5"),
        ("--repeat-penalty", "nan"),
        ("--window", "0"),
        ("--context", "0"),
        ("--batch", "0"),
        ("--threads", "0"),
    ] {
        refused(&["generate", "--tokens=1"], option, value);
    }
    for (option, value) in [
        ("--clients", "0"),
        ("--batch", "0"),
        ("--threads", "0"),
        ("--shared", "18446744073709551615"),
    ] {
        refused(&["crowd"], option, value);
    }
    // Heads of 8 numbers are no blocks of 32: the option does not fit, and the file is whole.
    for command in [&["generate", "--tokens=1"][..], &["crowd"], &["describe"]] {
        let arguments: Vec<&str> = command.iter().copied().chain(["--rows", "q4_0"]).collect();
        let said = said_with(&llama(&arguments, &model), 2);
        assert!(
            said.contains("use rows of f32") && !said.contains("damaged"),
            "{said}"
        );
    }
}

#[test]
fn a_context_that_is_too_short_names_the_option_that_helps() {
    // Its context of 600 is shorter than what is shared where nothing is said.
    let folder = Folder::of(&Made::new(SMALL, 26));
    let model = folder.path().join("made.gguf");
    let fits = printed(&llama(&["crowd", "--clients=2", "--threads=1"], &model));
    assert!(fits.contains("prompt tokens   1074,"), "{fits}");
    assert!(fits.contains("generated       128 tokens"), "{fits}");
    let all = ["crowd", "--clients=1", "--threads=1", "-n8", "--context=30"];
    let with = |more| {
        let arguments: Vec<&str> = all.iter().copied().chain([more]).collect();
        llama(&arguments, &model)
    };
    let said = said_with(&with("--shared=23"), 2);
    assert!(said.contains("give --shared 22 at most"), "{said}");
    let fits = printed(&with("--shared=22"));
    assert!(fits.contains("generated       8 tokens"), "{fits}");
    let short = ["generate", "--tokens=1,2,3", "-n9", "--context=10"];
    let ended = llama(&short, &model);
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(
        said.contains("`--window N`") && said.contains("`--context`"),
        "{said}"
    );
    let windowed: Vec<&str> = short
        .into_iter()
        .chain(["--window=9", "--batch=1"])
        .collect();
    printed(&llama(&windowed, &model));
}

#[test]
fn weights_that_are_no_numbers_choose_no_token() {
    let whole = Made::new(SMALL, 27);
    for number in [f32::NAN, 3e38] {
        let broken = whole.clone().with("blk.1.ffn_up.weight", number);
        let folder = Folder::of(&broken);
        let model = folder.path().join("made.gguf");
        for command in [
            &["generate", "--tokens=1,2,3", "--count=5"][..],
            &["generate", "--tokens=1,2,3", "--temperature=1"],
            &["crowd", "--clients=2", "--shared=8", "--count=4"],
        ] {
            let ended = llama(command, &model);
            let said = String::from_utf8_lossy(&ended.stderr);
            assert_eq!(ended.status.code(), Some(1), "{number} {command:?}: {said}");
            assert!(
                said.contains("made.gguf: failed to choose a token")
                    && said.contains("fetch the model file again"),
                "{said}"
            );
        }
    }
}
