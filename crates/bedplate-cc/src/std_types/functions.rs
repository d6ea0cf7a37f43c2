//! Pointers to functions hold nothing. The types of their parameters do not matter: nothing of them is there.
#![expect(
    coherence_leak_check,
    reason = "functions that borrow and functions that take are told apart by more than their lifetimes"
)]

use crate::{Acyclic, Trace};

macro_rules! functions {
    ($(($($param:ident),*))*) => {
        $(
            impl<R: 'static $(, $param: 'static)*> Trace for fn($($param),*) -> R {
                #[inline]
                fn is_type_tracked() -> bool {
                    false
                }
            }
            // SAFETY: no promise that memory depends on.
            unsafe impl<R: 'static $(, $param: 'static)*> Acyclic for fn($($param),*) -> R {}
        )*
    };
}
functions!(()(A)(A, B)(A, B, C)(A, B, C, D)(A, B, C, D, E)(
    A, B, C, D, E, F
));

/// Functions with borrowed parameters are types of their own.
macro_rules! borrowing_functions {
    ($(<$($param:ident),*> $function:ty;)*) => {
        $(
            impl<R: 'static $(, $param: 'static)*> Trace for $function {
                #[inline]
                fn is_type_tracked() -> bool {
                    false
                }
            }
            // SAFETY: no promise that memory depends on.
            unsafe impl<R: 'static $(, $param: 'static)*> Acyclic for $function {}
        )*
    };
}
borrowing_functions!(
    <A> fn(&A) -> R;
    <A, B> fn(A, &B) -> R;
    <A, B> fn(&A, B) -> R;
    <A, B> fn(&A, &B) -> R;
    <A, B, C> fn(A, B, &C) -> R;
    <A, B, C> fn(A, &B, C) -> R;
    <A, B, C> fn(A, &B, &C) -> R;
    <A, B, C> fn(&A, B, C) -> R;
    <A, B, C> fn(&A, B, &C) -> R;
    <A, B, C> fn(&A, &B, C) -> R;
    <A, B, C> fn(&A, &B, &C) -> R;
    <A, B, C, D> fn(A, B, C, &D) -> R;
    <A, B, C, D> fn(A, B, &C, D) -> R;
    <A, B, C, D> fn(A, B, &C, &D) -> R;
    <A, B, C, D> fn(A, &B, C, D) -> R;
    <A, B, C, D> fn(A, &B, C, &D) -> R;
    <A, B, C, D> fn(A, &B, &C, D) -> R;
    <A, B, C, D> fn(A, &B, &C, &D) -> R;
    <A, B, C, D> fn(&A, B, C, D) -> R;
    <A, B, C, D> fn(&A, B, C, &D) -> R;
    <A, B, C, D> fn(&A, B, &C, D) -> R;
    <A, B, C, D> fn(&A, B, &C, &D) -> R;
    <A, B, C, D> fn(&A, &B, C, D) -> R;
    <A, B, C, D> fn(&A, &B, C, &D) -> R;
    <A, B, C, D> fn(&A, &B, &C, D) -> R;
    <A, B, C, D> fn(&A, &B, &C, &D) -> R;
);
