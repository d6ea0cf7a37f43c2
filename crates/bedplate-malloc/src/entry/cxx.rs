//! What `new` needs of libstdc++.
//!
//! # Role
//! Find its functions at run time: the preload library serves C programs too and cannot link it.

use core::ffi::CStr;

/// The address of a function in the process, 0 if there is none.
#[must_use]
pub fn symbol(name: &CStr) -> usize {
    // SAFETY: the name is a terminated string; RTLD_DEFAULT searches the process.
    unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) }.expose_provenance()
}
