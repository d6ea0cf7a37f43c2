//! What `#[trace(...)]` says.

use syn::{Attribute, Path, Result};

/// What is said of a type, a variant or a field.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) is_skipped: bool,
    pub(crate) with: Option<Path>,
    pub(crate) tracking: Option<bool>,
}

impl Said {
    /// Reads the attributes.
    ///
    /// # Errors
    /// - an attribute that is there twice or says something unknown.
    pub(crate) fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut said = Self::default();
        let mut is_there = false;
        for attribute in attributes {
            if !attribute.path().is_ident("trace") {
                continue;
            }
            if is_there {
                let why = "`#[trace(...)]` may be there once only";
                return Err(syn::Error::new_spanned(attribute, why));
            }
            is_there = true;
            attribute.parse_nested_meta(|meta| said.take(&meta))?;
        }
        Ok(said)
    }

    fn take(&mut self, meta: &syn::meta::ParseNestedMeta<'_>) -> Result<()> {
        if meta.path.is_ident("skip") {
            self.is_skipped = true;
        } else if meta.path.is_ident("with") {
            let content;
            syn::parenthesized!(content in meta.input);
            self.with = Some(content.parse()?);
        } else if meta.path.is_ident("tracking") {
            return meta.parse_nested_meta(|inner| {
                let is_forced = inner.path.is_ident("force");
                if !is_forced && !inner.path.is_ident("ignore") {
                    return Err(inner.error("expected `force` or `ignore`"));
                }
                self.tracking = Some(is_forced);
                Ok(())
            });
        } else {
            return Err(meta.error("expected `skip`, `with(path)` or `tracking(...)`"));
        }
        Ok(())
    }
}
