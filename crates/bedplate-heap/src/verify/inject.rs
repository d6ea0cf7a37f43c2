//! Damage for tests.
//!
//! # Role
//! Makes a fault of a kind, in one of the ways in which it can come about, so that tests see that
//! it is found and mended.

use super::fault::Fault;
use super::whole::Pass;
use crate::bits::{high, join, low, narrow};
use crate::header::{self, BUFFERED, HAS_WEAK, Kind, LEAF, ONE};
use crate::slots::SIZES;
use crate::{Heap, HeapError, Ref, Value};

/// A fault that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Its kind.
    pub fault: Fault,
    /// What was done.
    pub how: &'static str,
    /// Where; none where it is the heap's.
    pub object: Option<Ref>,
}

type Choose<'a> = &'a mut dyn FnMut(usize) -> usize;

impl Heap {
    /// Makes a fault. `held` are the references that the host counts itself, `choose` gives a number
    /// below another. `None` where the heap holds nothing that can have such a fault.
    ///
    /// # Errors
    /// - [`HeapError::Full`], [`HeapError::Os`]: no memory for what some faults want.
    pub fn damage(
        &mut self,
        fault: Fault,
        held: &[Value],
        choose: Choose<'_>,
    ) -> Result<Option<Damage>, HeapError> {
        let reached = Pass::reached(self, held);
        let done = match fault {
            Fault::Count => self.damage_count(&reached, choose),
            Fault::Dangling => self.damage_reference(&reached, choose)?,
            Fault::Orphan => Some(self.damage_ring()?),
            Fault::Candidates => self.damage_candidates(&reached, choose),
            Fault::Structure => self.damage_structure(&reached, choose),
            Fault::Weak => self.damage_weak(&reached, choose)?,
            Fault::Leak => Some(self.damage_leak(choose)?),
            Fault::DoubleFree => self.damage_free_list(&reached, choose)?,
            Fault::Underflow => self.damage_underflow(&reached, choose)?,
        };
        Ok(done.map(|(at, how)| Damage {
            fault,
            how,
            object: Ref::at(at),
        }))
    }

    fn one_of(
        &self,
        places: &[u32],
        choose: Choose<'_>,
        is_fit: impl Fn(u64) -> bool,
    ) -> Option<u32> {
        let fit = |at: &u32| is_fit(self.words.load(*at));
        let fit: Vec<u32> = places.iter().copied().filter(fit).collect();
        (!fit.is_empty()).then(|| fit[choose(fit.len())])
    }

    fn change(&mut self, at: u32, change: impl FnOnce(u64) -> u64) {
        let word = self.words.load(at);
        self.words.store(at, change(word));
    }

    fn damage_count(&mut self, reached: &[u32], choose: Choose<'_>) -> Option<(u32, &'static str)> {
        if choose(2) == 0 {
            let at = self.one_of(reached, choose, |word| {
                header::has_grown(word.wrapping_add(ONE))
            })?;
            self.change(at, |word| word + ONE);
            return Some((at, "a count too high"));
        }
        let at = self.one_of(reached, choose, |word| {
            header::has_left(word.wrapping_sub(ONE))
        })?;
        self.change(at, |word| word - ONE);
        Some((at, "a count too low"))
    }

    /// A free slot of 16 bytes.
    fn free_slot(&mut self) -> Result<u32, HeapError> {
        let cell = self.new_cell(Value::NIL)?;
        self.slots.give(&mut self.words, cell.index());
        self.stats.freed.add(Kind::Cell);
        Ok(cell.index())
    }

    fn damage_reference(
        &mut self,
        reached: &[u32],
        choose: Choose<'_>,
    ) -> Result<Option<(u32, &'static str)>, HeapError> {
        let is_fit = |word| {
            matches!(
                header::kind(word),
                Kind::Cell | Kind::Pair | Kind::Closure | Kind::Array | Kind::Record
            )
        };
        let fit: Vec<u32> = reached
            .iter()
            .copied()
            .filter(|at| is_fit(self.words.load(*at)) && self.edges(*at).count() > 0)
            .collect();
        if fit.is_empty() {
            return Ok(None);
        }
        let at = fit[choose(fit.len())];
        let count = self.edges(at).count();
        let place = self.edges(at).word(narrow(choose(count as usize)));
        let (bad, how) = match choose(4) {
            0 => (self.free_slot()?, "a reference to a free slot"),
            1 => (at + 1, "a reference into an object"),
            2 => (u32::MAX - 8, "a reference out of the heap"),
            _ => (7, "a reference to where nothing is"),
        };
        self.put(place, Value::from(Ref::at(bad)));
        Ok(Some((at, how)))
    }

    fn damage_ring(&mut self) -> Result<(u32, &'static str), HeapError> {
        let one = self.new_pair(Value::NIL, Value::NIL)?;
        let other = self.new_pair(one.into(), Value::NIL)?;
        self.put(one.index() + 1, other.into());
        Ok((one.index(), "a dead ring that no decrement announced"))
    }

    fn damage_candidates(
        &mut self,
        reached: &[u32],
        choose: Choose<'_>,
    ) -> Option<(u32, &'static str)> {
        match choose(3) {
            0 => {
                let place = [u32::MAX - 8, 5][choose(2)];
                self.cycles.candidates.push(place);
                Some((0, "a candidate that is no slot"))
            }
            1 if !self.cycles.candidates.is_empty() => {
                let listed: Vec<u32> = self.cycles.candidates.iter().copied().collect();
                let at = listed[choose(listed.len())];
                let word = self.words.load(at);
                // One that is freed since, or about to be, is none.
                if word & BUFFERED == 0 || header::count(word) == 0 {
                    return None;
                }
                self.cycles.candidates.clear();
                let others = listed.into_iter().filter(|other| *other != at);
                others.for_each(|other| self.cycles.candidates.push(other));
                Some((at, "a candidate lost"))
            }
            _ => {
                let at = self.one_of(reached, choose, |word| word & (BUFFERED | LEAF) == 0)?;
                if self.cycles.candidates.iter().any(|other| *other == at) {
                    return None;
                }
                self.change(at, |word| word | BUFFERED);
                Some((at, "a candidate that is in no list"))
            }
        }
    }

    fn damage_structure(
        &mut self,
        reached: &[u32],
        choose: Choose<'_>,
    ) -> Option<(u32, &'static str)> {
        let at = self.one_of(reached, choose, |word| {
            !matches!(header::kind(word), Kind::Integer | Kind::Weak | Kind::Cell)
        })?;
        let how = match (header::kind(self.words.load(at)), choose(3)) {
            (Kind::Array, 0) => {
                let room = self.room(low(self.words.load(at + 2)));
                self.words.store(at + 1, u64::from(room) + 1);
                "an array longer than its room"
            }
            (Kind::Array, 1) if self.words.load(at + 2) != 0 => {
                self.words.store(at + 2, u64::from(at));
                "an array whose buffer is itself"
            }
            (Kind::Table, 0) => self.damage_table(at, choose(2) == 0),
            (Kind::Table, 1) => {
                self.change(at + 1, |word| join(low(word), 3));
                "a table with a capacity that cannot be"
            }
            (Kind::Record, 0 | 1) => {
                self.change(at + 1, |word| join(u32::MAX, high(word)));
                "a record of no shape"
            }
            (Kind::Closure, 0 | 1) => {
                self.change(at + 1, |word| join(low(word), u32::MAX));
                "a closure longer than its slot"
            }
            (Kind::Bytes, 0 | 1) => {
                self.change(at + 1, |word| join(u32::MAX, high(word)));
                "bytes longer than their slot"
            }
            (Kind::Host, 0 | 1) => {
                self.words.store(at + 1, u64::from(u32::MAX));
                "a host object without the host's part"
            }
            (_, 2) if choose(2) == 0 => {
                self.change(at, |word| word ^ LEAF);
                "flags that the kind does not have"
            }
            _ => {
                self.change(at, |word| word & !31 | 31);
                "an object of no kind"
            }
        };
        Some((at, how))
    }

    fn damage_table(&mut self, at: u32, is_inside: bool) -> &'static str {
        if is_inside && let Some(how) = self.damage_entries(at) {
            return how;
        }
        self.change(at + 1, |word| word + 1);
        "a table with an entry less than it says"
    }

    fn damage_weak(
        &mut self,
        reached: &[u32],
        choose: Choose<'_>,
    ) -> Result<Option<(u32, &'static str)>, HeapError> {
        let is_weak = |word| header::kind(word) == Kind::Weak;
        let Some(at) = self.one_of(reached, choose, is_weak) else {
            return Ok(None);
        };
        let word = self.words.load(at + 1);
        let (target, generation) = (low(word), high(word));
        let current = self.slots.generation(target);
        Ok(Some(match choose(3) {
            0 if generation == current => {
                self.change(target, |word| word & !HAS_WEAK);
                (at, "a target that does not know of its weak references")
            }
            1 => {
                let free = self.free_slot()?;
                let generation = self.slots.track(free);
                self.words.store(at + 1, join(free, generation));
                (at, "a weak reference to a free slot")
            }
            _ => {
                self.words.store(at + 1, join(target, current + 1));
                (at, "a weak reference of a generation to come")
            }
        }))
    }

    fn damage_leak(&mut self, choose: Choose<'_>) -> Result<(u32, &'static str), HeapError> {
        match choose(3) {
            0 => {
                let at = self.new_pair(Value::NIL, Value::NIL)?.index();
                Ok((at, "an object that nobody holds"))
            }
            1 => Ok((self.new_buffer(3)?, "a buffer that no object has")),
            _ => {
                let at = self.take(2)?.index();
                self.words.store(at, 0);
                Ok((at, "a free slot in no list"))
            }
        }
    }

    fn damage_free_list(
        &mut self,
        reached: &[u32],
        choose: Choose<'_>,
    ) -> Result<Option<(u32, &'static str)>, HeapError> {
        let at = self.free_slot()?;
        Ok(Some(match choose(4) {
            0 => {
                self.words.store(at + 1, u64::from(at));
                (at, "a free slot that follows itself")
            }
            1 => {
                let second = self.take(2)?.index();
                let first = self.slots.take(&self.words, 0).map(Ref::index);
                self.slots.give(&mut self.words, second);
                self.slots.give(&mut self.words, second);
                (first.unwrap_or(second), "a free slot given back twice")
            }
            2 => {
                let class = choose(SIZES.len());
                self.slots.free[class] = at + 1;
                (0, "a list of free slots that begins where none does")
            }
            _ => {
                let Some(object) = self.one_of(reached, choose, |_| true) else {
                    return Ok(None);
                };
                self.words.store(at + 1, u64::from(object));
                (object, "an object in a list of free slots")
            }
        }))
    }

    fn damage_underflow(
        &mut self,
        reached: &[u32],
        choose: Choose<'_>,
    ) -> Result<Option<(u32, &'static str)>, HeapError> {
        if choose(2) == 0 {
            let cell = self.new_cell(Value::NIL)?;
            self.release(cell.into());
            self.release(cell.into());
            return Ok(Some((0, "a release too many")));
        }
        Ok(self.one_of(reached, choose, |_| true).map(|at| {
            self.change(at, |word| word & (ONE - 1));
            (at, "a count that became zero")
        }))
    }
}
