//! The C names.

/// Defines the C family, and C++'s `new` and `delete`, for a cdylib with the gates `$gates`.
///
/// Only the preload libraries may use it: in an rlib, a `malloc` takes over every binary that
/// names the crate.
///
/// `new` fails as C++ says: it calls the new-handler until that succeeds, throws or is absent,
/// then throws `std::bad_alloc`. Rust cannot throw it, so these few functions are written in
/// assembly that unwinds like C++ code.
#[macro_export]
macro_rules! export_c_family {
    ($gates:ty, observed: $observed:literal) => {
        use core::ffi::{c_int, c_void};
        use $crate::entry::{family, info_c};

        #[unsafe(no_mangle)]
        extern "C" fn malloc(bytes: usize) -> *mut u8 {
            $crate::ops::allocate::<$gates>(bytes)
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn free(block: *mut u8) {
            // SAFETY: the caller frees what it allocated, as C says.
            unsafe { $crate::ops::free::<$gates>(block) }
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn cfree(block: *mut u8) {
            // SAFETY: as `free`.
            unsafe { $crate::ops::free::<$gates>(block) }
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn free_sized(block: *mut u8, bytes: usize) {
            // SAFETY: as `free`.
            unsafe { family::free_sized::<$gates>(block, bytes) }
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn free_aligned_sized(block: *mut u8, align: usize, bytes: usize) {
            // SAFETY: as `free`.
            unsafe { family::free_aligned_sized::<$gates>(block, align, bytes) }
        }
        #[unsafe(no_mangle)]
        extern "C" fn calloc(count: usize, bytes: usize) -> *mut u8 {
            family::calloc::<$gates>(count, bytes)
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn realloc(block: *mut u8, bytes: usize) -> *mut u8 {
            // SAFETY: the caller resizes what it allocated, as C says.
            unsafe { family::realloc::<$gates>(block, bytes) }
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn reallocarray(block: *mut u8, count: usize, bytes: usize) -> *mut u8 {
            // SAFETY: as `realloc`.
            unsafe { family::reallocarray::<$gates>(block, count, bytes) }
        }
        #[unsafe(no_mangle)]
        extern "C" fn memalign(align: usize, bytes: usize) -> *mut u8 {
            family::memalign::<$gates>(align, bytes)
        }
        #[unsafe(no_mangle)]
        extern "C" fn aligned_alloc(align: usize, bytes: usize) -> *mut u8 {
            family::memalign::<$gates>(align, bytes)
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn posix_memalign(
            place: *mut *mut u8,
            align: usize,
            bytes: usize,
        ) -> c_int {
            // SAFETY: the caller's place is writable, as POSIX says.
            unsafe { family::posix_memalign::<$gates>(place, align, bytes) }
        }
        #[unsafe(no_mangle)]
        extern "C" fn valloc(bytes: usize) -> *mut u8 {
            family::valloc::<$gates>(bytes)
        }
        #[unsafe(no_mangle)]
        extern "C" fn pvalloc(bytes: usize) -> *mut u8 {
            family::pvalloc::<$gates>(bytes)
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn malloc_usable_size(block: *mut u8) -> usize {
            // SAFETY: the caller asks of a live block.
            unsafe { family::usable_size(block) }
        }
        #[unsafe(no_mangle)]
        extern "C" fn malloc_trim(_keep: usize) -> c_int {
            info_c::malloc_trim::<$gates>()
        }
        #[unsafe(no_mangle)]
        extern "C" fn mallinfo2() -> $crate::mallinfo2 {
            info_c::mallinfo2()
        }
        #[unsafe(no_mangle)]
        extern "C" fn mallinfo() -> $crate::mallinfo {
            info_c::mallinfo()
        }
        #[unsafe(no_mangle)]
        extern "C" fn mallopt(parameter: c_int, _value: c_int) -> c_int {
            info_c::mallopt(parameter)
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn malloc_info(options: c_int, stream: *mut c_void) -> c_int {
            // SAFETY: the caller's stream is open.
            unsafe { info_c::malloc_info(options, stream.cast()) }
        }

        extern "C" fn loaded() {
            $crate::process::load::<$gates>($observed);
        }
        extern "C" fn unloaded() {
            $crate::process::unload::<$gates>();
        }
        #[used]
        #[unsafe(link_section = ".init_array")]
        static LOADED: extern "C" fn() = loaded;
        #[used]
        #[unsafe(link_section = ".fini_array")]
        static UNLOADED: extern "C" fn() = unloaded;

        $crate::export_cxx!($gates);
    };
}

/// C++'s `new` and `delete`; part of [`export_c_family!`].
#[doc(hidden)]
#[macro_export]
#[cfg(target_arch = "x86_64")]
macro_rules! export_cxx {
    ($gates:ty) => {
        extern "C" fn new_plain(bytes: usize, _align: usize) -> *mut u8 {
            $crate::ops::allocate::<$gates>(bytes)
        }
        extern "C" fn new_aligned(bytes: usize, align: usize) -> *mut u8 {
            family::memalign::<$gates>(align, bytes)
        }
        // The name under which the loader finds a function of libstdc++, or null in a program
        // without it, which cannot call `new`.
        extern "C" fn cxx_new_handler() -> usize {
            $crate::entry::cxx::symbol(c"_ZSt15get_new_handlerv")
        }
        extern "C" fn cxx_bad_alloc() -> usize {
            $crate::entry::cxx::symbol(c"_ZSt17__throw_bad_allocv")
        }

        $crate::export_new!(_Znwm, new_plain, cxx_new_handler, cxx_bad_alloc);
        $crate::export_new!(_Znam, new_plain, cxx_new_handler, cxx_bad_alloc);
        $crate::export_new!(
            _ZnwmSt11align_val_t,
            new_aligned,
            cxx_new_handler,
            cxx_bad_alloc
        );
        $crate::export_new!(
            _ZnamSt11align_val_t,
            new_aligned,
            cxx_new_handler,
            cxx_bad_alloc
        );

        $crate::export_new_nothrow!(
            _ZnwmRKSt9nothrow_t,
            _ZnamRKSt9nothrow_t,
            _ZnwmSt11align_val_tRKSt9nothrow_t,
            _ZnamSt11align_val_tRKSt9nothrow_t,
            $gates
        );
        $crate::export_delete!(
            $gates,
            _ZdlPv,
            _ZdaPv,
            _ZdlPvRKSt9nothrow_t,
            _ZdaPvRKSt9nothrow_t,
            _ZdlPvSt11align_val_t,
            _ZdaPvSt11align_val_t,
            _ZdlPvSt11align_val_tRKSt9nothrow_t,
            _ZdaPvSt11align_val_tRKSt9nothrow_t
        );
        $crate::export_delete_sized!(
            $gates,
            _ZdlPvm,
            _ZdaPvm,
            _ZdlPvmSt11align_val_t,
            _ZdaPvmSt11align_val_t
        );
    };
}

/// C++'s `new` and `delete` are left to libstdc++ on other machines: it calls `malloc` and `free`.
#[doc(hidden)]
#[macro_export]
#[cfg(not(target_arch = "x86_64"))]
macro_rules! export_cxx {
    ($gates:ty) => {};
}

/// One throwing `new`; part of [`export_c_family!`].
///
/// Bytes stay in rbx and the alignment in rbp over the calls, with unwind information, so that
/// what the new-handler or `__throw_bad_alloc` throws passes through.
#[doc(hidden)]
#[macro_export]
macro_rules! export_new {
    ($name:ident, $allocate:ident, $handler:ident, $throw:ident) => {
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        unsafe extern "C" fn $name(bytes: usize, align: usize) -> *mut u8 {
            core::arch::naked_asm!(
                ".cfi_startproc",
                "push rbx",
                ".cfi_adjust_cfa_offset 8",
                ".cfi_rel_offset rbx, 0",
                "push rbp",
                ".cfi_adjust_cfa_offset 8",
                ".cfi_rel_offset rbp, 0",
                "sub rsp, 8",
                ".cfi_adjust_cfa_offset 8",
                "mov rbx, rdi",
                "mov rbp, rsi",
                "2:",
                "mov rdi, rbx",
                "mov rsi, rbp",
                "call {allocate}",
                "test rax, rax",
                "jnz 4f",
                "call {handler}",
                "test rax, rax",
                "jz 3f",
                "call rax",
                "test rax, rax",
                "jz 3f",
                "call rax",
                "jmp 2b",
                "3:",
                "call {throw}",
                "test rax, rax",
                "jz 4f",
                "call rax",
                "ud2",
                "4:",
                "add rsp, 8",
                ".cfi_adjust_cfa_offset -8",
                "pop rbp",
                ".cfi_adjust_cfa_offset -8",
                ".cfi_restore rbp",
                "pop rbx",
                ".cfi_adjust_cfa_offset -8",
                ".cfi_restore rbx",
                "ret",
                ".cfi_endproc",
                allocate = sym $allocate,
                handler = sym $handler,
                throw = sym $throw,
            )
        }
    };
}

/// The four `new` that return null; part of [`export_c_family!`].
#[doc(hidden)]
#[macro_export]
macro_rules! export_new_nothrow {
    ($one:ident, $many:ident, $one_aligned:ident, $many_aligned:ident, $gates:ty) => {
        $crate::export_new_nothrow!(plain $one, $gates);
        $crate::export_new_nothrow!(plain $many, $gates);
        $crate::export_new_nothrow!(aligned $one_aligned, $gates);
        $crate::export_new_nothrow!(aligned $many_aligned, $gates);
    };
    (plain $name:ident, $gates:ty) => {
        #[unsafe(no_mangle)]
        extern "C" fn $name(bytes: usize, nothrow: usize) -> *mut u8 {
            let block = $crate::ops::allocate::<$gates>(bytes);
            if block.is_null() {
                return $crate::export_new_nothrow!(slow $name, (bytes, nothrow, 0));
            }
            block
        }
    };
    (aligned $name:ident, $gates:ty) => {
        #[unsafe(no_mangle)]
        extern "C" fn $name(bytes: usize, align: usize, nothrow: usize) -> *mut u8 {
            let block = family::memalign::<$gates>(align, bytes);
            if block.is_null() {
                return $crate::export_new_nothrow!(slow $name, (bytes, align, nothrow));
            }
            block
        }
    };
    (slow $name:ident, $arguments:tt) => {
        match core::ffi::CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
            Ok(name) => $crate::entry::cxx::quiet_slow(name, $arguments),
            Err(_) => core::ptr::null_mut(),
        }
    };
}

/// Every `delete`; part of [`export_c_family!`].
#[doc(hidden)]
#[macro_export]
macro_rules! export_delete {
    ($gates:ty, $($name:ident),*) => {
        $(
            #[unsafe(no_mangle)]
            unsafe extern "C" fn $name(block: *mut u8) {
                // SAFETY: the caller deletes what it made with `new`.
                unsafe { $crate::ops::free::<$gates>(block) }
            }
        )*
    };
}

/// Every `delete` that is told the size; part of [`export_c_family!`].
#[doc(hidden)]
#[macro_export]
macro_rules! export_delete_sized {
    ($gates:ty, $one:ident, $many:ident, $one_aligned:ident, $many_aligned:ident) => {
        $crate::export_delete_sized!(plain $one, $gates);
        $crate::export_delete_sized!(plain $many, $gates);
        $crate::export_delete_sized!(aligned $one_aligned, $gates);
        $crate::export_delete_sized!(aligned $many_aligned, $gates);
    };
    (plain $name:ident, $gates:ty) => {
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(block: *mut u8, bytes: usize) {
            // SAFETY: the caller deletes what it made with `new`.
            unsafe { family::delete_sized::<$gates>(block, bytes) }
        }
    };
    (aligned $name:ident, $gates:ty) => {
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(block: *mut u8, bytes: usize, align: usize) {
            // SAFETY: the caller deletes what it made with `new`.
            unsafe { family::free_aligned_sized::<$gates>(block, align, bytes) }
        }
    };
}
