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

/// A `new` that must not throw, as libstdc++ has it: it calls the throwing one, which is ours and calls the
/// new-handler, and catches what that throws.
type Quiet = extern "C" fn(usize, usize, usize) -> *mut u8;

/// What is left to do when a quiet `new` finds no memory: `name` is its own name, the rest its arguments.
#[cold]
#[inline(never)]
#[must_use]
pub fn quiet_slow(name: &CStr, arguments: (usize, usize, usize)) -> *mut u8 {
    // SAFETY: the name is a terminated string; RTLD_NEXT searches behind this library.
    let next = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) };
    if next.is_null() {
        return core::ptr::null_mut();
    }
    // SAFETY: a function of this name takes two or three words and returns a pointer.
    let next = unsafe { core::mem::transmute::<*mut libc::c_void, Quiet>(next) };
    next(arguments.0, arguments.1, arguments.2)
}
