//! Pointers to trait objects.
//!
//! # How it works
//! Stable Rust has no coercion of a foreign pointer type to one of a trait object. It has one of the plain pointer to an allocation
//! whose last field is the value: the macro does that, where the trait is known, and wraps it up again. The object brings
//! its own tracing, so the trait need not be [`crate::Trace`].

/// Declares a type that holds a [`Cc`](crate::Cc) of a trait object, with a `new` from any traced type that has the trait.
///
/// # Examples
/// ```
/// use bedplate_cc::{Cc, Trace, cc_dyn};
///
/// trait Shape {
///     fn corners(&self) -> u32;
/// }
/// cc_dyn!(
///     #[derive(Clone)]
///     CcShape, Shape, pub fn new() {...}
/// );
///
/// #[derive(Trace)]
/// struct Square(f64);
/// impl Shape for Square {
///     fn corners(&self) -> u32 {
///         4
///     }
/// }
/// assert_eq!(CcShape::new(Square(1.0)).0.corners(), 4);
/// ```
#[macro_export]
macro_rules! cc_dyn {
    (
        $(#[$($meta:meta)+])*
        $name:ident $(<$($param:ident $(: $($bound:path),+)?),+>)?,
        $object:path $(, $visible:vis fn new() {...})?
    ) => {
        $(#[$($meta)+])*
        #[repr(transparent)]
        pub struct $name $(<$($param),+>)? ($crate::Cc<dyn $object>);

        impl $(<$($param: 'static),+>)? $crate::Trace for $name $(<$($param),+>)? {
            fn trace(&self, tracer: &mut $crate::Tracer<'_>) {
                $crate::Cc::<dyn $object>::trace(&self.0, tracer);
            }

            #[inline]
            fn is_type_tracked() -> bool {
                true
            }
        }

        impl $(<$($param $(: $($bound),+)?),+>)? $name $(<$($param),+>)? {
            $($visible)? fn new<CcValue: $object + $crate::Trace>(value: CcValue) -> Self {
                let whole = $crate::Cc::<CcValue>::into_boxed($crate::Cc::new(value));
                let whole: ::core::ptr::NonNull<$crate::Boxed<dyn $object>> = whole;
                // SAFETY: from `into_boxed`, with the value unsized.
                Self(unsafe { $crate::Cc::from_boxed(whole) })
            }
        }
    };
}
