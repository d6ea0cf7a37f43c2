//! The tree with its indexes.

use alloc::collections::{BTreeMap, BTreeSet};
use core::cell::RefCell;

use super::files::{Source, language_of};
use super::ops::Op;
use super::resolve::Target;
use super::words::{is_atomic, words};
use crate::inference::{Known, Ty};
use crate::syntax::{Function, Kind, Language, Macros, Node, NodeId, Parameter, Unit, lower};

/// A piece of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Site {
    pub(crate) unit: u32,
    pub(crate) node: NodeId,
}

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FunctionId {
    pub(crate) unit: u32,
    pub(crate) index: u32,
}

/// An atomic location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LocationId(pub(crate) u32);

/// Where an atomic is declared.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    pub(crate) name: String,
    /// The type it is a field of; empty for a static or a local.
    pub(crate) owner: String,
    pub(crate) ty: String,
    pub(crate) unit: u32,
    pub(crate) line: u32,
    /// The function it is a local of.
    pub(crate) function: Option<u32>,
    /// Declared plainly, and made atomic by the operations on it.
    pub(crate) is_plain: bool,
}

/// Answers that are asked for again and again.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(super) ops: RefCell<BTreeMap<Site, Option<Op>>>,
    pub(super) targets: RefCell<BTreeMap<Site, Vec<Target>>>,
    pub(super) words: RefCell<BTreeMap<Site, BTreeSet<String>>>,
    pub(super) callers: RefCell<BTreeMap<FunctionId, Vec<Site>>>,
    pub(super) callees: RefCell<BTreeMap<Site, Vec<FunctionId>>>,
    pub(crate) types: RefCell<BTreeMap<Site, Ty>>,
}

/// A whole tree.
#[derive(Debug, Default)]
pub(crate) struct Program {
    pub(crate) units: Vec<Unit>,
    pub(crate) locations: Vec<Declared>,
    locations_by_name: BTreeMap<String, Vec<LocationId>>,
    functions_by_name: BTreeMap<String, Vec<FunctionId>>,
    calls_by_name: BTreeMap<String, Vec<Site>>,
    /// Mentions of members, by name.
    members_by_name: BTreeMap<String, Vec<Site>>,
    /// Mentions of plain names, by name.
    names_by_name: BTreeMap<String, Vec<Site>>,
    /// Fields by name: the types they have, with their owners.
    fields_by_name: BTreeMap<String, Vec<(String, String)>>,
    /// Types of the statics and constants of Rust outside of functions, by name.
    static_types: BTreeMap<String, Vec<String>>,
    /// Names of types that are atomic.
    pub(crate) atomic_names: BTreeSet<String>,
    /// Traits of the tree: whether code outside of it can name one of that name.
    traits: BTreeMap<String, bool>,
    /// Types of the tree that have fields, with the files that declare them.
    pub(super) structures: BTreeMap<String, BTreeSet<u32>>,
    /// Classes of C++ with those that they are derived from, by any number of steps.
    bases: BTreeMap<String, BTreeSet<String>>,
    /// Classes of C++ with those that are derived from each other by any number of steps.
    kin: BTreeMap<String, BTreeSet<String>>,
    /// Names that a path to something of the tree may begin with: those of files and folders.
    pub(crate) modules: BTreeSet<String>,
    /// Names that `use` brings in, with where their paths begin.
    pub(super) imports: BTreeMap<String, BTreeSet<String>>,
    /// Aliases: name to type.
    aliases: BTreeMap<String, String>,
    /// Mentions of plain names in a function.
    names_in_function: BTreeMap<(FunctionId, String), Vec<Site>>,
    /// Names bound in a function, with their values.
    bound_in_function: BTreeMap<(FunctionId, String), Vec<Site>>,
    /// What is known of types of Rust.
    pub(crate) types: Known,
    /// What was worked out before: the tree does not change.
    pub(crate) memory: Memory,
}

/// Structures of one atomic field that are used like an atomic.
fn stands_for_atomic(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["atomic", "counter", "gauge", "metric", "locked_"]
        .iter()
        .any(|part| lower.contains(part))
}

/// Whether a header asks which of the two languages it is read by. (`#if __cplusplus >= 201703L` only asks how new it is.)
fn is_for_both(text: &str) -> bool {
    [
        "ifdef __cplusplus",
        "ifndef __cplusplus",
        "defined(__cplusplus)",
        "defined (__cplusplus)",
        "defined __cplusplus",
    ]
    .iter()
    .any(|question| text.contains(question))
}

/// Whether a header named like one of C is of C++ alone: one that both include asks which it is.
fn is_header_of_cpp(source: &Source) -> bool {
    let heads = [
        "namespace ",
        "class ",
        "template <",
        "template<",
        "public:",
        "private:",
    ];
    let is_head = |line: &str| {
        let line = line.trim_start();
        heads.iter().any(|head| line.starts_with(head))
    };
    source.path.ends_with(".h") && !is_for_both(&source.text) && source.text.lines().any(is_head)
}

/// All that a name leads to by any number of steps, itself first.
fn reached(steps: &BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from([from.to_owned()]);
    let mut todo = vec![from.to_owned()];
    while let Some(next) = todo.pop() {
        let others = steps.get(&next).into_iter().flatten();
        let new = others.filter(|other| found.insert((*other).clone()));
        todo.extend(new.cloned());
    }
    found
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl Program {
    pub(crate) fn read(sources: &[Source]) -> Self {
        let is_rust = |source: &&Source| language_of(&source.path) == Some(Language::Rust);
        let texts = sources.iter().filter(is_rust);
        let macros = Macros::of(texts.map(|source| (&source.path[..], &source.text[..])));
        let units = sources
            .iter()
            .filter(|source| source.missing.is_none() && !source.is_left_out)
            .filter_map(|source| {
                let language = match language_of(&source.path)? {
                    Language::C if is_header_of_cpp(source) => Language::Cpp,
                    language => language,
                };
                Some(lower(language, &source.path, &source.text, &macros))
            })
            .collect();
        let mut program = Self {
            units,
            ..Self::default()
        };
        program.name_atomics();
        program.join_kin();
        program.declare();
        program.index();
        program.types = Known::of(&program.units);
        program
    }

    /// Aliases and structures that stand for an atomic, also through each other.
    fn name_atomics(&mut self) {
        for (index, unit) in self.units.iter().enumerate() {
            for alias in &unit.aliases {
                self.aliases.insert(alias.name.clone(), alias.ty.clone());
            }
            let heads = unit.structures.iter().map(|structure| &structure.name);
            for head in heads.map(|name| name.split("::").next().unwrap_or(name)) {
                let homes = self.structures.entry(head.to_owned()).or_default();
                homes.insert(number(index));
            }
            let parts = unit.path.split(['/', '\\']);
            let parts = parts.map(|part| part.trim_end_matches(".rs").replace('-', "_"));
            self.modules.extend(parts);
            for (name, first) in &unit.imports {
                let firsts = self.imports.entry(name.clone()).or_default();
                firsts.insert(first.clone());
            }
            for it in &unit.traits {
                *self.traits.entry(it.name.clone()).or_default() |= it.is_public;
            }
        }
        // Chains of aliases are short; each round follows one link.
        for _round in 0..4 {
            let found: Vec<String> = self
                .units
                .iter()
                .flat_map(|unit| self.atomic_names_of(unit))
                .collect();
            self.atomic_names.extend(found);
        }
    }

    /// The types of a file that are atomic by what is known so far.
    fn atomic_names_of(&self, unit: &Unit) -> Vec<String> {
        let aliases = unit
            .aliases
            .iter()
            .filter(|alias| alias.ty.len() < 80 && is_atomic(&alias.ty, &self.atomic_names))
            .map(|alias| alias.name.clone());
        let structures = unit
            .structures
            .iter()
            .filter(|structure| match &structure.fields[..] {
                [field] => {
                    stands_for_atomic(&structure.name) && is_atomic(&field.ty, &self.atomic_names)
                }
                _ => false,
            })
            .map(|structure| structure.name.clone());
        aliases.chain(structures).collect()
    }

    /// Joins classes with all that they may share methods with.
    fn join_kin(&mut self) {
        let mut near: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut above: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for structure in self.units.iter().flat_map(|unit| &unit.structures) {
            let known = structure.bases.iter();
            for base in known.filter(|base| self.structures.contains_key(*base)) {
                let name = &structure.name;
                near.entry(name.clone()).or_default().insert(base.clone());
                above.entry(name.clone()).or_default().insert(base.clone());
                near.entry(base.clone()).or_default().insert(name.clone());
            }
        }
        self.kin = near
            .keys()
            .map(|name| (name.clone(), reached(&near, name)))
            .collect();
        self.bases = above
            .keys()
            .map(|name| (name.clone(), reached(&above, name)))
            .collect();
    }

    /// Whether a class of C++ is derived from another one.
    pub(super) fn is_derived(&self, class: &str, base: &str) -> bool {
        let bases = self.bases.get(class);
        class != base && bases.is_some_and(|bases| bases.contains(base))
    }

    /// Whether a class of C++ is another one, or may share its methods.
    pub(super) fn is_kin(&self, class: &str, other: &str) -> bool {
        let kin = self.kin.get(class);
        class == other || kin.is_some_and(|kin| kin.contains(other))
    }

    fn declare(&mut self) {
        let mut declared = Vec::new();
        let mut fields = Vec::new();
        for (unit_index, unit) in self.units.iter().enumerate() {
            let unit_index = number(unit_index);
            for structure in &unit.structures {
                fields.extend(
                    structure
                        .fields
                        .iter()
                        .map(|f| (f.name.clone(), structure.name.clone(), f.ty.clone())),
                );
                declared.extend(structure.fields.iter().map(|field| Declared {
                    name: field.name.clone(),
                    owner: structure.name.clone(),
                    ty: field.ty.clone(),
                    unit: unit_index,
                    line: field.line,
                    function: None,
                    is_plain: false,
                }));
            }
            let shared = unit.statics.iter().filter(|entry| entry.function.is_none());
            for entry in shared.filter(|_| unit.is_rust) {
                let types = self.static_types.entry(entry.name.clone()).or_default();
                types.push(entry.ty.clone());
            }
            declared.extend(unit.statics.iter().map(|entry| Declared {
                name: entry.name.clone(),
                owner: String::new(),
                ty: entry.ty.clone(),
                unit: unit_index,
                line: entry.line,
                function: entry.function,
                is_plain: false,
            }));
        }
        for (name, owner, ty) in fields {
            self.fields_by_name
                .entry(name)
                .or_default()
                .push((owner, ty));
        }
        for location in declared {
            if is_atomic(&location.ty, &self.atomic_names) {
                self.add_location(location);
            }
        }
    }

    pub(crate) fn add_location(&mut self, location: Declared) -> LocationId {
        let id = LocationId(number(self.locations.len()));
        let named = self
            .locations_by_name
            .entry(location.name.clone())
            .or_default();
        named.push(id);
        self.locations.push(location);
        id
    }

    fn index(&mut self) {
        for (unit_index, unit) in self.units.iter().enumerate() {
            let unit_index = number(unit_index);
            let functions = unit.functions.iter().enumerate();
            // Nobody calls what makes the value of a static.
            for (index, function) in functions.filter(|(_, function)| !function.is_value) {
                let id = FunctionId {
                    unit: unit_index,
                    index: number(index),
                };
                let named = self
                    .functions_by_name
                    .entry(function.name.clone())
                    .or_default();
                named.push(id);
            }
        }
        for (unit_index, unit) in core::mem::take(&mut self.units).into_iter().enumerate() {
            for node in unit.ids() {
                let site = Site {
                    unit: number(unit_index),
                    node,
                };
                self.index_node(&unit, site);
            }
            self.units.push(unit);
        }
    }

    fn index_node(&mut self, unit: &Unit, site: Site) {
        let function = unit.node(site.node).function.map(|index| FunctionId {
            unit: site.unit,
            index,
        });
        let (index, name) = match unit.kind(site.node) {
            Kind::Call { name, .. } | Kind::Method { name } | Kind::Macro { name } => {
                (&mut self.calls_by_name, name)
            }
            Kind::Member(name) => (&mut self.members_by_name, name),
            Kind::Name(name) => {
                if let Some(function) = function {
                    let key = (function, name.clone());
                    self.names_in_function.entry(key).or_default().push(site);
                }
                (&mut self.names_by_name, name)
            }
            Kind::Let { names, .. } | Kind::Test { names } => {
                if let (Some(function), Some(node)) = (function, unit.child(site.node, 0)) {
                    let value = Site { node, ..site };
                    for name in names {
                        let key = (function, name.clone());
                        self.bound_in_function.entry(key).or_default().push(value);
                    }
                }
                return;
            }
            _ => return,
        };
        index.entry(name.clone()).or_default().push(site);
    }

    pub(crate) fn unit(&self, index: u32) -> &Unit {
        &self.units[index as usize]
    }

    pub(crate) fn node(&self, site: Site) -> &Node {
        self.unit(site.unit).node(site.node)
    }

    pub(crate) fn kind(&self, site: Site) -> &Kind {
        &self.node(site).kind
    }

    pub(crate) fn parent(&self, site: Site) -> Option<Site> {
        let node = self.node(site).parent?;
        Some(Site { node, ..site })
    }

    pub(crate) fn place(&self, site: Site) -> usize {
        self.unit(site.unit).place(site.node)
    }

    pub(crate) fn child(&self, site: Site, place: usize) -> Option<Site> {
        let node = self.unit(site.unit).child(site.node, place)?;
        Some(Site { node, ..site })
    }

    pub(crate) fn children(&self, site: Site) -> impl Iterator<Item = Site> + '_ {
        let children = self.node(site).children.iter();
        children.map(move |node| Site {
            node: *node,
            ..site
        })
    }

    pub(crate) fn below(&self, site: Site) -> Vec<Site> {
        let nodes = self.unit(site.unit).below(site.node);
        nodes
            .into_iter()
            .map(|node| Site { node, ..site })
            .collect()
    }

    pub(crate) fn function(&self, id: FunctionId) -> &Function {
        &self.unit(id.unit).functions[id.index as usize]
    }

    /// The function a piece of code stands in.
    pub(crate) fn function_of(&self, site: Site) -> Option<FunctionId> {
        let index = self.node(site).function?;
        Some(FunctionId {
            unit: site.unit,
            index,
        })
    }

    pub(crate) fn body(&self, id: FunctionId) -> Option<Site> {
        let node = self.function(id).body?;
        Some(Site {
            unit: id.unit,
            node,
        })
    }

    pub(crate) fn parameter(&self, id: FunctionId, name: &str) -> Option<(usize, &Parameter)> {
        let parameters = self.function(id).parameters.iter();
        parameters.enumerate().find(|(_, p)| p.name == name)
    }

    pub(crate) fn location(&self, id: LocationId) -> &Declared {
        &self.locations[id.0 as usize]
    }

    pub(crate) fn location_ids(&self) -> impl Iterator<Item = LocationId> + use<> {
        (0..number(self.locations.len())).map(LocationId)
    }

    pub(crate) fn locations_named(&self, name: &str) -> &[LocationId] {
        self.locations_by_name.get(name).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn functions_named(&self, name: &str) -> &[FunctionId] {
        self.functions_by_name.get(name).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn calls_named(&self, name: &str) -> &[Site] {
        self.calls_by_name.get(name).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn members_named(&self, name: &str) -> &[Site] {
        self.members_by_name.get(name).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn names_named(&self, name: &str) -> &[Site] {
        self.names_by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether a piece of code stands in a function, or in one that is written in it.
    pub(super) fn is_written_in(&self, site: Site, function: u32) -> bool {
        let mut at = self.node(site).function;
        while let Some(here) = at.filter(|here| *here != function) {
            at = self.unit(site.unit).functions[here as usize].inside;
        }
        at.is_some()
    }

    /// Mentions of a plain name inside of a function.
    pub(crate) fn names_in(&self, id: FunctionId, name: &str) -> &[Site] {
        let found = self.names_in_function.get(&(id, name.to_owned()));
        found.map_or(&[], Vec::as_slice)
    }

    /// Values that a name is bound to inside of a function, in order.
    pub(crate) fn bound_in(&self, id: FunctionId, name: &str) -> &[Site] {
        let found = self.bound_in_function.get(&(id, name.to_owned()));
        found.map_or(&[], Vec::as_slice)
    }

    /// Whether the local of a name is what a pattern took out of something.
    pub(crate) fn is_taken_apart(&self, site: Site, name: &str) -> bool {
        let bound = self.binding(site, name);
        bound.is_some_and(|value| {
            let binder = self.parent(value).map(|binder| self.kind(binder));
            !matches!(binder, Some(Kind::Let { is_plain: true, .. }))
        })
    }

    /// Values that a name is given inside of a function: where it is bound, and where it is assigned.
    pub(crate) fn values_of(&self, id: FunctionId, name: &str) -> Vec<Site> {
        let mut found = self.bound_in(id, name).to_vec();
        for mention in self.names_in(id, name) {
            let assign = self.parent(*mention).filter(|parent| {
                matches!(self.kind(*parent), Kind::Assign { .. }) && self.place(*mention) == 0
            });
            found.extend(assign.and_then(|assign| self.child(assign, 1)));
        }
        found
    }

    /// The type of the local of a name, by its declaration around and before `site`.
    pub(crate) fn local_type(&self, site: Site, name: &str) -> Option<&str> {
        let unit = self.unit(site.unit);
        let declared = |node: &NodeId| {
            let Kind::Let { names, ty, .. } = unit.kind(*node) else {
                return None;
            };
            let is_it = names.iter().any(|known| known == name);
            is_it.then_some(ty.as_str())
        };
        let mut at = site;
        while let Some(parent) = self.parent(at) {
            let before = unit.node(parent.node).children.iter();
            let mut before = before.take_while(|child| **child != at.node);
            if let Some(found) = before.find_map(declared) {
                return Some(found);
            }
            at = parent;
        }
        None
    }

    /// Whether writing a name changes nothing outside of its function: a local, or a parameter that
    /// is no reference.
    pub(crate) fn is_own_variable(&self, site: Site, name: &str) -> bool {
        let Some(function) = self
            .function_of(site)
            .filter(|id| !self.function(*id).is_macro)
        else {
            return false;
        };
        match self.parameter(function, name) {
            // In Rust `x = y` gives the parameter another value, `*x = y` what it refers to.
            Some((_, parameter)) => self.unit(site.unit).is_rust || !parameter.ty.contains('&'),
            None => self.local_type(site, name).is_some(),
        }
    }

    /// The files of the types of a name whose field of a name is private; none where there is one that
    /// others may name.
    pub(crate) fn homes_of_private(&self, owner: &str, name: &str) -> Vec<u32> {
        let mut homes = Vec::new();
        for (index, unit) in self.units.iter().enumerate() {
            let fields = unit
                .structures
                .iter()
                .filter(|structure| structure.name == owner)
                .flat_map(|structure| &structure.fields)
                .filter(|field| field.name == name);
            for field in fields {
                if !field.is_private {
                    return Vec::new();
                }
                homes.push(number(index));
            }
        }
        homes
    }

    /// A public function that takes a type of the tree with no field that is seen to be public, where `ty`
    /// names such a type: whoever has one can only give it back.
    pub(crate) fn taker_of_sealed(&self, ty: &str) -> Option<&str> {
        let words = self.words(ty);
        let structures = self.units.iter().flat_map(|unit| &unit.structures);
        let sealed = structures.filter(|structure| {
            words.contains(&structure.name)
                && !structure.fields.is_empty()
                && structure.fields.iter().all(|field| !field.is_public)
        });
        let sealed: Vec<&str> = sealed.map(|it| it.name.as_str()).collect();
        let functions = self.units.iter().filter(|unit| unit.is_rust);
        let mut functions = functions.flat_map(|unit| &unit.functions);
        let taker = functions.find(|function| {
            let mut taken = function.parameters.iter().filter(|it| it.name != "self");
            function.is_public
                && taken.any(|it| {
                    let words = self.words(&it.ty);
                    sealed.iter().any(|name| words.contains(*name))
                })
        });
        taker.map(|function| function.name.as_str())
    }

    /// Whether code outside of the tree can read a field of a type.
    pub(crate) fn is_public_field(&self, owner: &str, name: &str) -> bool {
        let mut structures = self.units.iter().flat_map(|unit| &unit.structures);
        structures.any(|structure| {
            let mut fields = structure.fields.iter();
            structure.name == owner && fields.any(|field| field.name == name && field.is_public)
        })
    }

    /// Whether code outside of the tree can name a location: a public static, or a public field of a public type.
    pub(crate) fn is_public_location(&self, id: LocationId) -> bool {
        let location = self.location(id);
        if !location.owner.is_empty() {
            return self.is_public_field(&location.owner, &location.name);
        }
        let mut statics = self.unit(location.unit).statics.iter();
        statics.any(|entry| {
            entry.is_public && entry.name == location.name && entry.function == location.function
        })
    }

    /// Whether a function of Rust cannot be named at a piece of code: it is private to a module
    /// elsewhere.
    pub(crate) fn is_hidden_from(&self, id: FunctionId, site: Site) -> bool {
        let function = self.function(id);
        let is_of_trait = function
            .owner
            .as_ref()
            .is_some_and(|owner| self.is_trait(owner));
        // What stands elsewhere by its path may be inside of any module.
        let takes_files = |unit: u32| {
            let mut lines = self.unit(unit).lines.iter();
            lines.any(|line| line.contains("#[path") || line.contains("include!"))
        };
        function.is_private
            && !is_of_trait
            && !self.is_inside(site.unit, id.unit)
            && !takes_files(id.unit)
    }

    /// Whether a file is another one's module, or inside of it.
    pub(crate) fn is_inside(&self, unit: u32, home: u32) -> bool {
        let (path, home) = (&self.unit(unit).path, &self.unit(home).path);
        let stem = home.strip_suffix(".rs").unwrap_or(home);
        let ends = ["mod", "lib", "main"].into_iter().find_map(|name| {
            let folder = stem.strip_suffix(name)?;
            (folder.is_empty() || folder.ends_with('/')).then_some(folder)
        });
        path == home
            || match ends {
                Some(folder) => path.starts_with(folder),
                None => path
                    .strip_prefix(stem)
                    .is_some_and(|rest| rest.starts_with('/')),
            }
    }

    /// Whether a function is one of a trait of the tree that code outside of it can name.
    pub(crate) fn is_of_public_trait(&self, id: FunctionId) -> bool {
        let function = self.function(id);
        let of = function.of_trait.as_ref().or(function.owner.as_ref());
        of.is_some_and(|of| self.traits.get(of) == Some(&true))
    }

    /// Whether the tree declares a type of a name.
    pub(crate) fn is_type(&self, name: &str) -> bool {
        self.structures.contains_key(name) || self.is_alias(name) || self.is_trait(name)
    }

    /// Whether all that `use` brings in by a name, anywhere, is of one of these crates.
    pub(crate) fn is_only_from(&self, name: &str, crates: &[&str]) -> bool {
        let begins = self.imports.get(name);
        begins.is_some_and(|begins| begins.iter().all(|it| crates.contains(&it.as_str())))
    }

    /// What a name that the tree gives to a type stands for.
    pub(crate) fn alias(&self, name: &str) -> Option<&str> {
        self.aliases.get(name).map(String::as_str)
    }

    /// Whether a function answers a record of the tree, or several.
    pub(crate) fn answers_record(&self, id: FunctionId) -> bool {
        let function = self.function(id);
        let words = self.words(&function.returns);
        let is_own = words.contains("Self") && function.owner.is_some();
        is_own || words.iter().any(|word| self.structures.contains_key(word))
    }

    /// Whether a static or constant of Rust has a name.
    pub(crate) fn is_static(&self, name: &str) -> bool {
        self.static_types.contains_key(name)
    }

    /// Whether a name is one that the tree gives to a type.
    fn is_alias(&self, name: &str) -> bool {
        self.aliases.contains_key(name)
    }

    /// Whether a function is one without a body, of a trait that only the tree can implement.
    pub(crate) fn is_announced(&self, id: FunctionId) -> bool {
        let function = self.function(id);
        let owner = function.owner.as_ref();
        let is_own = owner.is_some_and(|owner| self.traits.get(owner) == Some(&false));
        is_own && function.body.is_none()
    }

    /// Whether a type is a trait of the tree.
    pub(crate) fn is_trait(&self, name: &str) -> bool {
        self.traits.contains_key(name)
    }

    /// Calls, in a function, of what a parameter or a local of the name may be; in C++ of closures alone.
    pub(crate) fn calls_of_local(&self, id: FunctionId, name: &str) -> Vec<Site> {
        let is_of_local = |call: &Site| {
            let is_plain = matches!(self.kind(*call), Kind::Call { path, .. } if path.is_empty());
            is_plain && self.function_of(*call) == Some(id)
        };
        let calls = self.calls_named(name).iter().copied();
        let is_rust = self.unit(id.unit).is_rust;
        let is_closure = |call: &Site| {
            let bound = self.binding(*call, name);
            bound.is_some_and(|value| matches!(self.kind(value), Kind::Lambda(_)))
        };
        calls
            .filter(|call| is_of_local(call) && (is_rust || is_closure(call)))
            .collect()
    }

    /// Whether a field of a type of the tree is a location.
    pub(crate) fn is_location_of(&self, owner: &str, name: &str) -> bool {
        let mut named = self.locations_named(name).iter();
        named.any(|id| self.location(*id).owner == owner)
    }

    /// Whether a method is called on `self` in one of the same name that a trait gives to a type from
    /// elsewhere: the type has its own.
    pub(crate) fn is_of_foreign_self(&self, call: Site, name: &str) -> bool {
        let Some(function) = self.function_of(call).map(|id| self.function(id)) else {
            return false;
        };
        let is_method = matches!(self.kind(call), Kind::Method { .. });
        let receiver = self.child(call, 0).map(|receiver| self.kind(receiver));
        let is_self = matches!(receiver, Some(Kind::Name(name)) if name == "self");
        let is_foreign = function
            .owner
            .as_ref()
            .is_some_and(|owner| !self.structures.contains_key(owner) && !self.is_trait(owner));
        is_method && is_self && is_foreign && function.of_trait.is_some() && function.name == name
    }

    /// The names of the fields of a type of the tree.
    pub(super) fn fields_of_type(&self, owner: &str) -> Vec<&str> {
        let structures = self.units.iter().flat_map(|unit| &unit.structures);
        structures
            .filter(|structure| structure.name == owner)
            .flat_map(|structure| structure.fields.iter().map(|field| &field.name[..]))
            .collect()
    }

    /// The types of the fields of a type of the tree.
    pub(crate) fn field_types(&self, owner: &str) -> Vec<&str> {
        if !self.structures.contains_key(owner) {
            return Vec::new();
        }
        let structures = self.units.iter().flat_map(|unit| &unit.structures);
        structures
            .filter(|structure| structure.name == owner)
            .flat_map(|structure| structure.fields.iter().map(|field| &field.ty[..]))
            .collect()
    }

    /// The types of the statics and constants of a name.
    pub(crate) fn static_types(&self, name: &str) -> &[String] {
        self.static_types.get(name).map_or(&[], Vec::as_slice)
    }

    /// Owners and types of the fields of a name.
    pub(crate) fn fields_named(&self, name: &str) -> &[(String, String)] {
        self.fields_by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// The words of a type, with those of the aliases among them.
    pub(crate) fn words(&self, ty: &str) -> BTreeSet<String> {
        let mut found: BTreeSet<String> = words(ty).map(str::to_owned).collect();
        for _round in 0..3 {
            let more: Vec<String> = found
                .iter()
                .filter_map(|word| self.aliases.get(word))
                .flat_map(|ty| words(ty).map(str::to_owned))
                .collect();
            found.extend(more);
        }
        found
    }
}
