//! What a heap shows to readers outside of the process.
//!
//! # Role
//! A page of its own, which `/proc/PID/maps` shows as `/memfd:bedplate-heap`: the heap writes its figures
//! there every now and then, and `bedplate top` reads them. The heap itself never reads it.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `shown.rs` | the figures as words, and when they are written |
//! | `page.rs` | the page (unsafe) |
//! | `page_disabled.rs` | none (feature `checked`) |

#[cfg(feature = "checked")]
#[path = "page_disabled.rs"]
mod page;
#[cfg(not(feature = "checked"))]
#[expect(unsafe_code, reason = "a mapped page")]
mod page;
mod shown;

pub(crate) use shown::{
    COUNT, FIGURES, MAGIC, NAME_BYTES, PAGE_MAGIC, PAGE_VERSION, SEQUENCE, Showing, Shown, VERSION,
};
