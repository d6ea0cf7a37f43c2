//! The implementation of `Trace`.

use crate::attribute::Said;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, Member, Result};

/// The arm of a match that names the fields, and the terms of the question whether they may be in a cycle.
struct Shape {
    arm: TokenStream,
    tracked: Vec<TokenStream>,
}

/// Writes the implementation; `home` is the crate that it is for.
pub(crate) fn derive(input: &DeriveInput, home: &TokenStream) -> Result<TokenStream> {
    let said = Said::of(&input.attrs)?;
    if said.with.is_some() {
        let why = "`with` is for fields; implement `Trace` by hand instead";
        return Err(Error::new(input.span(), why));
    }
    let shapes = if said.is_skipped {
        vec![Shape {
            arm: quote!(_ => {}),
            tracked: Vec::new(),
        }]
    } else {
        shapes(&input.data, input, home)?
    };
    let tracked = match said.tracking {
        Some(answer) => quote!(#answer),
        None => {
            let terms = shapes.iter().flat_map(|shape| &shape.tracked);
            quote!(false #(|| #terms)*)
        }
    };
    let arms = shapes.iter().map(|shape| &shape.arm);
    let body = if shapes.is_empty() {
        quote!(match *self {})
    } else {
        quote!(match self { #(#arms)* })
    };
    let name = &input.ident;
    let (of_impl, of_type, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #of_impl #home::Trace for #name #of_type #bounds {
            #[allow(unused_variables, clippy::all)]
            fn trace(&self, tracer: &mut #home::Tracer<'_>) {
                #body
            }

            #[allow(clippy::all)]
            #[inline]
            fn is_type_tracked() -> bool {
                #tracked
            }
        }
    })
}

fn shapes(data: &Data, input: &DeriveInput, home: &TokenStream) -> Result<Vec<Shape>> {
    match data {
        Data::Struct(data) => Ok(vec![shape(&quote!(Self), &data.fields, home)?]),
        Data::Enum(data) => {
            let variants = data.variants.iter();
            let shapes = variants.map(|variant| {
                let name = &variant.ident;
                let path = quote!(Self::#name);
                let said = Said::of(&variant.attrs)?;
                if said.is_skipped {
                    let arm = quote!(#path { .. } => {});
                    return Ok(Shape {
                        arm,
                        tracked: Vec::new(),
                    });
                }
                let mut shape = shape(&path, &variant.fields, home)?;
                if let Some(answer) = said.tracking {
                    shape.tracked = vec![quote!(#answer)];
                }
                Ok(shape)
            });
            shapes.collect()
        }
        Data::Union(_) => {
            let why = "which field of a union is there cannot be told: `#[trace(skip)]`, or `Trace` by hand";
            Err(Error::new(input.span(), why))
        }
    }
}

fn shape(path: &TokenStream, fields: &Fields, home: &TokenStream) -> Result<Shape> {
    let (mut patterns, mut calls, mut tracked) = (Vec::new(), Vec::new(), Vec::new());
    for (index, field) in fields.iter().enumerate() {
        let said = Said::of(&field.attrs)?;
        if said.is_skipped {
            continue;
        }
        let member = match &field.ident {
            Some(name) => Member::from(name.clone()),
            None => Member::from(index),
        };
        let binding = format_ident!("field_{index}");
        patterns.push(quote!(#member: #binding));
        let kind = &field.ty;
        calls.push(match &said.with {
            Some(function) => quote!(#function(#binding, tracer);),
            None => quote!(#home::Trace::trace(#binding, tracer);),
        });
        let answer = said.tracking.or(said.with.map(|_| true));
        tracked.push(match answer {
            Some(answer) => quote!(#answer),
            None => quote!(<#kind as #home::Trace>::is_type_tracked()),
        });
    }
    Ok(Shape {
        arm: quote!(#path { #(#patterns,)* .. } => { #(#calls)* }),
        tracked,
    })
}
