//! The implementation of `Acyclic`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Result, Type};

/// Writes the implementations of `Trace` and `Acyclic`; `home` is the crate that they are for.
pub(crate) fn derive(
    input: &DeriveInput,
    home: &TokenStream,
    is_asked: bool,
) -> Result<TokenStream> {
    let types: Vec<&Type> = match &input.data {
        Data::Struct(data) => data.fields.iter().map(|field| &field.ty).collect(),
        Data::Enum(data) => {
            let fields = data.variants.iter().flat_map(|variant| &variant.fields);
            fields.map(|field| &field.ty).collect()
        }
        Data::Union(_) => {
            let why = "a union's fields cannot be asked; implement `Acyclic` by hand";
            return Err(Error::new_spanned(input, why));
        }
    };
    let asks = types.iter().filter(|_| is_asked).map(|kind| {
        quote! {
            is_acyclic::<#kind>();
        }
    });
    let name = &input.ident;
    let (of_impl, of_type, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #of_impl #home::Trace for #name #of_type #bounds {
            #[inline]
            fn is_type_tracked() -> bool {
                false
            }
        }

        #[automatically_derived]
        #[allow(unsafe_code)]
        // SAFETY: no promise that memory depends on.
        unsafe impl #of_impl #home::Acyclic for #name #of_type #bounds {
            fn assert_fields_are_acyclic(&self) {
                fn is_acyclic<Field: #home::Acyclic + ?Sized>() {}
                #(#asks)*
            }
        }
    })
}
