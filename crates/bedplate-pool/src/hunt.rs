//! How a worker with nothing to do comes to halves of joins.
//!
//! # Role
//! Looks at the offers of others, takes one that has stood long enough, and falls asleep by steps
//! when there is none.
//!
//! # How it works
//! Nobody promotes anything, and there is no ticker: an offer stands where anybody can take it from
//! the moment it is made. The hunter remembers the number of each seat's oldest offer and when it
//! saw it first; one that stands for the engine's age is of a half worth taking, and one of which its
//! owner knows that it is worth it may be taken at once. Numbers are never
//! given twice, so that an owner in a loop of tiny joins is left alone although its stack and its
//! slots look alike at each look.
//!
//! The age follows the measured cost of taking. A hunter looks for a while without sleeping, then
//! between naps that double, then leaves it to the next offer's owner to wake it. Beside an owner
//! whose offers are always young it goes on napping: such an owner is never asked to wake anybody,
//! and a nap is short enough for the half that does stand in the end.

use crate::distance::Distance;
use crate::engine::Engine;
use crate::frame::Stolen;
use crate::seat::Seat;
use crate::timeline::SliceKind;
use crate::tuning;
use bedplate_os::clock;

/// The oldest offers seen, by seat.
#[derive(Debug)]
pub(crate) struct Sightings {
    by_seat: Vec<Sighting>,
    /// Which seat is looked at first, lest all hunters fall upon the same.
    first: usize,
    /// The order by distance, where the machine has distances, and the looks so far.
    order: Vec<(usize, Distance)>,
    looks: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sighting {
    number: u64,
    since_ns: u64,
}

/// What came of a hunt.
#[derive(Debug)]
pub(crate) enum Catch {
    /// A half to run.
    Half(Stolen),
    /// A job may wait in the queue, or the pool has ended.
    Job,
    /// Nothing: sleep until woken.
    Nothing,
    /// Another worker looks instead: sleep until woken, also where offers stand.
    HandedOver,
}

/// What a look came to.
enum Look {
    Half(Stolen),
    /// Offers stand that are too young.
    Young,
    Nothing,
}

impl Sightings {
    /// Nothing seen yet, by the owner of seat `index`.
    pub(crate) fn new(engine: &Engine, index: usize) -> Self {
        Self {
            by_seat: vec![Sighting::default(); engine.seat_count()],
            first: index,
            order: Vec::new(),
            looks: 0,
        }
    }

    /// The place of the thread from which the last half was taken.
    pub(crate) fn last_place(&self) -> usize {
        self.first
    }

    /// Looks at all seats once.
    fn look(&mut self, engine: &Engine, seat: &Seat) -> Look {
        if !engine.distances().is_flat() {
            return self.look_by_distance(engine, seat);
        }
        let now_ns = clock::monotonic_ns();
        let mut young = false;
        let first = self.first;
        let after = engine.seats_at_work().filter(|s| s.index >= first);
        let before = engine.seats_at_work().filter(|s| s.index < first);
        for other in after.chain(before) {
            match self.look_at(other, (engine, seat), now_ns, engine.age_ns()) {
                Look::Half(stolen) => return Look::Half(stolen),
                Look::Young => young = true,
                Look::Nothing => {}
            }
        }
        if young { Look::Young } else { Look::Nothing }
    }

    /// As [`look`](Self::look), the nearest first: seats far away are looked at now and then only, since
    /// each look fetches their lines, and a half there must have stood for longer.
    fn look_by_distance(&mut self, engine: &Engine, seat: &Seat) -> Look {
        if self.looks.is_multiple_of(tuning::ORDER_LOOKS) {
            seat.note_here(engine.distances());
            let others = engine.seats_at_work().map(|s| (s.index, s.here()));
            let distances = engine.distances();
            distances.order(seat.here(), others, self.first, &mut self.order);
        }
        let is_wide = self.looks.is_multiple_of(tuning::FAR_LOOKS);
        self.looks = self.looks.wrapping_add(1);
        let now_ns = clock::monotonic_ns();
        let mut young = false;
        for at in 0..self.order.len() {
            let (index, distance) = self.order[at];
            let age_ns = match distance {
                // Not known to be empty.
                Distance::Far if !is_wide => {
                    young = true;
                    continue;
                }
                Distance::Far => engine.age_ns() * tuning::FAR_AGES,
                Distance::Core | Distance::Cache | Distance::Node => engine.age_ns(),
            };
            match self.look_at(engine.seat(index), (engine, seat), now_ns, age_ns) {
                Look::Half(stolen) => {
                    if distance == Distance::Far {
                        seat.counts.steals_far.up();
                    }
                    return Look::Half(stolen);
                }
                Look::Young => young = true,
                Look::Nothing => {}
            }
        }
        if young { Look::Young } else { Look::Nothing }
    }

    /// Looks at one seat, on behalf of another.
    fn look_at(
        &mut self,
        other: &Seat,
        (engine, seat): (&Engine, &Seat),
        now_ns: u64,
        age_ns: u64,
    ) -> Look {
        let Some(offer) = other.offers.oldest(0) else {
            other.ask();
            return Look::Nothing;
        };
        let seen = &mut self.by_seat[other.index];
        if seen.number != offer.number() {
            *seen = Sighting {
                number: offer.number(),
                since_ns: now_ns,
            };
        }
        if !offer.is_ripe() && now_ns - seen.since_ns < age_ns {
            return Look::Young;
        }
        if let Some(stolen) = other.offers.take(offer).and_then(Stolen::new) {
            other.set_open();
            seat.counts.steals.up();
            self.first = other.index;
            engine.learn_cost(clock::monotonic_ns() - now_ns);
            Look::Half(stolen)
        } else {
            seat.counts.steals_failed.up();
            Look::Nothing
        }
    }

    /// Looks until there is something, or until sleeping is better.
    pub(crate) fn hunt(&mut self, engine: &Engine, seat: &Seat) -> Catch {
        let mut hunter = engine.hunter();
        if hunter.is_none() {
            return Catch::Nothing;
        }
        if engine.activity.now().engaged == 0 {
            return Catch::Nothing;
        }
        let mut began_ns = clock::monotonic_ns();
        let mut nap_ns = tuning::NAP_FIRST_NS;
        // Bounded: the naps double up to the last.
        loop {
            if engine.queue.has_some() || seat.home.has_woken() || engine.may_leave() {
                return Catch::Job;
            }
            if !engine.may_hunt() {
                return Catch::Nothing;
            }
            if engine.is_crowded(seat) && engine.idle.any() {
                // Not before this one counts no more: the other may find that enough hunt.
                drop(hunter.take());
                if engine.hand_over_hunt() {
                    return Catch::HandedOver;
                }
                hunter = engine.hunter();
                if hunter.is_none() {
                    return Catch::Nothing;
                }
            }
            let look = self.look(engine, seat);
            if let Look::Half(stolen) = look {
                return Catch::Half(stolen);
            }
            if clock::monotonic_ns() - began_ns < tuning::HUNT_SPIN_NS {
                for _ in 0..tuning::SPIN_TURNS {
                    core::hint::spin_loop();
                }
                continue;
            }
            // Left to the next offer's owner, who wakes somebody. Not beside an owner whose offers
            // are young: that one would wake somebody at each look.
            if nap_ns >= tuning::NAP_LAST_NS && matches!(look, Look::Nothing) {
                return Catch::Nothing;
            }
            if nap(engine, seat, nap_ns) {
                nap_ns = (nap_ns * 2).min(tuning::NAP_MAX_NS);
            } else {
                // Somebody knows that there will be something.
                nap_ns = tuning::NAP_FIRST_NS;
                began_ns = clock::monotonic_ns();
            }
        }
    }
}

/// Sleeps for a while, or until woken; false if somebody woke it.
fn nap(engine: &Engine, seat: &Seat, nap_ns: u64) -> bool {
    let ticket = seat.parking.ticket();
    engine.idle.enter(seat.index);
    if !engine.queue.has_some() && !seat.home.has_woken() && !engine.may_leave() {
        seat.counts.naps.up();
        engine.note_nap(seat, true);
        seat.sleep(SliceKind::Nap, ticket, Some(nap_ns));
        engine.note_nap(seat, false);
        engine.note_awake(seat);
    }
    engine.idle.leave(seat.index)
}
