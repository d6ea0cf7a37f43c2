//! The comparison.

use crate::Outcome;
use crate::disturbed::{Forgetful, Speaker, Way};
use crate::oracle::{Oracle, Said};
use crate::sizes::{RANDOM_A, RANDOM_B, Sizes, trained};
use bedplate_pool::ThreadPool;
use bedplate_region::kv::{Backing, ContiguousKv, PagedKv, Pages, RowFormat};
use llama::{Chooser, Limits, Model, ModelBytes, ModelFile, Repetition, Runner};
use std::collections::HashSet;
use std::path::Path;

/// The largest difference of a logit that is rounding.
const ROUNDING: f32 = 1e-4;
/// In every window of so many tokens there are so many different ones.
const WINDOW: usize = 200;
const DIFFERENT: usize = 30;
/// How often something happens to a sequence.
const EVERY: usize = 40;

/// One model: its name, whether it speaks by the rule, and its prompt.
struct Case {
    name: &'static str,
    has_rule: bool,
    prompt: &'static str,
}

/// Tokens that the rule against repetition counts.
const RULE_TOKENS: usize = 64;
const CASES: [Case; 4] = [
    Case {
        name: "characters",
        has_rule: true,
        prompt: "# Memory\n\nThe allocator ",
    },
    Case {
        name: "random-a",
        has_rule: false,
        prompt: "",
    },
    Case {
        name: "random-a",
        has_rule: true,
        prompt: "",
    },
    Case {
        name: "random-b",
        has_rule: true,
        prompt: "",
    },
];

/// Compares every model in a folder with candle's.
pub(crate) fn prove(folder: &Path, count: usize, penalty: f32) -> Outcome<()> {
    let mut failures = Vec::new();
    for case in &CASES {
        for format in ["gguf", "safetensors"] {
            let path = folder.join(case.name).with_extension(format);
            let rule = case.has_rule.then_some(Repetition {
                penalty,
                tokens: RULE_TOKENS,
            });
            compare(case, rule, &path, count, &mut failures)?;
        }
    }
    if failures.is_empty() {
        println!("all equal");
        return Ok(());
    }
    Err(failures.join("; ").into())
}

fn compare(
    case: &Case,
    rule: Option<Repetition>,
    path: &Path,
    count: usize,
    failures: &mut Vec<String>,
) -> Outcome<()> {
    let bytes = ModelBytes::copy(path, None)?;
    let file = ModelFile::parse(path, &bytes)?;
    let model = Model::load(&file)?;
    let sizes = sizes(case, &model);
    let prompt = match case.prompt {
        "" => vec![1, 2, 3, 5, 8, 13, 21],
        text => model.vocabulary().encode(text)?,
    };
    let chooser = || match rule {
        Some(rule) => Chooser::greedy().repetition(rule),
        None => Chooser::greedy(),
    };
    let wanted = Oracle::load(path, &sizes)?.say(&prompt, count, chooser())?;
    let shape = model.config().cache_shape(RowFormat::F32)?;
    let backing = Backing::new().step_bytes(64 << 10).huge_pages(false);
    let room = 2 * (count + prompt.len() + 64);
    let run = |is_paged: bool, way: Way| -> Outcome<(Said, [usize; 4])> {
        let pool = ThreadPool::new()?;
        let mut runner = Runner::new(&model, &pool, Limits::default())?;
        if is_paged {
            speak(
                &mut runner,
                &mut PagedKv::new(shape, Pages::new(room), backing)?,
                &prompt,
                count,
                chooser(),
                way,
            )
        } else {
            speak(
                &mut runner,
                &mut ContiguousKv::new(shape, room, backing)?,
                &prompt,
                count,
                chooser(),
                way,
            )
        }
    };
    let rule = if case.has_rule {
        "by the rule"
    } else {
        "greedy"
    };
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let name = format!("{file} {rule}");
    let mut expect = |what: &str, holds: bool| {
        if !holds {
            failures.push(format!("{name}: {what}"));
        }
    };
    let (paged, _) = run(true, Way::Straight)?;
    let same = paged
        .tokens
        .iter()
        .zip(&wanted.tokens)
        .take_while(|(a, b)| a == b)
        .count();
    let far = furthest(&paged, &wanted, same);
    let fewest = fewest_different(&wanted.tokens);
    println!("{name}: {same} of {count} tokens are candle's; logits at most {far:.2e} apart");
    println!("{name}: at least {fewest} different tokens in every {WINDOW}");
    expect("a token is not candle's", same == count);
    expect("a logit is further away than rounding", far < ROUNDING);
    expect(
        "too few different tokens",
        case.name != "characters" || count < WINDOW || fewest >= DIFFERENT,
    );
    for is_paged in [true, false] {
        let kind = if is_paged { "paged" } else { "contiguous" };
        let (straight, _) = run(is_paged, Way::Straight)?;
        expect(
            &format!("{kind} is not bit-equal"),
            is_equal(&straight, &paged),
        );
        let (disturbed, [forks, cuts, rolls, evictions]) = run(is_paged, Way::Disturbed(EVERY))?;
        let equal = is_equal(&disturbed, &paged);
        let verdict = if equal {
            "every bit of every logit the same"
        } else {
            "DIFFERENT"
        };
        println!(
            "{name}: {kind}, {forks} forks, {cuts} cuts, {rolls} roll backs, {evictions} evictions: {verdict}"
        );
        expect(&format!("{kind} is disturbed by what happens to it"), equal);
        // The highest bit of a mantissa, one of an exponent; and the lowest, which sums may round away.
        for (byte, bit, must) in [(2, 6, true), (3, 4, true), (0, 0, false)] {
            let at = count / 2;
            let (planted, _) = run(is_paged, Way::Planted { at, byte, bit })?;
            let seen = !is_equal(&planted, &paged);
            let against = furthest(&planted, &wanted, planted.tokens.len());
            let verdict = if seen { "seen" } else { "rounded away" };
            println!(
                "{name}: {kind}, bit {} of a value flipped: {verdict}; logits {against:.2e} from candle's",
                8 * byte as u32 + bit
            );
            expect(&format!("{kind}: a flipped bit is not seen"), seen || !must);
            let is_exponent = byte == 3;
            expect(
                "candle does not see a flipped bit",
                against > ROUNDING || !is_exponent,
            );
        }
    }
    Ok(())
}

fn speak<C: Forgetful>(
    runner: &mut Runner<'_>,
    cache: &mut C,
    prompt: &[u32],
    count: usize,
    chooser: Chooser,
    way: Way,
) -> Outcome<(Said, [usize; 4])> {
    let mut speaker = Speaker::new(runner, cache)?;
    let said = speaker.say(prompt, count, chooser, way)?;
    Ok((said, speaker.events))
}

fn sizes(case: &Case, model: &Model<'_>) -> Sizes {
    match case.name {
        "random-a" => RANDOM_A,
        "random-b" => RANDOM_B,
        _ => trained(model.config().vocabulary),
    }
}

/// The largest difference of a logit, as long as the tokens before it are the same.
fn furthest(one: &Said, other: &Said, tokens: usize) -> f32 {
    let pairs = one.logits.iter().zip(&other.logits).take(tokens + 1);
    let far = pairs.flat_map(|(a, b)| a.iter().zip(b).map(|(a, b)| (a - b).abs()));
    far.fold(0.0, f32::max)
}

/// Whether every bit of every logit is the same.
fn is_equal(one: &Said, other: &Said) -> bool {
    let bits = |said: &Said| -> Vec<u32> {
        said.logits
            .iter()
            .flatten()
            .map(|logit| logit.to_bits())
            .collect()
    };
    one.tokens == other.tokens && bits(one) == bits(other)
}

fn fewest_different(tokens: &[u32]) -> usize {
    let counts = tokens
        .windows(WINDOW)
        .map(|window| window.iter().collect::<HashSet<_>>().len());
    counts.min().unwrap_or(0)
}
