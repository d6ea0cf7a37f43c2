//! Tables that are put in order because they cannot grow.
//!
//! # Role
//! Where no memory is left, what removed keys left is taken out of a full table, so that who replaces keys in
//! a table of one size needs none. That goes round the table once, a piece with each key that is added: each
//! entry moves as near to where it belongs as it can.
//!
//! A table that was refused memory asks for it again when some more of its entries are used: where collections are
//! automatic, each time is one of the whole heap.
//!
//! # Invariants
//! - I1: a piece ends before an empty entry, so that no entry behind it had its way through what the piece
//!   moved.
//! - I2: how far a table is (`Tables`) may be forgotten: any piece of any table is sound.
//! - I3: a pass that is inside of the table is told what moves.
//!
//! # Why it ends in time
//! It begins where three quarters of the entries are used and a sixteenth is of removed keys, and an addition
//! orders sixteen: it has gone round when a sixteenth of the entries was added, before all is filled.

use super::entries::{LARGE, Parts};
use crate::{Heap, HeapError};
use core::cell::Cell;

/// The least that are put in order with each key that is added.
const ENTRIES: u32 = 16;
/// Tables that are remembered.
const TABLES: usize = 16;

/// A table that was refused memory, and how far it is put in order since.
#[derive(Clone, Copy, Debug, Default)]
struct Order {
    table: u32,
    /// It was this buffer.
    buffer: u32,
    next: u32,
    left: u32,
    /// With so many entries in use it asks again.
    ask_at: u32,
}

/// Tables that were refused memory.
#[derive(Debug, Default)]
pub(super) struct Orders {
    known: [Cell<Order>; TABLES],
    turn: Cell<usize>,
}

impl Orders {
    fn of(&self, parts: &Parts) -> Option<&Cell<Order>> {
        self.known.iter().find(|known| {
            let order = known.get();
            (order.table, order.buffer) == (parts.at, parts.main.buffer)
        })
    }

    /// Remembers one, in the place of that which began first.
    fn add(&self, order: Order) {
        let turn = self.turn.get();
        self.known[turn % TABLES].set(order);
        self.turn.set(turn.wrapping_add(1));
    }

    pub(super) fn forget_all(&self) {
        for known in &self.known {
            known.set(Order::default());
        }
    }
}

/// When a table asks again that was refused: each time costs a collection of the whole heap.
const fn ask_at(parts: &Parts, used: u32) -> u32 {
    used.saturating_add(parts.main.capacity / 32)
}

impl Heap {
    /// Sees to it that an entry can be added to a table of which three quarters are used.
    pub(super) fn grow_or_order(&mut self, parts: Parts) -> Result<Parts, HeapError> {
        let known = self.tables.orders.of(&parts).map(Cell::get);
        if known.is_none_or(|order| order.left == 0) {
            let is_refused = known.is_some_and(|order| self.used(parts.main).0 < order.ask_at);
            if is_refused && !self.is_filled(&parts) {
                return Ok(parts);
            }
            let error = match self.grow_table(parts) {
                Ok(grown) => return Ok(grown),
                Err(error) => error,
            };
            if !self.begin_order(&parts) {
                return if self.is_filled(&parts) {
                    Err(error)
                } else {
                    Ok(parts)
                };
            }
        }
        // More than a piece only where what it began with is no more so: other tables were put in order, or
        // words are damaged.
        while self.order_some(&parts) && self.is_filled(&parts) {}
        if self.is_filled(&parts) {
            return self.grow_table(parts);
        }
        Ok(parts)
    }

    /// A table was refused memory. Whether it is worth it to put it in order; then that begins.
    fn begin_order(&self, parts: &Parts) -> bool {
        let (used, _) = self.used(parts.main);
        let is_worth = used.saturating_sub(parts.length) >= (parts.main.capacity / 16).max(1);
        let order = Order {
            table: parts.at,
            buffer: parts.main.buffer,
            next: 0,
            left: if is_worth { parts.main.capacity } else { 0 },
            ask_at: ask_at(parts, used),
        };
        match self.tables.orders.of(parts) {
            Some(known) => known.set(order),
            None => self.tables.orders.add(order),
        }
        is_worth
    }

    /// One piece; whether there is more.
    fn order_some(&mut self, parts: &Parts) -> bool {
        let Some(mut order) = self.tables.orders.of(parts).map(Cell::get) else {
            return false;
        };
        let capacity = parts.main.capacity;
        let least = if capacity < LARGE { capacity } else { ENTRIES };
        let mut done = 0;
        // Where it went round, on to an empty entry (I1). Only damaged words have none.
        while done < capacity.saturating_mul(2) {
            let place = parts.main.place(order.next);
            if self.value(place).is_nil() {
                if done >= least {
                    break;
                }
            } else {
                self.put_in_order(parts, place);
            }
            order.next = order.next.wrapping_add(1);
            done += 1;
        }
        order.left = order.left.saturating_sub(done);
        order.ask_at = ask_at(parts, self.used(parts.main).0);
        if let Some(known) = self.tables.orders.of(parts) {
            known.set(order);
        }
        self.tables.forget(parts.at);
        order.left > 0
    }

    /// Takes an entry out of its place, and puts it where it belongs if it is one.
    fn put_in_order(&mut self, parts: &Parts, place: u32) {
        let main = parts.main;
        let (key, value) = (self.value(place), self.value(place + 1));
        let is_entry = self.is_entry(place);
        self.words.store(place, 0);
        self.words.store(place + 1, 0);
        let (used, first) = self.used(main);
        self.set_used(main, used.saturating_sub(1), first);
        if !is_entry {
            return;
        }
        let hash = self.hash(parts.at, key);
        self.add_entry(main, hash, key, value);
        if self.value(place) != key {
            self.moved(parts.at, [key.link(), value.link()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Heap, Limits, Ref, Trigger, Value};
    use bedplate_testkit::Chance;

    fn number(number: u64) -> Value {
        Value::integer(number.cast_signed()).expect("small")
    }

    /// A heap without memory for a greater buffer than the table's, and the table with these keys.
    fn full(keys: u64) -> (Heap, Ref) {
        let mut heap = Heap::with(Limits {
            capacity_bytes: 2 << 20,
            ..Limits::DEFAULT
        })
        .expect("memory");
        let table = heap.new_table().expect("memory");
        for key in 0..keys {
            heap.set(table, number(key), number(key)).expect("memory");
        }
        while heap.new_bytes(&[1; 9000]).is_ok() {}
        (heap, table)
    }

    #[test]
    fn a_large_table_is_put_in_order_in_pieces() {
        const KEYS: u64 = 24_000;
        let (mut heap, table) = full(KEYS);
        let mut keys: Vec<u64> = (0..KEYS).collect();
        let mut chance = Chance::new(1);
        let used = |heap: &Heap| {
            let parts = heap.parts(table).expect("a table");
            assert_eq!(parts.main.capacity, 1 << 15);
            heap.used(parts.main).0
        };
        let (mut taken_out, mut most) = (0, 0);
        for new in KEYS..4 * KEYS {
            let at = chance.below(keys.len());
            heap.set(table, number(keys[at]), Value::NIL)
                .expect("a table");
            keys[at] = new;
            let before = used(&heap);
            heap.set(table, number(new), number(new)).expect("room");
            let less = before.saturating_sub(used(&heap));
            taken_out += less;
            most = most.max(less);
        }
        // It went round at least once; no call took out more than lay in a few rows.
        assert!(taken_out > 1 << 11, "{taken_out}");
        assert!(most < 1 << 9, "{most}");
        assert_eq!(heap.table_length(table).map(u64::from), Ok(KEYS));
        for key in keys {
            assert_eq!(heap.get(table, number(key)), Ok(number(key)));
        }
        assert!(heap.verify().is_healthy());
        // Each time that it asked for memory was a collection.
        let asked = heap.stats().triggers.of(Trigger::NoRoom);
        assert!(asked < 400, "{asked}");
    }

    #[test]
    fn more_tables_than_are_remembered_are_put_in_order_all_the_same() {
        let mut heap = Heap::with(Limits {
            capacity_bytes: 1 << 20,
            automatic: false,
            ..Limits::DEFAULT
        })
        .expect("memory");
        let tables: Vec<Ref> = (0..20).map(|_| heap.new_table().expect("memory")).collect();
        for &table in &tables {
            for key in 0..350 {
                heap.set(table, number(key), number(key)).expect("memory");
            }
        }
        while heap.new_bytes(&[1; 9000]).is_ok() {}
        for key in 350..2000 {
            for &table in &tables {
                heap.set(table, number(key - 350), Value::NIL)
                    .expect("a table");
                heap.set(table, number(key), number(key)).expect("room");
            }
        }
        for &table in &tables {
            assert_eq!(heap.table_length(table), Ok(350));
            for key in 2000 - 350..2000 {
                assert_eq!(heap.get(table, number(key)), Ok(number(key)));
            }
        }
        assert!(heap.verify().is_healthy());
    }
}
