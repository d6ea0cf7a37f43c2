//! Build-time numbers.
//!
//! # Role
//! Each number with its unit and the reason for its value.

/// Offers that a worker keeps open at a time in a pool of few workers. Two: on a tree the second
/// halves the remaining work already, and each further one makes more joins pay for an offer
/// (17 % of the joins of a tree of 1,023 nodes with three, 5 % with two).
const OFFERS_FEW: usize = 2;
/// From this many workers on, one offer more.
const WORKERS_MANY: usize = 8;
/// From this many workers on, all slots.
const WORKERS_VERY_MANY: usize = 32;

/// How many offers a worker keeps open, given the number of workers that could take them.
pub(crate) const fn offers_limit(workers: usize) -> usize {
    if workers >= WORKERS_VERY_MANY {
        crate::protocol::offers::SLOTS
    } else if workers >= WORKERS_MANY {
        OFFERS_FEW + 1
    } else {
        OFFERS_FEW
    }
}

/// The least age in nanoseconds at which an offer is taken: an offer that stands this long is of a
/// half worth taking. Thieves measure it by their own clocks.
pub(crate) const AGE_MIN_NS: u64 = 1_500;
/// The greatest such age, in nanoseconds.
pub(crate) const AGE_MAX_NS: u64 = 20_000;
/// How many times the measured cost of taking an offer the age is: keeps that cost near 5 %.
pub(crate) const AGE_PER_COST: u64 = 20;

/// Which part of the age at which an offer is taken it costs to share a half: somewhat more than to
/// take it, since what it works on must come along.
pub(crate) const AGE_PER_SHARE: u64 = 8;
/// The least that sharing a half costs, in nanoseconds.
pub(crate) const SHARE_MIN_NS: u64 = 1_000;
/// What a wake is taken to cost before one was measured, in nanoseconds.
pub(crate) const WAKE_NS: u64 = 40_000;
/// A wake that took longer, in nanoseconds, says more of the machine's load than of wakes.
pub(crate) const WAKE_MAX_NS: u64 = 1_000_000;
/// The pieces of a loop whose cost is known, between which it looks for helpers, in nanoseconds: a
/// look costs a hundredth of the least, and nobody waits for longer than the most.
pub(crate) const PIECE_MIN_NS: u64 = 1_000;
/// See [`PIECE_MIN_NS`].
pub(crate) const PIECE_MAX_NS: u64 = 5_000;

/// What a piece costs at least that a sort leaves to the standard library, in nanoseconds: long
/// enough that dividing it further gains nothing.
pub(crate) const SORTED_PIECE_NS: u64 = 20_000;

/// How long a hunter looks without sleeping, in nanoseconds: what a wake costs it, so that loops that
/// follow each other find it awake.
pub(crate) const HUNT_SPIN_NS: u64 = 50_000;
/// The first nap of a hunter that found nothing, in nanoseconds; each next one is twice as long.
pub(crate) const NAP_FIRST_NS: u64 = 50_000;
/// The nap instead of which a hunter that finds nothing leaves it to the owners to wake it, in
/// nanoseconds.
pub(crate) const NAP_LAST_NS: u64 = 200_000;
/// The longest nap beside an owner whose offers never age, in nanoseconds: the looks cost the
/// hunter less than a hundredth of its CPU, and a half that stands in the end waits no longer.
pub(crate) const NAP_MAX_NS: u64 = 1_000_000;
/// How long a worker that ran all jobs of a scope looks for more while the opener spawns, in
/// nanoseconds: less than what its sleep and the wake would cost.
pub(crate) const ATTEND_NS: u64 = 20_000;
/// Turns of `spin_loop` between two looks.
pub(crate) const SPIN_TURNS: u32 = 16;

/// How long the owner of a half that another took looks for work of that half before it sleeps,
/// in nanoseconds: what a sleep and a wake would cost it.
pub(crate) const WAIT_SPIN_NS: u64 = 40_000;

/// Threads from outside that can work in a pool at a time; further ones wait for a worker to run
/// what they bring.
pub(crate) const GUESTS: usize = 64;

/// Jobs among which one of the low and one of the usual priority come first, lest they starve.
pub(crate) const TURN_EVERY: u64 = 16;

/// Looks of a hunter after which it finds out anew where it and the others run.
pub(crate) const ORDER_LOOKS: u32 = 16;
/// Among how many looks one goes to other nodes.
pub(crate) const FAR_LOOKS: u32 = 4;
/// How many times as old an offer of another node must be: what it works on lies there.
pub(crate) const FAR_AGES: u64 = 2;
/// How often the control group's quota is looked at, by a worker that goes to sleep, in nanoseconds. A
/// look reads two or three files.
pub(crate) const QUOTA_LOOK_NS: u64 = 1_000_000_000;
/// After how many jobs a worker that never sleeps thinks of the quota: a clock read among as many jobs.
pub(crate) const QUOTA_LOOK_JOBS: u64 = 1024;
/// How often somebody looks whether jobs that wait for memory may start, while that hangs on others,
/// in nanoseconds; and for how long a level of pressure that was read holds. A look costs some 20
/// microseconds.
pub(crate) const ADMISSION_LOOK_NS: u64 = 100_000_000;
/// How long nothing must have been admitted or ended, while jobs wait for memory, to be counted as a
/// stall, in nanoseconds.
pub(crate) const ADMISSION_STALL_NS: u64 = 10_000_000_000;
/// The share of the memory limit in force that tagged jobs may hold together unless configured, as a
/// fraction: the rest is for what nobody tagged.
pub(crate) const ADMISSION_SHARE: (u64, u64) = (3, 4);

/// Room for detached jobs per priority unless configured: 16 bytes each.
pub(crate) const QUEUE_JOBS: usize = 65_536;

/// Chunks of a batch per worker: enough that the last ones end together.
pub(crate) const BATCH_CHUNKS: usize = 16;
/// The most items of a chunk, lest one worker keeps many while others wait.
pub(crate) const BATCH_CHUNK_MAX: usize = 4096;
/// The chunk of a batch whose cost is known, in nanoseconds: taking one costs a hundredth of it, and
/// the last ones end together to within it.
pub(crate) const BATCH_CHUNK_NS: u64 = 10_000;

/// Looks of a fiber at what it waits for before it leaves its thread: about what that costs.
#[cfg(feature = "fibers")]
pub(crate) const FIBER_SPINS: u32 = 64;
/// Stacks of fibers that a worker keeps for the next ones; further ones are unmapped.
#[cfg(feature = "fibers")]
pub(crate) const FIBER_STACKS_KEPT: usize = 64;
/// The least stack of a fiber, in bytes.
#[cfg(feature = "fibers")]
pub(crate) const FIBER_STACK_MIN: usize = 16_384;

/// Events of a thread that a timeline keeps unless configured: 32 bytes each.
pub(crate) const TIMELINE_EVENTS: usize = 16_384;
/// The most of them: half a gigabyte a thread.
pub(crate) const TIMELINE_EVENTS_MAX: usize = 1 << 24;
