//! Files that are garbled, cut or unreadable: whatever differs from the sound reading is absent
//! for a reason. Nothing panics, and nothing turns into a number.

use crate::machine::{Copy, files, fixture};
use bedplate_os::fact::Reason;
use bedplate_os::facts::MachineFacts;
use bedplate_os::psi::Pressure;
use bedplate_os::sim::faults::Plan;
use bedplate_os::source::Machine;
use bedplate_os::{Operation, ids::IdSet};
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::test_runner::{Config, RngSeed};
use serde_json::Value;
use std::path::Path;

fn data(machine: &Machine) -> Option<Value> {
    let facts = MachineFacts::read(machine).ok()?;
    let _told = facts.problems();
    Some(serde_json::to_value(facts).expect("is data"))
}

/// True where `now` says the same as `sound`, or says that it does not know.
fn is_honest(sound: &Value, now: &Value) -> Result<(), String> {
    if sound == now || now.get("absent").is_some() {
        return Ok(());
    }
    match (sound, now) {
        (Value::Object(a), Value::Object(b)) => {
            // A bound that names levels it could not read is an upper bound, and says so.
            if b.get("unread")
                .and_then(Value::as_array)
                .is_some_and(|u| !u.is_empty())
            {
                return Ok(());
            }
            for (key, sound) in a {
                let now = b.get(key).ok_or_else(|| format!("{key} is gone"))?;
                is_honest(sound, now).map_err(|why| format!("{key}: {why}"))?;
            }
            Ok(())
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .try_for_each(|(sound, now)| is_honest(sound, now)),
        _ => Err(format!("{sound} became {now}")),
    }
}

/// Free text, where any word is as good as another.
fn is_free_text(file: &Path) -> bool {
    file.ends_with("osrelease")
}

fn cases(count: u32) -> Config {
    // A stated seed: one run is like another. No file of failures: the printed case is enough.
    Config {
        cases: count,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_261_121),
        ..Config::default()
    }
}

#[test]
fn every_file_cut_inside_a_line_is_absent() {
    for name in ["cgroup-v2-limits", "cgroup-v1", "node-gaps"] {
        let copy = Copy::of(name, &format!("cut-{name}"));
        let sound = data(&copy.machine()).expect("the CPUs are listed");
        for file in files(&copy.root) {
            let path = copy.root.join(&file);
            let text = std::fs::read(&path).expect("reads");
            let step = (text.len() / 6).max(1);
            for end in (0..text.len())
                .step_by(step)
                .filter(|&end| end == 0 || text[end - 1] != b'\n')
            {
                // An empty list of groups is what a kernel without groups shows.
                if end == 0 && file.ends_with("proc/self/cgroup") {
                    continue;
                }
                std::fs::write(&path, &text[..end]).expect("writes");
                if let Some(now) = data(&copy.machine()) {
                    let honest = is_honest(&sound, &now);
                    assert!(
                        honest.is_ok(),
                        "{name}/{} cut at {end}: {honest:?}",
                        file.display()
                    );
                }
            }
            std::fs::write(&path, &text).expect("writes");
        }
    }
}

#[test]
fn every_file_of_garbage_is_absent() {
    let garbage: [&[u8]; 6] = [
        b"nonsense\n",
        b"-\n",
        b"\n\n",
        b"1 2 x\n",
        b"99999999999999999999\n",
        b"\xff\xfe\n",
    ];
    for name in ["cgroup-v2-limits", "cgroup-hybrid", "two-nodes"] {
        let copy = Copy::of(name, &format!("garbage-{name}"));
        let sound = data(&copy.machine()).expect("the CPUs are listed");
        for file in files(&copy.root)
            .into_iter()
            .filter(|file| !is_free_text(file))
        {
            let path = copy.root.join(&file);
            let text = std::fs::read(&path).expect("reads");
            for garbage in garbage {
                std::fs::write(&path, garbage).expect("writes");
                if let Some(now) = data(&copy.machine()) {
                    let honest = is_honest(&sound, &now);
                    assert!(
                        honest.is_ok(),
                        "{name}/{} as {garbage:?}: {honest:?}",
                        file.display()
                    );
                }
            }
            std::fs::write(&path, &text).expect("writes");
        }
    }
}

#[test]
fn every_read_that_fails_is_absent_and_only_the_cpus_are_an_error() {
    let machine = fixture("cgroup-v2-limits");
    let plan = Plan::start_here();
    let sound = data(&machine).expect("the CPUs are listed");
    let reads = plan.seen(Operation::Read);
    drop(plan);
    assert!(reads > 50);
    let mut errors = 0;
    for (first, more) in (1..=reads).flat_map(|first| [(first, 0), (first, 3)]) {
        let plan = Plan::start_here();
        plan.fail_with(Operation::Read, first, first + more, libc::EIO);
        match data(&machine) {
            Some(now) => assert_eq!(is_honest(&sound, &now), Ok(()), "read {first}"),
            None => errors += 1,
        }
    }
    // The list of online CPUs is the first file, alone and with those after it.
    assert_eq!(errors, 2);
}

fn pressure_text() -> impl Strategy<Value = String> {
    let number = prop_oneof![any::<u64>().prop_map(|n| n.to_string()), "[0-9.x-]{0,6}"];
    let share = prop_oneof!["[0-9]{1,3}\\.[0-9]{2}", "[0-9.]{0,5}"];
    let line = (prop_oneof!["some", "full", "[a-z]{0,5}"], share, number).prop_map(
        |(kind, share, total)| {
            format!("{kind} avg10={share} avg60=0.00 avg300=1.50 total={total}\n")
        },
    );
    proptest::collection::vec(line, 0..4).prop_map(|lines| lines.concat())
}

fn rendered(pressure: &Pressure) -> String {
    let line = |kind: &str, s: &bedplate_os::psi::Stall| {
        let share = |s: bedplate_os::psi::Share| s.to_string().trim_end_matches(" %").to_owned();
        let (a, b, c) = (share(s.avg10), share(s.avg60), share(s.avg300));
        format!(
            "{kind} avg10={a} avg60={b} avg300={c} total={}\n",
            s.total_us
        )
    };
    let full = pressure
        .full
        .known()
        .map(|full| line("full", full))
        .unwrap_or_default();
    line("some", &pressure.some) + &full
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn pressure_that_is_read_says_what_the_text_says(text in pressure_text()) {
        if let Ok(pressure) = Pressure::parse(&text) {
            prop_assert!(text.starts_with("some ") || text.starts_with("full "));
            prop_assert_eq!(Pressure::parse(&rendered(&pressure)), Ok(pressure));
            let total = format!("total={}\n", pressure.some.total_us);
            prop_assert!(text.contains(&total) || text.contains("total=0"));
        }
    }

    #[test]
    fn any_text_is_an_error_or_a_pressure(text in any::<String>()) {
        if let Err(reason) = Pressure::parse(&text) {
            prop_assert!(reason.is_doubtful());
        }
    }

    #[test]
    fn lists_that_are_read_print_alike(list in "[0-9,-]{0,12}") {
        if let Ok(set) = IdSet::parse(&list) {
            let printed = set.to_string();
            prop_assert_eq!(IdSet::parse(&printed), Ok(set));
        }
    }

    #[test]
    fn sets_of_numbers_survive_printing(ids in proptest::collection::vec(0_u32..300, 0..40)) {
        let set: IdSet = ids.iter().copied().collect();
        prop_assert_eq!(IdSet::parse(&set.to_string()), Ok(set.clone()));
        prop_assert!(ids.iter().all(|&id| set.contains(id)));
    }
}

#[test]
fn a_file_that_mixes_up_at_random_never_panics() {
    use proptest::test_runner::TestRunner;
    let copy = Copy::of("cgroup-v2-limits", "random");
    let all = files(&copy.root);
    let strategy = (
        0..all.len(),
        any::<proptest::sample::Index>(),
        proptest::collection::vec(any::<u8>(), 0..12),
    );
    let mut runner = TestRunner::new(cases(256));
    let run = runner.run(&strategy, |(file, place, bytes)| {
        let path = copy.root.join(&all[file]);
        let text = std::fs::read(&path).expect("reads");
        let mut mixed = text.clone();
        let at = place.index(text.len().max(1));
        let end = (at + bytes.len()).min(text.len());
        mixed.splice(at..end, bytes);
        std::fs::write(&path, mixed).expect("writes");
        let read = MachineFacts::read(&copy.machine()).map(|facts| facts.problems());
        std::fs::write(&path, text).expect("writes");
        prop_assert!(read.is_ok() || all[file].ends_with("cpu/online"));
        Ok(())
    });
    assert!(run.is_ok(), "{run:?}");
}

#[test]
fn a_file_longer_than_any_kernel_writes_is_not_read() {
    let copy = Copy::of("no-psi", "long");
    let file = std::fs::File::create(copy.root.join("proc/loadavg")).expect("creates");
    file.set_len((16 << 20) + 1).expect("grows");
    let because = copy.machine().read("/proc/loadavg").expect_err("too long");
    assert_eq!(because.reason, Reason::TooLong);
    let folder = copy.machine().read("/proc").expect_err("is a folder");
    assert_eq!(folder.reason, Reason::Failed { code: libc::EISDIR });
}
