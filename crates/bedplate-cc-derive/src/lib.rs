//! `#[derive(Trace)]` and `#[derive(Acyclic)]` of `bedplate-cc`.
//!
//! # Role
//! Write the implementations that need no promise: every field is named once.
//!
//! # Attributes
//! | attribute | on | what it does |
//! |---|---|---|
//! | `#[trace(skip)]` | type, variant, field | its pointers are not named: they hold from outside |
//! | `#[trace(with(path))]` | field | `path(&field, tracer)` names them |
//! | `#[trace(tracking(ignore))]` | type, variant, field | the question whether it may be in a cycle is not asked of it: no |
//! | `#[trace(tracking(force))]` | type, variant, field | the same: yes; for types that lead to themselves |
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `attribute.rs` | what `#[trace(...)]` says |
//! | `traced.rs` | the implementation of `Trace` |
//! | `acyclic.rs` | the implementation of `Acyclic` |
#![forbid(unsafe_code)]

mod acyclic;
mod attribute;
mod traced;

use proc_macro::TokenStream;
use quote::quote;
use syn::{DeriveInput, parse_macro_input};

/// Derives `bedplate_cc::Trace`.
#[proc_macro_derive(Trace, attributes(trace))]
pub fn derive_trace(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    written(traced::derive(&input, &quote!(::bedplate_cc)))
}

/// Derives `bedplate_cc::Acyclic`, and `Trace` with it; asks the same of every field.
#[proc_macro_derive(Acyclic)]
pub fn derive_acyclic(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    written(acyclic::derive(&input, &quote!(::bedplate_cc), true))
}

/// Derives `Trace` for users of the package `jrsonnet-gcmodule`, which ours stands in for.
#[doc(hidden)]
#[proc_macro_derive(TraceInPlace, attributes(trace))]
pub fn derive_trace_in_place(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    written(traced::derive(&input, &quote!(::jrsonnet_gcmodule)))
}

/// Derives `Acyclic` for the same; asks nothing of fields, as the original does.
#[doc(hidden)]
#[proc_macro_derive(AcyclicInPlace)]
pub fn derive_acyclic_in_place(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    written(acyclic::derive(&input, &quote!(::jrsonnet_gcmodule), false))
}

fn written(result: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    result.unwrap_or_else(syn::Error::into_compile_error).into()
}
