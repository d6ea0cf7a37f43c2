//! Pressure: levels with hysteresis, one thread, subscribers that never see an allocation.

use crate::allocation;
use crate::machine::{Copy, fixture};
use alloc::ffi::CString;
use alloc::sync::Arc;
use bedplate_os::Operation;
use bedplate_os::fact::{Fact, Reason};
use bedplate_os::lock::Parking;
use bedplate_os::pressure::{
    Judge, KernelSource, Level, Listener, Mode, PressureError, PressureMonitor, Reading,
    SUBSCRIBERS_MAX, Settings, Snapshot, Source, Steps, TRIGGERS_MAX, Thresholds, Usage, Wake,
};
use bedplate_os::psi::Share;
use bedplate_os::rawio::RawFile;
use bedplate_os::sim::faults::Plan;
use bedplate_os::sim::pressure::{FakePressure, FakeSource, stall};
use bedplate_os::source::Machine;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

/// Passes what it hears to a test.
struct Ear {
    heard: Mutex<Sender<Snapshot>>,
}

impl Listener for Ear {
    fn pressure_changed(&self, snapshot: &Snapshot) {
        let _sent = self.heard.lock().expect("no panic").send(*snapshot);
    }
}

fn ear() -> (Arc<Ear>, Receiver<Snapshot>) {
    let (send, receive) = channel();
    (
        Arc::new(Ear {
            heard: Mutex::new(send),
        }),
        receive,
    )
}

fn next(heard: &Receiver<Snapshot>) -> Fact<Level, Reason> {
    heard
        .recv_timeout(Duration::from_secs(20))
        .expect("the monitor tells")
        .level
}

fn faked() -> (FakePressure, PressureMonitor) {
    let (fake, source) = FakePressure::new().expect("has a descriptor");
    let monitor = PressureMonitor::start(source, Settings::default()).expect("starts");
    (fake, monitor)
}

fn group(percent: u64) -> Reading {
    let because = Reason::NotThere;
    Reading {
        taken_ns: 0,
        stall: Fact::Absent { because },
        group: Fact::Known(Usage {
            used_bytes: percent,
            limit_bytes: 100,
        }),
        machine: Fact::Absent { because },
        triggered: None,
    }
}

#[test]
fn levels_rise_at_once_and_fall_after_calm() {
    let mut judge = Judge::new(Thresholds::default());
    let mut at = |ms: u64, percent: u64| {
        let reading = Reading {
            taken_ns: ms * 1_000_000,
            ..group(percent)
        };
        judge.judge(&reading).known().copied()
    };
    assert_eq!(at(0, 10), Some(Level::None));
    assert_eq!(at(1, 97), Some(Level::Critical));
    // Above the mark where the level ends: it stays, however long.
    assert_eq!(at(9_000, 94), Some(Level::Critical));
    // Below: it stays for the time of calm, and a relapse starts that anew.
    assert_eq!(at(9_100, 88), Some(Level::Critical));
    assert_eq!(at(11_000, 95), Some(Level::Critical));
    assert_eq!(at(11_100, 88), Some(Level::Critical));
    assert_eq!(at(13_099, 88), Some(Level::Critical));
    // Then to the level that 88 % still holds.
    assert_eq!(at(13_100, 88), Some(Level::High));
    assert_eq!(at(13_200, 10), Some(Level::High));
    // A clock that jumps back starts the calm anew and does not end it.
    assert_eq!(at(5_000, 10), Some(Level::High));
    assert_eq!(at(6_999, 10), Some(Level::High));
    assert_eq!(at(7_000, 10), Some(Level::None));
}

#[test]
fn stall_and_triggers_raise_the_level_too() {
    let mut judge = Judge::new(Thresholds::default());
    let mut reading = Reading {
        stall: Fact::Known(stall(25, 100)),
        ..group(1)
    };
    assert_eq!(judge.judge(&reading), Fact::Known(Level::High));
    reading.triggered = Some(Level::Critical);
    assert_eq!(judge.judge(&reading), Fact::Known(Level::Critical));
    let mut judge = Judge::new(Thresholds::default());
    reading = Reading {
        machine: Fact::Known(Usage {
            used_bytes: 99,
            limit_bytes: 100,
        }),
        ..group(1)
    };
    assert_eq!(judge.judge(&reading), Fact::Known(Level::Critical));
}

#[test]
fn with_nothing_to_read_there_is_no_level() {
    let mut judge = Judge::new(Thresholds::default());
    assert_eq!(judge.judge(&group(99)), Fact::Known(Level::Critical));
    let blind = Reading {
        group: Fact::Absent {
            because: Reason::Unlimited,
        },
        ..group(0)
    };
    assert_eq!(
        judge.judge(&blind),
        Fact::Absent {
            because: Reason::NotThere
        }
    );
    // What was known before the blindness does not linger.
    assert_eq!(judge.judge(&group(10)), Fact::Known(Level::None));
}

proptest! {
    #[test]
    fn a_level_never_falls_below_what_is_entered_nor_rises_above_it(
        steps in proptest::collection::vec((0_u64..5_000, 0_u64..=100), 1..60)
    ) {
        let thresholds = Thresholds::default();
        let mut judge = Judge::new(thresholds);
        let (mut now, mut before) = (0, Level::None);
        for (ms, percent) in steps {
            now += ms * 1_000_000;
            let reading = Reading { taken_ns: now, ..group(percent) };
            let level = judge.judge(&reading).ok().expect("is known");
            let entered = [Level::Some, Level::High, Level::Critical]
                .into_iter()
                .filter(|l| Share::of(percent, 100) >= thresholds.group.of(*l).enter)
                .max()
                .unwrap_or_default();
            prop_assert!(level >= entered);
            if level > before {
                prop_assert_eq!(level, entered);
            }
            before = level;
        }
    }
}

#[test]
fn subscribers_hear_each_change() {
    let (fake, monitor) = faked();
    let (ear, heard) = ear();
    let subscription = monitor.subscribe(ear).expect("has room");
    fake.group_percent(1, 10);
    assert_eq!(next(&heard), Fact::Known(Level::None));
    fake.group_percent(1, 85);
    assert_eq!(next(&heard), Fact::Known(Level::Some));
    fake.group_percent(1, 99);
    assert_eq!(next(&heard), Fact::Known(Level::Critical));
    let snapshot = monitor.snapshot();
    assert_eq!(snapshot.level, Fact::Known(Level::Critical));
    assert_eq!(
        snapshot.reading.group,
        Fact::Known(Usage {
            used_bytes: 99,
            limit_bytes: 100
        })
    );
    assert_eq!((snapshot.counts.changes, snapshot.since_ns), (3, 3_000_000));
    assert!(snapshot.counts.readings >= 4);
    fake.group_percent(1, 10);
    fake.group_percent(5_000, 10);
    assert_eq!(next(&heard), Fact::Known(Level::None));
    fake.set(1, |r| {
        r.group = Fact::Absent {
            because: Reason::Garbage,
        }
    });
    assert_eq!(
        next(&heard),
        Fact::Absent {
            because: Reason::NotThere
        }
    );
    monitor.unsubscribe(subscription);
    monitor.unsubscribe(subscription);
    fake.group_percent(1, 10);
    drop(monitor);
    assert!(heard.try_recv().is_err());
}

#[test]
fn the_thread_is_joined_within_100_ms_of_stop() {
    let settings = Settings {
        calm_poll_ms: 60_000,
        alert_poll_ms: 60_000,
        ..Settings::default()
    };
    let stops = (0..5).map(|_| {
        let (_fake, source) = FakePressure::new().expect("has a descriptor");
        let mut monitor = PressureMonitor::start(source, settings).expect("starts");
        let before = Instant::now();
        assert_eq!(monitor.stop(), Ok(()));
        assert_eq!(monitor.stop(), Ok(()));
        before.elapsed()
    });
    // The least of five: the machine that runs the tests may be busy.
    assert!(stops.min().is_some_and(|t| t < Duration::from_millis(100)));
}

/// Allocates nothing and has its thread watched from the first call on.
#[derive(Default)]
struct Silent {
    calls: AtomicU64,
    parking: Parking,
}

impl Listener for Silent {
    fn pressure_changed(&self, _snapshot: &Snapshot) {
        allocation::watch_this_thread();
        self.calls.fetch_add(1, Ordering::Release);
        self.parking.unpark_all();
    }
}

impl Silent {
    fn wait_for(&self, calls: u64) {
        while self.calls.load(Ordering::Acquire) < calls {
            let ticket = self.parking.ticket();
            if self.calls.load(Ordering::Acquire) < calls {
                self.parking.park(ticket, Some(1_000_000_000));
            }
        }
    }
}

#[test]
fn nobody_allocates_in_a_notification_or_a_reading() {
    let (fake, monitor) = faked();
    let silent = Arc::new(Silent::default());
    monitor
        .subscribe(Arc::clone(&silent) as Arc<dyn Listener>)
        .expect("has room");
    fake.group_percent(1, 10);
    silent.wait_for(1);
    // Other watched threads may count, so one silent round of some is enough.
    let round = |n: u64| {
        let before = allocation::seen();
        fake.group_percent(1, 99);
        silent.wait_for(2 * n);
        fake.group_percent(1, 10);
        fake.group_percent(3_000, 10);
        silent.wait_for(2 * n + 1);
        allocation::seen() == before
    };
    assert!((1..=20).any(round));
    for machine in [
        Machine::running(),
        fixture("cgroup-v2-limits"),
        fixture("cgroup-v1"),
    ] {
        let mut source = KernelSource::new(&machine, &Thresholds::default());
        let quiet = (0..100).any(|_| {
            allocation::during(|| {
                core::hint::black_box(source.read(None));
            }) == 0
        });
        assert!(quiet);
    }
}

struct Clumsy;

impl Listener for Clumsy {
    fn pressure_changed(&self, _snapshot: &Snapshot) {
        std::panic::resume_unwind(Box::new("a listener's own fault"));
    }
}

#[test]
fn a_listener_that_panics_is_counted_and_the_others_hear() {
    let (fake, mut monitor) = faked();
    monitor.subscribe(Arc::new(Clumsy)).expect("has room");
    let (ear, heard) = ear();
    monitor.subscribe(ear).expect("has room");
    fake.group_percent(1, 10);
    assert_eq!(next(&heard), Fact::Known(Level::None));
    assert_eq!(monitor.snapshot().counts.listener_panics, 1);
    assert_eq!(monitor.stop(), Ok(()));
}

#[test]
fn places_for_listeners_run_out() {
    let (_fake, monitor) = faked();
    let (ear, _heard) = ear();
    for _ in 0..SUBSCRIBERS_MAX {
        monitor
            .subscribe(Arc::clone(&ear) as Arc<dyn Listener>)
            .expect("has room");
    }
    assert_eq!(monitor.subscribe(ear), Err(PressureError::ListenersFull));
}

#[test]
fn settings_out_of_bounds_are_errors() {
    let start = |settings: Settings| {
        let (_fake, source) = FakePressure::new().expect("has a descriptor");
        PressureMonitor::start(source, settings).map(drop)
    };
    let good = Settings::default();
    let upside_down = Thresholds {
        group: Steps::percent([90, 80, 70], [1, 1, 1]),
        ..good.thresholds
    };
    for bad in [
        Settings {
            calm_poll_ms: 5,
            ..good
        },
        Settings {
            calm_poll_ms: 70_000,
            ..good
        },
        Settings {
            alert_poll_ms: 101,
            ..good
        },
        Settings {
            alert_poll_ms: 0,
            ..good
        },
        Settings {
            thresholds: upside_down,
            ..good
        },
    ] {
        let error = start(bad).expect_err("out of bounds");
        assert!(matches!(error, PressureError::Settings(_)), "{error}");
    }
}

#[test]
fn a_thread_that_cannot_start_is_an_error() {
    let plan = Plan::start_here();
    plan.fail_with(Operation::ThreadStart, 1, 1, libc::EAGAIN);
    let (_fake, source) = FakePressure::new().expect("has a descriptor");
    let error = PressureMonitor::start(source, Settings::default()).expect_err("the plan fails it");
    assert!(error.to_string().contains("start a thread"), "{error}");
}

fn reading(machine: &Machine) -> (Reading, Mode) {
    let mut source = KernelSource::new(machine, &Thresholds::default());
    (source.read(None), source.mode())
}

#[test]
fn each_kind_of_machine_is_read_from_its_own_group() {
    let (v2, mode) = reading(&fixture("cgroup-v2-limits"));
    assert_eq!(
        mode,
        Mode::Polling {
            because: Reason::NotThisMachine
        }
    );
    // Own level: 972 of 900 MiB (the mark above which it is slowed); the parent has 982 of 1024.
    let mib = 1 << 20;
    assert_eq!(
        v2.group,
        Fact::Known(Usage {
            used_bytes: 972 * mib,
            limit_bytes: 900 * mib
        })
    );
    assert_eq!(v2.stall.known().map(|p| p.some.total_us), Some(90_000));
    let (v1, _) = reading(&fixture("cgroup-v1"));
    assert_eq!(
        v1.group,
        Fact::Known(Usage {
            used_bytes: 100 * mib,
            limit_bytes: 512 * mib
        })
    );
    let (hybrid, _) = reading(&fixture("cgroup-hybrid"));
    assert_eq!(hybrid.stall.known().map(|p| p.some.total_us), Some(900));
    assert_eq!(
        hybrid.group,
        Fact::Known(Usage {
            used_bytes: 2 << 30,
            limit_bytes: 4 << 30
        })
    );
    let (none, _) = reading(&fixture("cgroup-none"));
    assert_eq!(
        none.group,
        Fact::Absent {
            because: Reason::NotThere
        }
    );
    assert!(none.machine.known().is_some() && none.stall.known().is_some());
    let (quiet, mode) = reading(&fixture("no-psi"));
    assert_eq!(
        quiet.stall,
        Fact::Absent {
            because: Reason::NotThere
        }
    );
    assert_eq!(
        mode,
        Mode::Polling {
            because: Reason::NotThere
        }
    );
    assert_eq!(
        quiet.group,
        Fact::Absent {
            because: Reason::Unlimited
        }
    );
}

#[test]
fn files_that_cannot_be_believed_are_absent_and_not_calm() {
    for name in ["garbage", "truncated"] {
        let (read, _) = reading(&fixture(name));
        assert!(
            read.stall.known().is_none()
                && read.machine.known().is_none()
                && read.group.known().is_none(),
            "{name}"
        );
        let level = Judge::new(Thresholds::default()).judge(&read);
        assert!(level.known().is_none());
    }
    let (read, _) = reading(&fixture("contradictory"));
    assert!(matches!(
        read.machine,
        Fact::Absent {
            because: Reason::Contradicts { .. }
        }
    ));
}

#[test]
fn files_that_change_are_read_again() {
    let copy = Copy::of("cgroup-v1", "live");
    let mut source = KernelSource::new(&copy.machine(), &Thresholds::default());
    let used =
        |source: &mut KernelSource| source.read(None).group.known().map(|u| u.used_bytes >> 20);
    assert_eq!(used(&mut source), Some(100));
    // Above half of the limit the file cache counts off.
    copy.write("sys/fs/cgroup/memory/memory.usage_in_bytes", "419430400\n");
    assert_eq!(used(&mut source), Some(380));
    copy.write(
        "sys/fs/cgroup/memory/memory.limit_in_bytes",
        "9223372036854771712\n",
    );
    assert_eq!(
        source.read(None).group,
        Fact::Absent {
            because: Reason::Unlimited
        }
    );
    copy.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "x\n");
    assert_eq!(
        source.read(None).group,
        Fact::Absent {
            because: Reason::Garbage
        }
    );
    copy.write("proc/pressure/memory", "some avg10=1");
    assert_eq!(
        source.read(None).stall,
        Fact::Absent {
            because: Reason::Truncated
        }
    );
}

#[test]
fn the_running_machine_is_watched_by_trigger_or_says_why_not() {
    let mut monitor =
        PressureMonitor::watch(&Machine::running(), Settings::default()).expect("starts");
    let snapshot = monitor.snapshot();
    assert!(snapshot.level.known().is_some());
    match snapshot.mode {
        Mode::Triggered => assert!(snapshot.reading.stall.known().is_some()),
        Mode::Polling { because } => assert_ne!(because, Reason::NotThisMachine),
    }
    assert_eq!(monitor.stop(), Ok(()));
}

/// A source that the monitor finds broken in one way or another.
struct Faulty {
    inner: FakeSource,
    wake: Option<RawFile>,
    panics: bool,
}

impl Source for Faulty {
    fn read(&mut self, triggered: Option<Level>) -> Reading {
        let reading = self.inner.read(triggered);
        if self.panics && reading.taken_ns > 0 {
            std::panic::resume_unwind(Box::new("a source's own fault"));
        }
        reading
    }

    fn wakes(&self) -> [Option<Wake<'_>>; TRIGGERS_MAX] {
        let [bell, ..] = self.inner.wakes();
        let broken = self.wake.as_ref().map(|file| Wake {
            file,
            urgent: true,
            level: Some(Level::High),
        });
        [bell, broken, None]
    }

    fn broken(&mut self, place: usize) {
        assert_eq!(place, 1);
        self.wake = None;
    }

    fn mode(&self) -> Mode {
        if self.wake.is_some() {
            Mode::Triggered
        } else {
            Mode::Polling {
                because: Reason::NotThere,
            }
        }
    }
}

/// The writing end of a pipe that nobody reads: waiting for it ends with an error at once.
fn broken_pipe() -> RawFile {
    let path = std::env::temp_dir().join(format!("bedplate-os-{}-fifo", std::process::id()));
    let name = CString::new(path.to_str().expect("plain")).expect("no zero");
    // SAFETY: the name is a terminated string.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    let reader = RawFile::fifo(&name, false).expect("opens");
    let writer = RawFile::fifo(&name, true).expect("opens");
    drop(reader);
    std::fs::remove_file(path).expect("removes");
    writer
}

#[test]
fn a_trigger_that_breaks_is_given_up_and_the_mode_says_so() {
    let (fake, inner) = FakePressure::new().expect("has a descriptor");
    let source = Faulty {
        inner,
        wake: Some(broken_pipe()),
        panics: false,
    };
    let monitor = PressureMonitor::start(source, Settings::default()).expect("starts");
    let (ear, heard) = ear();
    monitor.subscribe(ear).expect("has room");
    fake.group_percent(1, 1);
    assert_eq!(next(&heard), Fact::Known(Level::None));
    fake.group_percent(1, 85);
    assert_eq!(next(&heard), Fact::Known(Level::Some));
    assert_eq!(
        monitor.snapshot().mode,
        Mode::Polling {
            because: Reason::NotThere
        }
    );
    assert_eq!(monitor.snapshot().counts.triggers, 0);
}

#[test]
fn a_source_that_panics_ends_the_thread_and_stop_says_so() {
    let (fake, inner) = FakePressure::new().expect("has a descriptor");
    let source = Faulty {
        inner,
        wake: None,
        panics: true,
    };
    let mut monitor = PressureMonitor::start(source, Settings::default()).expect("starts");
    fake.group_percent(1, 1);
    assert_eq!(monitor.stop(), Err(PressureError::ThreadPanicked));
    assert_eq!(monitor.stop(), Ok(()));
}

#[test]
fn levels_and_errors_have_names() {
    let names: Vec<String> = [Level::None, Level::Some, Level::High, Level::Critical]
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(names, ["none", "some", "high", "critical"]);
    for error in [
        PressureError::ListenersFull,
        PressureError::Forked,
        PressureError::ThreadPanicked,
    ] {
        assert!(error.to_string().starts_with("failed to "));
    }
}
