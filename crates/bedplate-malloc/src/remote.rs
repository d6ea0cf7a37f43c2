//! The protocols by which threads hand blocks and slabs to each other.
//!
//! # Role
//! - [`RemoteList`]: blocks of one slab that other threads freed, with their count, and whether
//!   the owner wants to be told.
//! - [`ReadyStack`]: slabs of one heap that got remote frees since the owner last looked.
//!
//! # Not here
//! What a slab or a heap is: links are numbers that the caller stores and loads.
//!
//! # Invariants
//! - I1: the word of a [`RemoteList`] is `count << 48 | address | marks`, addresses being
//!   multiples of 16 below 2^48.
//! - I2: `watched` is set only by the owner ([`RemoteList::watch`]) on an empty list, and cleared
//!   by the first push, whose thread must then put the slab on the ready stack, or by the owner
//!   ([`RemoteList::unwatch`], [`RemoteList::take`]).
//! - I3: so between `watch` and the owner's next look a slab is put on the ready stack at most
//!   once, and the link of the stack has one writer at a time.
//! - I4: a slab whose `unwatch` failed is, or is about to be, on a ready stack: it must not be
//!   given back before the owner took it from there.
//! - I5: whoever claims a list ([`RemoteList::claim`]) has its chain, and ends the claim soon;
//!   until then nobody takes from the list. A purged list stands for all blocks of its slab, none
//!   of which has a link any more.
//!
//! # Concurrency
//! | word | owner | others |
//! |---|---|---|
//! | `RemoteList` | `take`, `watch`, `unwatch` | `push`; `claim` and its end |
//! | `ReadyStack` | `take_all` | `push` |
//!
//! Pushes release, takes acquire: whoever takes a chain sees its links and the blocks' last
//! contents. Both stacks are only ever taken whole, so there is no ABA.
//! Modelled in `tests/loom.rs`.
//!
//! # Sources
//! Per-page lists taken whole: Leijen, Zorn, de Moura, "Mimalloc: Free List Sharding in Action"
//! (2019). Chains published at once: Lietar et al., "snmalloc: A Message Passing Allocator"
//! (2019).

use crate::sync::{AtomicU64, Ordering, wait};

const WATCHED: u64 = 1;
const CLAIMED: u64 = 2;
const PURGED: u64 = 4;
const ADDRESS: u64 = (1 << 48) - 16;
const ONE: u64 = 1 << 48;

/// A chain of blocks taken from a [`RemoteList`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Address of the first block; 0 if none.
    pub head: u64,
    /// Blocks in the chain.
    pub count: u32,
    /// True if the list was still watched: nobody is about to put the slab on a ready stack.
    pub was_watched: bool,
    /// True if the slab's memory went back to the kernel: all its blocks are free, and none is
    /// linked. `head` then means nothing.
    pub was_purged: bool,
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// True if the pusher must put the slab on its heap's ready stack.
    pub must_tell: bool,
    /// How often the push was repeated.
    pub retries: u32,
    /// Blocks on the list after it.
    pub count: u32,
}

/// Blocks of a slab freed by threads that do not own it.
#[derive(Debug)]
pub struct RemoteList {
    word: AtomicU64,
}

impl RemoteList {
    /// An empty, unwatched list.
    #[cfg(not(bedplate_loom))]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            word: AtomicU64::new(0),
        }
    }

    /// An empty, unwatched list.
    #[cfg(bedplate_loom)]
    #[must_use]
    pub fn new() -> Self {
        Self {
            word: AtomicU64::new(0),
        }
    }

    /// Puts the chain `head..=tail` of `count` blocks on the list with one successful exchange.
    ///
    /// `link(next)` stores `next` as the link of the tail.
    #[inline]
    pub fn push(&self, head: u64, count: u32, mut link: impl FnMut(u64)) -> Pushed {
        debug_assert!(head & !ADDRESS == 0 && head != 0);
        // Relaxed: the exchange below is what publishes.
        let mut old = self.word.load(Ordering::Relaxed);
        let mut retries = 0;
        loop {
            link(old & ADDRESS);
            let new = (old & !(ADDRESS | WATCHED)) + u64::from(count) * ONE + head;
            // Release pairs with the Acquire in `take`: the taker sees links and contents.
            // AcqRel on the clearing of `watched` so that the teller sees what the owner wrote
            // before `watch`, its heap among it.
            match self
                .word
                .compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) => {
                    return Pushed {
                        must_tell: old & WATCHED != 0,
                        retries,
                        count: (new >> 48) as u32,
                    };
                }
                Err(now) => {
                    old = now;
                    retries += 1;
                }
            }
        }
    }

    /// Takes all blocks, and ends the watch if it stands.
    #[inline]
    pub fn take(&self) -> Chain {
        // Relaxed: the exchange below is what orders.
        let mut word = self.word.load(Ordering::Relaxed);
        let mut turn = 0;
        loop {
            if word & CLAIMED != 0 {
                // Bounded by one call of the kernel (I5).
                wait(turn);
                turn += 1;
                word = self.word.load(Ordering::Relaxed);
                continue;
            }
            // Acquire pairs with the Release in `push`, `unclaim` and `purged`.
            match self
                .word
                .compare_exchange_weak(word, 0, Ordering::Acquire, Ordering::Relaxed)
            {
                Ok(_) => return chain(word),
                Err(now) => word = now,
            }
        }
    }

    /// The list as it is, for [`claim`](Self::claim). A snapshot.
    pub fn glance(&self) -> Glance {
        // Relaxed: a snapshot.
        Glance(self.word.load(Ordering::Relaxed))
    }

    /// Takes the chain that was seen, if the list is still as it was. Until [`purged`] or
    /// [`unclaim`] the owner waits for us.
    ///
    /// [`purged`]: Self::purged
    /// [`unclaim`]: Self::unclaim
    pub fn claim(&self, seen: Glance) -> Option<Chain> {
        if seen.blocks() == 0 {
            return None;
        }
        // Acquire pairs with the Release in `push`: the claimer may read links.
        self.word
            .compare_exchange(seen.0, CLAIMED, Ordering::Acquire, Ordering::Relaxed)
            .ok()
            .map(chain)
    }

    /// Ends a claim: the slab's memory, `count` free blocks, went back to the kernel.
    pub fn purged(&self, count: u32) {
        // What was pushed meanwhile was freed twice. Release pairs with the Acquire in `take`:
        // the taker writes to the pages only after they were given back.
        self.word
            .store((u64::from(count) * ONE) | PURGED, Ordering::Release);
    }

    /// Ends a claim: the chain that was claimed is back on the list; `link` as in
    /// [`push`](Self::push).
    pub fn unclaim(&self, claimed: Chain, mut link: impl FnMut(u64)) {
        // Relaxed: the exchange below is what publishes.
        let mut old = self.word.load(Ordering::Relaxed);
        loop {
            link(old & ADDRESS);
            let new = (old & !(ADDRESS | CLAIMED)) + u64::from(claimed.count) * ONE + claimed.head;
            // Release as in `push`.
            match self
                .word
                .compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) => return,
                Err(now) => old = now,
            }
        }
    }

    /// True if there are blocks to take.
    #[inline]
    pub fn has_blocks(&self) -> bool {
        // Relaxed: a hint; `take` decides.
        self.word.load(Ordering::Relaxed) & (ADDRESS | CLAIMED | PURGED) != 0
    }

    /// True while the watch stands.
    pub fn is_watched(&self) -> bool {
        // Relaxed: asked by a thread that is alone.
        self.word.load(Ordering::Relaxed) & WATCHED != 0
    }

    /// How many blocks wait. A snapshot.
    pub fn count(&self) -> u32 {
        // Relaxed: a snapshot.
        (self.word.load(Ordering::Relaxed) >> 48) as u32
    }

    /// Asks to be told of the next push. False if the list has blocks: take them first.
    #[inline]
    pub fn watch(&self) -> bool {
        // Release pairs with the AcqRel of the push that clears the mark.
        self.word
            .compare_exchange(0, WATCHED, Ordering::Release, Ordering::Relaxed)
            .is_ok()
    }

    /// Ends the watch. False if a push came first: the slab is, or will be, on a ready stack (I4).
    #[inline]
    pub fn unwatch(&self) -> bool {
        // Acquire pairs with earlier pushes, whose blocks the owner is about to give up.
        self.word
            .compare_exchange(WATCHED, 0, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }
}

/// A list as it was at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance(u64);

impl Glance {
    /// The blocks that waited with their links: none where the list is claimed or purged.
    #[must_use]
    pub const fn blocks(self) -> u32 {
        if self.0 & (CLAIMED | PURGED) != 0 {
            0
        } else {
            (self.0 >> 48) as u32
        }
    }

    /// The glance as a number that no list without blocks has.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

const fn chain(word: u64) -> Chain {
    Chain {
        head: word & ADDRESS,
        count: (word >> 48) as u32,
        was_watched: word & WATCHED != 0,
        was_purged: word & PURGED != 0,
    }
}

impl Default for RemoteList {
    fn default() -> Self {
        Self::new()
    }
}

/// Slabs of a heap that got remote frees.
#[derive(Debug)]
pub struct ReadyStack {
    head: AtomicU64,
}

impl ReadyStack {
    /// An empty stack.
    #[cfg(not(bedplate_loom))]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            head: AtomicU64::new(0),
        }
    }

    /// An empty stack.
    #[cfg(bedplate_loom)]
    #[must_use]
    pub fn new() -> Self {
        Self {
            head: AtomicU64::new(0),
        }
    }

    /// Puts a slab on the stack; `link(next)` stores its link.
    pub fn push(&self, slab: u64, mut link: impl FnMut(u64)) {
        // Relaxed: the exchange below publishes.
        let mut old = self.head.load(Ordering::Relaxed);
        loop {
            link(old);
            // Release pairs with the Acquire in `take_all`: the owner sees the link.
            match self
                .head
                .compare_exchange_weak(old, slab, Ordering::Release, Ordering::Relaxed)
            {
                Ok(_) => return,
                Err(now) => old = now,
            }
        }
    }

    /// True if there is nothing to take.
    #[inline]
    pub fn is_empty(&self) -> bool {
        // Relaxed: a hint; `take_all` decides.
        self.head.load(Ordering::Relaxed) == 0
    }

    /// Takes all slabs: the first one's address, 0 if none.
    #[inline]
    pub fn take_all(&self) -> u64 {
        // Relaxed look first: an exchange costs, and most looks find nothing.
        if self.is_empty() {
            return 0;
        }
        // Acquire pairs with the Release in `push`.
        self.head.swap(0, Ordering::Acquire)
    }
}

impl Default for ReadyStack {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(all(test, not(bedplate_loom)))]
mod tests {
    use super::{ReadyStack, RemoteList};
    use core::cell::Cell;

    #[test]
    fn a_watched_list_tells_once() {
        let list = RemoteList::new();
        assert!(list.watch());
        let next = Cell::new(1);
        assert!(list.push(0x40, 1, |n| next.set(n)).must_tell);
        assert_eq!(next.get(), 0);
        assert!(!list.push(0x80, 2, |n| next.set(n)).must_tell);
        assert_eq!(next.get(), 0x40);
        assert!(!list.watch());
        assert!(!list.unwatch());
        let chain = list.take();
        assert_eq!(
            (chain.head, chain.count, chain.was_watched),
            (0x80, 3, false)
        );
        assert!(list.watch());
        assert!(list.unwatch());
        assert_eq!(list.take().head, 0);
    }

    #[test]
    fn a_claimed_list_comes_back_or_is_purged() {
        let list = RemoteList::new();
        assert!(list.claim(list.glance()).is_none());
        list.push(0x40, 2, |_| {});
        let seen = list.glance();
        assert_eq!(seen.blocks(), 2);
        list.push(0x80, 1, |_| {});
        assert!(list.claim(seen).is_none());
        let claimed = list.claim(list.glance()).expect("nothing changed");
        assert_eq!((claimed.head, claimed.count), (0x80, 3));
        assert!(list.has_blocks());
        assert_eq!(list.glance().blocks(), 0);
        list.push(0x100, 1, |n| assert_eq!(n, 0));
        list.unclaim(claimed, |n| assert_eq!(n, 0x100));
        let claimed = list.claim(list.glance()).expect("nothing changed");
        assert_eq!((claimed.head, claimed.count), (0x80, 4));
        list.purged(4);
        assert!(list.has_blocks());
        assert!(list.claim(list.glance()).is_none());
        let chain = list.take();
        assert_eq!((chain.count, chain.was_purged), (4, true));
        assert!(!list.has_blocks());
    }

    #[test]
    fn a_full_slab_counts_to_its_capacity() {
        let list = RemoteList::new();
        for i in 1..=4096_u64 {
            list.push(i * 16, 1, |_| {});
        }
        let chain = list.take();
        assert_eq!((chain.head, chain.count), (4096 * 16, 4096));
    }

    #[test]
    fn a_stack_is_taken_whole() {
        let stack = ReadyStack::new();
        assert_eq!(stack.take_all(), 0);
        let link = Cell::new(9);
        stack.push(64, |n| link.set(n));
        stack.push(128, |n| link.set(n));
        assert_eq!(link.get(), 64);
        assert_eq!(stack.take_all(), 128);
        assert_eq!(stack.take_all(), 0);
    }
}
