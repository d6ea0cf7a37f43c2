//! What is done where no call says so.
//!
//! # Role
//! The end of a value frees it, closes it, or does what its `Drop` says; `take` empties what it is called on; what
//! is waited for goes on. Names that only compute elsewhere are no excuse here.

use super::names;
use crate::facts::{FunctionId, Program, Site};
use crate::syntax::Kind;

/// What a piece of code does though no call in it acts, if it does.
pub(super) fn acts(program: &Program, site: Site) -> Option<String> {
    if is_waited_for(program, site) {
        return Some("something is waited for".to_owned());
    }
    match program.kind(site) {
        Kind::Method { name } | Kind::Call { name, .. }
            if !program.callees(site, name).is_empty() =>
        {
            None
        }
        Kind::Method { name } | Kind::Call { name, .. } if names::owns(name) => {
            Some(format!("what `{name}` makes is freed at its end"))
        }
        // `take(n)` of an iterator has an argument.
        Kind::Method { name } if matches!(name.as_str(), "take" | "split") => {
            let is_alone = program.node(site).children.len() == 1;
            is_alone.then(|| format!("`{name}` empties it"))
        }
        Kind::Call { name, path } if name == "take" && path == "mem" => {
            Some("`take` empties it".to_owned())
        }
        Kind::Let { names, .. } if names.iter().all(|name| name.starts_with('_')) => {
            guard(program, site)
        }
        Kind::Name(name) => {
            let is_code = is_given_code(program, site, name);
            is_code.then(|| "code that the macro is given runs".to_owned())
        }
        _ => None,
    }
}

/// Whether a name in a macro by example is what its user gives, where it stands as a statement.
fn is_given_code(program: &Program, site: Site, name: &str) -> bool {
    let function = program.function_of(site);
    let is_macro = function.is_some_and(|id| program.function(id).is_macro);
    let parent = program.parent(site).map(|parent| program.kind(parent));
    program.unit(site.unit).is_rust
        && is_macro
        && name.len() > 1
        && name.starts_with('_')
        && program.binding(site, name).is_none()
        && matches!(
            parent,
            Some(Kind::Statement | Kind::Block { .. } | Kind::Arm { .. })
        )
}

/// Whether `.await` stands behind what is no call: of one, the call says what it does.
fn is_waited_for(program: &Program, site: Site) -> bool {
    let is_awaited = program.unit(site.unit).awaited.contains(&site.node);
    let what = program.child(site, 0).map(|what| program.kind(what));
    is_awaited
        && !matches!(
            what,
            Some(Kind::Call { .. } | Kind::Method { .. } | Kind::Macro { .. })
        )
}

/// A value of a type from elsewhere that is only kept for what its end does (`let _guard = Guard::new();`).
fn guard(program: &Program, binding: Site) -> Option<String> {
    let mut value = program.child(binding, 0)?;
    while matches!(program.kind(value), Kind::Other | Kind::Block { .. })
        && let [_] = program.node(value).children[..]
    {
        value = program.child(value, 0)?;
    }
    let Kind::Call { name, path } = program.kind(value) else {
        return None;
    };
    let ty = if names::wraps(name) { name } else { path };
    let is_made = names::wraps(ty) && !matches!(ty.as_str(), "Some" | "Ok" | "Err");
    let is_foreign = !program.is_type(ty) && program.callees(value, name).is_empty();
    let is_rust = program.unit(value.unit).is_rust;
    (is_rust && is_made && is_foreign).then(|| format!("`{ty}` is kept for what its end does"))
}

/// What the end of a value does that is made here, where its type is of the tree; in C++ of a local, with what its beginning does.
pub(super) fn ends_of(program: &Program, site: Site) -> Vec<FunctionId> {
    let is_rust = program.unit(site.unit).is_rust;
    let own = program.function_of(site);
    let own = own.and_then(|id| program.function(id).owner.clone());
    let (ty, end) = match program.kind(site) {
        Kind::Record(name) | Kind::Call { name, .. } if is_rust && name == "Self" => (own, "drop"),
        Kind::Record(name) | Kind::Call { name, .. } if is_rust => (Some(name.clone()), "drop"),
        Kind::Let { ty, .. } if !is_rust && !ty.contains(['*', '&']) => {
            (ty.split_whitespace().next_back().map(str::to_owned), "")
        }
        Kind::Call { name, .. } => return destructor(program, site, name).into_iter().collect(),
        _ => return Vec::new(),
    };
    let Some(ty) = ty else { return Vec::new() };
    let (begin, destructor) = (ty.clone(), format!("~{ty}"));
    let names = if end.is_empty() {
        [begin.as_str(), destructor.as_str()]
    } else {
        [end, ""]
    };
    let is_one = |id: &FunctionId| {
        let function = program.function(*id);
        let is_end = !is_rust || function.of_trait.as_deref() == Some("Drop");
        function.owner.as_deref() == Some(ty.as_str()) && is_end
    };
    let named = names.iter().flat_map(|name| program.functions_named(name));
    named.copied().filter(is_one).collect()
}

/// The destructor of a local of C++, where it is in the tree.
fn destructor(program: &Program, binding: Site, ty: &str) -> Option<FunctionId> {
    if program.unit(binding.unit).is_rust || ty.contains(['*', '&']) {
        return None;
    }
    let head = ty.split('<').next().unwrap_or(ty).trim();
    let name = format!("~{}", head.rsplit([':', ' ']).next().unwrap_or(head));
    program.functions_named(&name).first().copied()
}

/// Words of types whose values end without a trace.
const PLAIN: [&str; 22] = [
    "Option", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128",
    "isize", "f32", "f64", "bool", "char", "str", "static", "String", "Duration", "Instant",
];

/// What stood in an owner ends where nothing is put in its place (`self.conn = None`, `conn_ = nullptr`).
pub(super) fn ends_by(program: &Program, assign: Site, target: Site) -> Option<String> {
    let value = program.child(assign, 1).map(|value| program.kind(value))?;
    let types: Vec<String> = match program.kind(target) {
        Kind::Member(name) => {
            let fields = program.fields_named(name).iter();
            fields.map(|(_, ty)| ty.clone()).collect()
        }
        Kind::Name(name) => {
            let function = program.function_of(target)?;
            let parameter = program.parameter(function, name);
            let given = parameter.map(|(_, parameter)| parameter.ty.clone());
            let field = program.fields_named(name).iter().map(|(_, ty)| ty.clone());
            let local = program.local_type(target, name).map(ToOwned::to_owned);
            given.or(local).into_iter().chain(field).collect()
        }
        _ => return None,
    };
    let is_rust = program.unit(assign.unit).is_rust;
    let owns = if is_rust {
        let is_plain = |ty: &String| {
            program
                .words(ty)
                .iter()
                .all(|it| PLAIN.contains(&it.as_str()))
        };
        matches!(value, Kind::Name(name) if name == "None") && !types.iter().any(is_plain)
    } else {
        let is_owner = |ty: &String| {
            ["_ptr<", "optional<", "function<", "Ptr<"]
                .iter()
                .any(|head| ty.contains(head))
        };
        matches!(value, Kind::Literal(text) if text == "nullptr") && types.iter().any(is_owner)
    };
    owns.then(|| "what stood there ends".to_owned())
}

/// Whether what a method is called on is a formatter of Rust, or what one makes to collect fields.
pub(super) fn formats(program: &Program, call: Site) -> bool {
    let Some(function) = program.function_of(call) else {
        return false;
    };
    let of = program.function(function).of_trait.as_deref();
    let is_formatter = |ty: &str| ty.contains("Formatter") || ty.contains("Debug");
    let makes = |site: &Site| matches!(program.kind(*site), Kind::Method { name } if name.starts_with("debug_"));
    of.is_some_and(|of| matches!(of, "Debug" | "Display"))
        || program
            .below(call)
            .iter()
            .any(|site| match program.kind(*site) {
                Kind::Name(name) => {
                    let parameter = program.parameter(function, name);
                    let bound = program.binding(*site, name);
                    parameter.is_some_and(|(_, parameter)| is_formatter(&parameter.ty))
                        || bound.is_some_and(|value| program.below(value).iter().any(makes))
                }
                _ => makes(site),
            })
}
