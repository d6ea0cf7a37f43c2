//! Types that hold no references.

use crate::trace_acyclic;
use crate::{Acyclic, Trace};
use alloc::ffi::CString;
use alloc::rc::{Rc, Weak};
use alloc::sync::Arc;
use core::marker::PhantomData;
use core::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8,
    NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize,
};
use core::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16,
    AtomicU32, AtomicU64, AtomicUsize,
};

trace_acyclic!(bool, char, f32, f64, ());
trace_acyclic!(i8, i16, i32, i64, i128, isize);
trace_acyclic!(u8, u16, u32, u64, u128, usize);
trace_acyclic!(
    NonZeroI8,
    NonZeroI16,
    NonZeroI32,
    NonZeroI64,
    NonZeroI128,
    NonZeroIsize
);
trace_acyclic!(
    NonZeroU8,
    NonZeroU16,
    NonZeroU32,
    NonZeroU64,
    NonZeroU128,
    NonZeroUsize
);
trace_acyclic!(
    AtomicBool,
    AtomicI8,
    AtomicI16,
    AtomicI32,
    AtomicI64,
    AtomicIsize
);
trace_acyclic!(AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize);
trace_acyclic!(String, &'static str, Box<str>);
trace_acyclic!(CString, alloc::ffi::NulError);
trace_acyclic!(std::ffi::OsString, std::path::PathBuf);
trace_acyclic!(
    core::time::Duration,
    std::time::Instant,
    std::time::SystemTime
);
trace_acyclic!(
    core::net::AddrParseError,
    core::net::IpAddr,
    core::net::Ipv4Addr,
    core::net::Ipv6Addr,
    core::net::SocketAddr,
    core::net::SocketAddrV4,
    core::net::SocketAddrV6,
    std::net::TcpListener,
    std::net::TcpStream,
    std::net::UdpSocket
);
trace_acyclic!(
    std::process::Child,
    std::process::ChildStderr,
    std::process::ChildStdin,
    std::process::ChildStdout,
    std::process::Command,
    std::process::ExitStatus,
    std::process::Output,
    std::process::Stdio
);
trace_acyclic!(std::thread::Thread);
trace_acyclic!(<T> std::thread::JoinHandle<T>);
trace_acyclic!(<T> std::thread::LocalKey<T>);

// Shared: it cannot be told whose the content is, so content that may be a part of a cycle is refused.
trace_acyclic!(<T> Rc<T> where T: ?Sized);
trace_acyclic!(<T> Weak<T>);
trace_acyclic!(<T> Arc<T> where T: ?Sized);

impl Trace for str {}

// SAFETY: no promise that memory depends on.
unsafe impl Acyclic for str {}

impl<T: ?Sized + 'static> Trace for PhantomData<T> {
    fn is_type_tracked() -> bool {
        false
    }
}

// SAFETY: no promise that memory depends on.
unsafe impl<T: ?Sized + 'static> Acyclic for PhantomData<T> {}
