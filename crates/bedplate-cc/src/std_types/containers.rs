//! Boxes, options, tuples, collections: they own what they hold.

use crate::{Acyclic, Cc, Trace, Tracer, trace_fields};
use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet, BinaryHeap, LinkedList, VecDeque};
use std::collections::{HashMap, HashSet};

impl<T: Trace> Trace for Cc<T> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        Self::trace(self, tracer);
    }

    #[inline]
    fn is_type_tracked() -> bool {
        T::is_type_tracked()
    }
}

impl Trace for Cc<dyn Trace> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        Self::trace(self, tracer);
    }
}

// SAFETY: no promise that memory depends on.
unsafe impl<T: Acyclic> Acyclic for Cc<T> {}

trace_fields!(
    (A,) { 0: A }
    (A, B) { 0: A, 1: B }
    (A, B, C) { 0: A, 1: B, 2: C }
    (A, B, C, D) { 0: A, 1: B, 2: C, 3: D }
    (A, B, C, D, E) { 0: A, 1: B, 2: C, 3: D, 4: E }
    (A, B, C, D, E, F) { 0: A, 1: B, 2: C, 3: D, 4: E, 5: F }
    (A, B, C, D, E, F, G) { 0: A, 1: B, 2: C, 3: D, 4: E, 5: F, 6: G }
    (A, B, C, D, E, F, G, H) { 0: A, 1: B, 2: C, 3: D, 4: E, 5: F, 6: G, 7: H }
);

/// Each value that an iterator over a borrowed container lends.
macro_rules! trace_items {
    ($($container:ty $(, <$($extra:ident : $bound:path),*>)?;)*) => {
        $(
            impl<T: Trace $($(, $extra: $bound)*)?> Trace for $container {
                fn trace(&self, tracer: &mut Tracer<'_>) {
                    for value in self.iter() {
                        value.trace(tracer);
                    }
                }

                #[inline]
                fn is_type_tracked() -> bool {
                    T::is_type_tracked()
                }
            }
            // SAFETY: no promise that memory depends on.
            unsafe impl<T: Acyclic $($(, $extra: $bound)*)?> Acyclic for $container {}
        )*
    };
}
trace_items!(
    Option<T>;
    Vec<T>;
    VecDeque<T>;
    LinkedList<T>;
    BTreeSet<T>;
    BinaryHeap<T>;
    Box<[T]>;
);

impl<T: Trace, const N: usize> Trace for [T; N] {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.as_slice().trace(tracer);
    }

    #[inline]
    fn is_type_tracked() -> bool {
        T::is_type_tracked()
    }
}

// SAFETY: no promise that memory depends on.
unsafe impl<T: Acyclic, const N: usize> Acyclic for [T; N] {}

impl<T: Trace> Trace for [T] {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        for value in self {
            value.trace(tracer);
        }
    }
}

// SAFETY: no promise that memory depends on.
unsafe impl<T: Acyclic> Acyclic for [T] {}

impl<T: Trace> Trace for Box<T> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.as_ref().trace(tracer);
    }

    #[inline]
    fn is_type_tracked() -> bool {
        T::is_type_tracked()
    }
}

// SAFETY: no promise that memory depends on.
unsafe impl<T: Acyclic> Acyclic for Box<T> {}

impl<T: Trace, H: 'static> Trace for HashSet<T, H> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        #[expect(clippy::iter_over_hash_type, reason = "the order is nobody's business")]
        for value in self {
            value.trace(tracer);
        }
    }

    #[inline]
    fn is_type_tracked() -> bool {
        T::is_type_tracked()
    }
}

// SAFETY: no promise that memory depends on.
unsafe impl<T: Acyclic, H: 'static> Acyclic for HashSet<T, H> {}

impl<K: Trace, V: Trace, H: 'static> Trace for HashMap<K, V, H> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        #[expect(clippy::iter_over_hash_type, reason = "the order is nobody's business")]
        for (key, value) in self {
            key.trace(tracer);
            value.trace(tracer);
        }
    }

    #[inline]
    fn is_type_tracked() -> bool {
        K::is_type_tracked() || V::is_type_tracked()
    }
}

// SAFETY: no promise that memory depends on.
unsafe impl<K: Acyclic, V: Acyclic, H: 'static> Acyclic for HashMap<K, V, H> {}

impl<K: Trace, V: Trace> Trace for BTreeMap<K, V> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        for (key, value) in self {
            key.trace(tracer);
            value.trace(tracer);
        }
    }

    #[inline]
    fn is_type_tracked() -> bool {
        K::is_type_tracked() || V::is_type_tracked()
    }
}

// SAFETY: no promise that memory depends on.
unsafe impl<K: Acyclic, V: Acyclic> Acyclic for BTreeMap<K, V> {}

impl<T: Trace, E: Trace> Trace for Result<T, E> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        match self {
            Ok(value) => value.trace(tracer),
            Err(error) => error.trace(tracer),
        }
    }

    #[inline]
    fn is_type_tracked() -> bool {
        T::is_type_tracked() || E::is_type_tracked()
    }
}

// SAFETY: no promise that memory depends on.
unsafe impl<T: Acyclic, E: Acyclic> Acyclic for Result<T, E> {}

impl<T: ToOwned<Owned: Trace> + ?Sized + 'static> Trace for Cow<'static, T> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        if let Self::Owned(value) = self {
            value.trace(tracer);
        }
    }

    #[inline]
    fn is_type_tracked() -> bool {
        T::Owned::is_type_tracked()
    }
}

// SAFETY: no promise that memory depends on.
unsafe impl<T: ToOwned<Owned: Acyclic> + ?Sized + 'static> Acyclic for Cow<'static, T> {}
