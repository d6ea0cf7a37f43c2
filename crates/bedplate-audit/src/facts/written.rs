//! Types that the source writes down.
//!
//! # Role
//! Where the type of a receiver is written, the methods of other types that have the same name are not
//! called on it.
//!
//! # Invariants
//! I1. Nothing is concluded from a type that may stand for others: a generic, a trait, what leads to
//!     another type by `Deref` or `Index`, and any that is neither of the tree nor well known.

use alloc::collections::BTreeSet;

use super::program::{Program, Site};
use crate::syntax::Kind;

/// Longest chain of names and calls that is followed.
const DEPTH_MAX: u32 = 8;

/// Types of the standard library that are what they are, around what stands in their brackets.
const WELL_KNOWN: [&str; 47] = [
    "Arc",
    "Box",
    "Rc",
    "Weak",
    "Vec",
    "VecDeque",
    "String",
    "HashMap",
    "HashSet",
    "BTreeMap",
    "BTreeSet",
    "BinaryHeap",
    "Mutex",
    "RwLock",
    "MutexGuard",
    "RwLockReadGuard",
    "RwLockWriteGuard",
    "Option",
    "Result",
    "Duration",
    "Instant",
    "SystemTime",
    "Path",
    "PathBuf",
    "File",
    "Cell",
    "RefCell",
    "UnsafeCell",
    "OnceLock",
    "OnceCell",
    "LazyLock",
    "Pin",
    "PhantomData",
    "NonNull",
    "Cow",
    "AtomicBool",
    "AtomicUsize",
    "AtomicU64",
    "AtomicU32",
    "AtomicI64",
    "AtomicU8",
    "AtomicU16",
    "AtomicI32",
    "AtomicIsize",
    "AtomicPtr",
    "AtomicCell",
    "CachePadded",
];

/// Stands for the types that `use` and paths bring in from elsewhere: they know nothing of the tree's.
const ELSEWHERE: &str = "#elsewhere";

/// Types with small letters.
const PRIMITIVE: [&str; 17] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32",
    "f64", "bool", "char", "str",
];

/// Methods of wrappers that answer what is inside of them, or the wrapper itself.
const OPENS: [&str; 12] = [
    "as_ref",
    "as_mut",
    "unwrap",
    "expect",
    "clone",
    "lock",
    "read",
    "write",
    "borrow",
    "borrow_mut",
    "as_deref",
    "as_deref_mut",
];

impl Program {
    /// Whether a receiver is written to be of types that `owner` is none of.
    pub(super) fn is_of_another_type(&self, receiver: Site, owner: &str) -> bool {
        if self.is_trait(owner) || !self.is_structure(owner) {
            return false;
        }
        let Some(words) = self.written_type(receiver, 0) else {
            return false;
        };
        let is_named = words
            .iter()
            .any(|word| self.is_known_type(word) || PRIMITIVE.contains(&word.as_str()));
        is_named && !words.contains(owner) && !words.iter().any(|word| self.may_be_another(word))
    }

    /// Whether a type has fields that the tree says.
    fn is_structure(&self, name: &str) -> bool {
        self.structures.contains_key(name)
    }

    fn is_known_type(&self, word: &str) -> bool {
        WELL_KNOWN.contains(&word) || self.is_structure(word) || word == ELSEWHERE
    }

    /// Whether a word of a type may stand for types that it does not name.
    fn may_be_another(&self, word: &str) -> bool {
        if !word.starts_with(char::is_uppercase) {
            return matches!(word, "impl" | "dyn" | "_" | "fn");
        }
        let leads_on = |name: &str| {
            let mut functions = self.functions_named(name).iter();
            functions.any(|id| self.function(*id).owner.as_deref() == Some(word))
        };
        !self.is_known_type(word)
            || self.is_trait(word)
            || word.len() <= 2
            || leads_on("deref")
            || leads_on("index")
    }

    /// The words of the type of an expression, where each step to it is written down.
    fn written_type(&self, site: Site, depth: u32) -> Option<BTreeSet<String>> {
        if depth > DEPTH_MAX || !self.unit(site.unit).is_rust {
            return None;
        }
        let inner = || self.written_type(self.child(site, 0)?, depth + 1);
        match self.kind(site) {
            Kind::Name(name) => self.written_name(site, name, depth),
            Kind::Member(name) => {
                let base = inner()?;
                let known = self.fields_named(name).iter();
                let mut fit = known.filter(|(owner, _)| base.contains(owner));
                let (owner, ty) = fit.next()?;
                let homes = self.structures.get(owner);
                let home = homes.filter(|it| it.len() == 1).and_then(BTreeSet::first);
                self.written(ty, Some(owner), home.copied())
                    .filter(|_| fit.next().is_none())
            }
            Kind::Ref | Kind::Deref => inner(),
            Kind::Other if self.node(site).children.len() == 1 => inner(),
            Kind::Call { name, path } if path.starts_with(char::is_uppercase) => {
                let owner = if path == "Self" {
                    self.owner_around(site)?
                } else {
                    path.clone()
                };
                self.answer(name, &BTreeSet::from([owner]))
            }
            Kind::Method { name } => {
                let base = inner()?;
                let is_wrapper = base.iter().any(|word| WELL_KNOWN.contains(&word.as_str()));
                if is_wrapper && OPENS.contains(&name.as_str()) && !self.has_own(name, &base) {
                    return Some(base);
                }
                self.answer(name, &base)
            }
            _ => None,
        }
    }

    fn written_name(&self, site: Site, name: &str, depth: u32) -> Option<BTreeSet<String>> {
        if name == "self" {
            return Some(BTreeSet::from([self.owner_around(site)?]));
        }
        if let Some(value) = self.binding(site, name) {
            let binder = self.parent(value)?;
            let Kind::Let { names, ty, .. } = self.kind(binder) else {
                return None;
            };
            // A pattern takes something out; only a plain name is the whole.
            let line = (self.node(binder).line as usize).checked_sub(1)?;
            let text = self.unit(site.unit).lines.get(line)?;
            let bare = text.split_once("let ")?.1.trim_start();
            let bare = bare.strip_prefix("mut ").unwrap_or(bare);
            let rest = bare.strip_prefix(name)?.trim_start();
            if names.len() != 1 || !rest.starts_with([':', '=']) {
                return None;
            }
            return if ty.is_empty() {
                self.written_type(value, depth + 1)
            } else {
                self.written(ty, None, Some(site.unit))
            };
        }
        let function = self.function_of(site)?;
        if let Some((_, parameter)) = self.parameter(function, name) {
            let owner = self.function(function).owner.as_deref();
            return self.written(&parameter.ty, owner, Some(site.unit));
        }
        match self.static_types(name) {
            [ty] => self.written(ty, None, None),
            _ => None,
        }
    }

    /// The words of a type as it is written in something of `owner`, and in a file where that is known.
    fn written(
        &self,
        ty: &str,
        owner: Option<&str>,
        unit: Option<u32>,
    ) -> Option<BTreeSet<String>> {
        if ty.contains("Self::") || ty.contains(" as ") || ty.contains('$') {
            return None;
        }
        let mut words = self.words(ty);
        if let Some(unit) = unit {
            for name in self.foreign_names(unit, ty) {
                words.remove(name);
                words.insert(ELSEWHERE.to_owned());
            }
        }
        if words.remove("Self") {
            words.insert(owner?.to_owned());
        }
        Some(words)
    }

    /// The types among those that are written in a file which code outside of the tree declares.
    fn foreign_names<'t>(&self, unit: u32, ty: &'t str) -> Vec<&'t str> {
        let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        let paths = ty.split(|c| !is_path(c)).map(|path| path.trim_matches(':'));
        let is_elsewhere = |path: &&str| {
            let (first, rest) = path.split_once("::").unwrap_or((path, ""));
            let begins = self.unit(unit).imports.get(first);
            let begin = begins.map_or(first, String::as_str);
            if begins.is_none() && rest.is_empty() {
                return false;
            }
            // What is brought in by this name in other files may be renamed on its way.
            let name = path.rsplit("::").next().unwrap_or(path);
            let others = self.imports.get(name).into_iter().flatten();
            !WELL_KNOWN.contains(&name)
                && self.is_no_module(begin)
                && others.into_iter().all(|begin| self.is_no_module(begin))
        };
        let names = paths.filter(is_elsewhere);
        let names = names.filter_map(|path| path.rsplit("::").next());
        let is_own = |name: &str| self.is_type(name) || name.len() <= 2;
        names
            .filter(|name| name.starts_with(char::is_uppercase) && !is_own(name))
            .collect()
    }

    /// Whether a path that begins so leads out of the tree.
    fn is_no_module(&self, begin: &str) -> bool {
        begin.starts_with(|c: char| c.is_lowercase())
            && !matches!(begin, "crate" | "self" | "super")
            && !self.modules.contains(begin)
    }

    /// What the one function of a name that these types have answers.
    fn answer(&self, name: &str, owners: &BTreeSet<String>) -> Option<BTreeSet<String>> {
        let mut functions = self.functions_named(name).iter().filter(|id| {
            let owner = self.function(**id).owner.as_ref();
            owner.is_some_and(|owner| owners.contains(owner))
        });
        let function = self.function(*functions.next()?);
        if functions.next().is_some() {
            return None;
        }
        self.written(&function.returns, function.owner.as_deref(), None)
    }

    fn has_own(&self, name: &str, owners: &BTreeSet<String>) -> bool {
        let mut functions = self.functions_named(name).iter();
        functions.any(|id| {
            let owner = self.function(*id).owner.as_ref();
            owner.is_some_and(|owner| owners.contains(owner))
        })
    }

    fn owner_around(&self, site: Site) -> Option<String> {
        self.function(self.function_of(site)?).owner.clone()
    }
}
