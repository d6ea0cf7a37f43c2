//! Types as they are written.

use syn::punctuated::Punctuated;
use syn::{GenericArgument, Path, PathArguments, PathSegment, ReturnType, Type, TypeParamBound};

use super::known::{PRIMITIVE, alike};
use super::ty::{Meanings, Ty};
use crate::facts::Program;

/// Aliases of aliases.
const ALIASES_MAX: u32 = 4;

/// Whether a type with so many others in its brackets can be the one of that name: an iterator of maps has two.
fn is_alike(like: &str, count: usize) -> bool {
    match like {
        "Iterator" | "Guard" => count == 1,
        "Entry" => count == 2,
        _ => true,
    }
}

/// Where a type is written.
#[derive(Clone, Debug)]
pub(super) struct Scope<'a> {
    pub(super) program: &'a Program,
    /// The file; none for the standard library's signatures.
    pub(super) unit: Option<u32>,
    /// Names that stand for types.
    pub(super) generics: &'a [String],
    /// What `Self` is.
    pub(super) own: Ty,
    /// Aliases that were followed to it.
    pub(super) depth: u32,
}

impl Program {
    /// Whether a path that begins so leads out of the tree.
    fn is_no_module(&self, begin: &str) -> bool {
        begin.starts_with(|c: char| c.is_lowercase())
            && !matches!(begin, "crate" | "self" | "super")
            && !self.modules.contains(begin)
    }
}

impl Scope<'_> {
    /// The type that a text writes.
    pub(super) fn read(&self, text: &str) -> Ty {
        if text.is_empty() {
            return Ty::unit();
        }
        syn::parse_str(text).map_or(Ty::Unknown, |ty: Type| self.ty(&ty))
    }

    /// The type that a part of code writes.
    pub(super) fn read_parsed(&self, ty: &Type) -> Ty {
        self.ty(ty)
    }

    fn ty(&self, ty: &Type) -> Ty {
        match ty {
            Type::Reference(of) => self.ty(&of.elem),
            Type::Paren(of) => self.ty(&of.elem),
            Type::Group(of) => self.ty(&of.elem),
            Type::Ptr(of) => Ty::named("Pointer", vec![self.ty(&of.elem)]),
            Type::Slice(of) => Ty::list(self.ty(&of.elem)),
            Type::Array(of) => Ty::list(self.ty(&of.elem)),
            Type::Tuple(of) => Ty::Tuple(of.elems.iter().map(|it| self.ty(it)).collect()),
            Type::BareFn(of) => {
                let takes = of.inputs.iter().map(|it| self.ty(&it.ty)).collect();
                Ty::Function(takes, Box::new(self.answer(&of.output)))
            }
            Type::ImplTrait(of) => self.bounds(&of.bounds),
            Type::TraitObject(of) => self.bounds(&of.bounds),
            Type::Path(of) => match &of.qself {
                Some(of_whom) => {
                    let last = of.path.segments.last().map(|it| it.ident.to_string());
                    self.associated(&self.ty(&of_whom.ty), &last.unwrap_or_default())
                }
                None => self.path(&of.path),
            },
            _ => Ty::Unknown,
        }
    }

    fn answer(&self, output: &ReturnType) -> Ty {
        match output {
            ReturnType::Default => Ty::unit(),
            ReturnType::Type(_, ty) => self.ty(ty),
        }
    }

    /// `impl Iterator<Item = T>`, `dyn Fn(T) -> R`; any other trait may be any type that has it.
    fn bounds(&self, bounds: &Punctuated<TypeParamBound, syn::Token![+]>) -> Ty {
        let segments = bounds.iter().filter_map(|bound| match bound {
            TypeParamBound::Trait(of) => of.path.segments.last(),
            _ => None,
        });
        let mut known = segments.filter_map(|segment| self.bound(segment));
        known.next().unwrap_or(Ty::Unknown)
    }

    fn bound(&self, segment: &PathSegment) -> Option<Ty> {
        let name = segment.ident.to_string();
        match (&segment.arguments, name.as_str()) {
            (PathArguments::Parenthesized(of), "Fn" | "FnMut" | "FnOnce") => {
                let takes = of.inputs.iter().map(|it| self.ty(it)).collect();
                Some(Ty::Function(takes, Box::new(self.answer(&of.output))))
            }
            (PathArguments::AngleBracketed(of), _) => {
                let named = of.args.iter().find_map(|it| match it {
                    GenericArgument::AssocType(it) => Some(self.ty(&it.ty)),
                    _ => None,
                })?;
                match name.as_str() {
                    "Iterator" | "IntoIterator" | "DoubleEndedIterator" | "ExactSizeIterator" => {
                        Some(Ty::named("Iterator", vec![named]))
                    }
                    // What is awaited is taken for what comes of it.
                    "Future" => Some(named),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn path(&self, path: &Path) -> Ty {
        let Some(last) = path.segments.last() else {
            return Ty::Unknown;
        };
        let first = path.segments.first().unwrap_or(last).ident.to_string();
        let name = last.ident.to_string();
        let is_alone = path.segments.len() == 1;
        if first == "Self" {
            return match path.segments.len() {
                1 => self.own.clone(),
                2 => self.associated(&self.own, &name),
                _ => Ty::Unknown,
            };
        }
        if self.generics.contains(&first) {
            return if is_alone {
                Ty::Parameter(first)
            } else {
                Ty::Unknown
            };
        }
        let inner = match &last.arguments {
            PathArguments::AngleBracketed(of) => {
                let types = of.args.iter().filter_map(|it| match it {
                    GenericArgument::Type(ty) => Some(self.ty(ty)),
                    _ => None,
                });
                types.collect()
            }
            PathArguments::None => Vec::new(),
            PathArguments::Parenthesized(_) => return self.bound(last).unwrap_or(Ty::Unknown),
        };
        self.by_name(&first, &name, is_alone, inner)
    }

    /// A type by its name and where the path to it begins.
    fn by_name(&self, first: &str, name: &str, is_alone: bool, inner: Vec<Ty>) -> Ty {
        let program = self.program;
        let known = &program.types;
        let imported = self
            .unit
            .and_then(|unit| program.unit(unit).imports.get(first));
        let begin = match imported {
            Some(begin) => begin.as_str(),
            None if is_alone => "",
            None => first,
        };
        let like = alike(name);
        let is_library = known.is_of_library(like);
        let is_elsewhere = !begin.is_empty() && program.is_no_module(begin);
        if is_elsewhere || self.unit.is_none() {
            // `Ref` of two types is one of a map.
            return match () {
                () if name == "BoxFuture" || name == "LocalBoxFuture" => {
                    inner.into_iter().next().unwrap_or(Ty::Unknown)
                }
                () if is_library && is_alike(like, inner.len()) => Ty::named(like, inner),
                () if PRIMITIVE.contains(&name) => Ty::plain(name),
                () if self.unit.is_none() => Ty::named(name, inner),
                () => Ty::Foreign(name.to_owned(), inner),
            };
        }
        if name == "Result" || name == "Option" {
            return Ty::named(name, inner);
        }
        let is_declared = known.declared.contains(name);
        if let Some(alias) = program.alias(name).filter(|_| !is_declared) {
            return self.by_alias(alias, &inner);
        }
        if program.is_trait(name) || is_declared && is_library && imported.is_none() {
            return Ty::Unknown;
        }
        if is_declared {
            return Ty::named(name, inner);
        }
        if is_library {
            return Ty::named(like, inner);
        }
        if PRIMITIVE.contains(&name) && is_alone {
            return Ty::plain(name);
        }
        Ty::Unknown
    }

    /// What an alias without brackets stands for; in them, the names of those would be needed.
    fn by_alias(&self, text: &str, inner: &[Ty]) -> Ty {
        if self.depth >= ALIASES_MAX || !inner.is_empty() {
            return Ty::Unknown;
        }
        let scope = Scope {
            depth: self.depth + 1,
            generics: &[],
            own: Ty::Unknown,
            ..self.clone()
        };
        scope.read(text)
    }

    /// The type that an implementation names for a type.
    fn associated(&self, of: &Ty, name: &str) -> Ty {
        let Ty::Named(owner, _) = of else {
            return Ty::Unknown;
        };
        let key = (owner.clone(), name.to_owned());
        let Some([(unit, entry)]) = self.program.types.associated.get(&key).map(Vec::as_slice)
        else {
            return Ty::Unknown;
        };
        if self.depth >= ALIASES_MAX {
            return Ty::Unknown;
        }
        let scope = Scope {
            program: self.program,
            unit: Some(*unit),
            generics: &entry.generics,
            own: of.clone(),
            depth: self.depth + 1,
        };
        let mut meanings = Meanings::new();
        scope.read(&entry.of_type).learn(of, &mut meanings);
        scope.read(&entry.ty).meant(&meanings)
    }
}
