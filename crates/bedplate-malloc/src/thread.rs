//! The thread's own words: its heap, its number, its outbox.
//!
//! # Role
//! Fast access to thread-local state on stable Rust, and its end.
//!
//! # Invariants
//! - I1: `heap` is [`NO_HEAP`] or a heap attached to this thread.
//! - I2: after the key's destructor ran (`life` is `Ended`), the thread allocates from the shared
//!   fallback heap and publishes its remote frees at once: what runs later (C++ destructors,
//!   glibc) neither leaks nor needs a destructor of ours again.
//!
//! # Sources
//! Initial-exec access through `global_asm!` and `GOTTPOFF` was measured at one instruction more
//! than a plain thread-local of an executable; `thread_local!` in a shared library costs a call
//! of `__tls_get_addr`.

use crate::heap::{Heap, NO_HEAP};
use crate::outbox::Outbox;
use crate::raw::Place;
use crate::slab::Slab;
use crate::{fallback, owners, process, profile};
use bedplate_telemetry::Gates;
use core::cell::Cell;

/// How far a thread has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Life {
    /// Has not needed a destructor yet.
    Fresh = 0,
    /// Has a heap or an outbox; the destructor will run.
    Registered = 1,
    /// The destructor ran (I2).
    Ended = 2,
}

/// The thread's own words.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Local {
    heap: Cell<&'static Heap>,
    life: Cell<Life>,
    outbox: Outbox,
}

/// Bytes of static thread-local storage, of which programs that load us late have few.
pub(crate) const LOCAL_BYTES: usize = size_of::<Local>();
const _: () = assert!(LOCAL_BYTES <= 576);
const _: () = assert!(core::mem::offset_of!(Local, heap) == 0);

#[cfg(all(target_arch = "x86_64", not(miri), not(bedplate_portable)))]
mod place {
    use super::{LOCAL_BYTES, Local};
    use crate::heap::{Heap, NO_HEAP};

    core::arch::global_asm!(
        ".pushsection .tdata.bedplate_malloc_local,\"awT\",@progbits",
        ".balign 16",
        ".globl bedplate_malloc_local",
        ".hidden bedplate_malloc_local",
        ".type bedplate_malloc_local,@object",
        "bedplate_malloc_local:",
        ".quad {no_heap}",
        ".zero {rest}",
        ".size bedplate_malloc_local, . - bedplate_malloc_local",
        ".popsection",
        no_heap = sym NO_HEAP,
        rest = const LOCAL_BYTES - 8,
    );

    /// The thread's heap: two loads.
    #[inline(always)]
    pub(super) fn heap() -> &'static Heap {
        let heap: *const Heap;
        // SAFETY: reads the first word of the thread's `Local`.
        unsafe {
            core::arch::asm!(
                "mov {heap}, qword ptr [rip + bedplate_malloc_local@GOTTPOFF]",
                "mov {heap}, qword ptr fs:[{heap}]",
                heap = out(reg) heap,
                options(nostack, preserves_flags, readonly)
            );
        }
        // SAFETY: the word always holds a heap, and heaps are never freed (thread I1).
        unsafe { &*heap }
    }

    /// The thread's number: the address of its control block, which no other living thread has.
    #[inline(always)]
    pub(crate) fn number() -> usize {
        let number: usize;
        // SAFETY: the first word of the control block is its own address (x86-64 ABI).
        unsafe {
            core::arch::asm!(
                "mov {number}, qword ptr fs:[0]",
                number = out(reg) number,
                options(nostack, preserves_flags, pure, readonly)
            );
        }
        number
    }

    pub(super) fn local() -> *const Local {
        let local: *const Local;
        // SAFETY: computes the address of the thread's `Local`.
        unsafe {
            core::arch::asm!(
                "mov {local}, qword ptr [rip + bedplate_malloc_local@GOTTPOFF]",
                "add {local}, qword ptr fs:[0]",
                local = out(reg) local,
                options(nostack, readonly)
            );
        }
        local
    }
}

#[cfg(not(all(target_arch = "x86_64", not(miri), not(bedplate_portable))))]
mod place {
    use super::{Life, Local};
    use crate::heap::{Heap, NO_HEAP};
    use crate::outbox::Outbox;
    use core::cell::Cell;

    std::thread_local! {
        static LOCAL: Local = const {
            Local { heap: Cell::new(&NO_HEAP), life: Cell::new(Life::Fresh), outbox: Outbox::new() }
        };
    }

    pub(super) fn heap() -> &'static Heap {
        LOCAL.with(|local| local.heap.get())
    }

    /// The thread's number: the address of its words, which no other living thread has.
    pub(crate) fn number() -> usize {
        LOCAL.with(|local| core::ptr::from_ref(local).expose_provenance())
    }

    pub(super) fn local() -> *const Local {
        LOCAL.with(|local| core::ptr::from_ref(local))
    }
}

pub(crate) use place::number;

/// Calls `own` if the slice's slab is this thread's, else `other`.
///
/// In assembly because LLVM does not fold an atomic load into a comparison: one instruction on
/// every free.
///
/// # Safety
/// - The place is that of a block which was handed out by this allocator and not given back.
#[cfg(all(target_arch = "x86_64", not(miri), not(bedplate_portable)))]
#[inline(always)]
pub(crate) unsafe fn by_owner(place: Place, own: impl FnOnce(), other: impl FnOnce()) {
    let (segment, word) = place.owner_at();
    // SAFETY: reads the thread's number (x86-64 ABI) and the owner's word, which is mapped by the
    // caller's duty; the jump goes to the block below.
    unsafe {
        core::arch::asm!(
            "mov rax, qword ptr fs:[0]",
            "cmp qword ptr [{segment} + {word}], rax",
            "jne {foreign}",
            segment = in(reg) segment,
            word = in(reg) word,
            out("rax") _,
            foreign = label { return other() },
            options(nostack, readonly)
        );
    }
    own();
}

/// The portable twin of the above.
///
/// # Safety
/// - As there.
#[cfg(not(all(target_arch = "x86_64", not(miri), not(bedplate_portable))))]
#[inline(always)]
pub(crate) unsafe fn by_owner(place: Place, own: impl FnOnce(), other: impl FnOnce()) {
    // SAFETY: the caller's duty.
    let owner = unsafe { place.owner() };
    // Relaxed: if it is this thread's number, this thread wrote it.
    if owner.load(core::sync::atomic::Ordering::Relaxed) == number() {
        own();
    } else {
        other();
    }
}

/// The thread's heap, [`NO_HEAP`] if it has none yet.
#[must_use]
#[inline(always)]
pub(crate) fn heap() -> &'static Heap {
    place::heap()
}

#[inline(always)]
fn with<T>(work: impl FnOnce(&Local) -> T) -> T {
    // SAFETY: the words live as long as the thread, which is the one running here.
    let local = unsafe { &*place::local() };
    work(local)
}

/// The thread's heap, made or adopted if it has none. `None` where memory is out, or the thread
/// has ended (I2).
#[cold]
pub(crate) fn attach<G: Gates>() -> Option<&'static Heap> {
    process::start::<G>();
    with(|local| {
        if local.life.get() == Life::Ended {
            return None;
        }
        let has = local.heap.get();
        if !has.is(&NO_HEAP) {
            return Some(has);
        }
        let heap = owners::attach::<G>(number())?;
        local.heap.set(heap);
        register(local);
        if profile::is_on() {
            local.outbox.be_profiled();
        }
        Some(heap)
    })
}

/// Lets the destructor run when the thread ends.
fn register(local: &Local) {
    if local.life.get() == Life::Fresh {
        local.life.set(Life::Registered);
        process::register_thread();
    }
}

/// True once the thread's destructor ran.
#[must_use]
pub(crate) fn has_ended() -> bool {
    with(|local| local.life.get() == Life::Ended)
}

/// Hands a block of another thread's slab to that thread, in time.
pub(crate) fn send_remote<G: Gates>(slab: &'static Slab, block: *mut crate::raw::Block) {
    with(|local| {
        if local.life.get() == Life::Ended {
            crate::outbox::publish::<G>(slab, block, block, 1);
            return;
        }
        register(local);
        local.outbox.add::<G>(slab, block);
    });
}

/// The thread's allocations are sampled from now on.
#[cfg(not(bedplate_unprofiled))]
pub(crate) fn be_profiled() {
    with(|local| local.outbox.be_profiled());
}

/// Puts a block into the chain that the thread holds back for its slab, if there is one with room
/// and the block is one, and live in the hardened build.
#[inline(always)]
pub(crate) fn chain_remote(slab: &'static Slab, block: *mut crate::raw::Block) -> bool {
    with(|local| local.life.get() == Life::Registered && local.outbox.chain(slab, block))
}

/// True if the thread holds no remote frees back.
#[cfg(not(bedplate_unprofiled))]
#[inline(always)]
pub(crate) fn outbox_holds_nothing() -> bool {
    with(|local| local.outbox.holds_nothing())
}

/// True if the thread holds no remote frees back, and its allocations are not sampled.
#[inline(always)]
pub(crate) fn outbox_is_empty() -> bool {
    with(|local| local.outbox.is_empty())
}

/// Publishes the thread's outbox.
pub(crate) fn flush_outbox<G: Gates>() {
    with(|local| local.outbox.flush::<G>());
}

/// The thread ends: publishes its outbox and parks its heap. Runs once a thread.
pub(crate) fn end<G: Gates>() {
    with(|local| {
        if local.life.replace(Life::Ended) == Life::Ended {
            return;
        }
        local.outbox.flush::<G>();
        let heap = local.heap.replace(&NO_HEAP);
        if !heap.is(&NO_HEAP) && !fallback::is(heap) {
            owners::park::<G>(heap);
        }
    });
}
