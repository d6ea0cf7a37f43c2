//! A pointer compares, hashes and prints as its value does.

use crate::cc::Cc;
use crate::trace::Trace;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};

impl<T: Default + Trace> Default for Cc<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: Trace> From<T> for Cc<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: ?Sized> AsRef<T> for Cc<T> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T: PartialEq + ?Sized> PartialEq for Cc<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq + ?Sized> Eq for Cc<T> {}

impl<T: PartialOrd + ?Sized> PartialOrd for Cc<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (**self).partial_cmp(&**other)
    }
}

impl<T: Ord + ?Sized> Ord for Cc<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl<T: Hash + ?Sized> Hash for Cc<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl<T: fmt::Debug + ?Sized> fmt::Debug for Cc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cc").field(&&**self).finish()
    }
}

impl<T: fmt::Display + ?Sized> fmt::Display for Cc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized> fmt::Pointer for Cc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Pointer::fmt(&&raw const **self, f)
    }
}
