//! What is known of all sites.
//!
//! # Role
//! A table of models, bounded, without locks: a look-up reads one line of memory, a lesson changes
//! one. A site that finds no room takes the place of the one that is worth least.
//!
//! # Invariants
//! - I1: the table never grows and never allocates.
//! - I2: what a look-up returns is of the key that was asked for.
//!
//! # Concurrency
//! Each place is a [`Note`]: a look-up during a change finds nothing, a lesson during another is
//! left out. Two threads that learn of a new site at once may give it two places; the one that is
//! not found first grows old.

use super::model::Model;
use crate::protocol::note::Note;
use core::sync::atomic::{AtomicU64, Ordering};

/// Sets of places.
const SETS: usize = 128;
/// Places of a set.
const WAYS: usize = 4;
/// Sites that are known at a time.
const PLACES: u64 = (SETS * WAYS) as u64;
/// Uses beyond these make a site worth no more.
const USES_MAX: u32 = 1_000;

/// The words of a place: the key, the lesson that was the last one here, and the model.
const KEY: usize = 0;
const LESSON: usize = 1;
const WORDS: usize = 2 + Model::WORDS;

/// A place; a line of memory of its own.
#[derive(Debug)]
#[repr(align(64))]
struct Place(Note<WORDS>);

impl Place {
    const fn empty() -> Self {
        let zero = AtomicU64::new(0);
        Self(Note::of(zero, [const { AtomicU64::new(0) }; WORDS]))
    }
}

/// The table.
#[derive(Debug)]
pub(crate) struct Store {
    sets: [[Place; WAYS]; SETS],
    /// Lessons so far.
    lessons: AtomicU64,
    /// Sites whose place was given to another.
    evicted: AtomicU64,
}

impl Store {
    /// Nothing known.
    #[expect(
        clippy::large_stack_arrays,
        reason = "made when the program is built; the tests put theirs on the heap"
    )]
    pub(crate) const fn new() -> Self {
        Self {
            sets: [const { [const { Place::empty() }; WAYS] }; SETS],
            lessons: AtomicU64::new(0),
            evicted: AtomicU64::new(0),
        }
    }

    /// What is known under a key.
    #[inline]
    pub(crate) fn look_up(&self, key: u64) -> Option<Model> {
        let place = self.set(key).iter().find(|p| p.0.peek(KEY) == key)?;
        let words = place.0.read()?;
        // I2: the place may have been given away since the look at its key.
        (words[KEY] == key).then(|| model_of(&words))
    }

    /// Learns what an item of one loop cost.
    pub(crate) fn learn(&self, key: u64, ns_per_item: f64) {
        // Relaxed: lessons of one time may be told apart or not.
        let lesson = self.lessons.fetch_add(1, Ordering::Relaxed) + 1;
        let set = self.set(key);
        let known = set.iter().find(|place| place.0.peek(KEY) == key);
        let Some(place) = known.or_else(|| Self::worth_least(set, lesson)) else {
            return;
        };
        place.0.change(|words| {
            let mut model = if words[KEY] == key {
                model_of(words)
            } else {
                if words[KEY] != 0 {
                    // Relaxed: a figure.
                    self.evicted.fetch_add(1, Ordering::Relaxed);
                }
                Model::new()
            };
            model.learn(ns_per_item);
            words[KEY] = key;
            words[LESSON] = lesson;
            words[2..].copy_from_slice(&model.to_words());
        });
    }

    /// Sites whose place was given to another.
    pub(crate) fn evicted(&self) -> u64 {
        // Relaxed: a figure.
        self.evicted.load(Ordering::Relaxed)
    }

    /// Sites that have a place.
    pub(crate) fn known(&self) -> usize {
        let places = self.sets.iter().flatten();
        places.filter(|place| place.0.peek(KEY) != 0).count()
    }

    #[inline]
    fn set(&self, key: u64) -> &[Place; WAYS] {
        // The upper bits of the product depend on all bits of the key.
        let mixed = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let at = (mixed % SETS as u64) as usize;
        &self.sets[at]
    }

    /// The place of a set to be given away: an empty one, else the one worth least. None only while
    /// all of them are being changed.
    fn worth_least(set: &[Place; WAYS], lesson: u64) -> Option<&Place> {
        let worth_of = |place: &Place| {
            let words = place.0.read()?;
            Some(if words[KEY] == 0 {
                -1.0
            } else {
                worth(&model_of(&words), lesson.saturating_sub(words[LESSON]))
            })
        };
        let places = set
            .iter()
            .filter_map(|place| Some((place, worth_of(place)?)));
        let least = places.min_by(|(_, a), (_, b)| a.total_cmp(b));
        least.map(|(place, _)| place)
    }
}

/// The model in the words of a place.
fn model_of(words: &[u64; WORDS]) -> Model {
    let &[_key, _lesson, mean, spread, odd, ns, counts] = words;
    Model::from_words([mean, spread, odd, ns, counts])
}

/// What a model is worth that was used last so many lessons ago: more by uses and by accuracy, less
/// by age, which counts once as many lessons as there are places have gone by.
fn worth(model: &Model, age: u64) -> f64 {
    let uses = f64::from(model.samples().min(USES_MAX));
    #[expect(clippy::cast_precision_loss, reason = "an age need not be exact")]
    let age = age as f64 / PLACES as f64;
    uses * model.confidence() / (1.0 + age)
}

#[cfg(test)]
mod tests {
    use super::{PLACES, Store, WAYS, worth};
    use crate::predict::model::Model;

    fn cost(store: &Store, key: u64) -> Option<f64> {
        store.look_up(key)?.ns_per_item()
    }

    /// Keys that fall into one set.
    fn rivals(store: &Store, count: usize) -> Vec<u64> {
        let home = store.set(1).as_ptr();
        (1..)
            .filter(|&key| store.set(key).as_ptr() == home)
            .take(count)
            .collect()
    }

    #[test]
    fn a_site_is_known_once_it_was_seen() {
        let store = Box::new(Store::new());
        assert_eq!(cost(&store, 7), None);
        store.learn(7, 10.0);
        assert!(cost(&store, 7).is_some_and(|ns| (ns - 10.0).abs() < 1e-9));
        assert_eq!(cost(&store, 8), None);
    }

    #[test]
    fn the_table_is_bounded() {
        let store = Box::new(Store::new());
        for key in 1..=20 * PLACES {
            store.learn(key, 1.0);
        }
        assert_eq!(store.known() as u64, PLACES);
        assert_eq!(store.evicted(), 19 * PLACES);
    }

    #[test]
    fn a_much_used_site_outlives_many_that_are_seen_once() {
        let store = Box::new(Store::new());
        let keys = rivals(&store, 10 * WAYS);
        for _ in 0..100 {
            store.learn(keys[0], 10.0);
        }
        for &key in &keys[1..] {
            store.learn(key, 10.0);
        }
        assert!(cost(&store, keys[0]).is_some());
        assert!(cost(&store, keys[10 * WAYS - 1]).is_some());
    }

    #[test]
    fn worth_grows_by_use_and_accuracy_and_fades_by_age() {
        let of = |costs: &[f64]| {
            let mut model = Model::new();
            costs.iter().for_each(|&cost| model.learn(cost));
            model
        };
        let steady = of(&[10.0; 20]);
        assert!(worth(&steady, 0) > worth(&of(&[10.0; 5]), 0));
        let wild: Vec<f64> = (0..20).map(|n| [1.0, 50.0][n % 2]).collect();
        assert!(worth(&steady, 0) > worth(&of(&wild), 0));
        assert!(worth(&steady, 0) > worth(&steady, PLACES));
    }

    /// Learns that an item of key `n` costs `n`, and looks whether that is known.
    fn learn_and_look(store: &Store, key: u32) {
        store.learn(u64::from(key), f64::from(key));
        if let Some(ns) = cost(store, u64::from(key)) {
            assert!((ns / f64::from(key) - 1.0).abs() < 1e-9, "{key}: {ns}");
        }
    }

    #[test]
    fn threads_learn_together() {
        let store = Box::new(Store::new());
        std::thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| (0..2_000).for_each(|turn| learn_and_look(&store, turn % 50 + 1)));
            }
        });
        assert_eq!(store.known(), 50);
    }
}
