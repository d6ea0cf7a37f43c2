//! Implementations of [`crate::Trace`] in one line.

/// Implements [`crate::Trace`] and [`crate::Acyclic`] for types that cannot be a part of a cycle.
///
/// # Examples
/// ```
/// use bedplate_cc::trace_acyclic;
///
/// struct Name(String);
/// struct Parser<T>(fn(T));
///
/// trace_acyclic!(Name);
/// trace_acyclic!(<T> Parser<T>);
/// ```
#[macro_export]
macro_rules! trace_acyclic {
    (<$($param:ident),*> $($type:tt)*) => {
        impl<$($param: 'static + $crate::Acyclic),*> $crate::Trace for $($type)* {
            #[inline]
            fn is_type_tracked() -> bool
            where
                Self: Sized,
            {
                false
            }
        }
        // SAFETY: no promise that memory depends on.
        unsafe impl<$($param: 'static + $crate::Acyclic),*> $crate::Acyclic for $($type)* {}
    };
    ($($type:ty),* $(,)?) => {
        $($crate::trace_acyclic!(<> $type);)*
    };
}

/// Implements [`crate::Trace`] for types by their fields, each named with the parameter that is its type where it is one.
/// The trait must be in scope.
///
/// # Examples
/// ```
/// use bedplate_cc::{Trace, trace_fields};
///
/// struct Both<A, B> { first: A, second: B }
/// struct One(Box<u32>);
///
/// trace_fields!(
///     Both<A, B> { first: A, second: B }
///     One { 0 }
/// );
/// assert!(!Both::<u8, One>::is_type_tracked());
/// ```
#[macro_export]
macro_rules! trace_fields {
    ($($type:ty { $($field:tt $(: $param:ident)?),* $(,)? })*) => {
        $(
            impl<$($($param: $crate::Trace)?),*> $crate::Trace for $type {
                fn trace(&self, tracer: &mut $crate::Tracer<'_>) {
                    // As a method, so that a box of a trait object is looked into.
                    let _ = &tracer;
                    $(self.$field.trace(tracer);)*
                }

                #[inline]
                fn is_type_tracked() -> bool {
                    false $($(|| <$param as $crate::Trace>::is_type_tracked())?)*
                }
            }
            // SAFETY: no promise that memory depends on.
            unsafe impl<$($($param: $crate::Acyclic)?),*> $crate::Acyclic for $type {}
        )*
    };
}
