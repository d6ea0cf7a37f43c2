//! The types of a tree, and those of the standard library.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::facts::FunctionId;
use crate::syntax::{Associated, Field, Function, Language, Macros, Unit, lower};

/// Names of types that behave like another one, and go by its name.
const ALIKE: [(&str, &str); 43] = [
    ("Rc", "Arc"),
    ("BTreeMap", "HashMap"),
    ("IndexMap", "HashMap"),
    ("FxHashMap", "HashMap"),
    ("AHashMap", "HashMap"),
    ("FnvHashMap", "HashMap"),
    ("BTreeSet", "HashSet"),
    ("IndexSet", "HashSet"),
    ("FxHashSet", "HashSet"),
    ("AHashSet", "HashSet"),
    ("VecDeque", "Vec"),
    ("BinaryHeap", "Vec"),
    ("ArrayVec", "Vec"),
    ("FairMutex", "Mutex"),
    ("ReentrantMutex", "Mutex"),
    ("SpinLock", "Mutex"),
    ("MutexGuard", "Guard"),
    ("OwnedMutexGuard", "Guard"),
    ("RwLockReadGuard", "Guard"),
    ("RwLockWriteGuard", "Guard"),
    ("OwnedRwLockReadGuard", "Guard"),
    ("OwnedRwLockWriteGuard", "Guard"),
    ("MappedMutexGuard", "Guard"),
    ("MappedRwLockReadGuard", "Guard"),
    ("MappedRwLockWriteGuard", "Guard"),
    ("RefMut", "Guard"),
    ("ThinArc", "Arc"),
    ("OnceCell", "OnceLock"),
    ("Lazy", "LazyLock"),
    ("LazyCell", "LazyLock"),
    ("SyncUnsafeCell", "UnsafeCell"),
    ("AssertUnwindSafe", "ManuallyDrop"),
    ("Saturating", "ManuallyDrop"),
    ("OccupiedEntry", "Entry"),
    ("VacantEntry", "Entry"),
    ("RangeInclusive", "Range"),
    ("RangeFrom", "Range"),
    ("SyncSender", "Sender"),
    ("UnboundedSender", "Sender"),
    ("Iter", "Iterator"),
    ("IterMut", "Iterator"),
    ("IntoIter", "Iterator"),
    ("OsStr", "OsString"),
];

/// Words of macros that give a type the methods of another one (`derive(Deref)`, `delegate!`, `enum_dispatch`).
const FORWARDS: [&str; 5] = ["Deref", "delegat", "dispatch", "ambassador", "hrinkwrap"];

/// The types of the language that have a name.
pub(super) const PRIMITIVE: [&str; 17] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32",
    "f64", "bool", "char", "str",
];

/// The name that a type of the standard library goes by here.
pub(super) fn alike(name: &str) -> &str {
    let found = ALIKE.iter().find(|(one, _)| *one == name);
    found.map_or(name, |(_, other)| other)
}

/// A structure, or a variant of an enumeration.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) unit: u32,
    pub(super) generics: Vec<String>,
    pub(super) fields: Vec<Field>,
}

/// Types by name.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Types of the tree that have fields or methods.
    pub(super) declared: BTreeSet<String>,
    /// By name, variants as `Type::Variant`.
    pub(super) records: BTreeMap<String, Vec<Record>>,
    /// Variants by their own names, with those of their enumerations.
    pub(super) variants: BTreeMap<String, BTreeSet<String>>,
    /// By the type that has them, and their name.
    pub(super) methods: BTreeMap<(String, String), Vec<FunctionId>>,
    /// By the type that names them, and their name; with the file.
    pub(super) associated: BTreeMap<(String, String), Vec<(u32, Associated)>>,
    /// The files that declare types with fields, or with variants that have some.
    homes: BTreeMap<String, BTreeSet<u32>>,
    /// Files with words of macros that give types methods of others.
    vague: BTreeSet<u32>,
    /// The standard library's.
    library: Unit,
    /// Places of its functions, by type and name.
    library_methods: BTreeMap<(String, String), usize>,
}

impl Known {
    pub(crate) fn of(units: &[Unit]) -> Self {
        let mut known = Self::default();
        for (index, unit) in units.iter().enumerate() {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            known.add(index, unit);
        }
        known.library = lower(
            Language::Rust,
            "std",
            include_str!("std.txt"),
            &Macros::default(),
        );
        for (place, function) in known.library.functions.iter().enumerate() {
            let owner = function.owner.clone().unwrap_or_default();
            let key = (owner, function.name.clone());
            known.library_methods.insert(key, place);
        }
        known
    }

    fn add(&mut self, index: u32, unit: &Unit) {
        for structure in unit.structures.iter().filter(|_| unit.is_rust) {
            let head = structure.name.split("::").next().unwrap_or_default();
            let homes = self.homes.entry(head.to_owned()).or_default();
            homes.insert(index);
            if let Some((outer, own)) = structure.name.split_once("::") {
                self.declared.insert(outer.to_owned());
                let outers = self.variants.entry(own.to_owned()).or_default();
                outers.insert(outer.to_owned());
            } else {
                self.declared.insert(structure.name.clone());
            }
            let records = self.records.entry(structure.name.clone()).or_default();
            records.push(Record {
                unit: index,
                generics: structure.generics.clone(),
                fields: structure.fields.clone(),
            });
        }
        for (place, function) in unit.functions.iter().enumerate() {
            let Some(owner) = function.owner.as_ref().filter(|_| unit.is_rust) else {
                continue;
            };
            let is_stand_in = function.is_value || function.is_macro;
            if !is_stand_in && !function.generics.contains(owner) {
                let id = FunctionId {
                    unit: index,
                    index: u32::try_from(place).unwrap_or(u32::MAX),
                };
                let key = (owner.clone(), function.name.clone());
                self.methods.entry(key).or_default().push(id);
            }
        }
        let forwards = |line: &String| {
            let is_macro = line.contains("#[") || line.contains('!') || line.contains("derive(");
            is_macro && FORWARDS.iter().any(|word| line.contains(word))
        };
        if unit.lines.iter().any(forwards) {
            self.vague.insert(index);
        }
        for entry in &unit.associated {
            let key = (entry.owner.clone(), entry.name.clone());
            let named = self.associated.entry(key).or_default();
            named.push((index, entry.clone()));
        }
    }

    /// Whether a name stands for one type of the tree alone.
    pub(super) fn is_one(&self, head: &str) -> bool {
        self.homes.get(head).is_some_and(|homes| homes.len() == 1)
            && self
                .records
                .get(head)
                .is_none_or(|records| records.len() == 1)
    }

    /// Whether a type may have methods that are not seen.
    pub(super) fn may_have_more(&self, head: &str) -> bool {
        if !self.declared.contains(head) {
            return false;
        }
        // One without fields that are seen may be made by a macro.
        let homes = self.homes.get(head);
        homes.is_none_or(|homes| homes.iter().any(|it| self.vague.contains(it)))
    }

    /// The signature that the standard library gives a type's method.
    pub(super) fn of_library(&self, owner: &str, name: &str) -> Option<&Function> {
        let key = (owner.to_owned(), name.to_owned());
        let place = self.library_methods.get(&key)?;
        self.library.functions.get(*place)
    }

    /// Whether the standard library has a type of this name, with signatures here.
    pub(super) fn is_of_library(&self, name: &str) -> bool {
        let first = (name.to_owned(), String::new());
        let next = self.library_methods.range(first..).next();
        next.is_some_and(|((owner, _), _)| owner == name)
    }
}
