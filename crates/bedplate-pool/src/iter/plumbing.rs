//! How an iterator is cut up and its items are taken.
//!
//! # Role
//! A [`Producer`] can be cut at an index and becomes an ordinary iterator; a [`Consumer`] takes what
//! such iterators yield, in as many pieces as there happen to be, and puts the results together in
//! order. [`drive`] brings one to the other and decides where to cut.
//!
//! # Not here
//! Threads: cutting is asked for by [`Context::offers_wanted`] and done by [`Context::join`].
//!
//! # Invariants
//! - I1: every item is handed to exactly one folder, or dropped with the producer that held it.
//! - I2: outputs are combined in the order of the items, whichever thread made them.
//! - I3: a loop is cut into a few halves per worker, and further only where a half was taken: by the
//!   one who took it, and by the one it was taken from. What is not cut is one folder, fed in
//!   `PIECES` pieces with two relaxed loads between them. Folds therefore make as many
//!   accumulators as there were cuts, not as many as there are pieces.
//! - I4: where it is known what an item costs, a loop that is not worth help is not cut at all, no
//!   half is cut off that is not worth taking, and the pieces last some microseconds each.

use crate::Context;
use crate::predict::{Ledger, Way};
use crate::tuning;
use core::sync::atomic::{AtomicBool, Ordering};

/// Into how many pieces a loop is cut that nobody helps, to look whether somebody wants to.
///
/// The wait for a late helper is one piece; a piece costs a cut and a load, about two nanoseconds.
const PIECES: usize = 16;

/// Into how many halves per worker a loop is cut for thieves that may come.
///
/// Each costs a join, also where nobody comes; a thief that comes late waits for one of them. Once
/// a half was taken, what is left is cut further.
const CUTS_PER_WORKER: usize = 4;

/// A sequence of known length that can be cut in two at any index.
pub trait Producer: Send + Sized {
    /// What is produced.
    type Item;

    /// All items in order, on this thread.
    fn serial(self) -> impl DoubleEndedIterator<Item = Self::Item> + ExactSizeIterator;

    /// The first `index` items, and the rest. `index` is at most the length.
    fn split_at(self, index: usize) -> (Self, Self);

    /// Fewer items than this are not worth another cut.
    fn min_len(&self) -> usize {
        1
    }

    /// More items than this are cut whether somebody wants them or not.
    fn max_len(&self) -> usize {
        usize::MAX
    }
}

/// What is done with a producer of any type.
pub trait WithProducer<T> {
    /// What comes of it.
    type Output;

    /// Does it.
    fn run<P: Producer<Item = T>>(self, producer: P) -> Self::Output;
}

/// Takes items in pieces and combines what came of them. A handle: it refers to what it shares.
pub trait Consumer<T>: Copy + Send {
    /// What belongs to one stretch of items alone: the room in a vector, a state of one's own.
    type Part: Send;
    /// What comes of a stretch of items.
    type Output: Send;
    /// Takes one stretch of items.
    type Folder: Folder<T, Part = Self::Part, Output = Self::Output>;

    /// The parts of two stretches. `left_len` is the number of items of the left one where the
    /// iterator knows its length, else of no meaning.
    fn split(self, part: Self::Part, left_len: usize) -> (Self::Part, Self::Part);

    /// Begins a stretch.
    fn folder(self, part: Self::Part) -> Self::Folder;

    /// The output of two stretches that follow each other.
    fn combine(self, left: Self::Output, right: Self::Output) -> Self::Output;

    /// True if items for `part` need not be made any more.
    fn is_full(self, part: &Self::Part) -> bool {
        let _ = part;
        false
    }
}

/// Takes one stretch of items on one thread.
pub trait Folder<T>: Sized {
    /// The part that came from the consumer.
    type Part;
    /// What comes of the stretch.
    type Output;

    /// Takes items, all of them unless it is full.
    #[must_use]
    fn feed<I: Iterator<Item = T>>(self, cx: Context<'_>, items: I) -> Self;

    /// What came of the items so far, and what of the part is left for those that follow.
    fn stop(self, cx: Context<'_>) -> (Self::Output, Self::Part);

    /// True if more items make no difference.
    fn is_full(&self) -> bool {
        false
    }
}

/// What comes of no items.
pub fn nothing<T, C: Consumer<T>>(cx: Context<'_>, consumer: C, part: C::Part) -> C::Output {
    consumer.folder(part).stop(cx).0
}

/// Feeds the `len` items of `producer` to `consumer`, in parallel where others want work.
pub fn drive<P, C>(
    cx: Context<'_>,
    len: usize,
    producer: P,
    consumer: C,
    part: C::Part,
) -> C::Output
where
    P: Producer,
    C: Consumer<P::Item>,
{
    let ledger = ledger::<P, C>(cx, len, &producer);
    let output = match ledger.way() {
        Way::Alone => ledger.share(cx, |began_ns| {
            alone(cx, &ledger, began_ns, len, producer, consumer, part)
        }),
        Way::Shared | Way::Unknown => ledger.share(cx, |_| {
            let is_robbed = AtomicBool::new(false);
            let course = Course::known(cx, &ledger, len, &is_robbed);
            run(cx, course, len, producer, consumer, part)
        }),
    };
    ledger.close(cx);
    output
}

/// The ledger of a loop; a blank one where it would change nothing: the loop cannot be cut, nobody
/// wants a half, or it is cut as its user said. Neither are loops foreseen that have an item for each
/// thread: programs are written whose items wait for one another there, which no one thread can run.
fn ledger<P: Producer, C>(cx: Context<'_>, len: usize, producer: &P) -> Ledger {
    let is_cut_freely = len / 2 >= producer.min_len().max(1) && len <= producer.max_len();
    let width = cx.width();
    if is_cut_freely && cx.offers_wanted() && width > 1 && len > width + 1 {
        Ledger::open::<(P, C)>(cx, len)
    } else {
        Ledger::blank()
    }
}

/// [`drive`], to be given a producer.
#[derive(Debug)]
pub struct Drive<'p, C, Part> {
    /// The context of the thread that drives.
    pub cx: Context<'p>,
    /// The number of items.
    pub len: usize,
    /// Where the items go.
    pub consumer: C,
    /// Its part for all of them.
    pub part: Part,
}

impl<T, C: Consumer<T>> WithProducer<T> for Drive<'_, C, C::Part> {
    type Output = C::Output;

    fn run<P: Producer<Item = T>>(self, producer: P) -> C::Output {
        drive(self.cx, self.len, producer, self.consumer, self.part)
    }
}

/// How short halves are where nobody has taken one yet.
fn grain(cx: Context<'_>, len: usize) -> usize {
    (len / (CUTS_PER_WORKER * cx.width())).max(1)
}

/// What one thread knows about its share of a loop.
#[derive(Clone, Copy)]
struct Course<'s> {
    ledger: &'s Ledger,
    /// Halves shorter than this are not cut off for nobody.
    grain: usize,
    /// Halves shorter than this are not worth taking.
    grain_min: usize,
    /// True if those that are cut off are known to be worth taking.
    is_known: bool,
    /// How many items there are between two looks for helpers, at least and at most.
    piece: (usize, usize),
    /// Set by who took a half of this share. Relaxed: it is a hint, the join hands over the rest.
    is_robbed: &'s AtomicBool,
}

impl<'s> Course<'s> {
    /// The course of `len` items by what the ledger knows.
    fn known(cx: Context<'_>, ledger: &'s Ledger, len: usize, is_robbed: &'s AtomicBool) -> Self {
        let Some(cost) = ledger.cost() else {
            return Self::unknown(cx, ledger, len, is_robbed);
        };
        let grain_min = cost.items_in(cx.seat().engine().share_ns());
        let piece_min = cost.items_in(tuning::PIECE_MIN_NS);
        let piece_max = cost.items_in(tuning::PIECE_MAX_NS);
        Self {
            grain: grain(cx, len).max(grain_min),
            grain_min,
            is_known: true,
            piece: (piece_min, piece_max),
            ..Self::unknown(cx, ledger, len, is_robbed)
        }
    }

    /// The course of `len` items that may cost anything.
    fn unknown(cx: Context<'_>, ledger: &'s Ledger, len: usize, is_robbed: &'s AtomicBool) -> Self {
        Self {
            ledger,
            grain: grain(cx, len),
            grain_min: 1,
            is_known: false,
            piece: (1, usize::MAX),
            is_robbed,
        }
    }

    /// How many of `len` items to run between two looks for helpers.
    fn piece(&self, len: usize, min_len: usize) -> usize {
        let (least, most) = self.piece;
        (len / PIECES).min(most).max(least).max(min_len)
    }

    /// True if the rest should be halved now.
    #[inline]
    fn is_cut(&mut self, cx: Context<'_>, rest: usize, min_len: usize) -> bool {
        let half = rest / 2;
        if half < min_len || !cx.offers_wanted() {
            return false;
        }
        if half < self.grain && self.is_robbed.load(Ordering::Relaxed) {
            self.is_robbed.store(false, Ordering::Relaxed);
            self.grain = grain(cx, rest).max(self.grain_min);
        }
        half >= self.grain
    }
}

fn run<P, C>(
    cx: Context<'_>,
    mut course: Course<'_>,
    len: usize,
    mut producer: P,
    consumer: C,
    part: C::Part,
) -> C::Output
where
    P: Producer,
    C: Consumer<P::Item>,
{
    if consumer.is_full(&part) {
        course.ledger.break_off();
        return nothing(cx, consumer, part);
    }
    let min_len = producer.min_len().max(1);
    let is_long = len > producer.max_len().max(1) && len / 2 >= min_len;
    if is_long || course.is_cut(cx, len, min_len) {
        return halves(cx, course, len, producer, consumer, part);
    }
    let piece = course.piece(len, min_len);
    let mut rest = len;
    let mut folder = consumer.folder(part);
    while rest > piece {
        let (now, later) = producer.split_at(piece);
        folder = folder.feed(cx, now.serial());
        producer = later;
        rest -= piece;
        if folder.is_full() {
            course.ledger.break_off();
            return folder.stop(cx).0;
        }
        if course.is_cut(cx, rest, min_len) {
            let (left, part) = folder.stop(cx);
            let right = halves(cx, course, rest, producer, consumer, part);
            return consumer.combine(left, right);
        }
    }
    let folder = folder.feed(cx, producer.serial());
    if folder.is_full() {
        course.ledger.break_off();
    }
    folder.stop(cx).0
}

/// One thread's run of a loop that is not worth help. It looks at the clock once, after a quarter, in
/// case this time it is.
fn alone<P, C>(
    cx: Context<'_>,
    ledger: &Ledger,
    began_ns: u64,
    len: usize,
    mut producer: P,
    consumer: C,
    part: C::Part,
) -> C::Output
where
    P: Producer,
    C: Consumer<P::Item>,
{
    if consumer.is_full(&part) {
        ledger.break_off();
        return nothing(cx, consumer, part);
    }
    let mut folder = consumer.folder(part);
    let mut rest = len;
    let mut piece = ledger.first_piece(len);
    loop {
        let (now, later) = producer.split_at(piece);
        folder = folder.feed(cx, now.serial());
        rest -= piece;
        if folder.is_full() {
            ledger.break_off();
            return folder.stop(cx).0;
        }
        if rest == 0 {
            return folder.stop(cx).0;
        }
        if ledger.is_astray(cx, began_ns, rest) {
            let (left, part) = folder.stop(cx);
            let is_robbed = AtomicBool::new(false);
            let course = Course::unknown(cx, ledger, rest, &is_robbed);
            let right = run(cx, course, rest, later, consumer, part);
            return consumer.combine(left, right);
        }
        producer = later;
        piece = rest;
    }
}

fn halves<P, C>(
    cx: Context<'_>,
    course: Course<'_>,
    len: usize,
    producer: P,
    consumer: C,
    part: C::Part,
) -> C::Output
where
    P: Producer,
    C: Consumer<P::Item>,
{
    let middle = len / 2;
    let (first, second) = producer.split_at(middle);
    let (first_part, second_part) = consumer.split(part, middle);
    let here = cx.index();
    let rest = len - middle;
    let (left, right) = cx.join_as(
        course.is_known,
        move |cx| run(cx, course, middle, first, consumer, first_part),
        move |cx| {
            if cx.index() == here {
                return run(cx, course, rest, second, consumer, second_part);
            }
            course.is_robbed.store(true, Ordering::Relaxed);
            course.ledger.part(cx, here, || {
                let is_robbed = AtomicBool::new(false);
                let course = Course::known(cx, course.ledger, rest, &is_robbed);
                run(cx, course, rest, second, consumer, second_part)
            })
        },
    );
    consumer.combine(left, right)
}

/// The members of `ParallelIterator` that an indexed one has.
macro_rules! drive_by_index {
    () => {
        fn drive_in<C>(self, cx: $crate::Context<'_>, consumer: C, part: C::Part) -> C::Output
        where
            C: $crate::iter::plumbing::Consumer<Self::Item>,
        {
            let len = $crate::iter::IndexedParallelIterator::len(&self);
            let drive = $crate::iter::plumbing::Drive {
                cx,
                len,
                consumer,
                part,
            };
            $crate::iter::IndexedParallelIterator::produce(self, drive)
        }

        fn known_len(&self) -> Option<usize> {
            Some($crate::iter::IndexedParallelIterator::len(self))
        }
    };
}
pub(super) use drive_by_index;
