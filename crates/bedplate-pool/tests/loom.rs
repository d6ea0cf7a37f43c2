//! The protocols of `protocol/` under every interleaving that loom finds.
//!
//! Run with `RUSTFLAGS="--cfg bedplate_loom" cargo test -p bedplate-pool --test loom --release`.
#![cfg(bedplate_loom)]
#![expect(unsafe_code, reason = "loom cells are accessed by pointer")]

#[expect(dead_code, reason = "the models do not need every method")]
#[path = "../src/protocol/mod.rs"]
mod protocol;

/// What the crate's own `sync` is, of loom.
mod sync {
    pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering, fence};

    /// The kernel makes the fence of both sides when one asks for it: for all that can be seen, each has
    /// its own.
    pub(crate) fn light() {
        fence(Ordering::SeqCst);
    }

    /// See [`light`].
    pub(crate) fn heavy() {
        fence(Ordering::SeqCst);
    }
}

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;
use protocol::claims::Claims;
use protocol::idle::IdleSet;
use protocol::latch::Latch;
use protocol::note::Note;
use protocol::offers::Offers;

fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(check);
}

fn set(cell: &UnsafeCell<u64>, value: u64) {
    // SAFETY: loom checks that no other thread accesses the cell at the same time.
    cell.with_mut(|p| unsafe { p.write(value) });
}

fn get(cell: &UnsafeCell<u64>) -> u64 {
    // SAFETY: loom checks that no other thread writes the cell at the same time.
    cell.with(|p| unsafe { p.read() })
}

/// A sleeper's word, as `bedplate_os::lock::Parking` is: a wake changes it.
struct Word(AtomicU32);

impl Word {
    fn ticket(&self) -> u32 {
        self.0.load(Ordering::Acquire)
    }

    fn park(&self, ticket: u32) {
        while self.0.load(Ordering::Acquire) == ticket {
            thread::yield_now();
        }
    }

    fn unpark(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

/// A frame as `frame.rs` has it: a job, a result, a latch.
struct Frame {
    job: UnsafeCell<u64>,
    result: UnsafeCell<u64>,
    latch: Latch,
}

impl Frame {
    fn new(job: u64) -> Self {
        Self {
            job: UnsafeCell::new(job),
            result: UnsafeCell::new(0),
            latch: Latch::new(),
        }
    }
}

fn steal(offers: &Offers<Frame>, word: &Word) {
    let Some(offer) = offers.oldest(0) else {
        return;
    };
    let Some(frame) = offers.take(offer) else {
        return;
    };
    // SAFETY: a taken frame lives until its latch is done.
    let frame = unsafe { &*frame };
    let job = get(&frame.job);
    set(&frame.job, 0);
    set(&frame.result, job + 1);
    if frame.latch.finish() {
        word.unpark();
    }
}

/// The owner offers one frame and later another at the same slot, while thieves take: each job is
/// done once, by the owner or by one thief, and the owner sees the result.
#[test]
fn a_half_is_run_once_and_its_result_is_seen() {
    model(|| {
        let offers = Arc::new(Offers::<Frame>::new());
        let word = Arc::new(Word(AtomicU32::new(0)));
        let frames = Arc::new([Frame::new(10), Frame::new(20)]);
        let thief = {
            let (offers, word, frames) =
                (Arc::clone(&offers), Arc::clone(&word), Arc::clone(&frames));
            thread::spawn(move || {
                steal(&offers, &word);
                steal(&offers, &word);
                drop(frames);
            })
        };
        for frame in frames.iter() {
            let want = get(&frame.job) + 1;
            let at = core::ptr::from_ref(frame).cast_mut();
            let offer = offers.offer(at, 1, false).expect("the slot is empty");
            if offers.take_back(offer) {
                let job = get(&frame.job);
                set(&frame.result, job + 1);
            } else {
                let ticket = word.ticket();
                if frame.latch.may_sleep() {
                    word.park(ticket);
                }
                assert!(frame.latch.is_done());
            }
            assert_eq!(get(&frame.result), want);
        }
        thief.join().expect("no panic");
    });
}

/// Two thieves and the owner want the same frame: one gets it.
#[test]
fn of_three_who_want_a_half_one_gets_it() {
    model(|| {
        let offers = Arc::new(Offers::<u64>::new());
        let offer = offers.offer(core::ptr::without_provenance_mut(8), 1, false);
        let offer = offer.expect("the slot is empty");
        let thieves: Vec<_> = (0..2)
            .map(|_| {
                let offers = Arc::clone(&offers);
                thread::spawn(move || offers.oldest(0).and_then(|o| offers.take(o)).is_some())
            })
            .collect();
        let mut winners = u32::from(offers.take_back(offer));
        for thief in thieves {
            winners += u32::from(thief.join().expect("no panic"));
        }
        assert_eq!(winners, 1);
    });
}

/// A waiter takes from its thief only what the thief offered while it ran the waiter's half: an
/// offer seen before the latch is seen open belongs to the half.
#[test]
fn an_offer_seen_while_the_latch_is_open_is_of_the_half() {
    model(|| {
        let offers = Arc::new(Offers::<u64>::new());
        let latch = Arc::new(Latch::new());
        let floor = offers.next_number();
        let thief = {
            let (offers, latch) = (Arc::clone(&offers), Arc::clone(&latch));
            thread::spawn(move || {
                // Inside the half.
                let own = offers.offer(core::ptr::without_provenance_mut(8), 1, false);
                let back = offers.take_back(own.expect("the slot is empty"));
                let _wake = latch.finish();
                // Another half: with a slot of its own, lest the first still stands.
                let _other = offers.offer(core::ptr::without_provenance_mut(16), 2, true);
                back
            })
        };
        let taken = offers
            .oldest(floor)
            .filter(|_| !latch.is_done())
            .and_then(|offer| offers.take(offer));
        if let Some(what) = taken {
            assert_eq!(what.addr(), 8);
        }
        let back = thief.join().expect("no panic");
        assert_ne!(back, taken.is_some());
    });
}

/// Something made is found by the worker that goes to sleep, or the worker is woken.
#[test]
fn nobody_sleeps_beside_work() {
    model(|| {
        let idle = Arc::new(IdleSet::new(2));
        let word = Arc::new(Word(AtomicU32::new(0)));
        let work = Arc::new(AtomicBool::new(false));
        let worker = {
            let (idle, word, work) = (Arc::clone(&idle), Arc::clone(&word), Arc::clone(&work));
            thread::spawn(move || {
                while !work.load(Ordering::Relaxed) {
                    let ticket = word.ticket();
                    idle.enter(1);
                    if !work.load(Ordering::Relaxed) {
                        word.park(ticket);
                    }
                    idle.leave(1);
                }
            })
        };
        work.store(true, Ordering::Relaxed);
        if idle.claim(|_| true).is_some() {
            word.unpark();
        }
        worker.join().expect("no panic");
    });
}

/// Two makers and one sleeper: one entry is claimed once.
#[test]
fn a_sleeper_is_claimed_once() {
    model(|| {
        let idle = Arc::new(IdleSet::new(1));
        idle.enter(0);
        let makers: Vec<_> = (0..2)
            .map(|_| {
                let idle = Arc::clone(&idle);
                thread::spawn(move || idle.claim(|_| true).is_some())
            })
            .collect();
        let mut claims = u32::from(idle.leave(0));
        for maker in makers {
            claims += u32::from(maker.join().expect("no panic"));
        }
        assert_eq!(claims, 1);
    });
}

/// Words that are read together are of one change, whoever changes them meanwhile; every change
/// that was made is there in the end.
#[test]
fn a_note_is_read_whole() {
    model(|| {
        let note = Arc::new(Note::of(
            AtomicU64::new(0),
            [AtomicU64::new(0), AtomicU64::new(0)],
        ));
        let writers: Vec<_> = [1, 10]
            .map(|step| {
                let note = Arc::clone(&note);
                let add = move |words: &mut [u64; 2]| {
                    for word in words {
                        *word += step;
                    }
                };
                thread::spawn(move || if note.change(add) { step } else { 0 })
            })
            .into();
        if let Some([first, second]) = note.read() {
            assert_eq!(first, second);
        }
        let sum: u64 = writers
            .into_iter()
            .map(|writer| writer.join().expect("no panic"))
            .sum();
        assert_eq!(note.read(), Some([sum, sum]));
        assert_eq!(note.peek(0), sum);
    });
}

/// A chunk of jobs as `chunk/` has it: cells, claims, and the scope's lock with whether somebody owns the
/// claims.
struct Chunk {
    claims: Claims,
    cells: [UnsafeCell<u64>; 2],
    is_owned: Mutex<bool>,
}

impl Chunk {
    fn new() -> Self {
        Self {
            claims: Claims::new(0, false),
            cells: [UnsafeCell::new(0), UnsafeCell::new(0)],
            is_owned: Mutex::new(false),
        }
    }

    fn fill(&self, at: u32) {
        set(&self.cells[at as usize], u64::from(at) + 1);
        self.claims.fill(at + 1);
    }

    /// Takes a job out of its cell, which loom lets one thread do at a time.
    fn empty(&self, at: u32) {
        let cell = &self.cells[at as usize];
        assert_eq!(
            get(cell),
            u64::from(at) + 1,
            "it is there, and nobody took it"
        );
        set(cell, 0);
    }

    /// Takes what is there, as `Taker` does; how many jobs.
    fn take_some(&self) -> u64 {
        let mut is_owned = self.is_owned.lock().expect("no panic");
        if *is_owned {
            self.claims.share();
        }
        *is_owned = true;
        let mut is_owner = !self.claims.is_shared();
        let mut next = self.claims.claimed();
        drop(is_owned);
        let mut taken = 0;
        loop {
            let at = if is_owner {
                if next == self.claims.filled() {
                    break;
                }
                next += 1;
                if self.claims.claim_own(next - 1) {
                    next - 1
                } else {
                    drop(self.is_owned.lock().expect("no panic"));
                    is_owner = false;
                    if !self.claims.was_owned(next - 1) {
                        continue;
                    }
                    next - 1
                }
            } else {
                let Some(at) = self.claims.claim() else { break };
                at
            };
            self.empty(at);
            taken += 1;
        }
        let mut is_owned = self.is_owned.lock().expect("no panic");
        if !self.claims.is_shared() {
            *is_owned = false;
        }
        taken
    }
}

#[test]
fn an_owner_and_whoever_shares_take_each_job_once() {
    model(|| {
        let chunk = Arc::new(Chunk::new());
        chunk.fill(0);
        chunk.fill(1);
        let other = {
            let chunk = Arc::clone(&chunk);
            thread::spawn(move || chunk.take_some())
        };
        let mine = chunk.take_some();
        let theirs = other.join().expect("no panic");
        assert_eq!(mine + theirs, 2);
    });
}

#[test]
fn jobs_are_taken_while_more_come() {
    model(|| {
        let chunk = Arc::new(Chunk::new());
        let other = {
            let chunk = Arc::clone(&chunk);
            thread::spawn(move || chunk.take_some())
        };
        chunk.fill(0);
        chunk.fill(1);
        let mine = chunk.take_some();
        let theirs = other.join().expect("no panic");
        assert_eq!(mine + theirs, 2);
    });
}

#[test]
fn an_owner_follows_another() {
    model(|| {
        let chunk = Arc::new(Chunk::new());
        chunk.fill(0);
        let others = [(); 2].map(|()| {
            let chunk = Arc::clone(&chunk);
            thread::spawn(move || chunk.take_some())
        });
        chunk.fill(1);
        let taken: u64 = others.map(|o| o.join().expect("no panic")).iter().sum();
        assert_eq!(taken + chunk.take_some(), 2);
    });
}

/// `Lane::push` and `Work::invite` on one side, `Work::look_anew` on the other.
#[test]
fn a_job_is_seen_or_its_maker_invites() {
    model(|| {
        let chunk = Arc::new(Claims::new(0, false));
        let ticketed = Arc::new(AtomicBool::new(true));
        let helper = {
            let (chunk, ticketed) = (Arc::clone(&chunk), Arc::clone(&ticketed));
            thread::spawn(move || {
                ticketed.store(false, Ordering::Relaxed);
                sync::heavy();
                chunk.filled() == 1
            })
        };
        chunk.fill(1);
        sync::light();
        let invites = !ticketed.load(Ordering::Relaxed);
        let is_seen = helper.join().expect("no panic");
        assert!(invites || is_seen);
    });
}
