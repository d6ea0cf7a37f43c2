//! Atomic operations.

use super::program::{Program, Site};
use super::resolve::Target;
use crate::syntax::Kind;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum OpKind {
    Load,
    Store,
    /// Reads, changes and writes; answers the value before or after.
    Change,
    Swap,
    /// Writes only if the value is the expected one.
    Exchange,
}

/// The memory order asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Order {
    Relaxed,
    Acquire,
    Release,
    AcqRel,
    SeqCst,
    /// A variable, or nothing that could be read.
    Unknown,
}

impl Order {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Relaxed => "relaxed",
            Self::Acquire => "acquire",
            Self::Release => "release",
            Self::AcqRel => "acquire-release",
            Self::SeqCst => "sequentially consistent",
            Self::Unknown => "unknown order",
        }
    }
}

/// One operation in the source.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub(crate) site: Site,
    pub(crate) kind: OpKind,
    pub(crate) order: Order,
    pub(crate) targets: Vec<Target>,
    /// Adds nothing: only its order is wanted.
    pub(crate) is_barrier: bool,
}

/// What a method of an atomic does, by its name in Rust and C++.
pub(crate) fn method_kind(name: &str) -> Option<OpKind> {
    Some(match name {
        "load" | "load_consume" | "get_mut" | "into_inner" | "take_inner" | "unsync_load"
        | "test" => OpKind::Load,
        "store" | "clear" => OpKind::Store,
        "swap" | "exchange" | "test_and_set" => OpKind::Swap,
        "compare_exchange"
        | "compare_exchange_weak"
        | "compare_and_swap"
        | "compare_and_set"
        | "compare_exchange_strong"
        | "fetch_update"
        | "try_update"
        | "compare_and_set_weak" => OpKind::Exchange,
        _ if name.starts_with("fetch_") => OpKind::Change,
        _ => return None,
    })
}

/// What a C function does, by its name; nothing where the name is not that of an operation.
pub(crate) fn call_kind(name: &str) -> Option<OpKind> {
    let lower = name.to_ascii_lowercase();
    let is_operation = lower.contains("atomic")
        || lower.starts_with("__sync_")
        || lower.starts_with("interlocked")
        || lower.starts_with("_interlocked");
    if !is_operation || lower.ends_with("_t") {
        return None;
    }
    let has = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    if has(&[
        "fence",
        "yield",
        "pause",
        "init",
        "is_lock_free",
        "barrier",
        "nop",
        "cast",
        "signal",
    ]) {
        return None;
    }
    let loads = has(&["load", "read", "_get"]);
    let stores = has(&["store", "_set", "write", "clear"]);
    if has(&["cas_", "_cas", "compare", "cmpxchg", "guard", "once"]) {
        Some(OpKind::Exchange)
    } else if has(&["exchangeadd", "exchange_add"]) {
        Some(OpKind::Change)
    } else if has(&["exchange", "swap", "xchg", "test_and_set"]) {
        Some(OpKind::Swap)
    } else if loads && stores {
        Some(OpKind::Change)
    } else if loads {
        Some(OpKind::Load)
    } else if stores {
        Some(OpKind::Store)
    } else {
        let changes = [
            "add", "sub", "inc", "dec", "and", "_or", "xor", "max", "min", "fetch",
        ];
        has(&changes).then_some(OpKind::Change)
    }
}

fn order_in(text: &str) -> Option<Order> {
    let lower = text.to_ascii_lowercase().replace('_', "");
    let found = [
        ("acqrel", Order::AcqRel),
        ("seqcst", Order::SeqCst),
        ("relaxed", Order::Relaxed),
        ("acquire", Order::Acquire),
        ("release", Order::Release),
        ("consume", Order::Acquire),
    ];
    found
        .iter()
        .find(|(name, _)| lower.ends_with(name) || lower.contains(&format!("order{name}")))
        .map(|(_, order)| *order)
}

/// Whether a name is that of an order, also of one that the caller chooses.
fn is_order_name(name: &str) -> bool {
    order_in(name).is_some()
        || matches!(name, "order" | "ordering" | "ord" | "success" | "failure")
        || name.ends_with("_order")
        || name.ends_with("_ordering")
}

impl Program {
    /// The operation at `site`, if there is one.
    pub(crate) fn op(&self, site: Site) -> Option<Op> {
        let (Kind::Method { name } | Kind::Call { name, .. }) = self.kind(site) else {
            return None;
        };
        if let Some(found) = self.memory.ops.borrow().get(&site) {
            return found.clone();
        }
        let found = match self.kind(site) {
            Kind::Call { path, .. } => self.call_op(site, name, path),
            _ => self.method_op(site, name),
        };
        self.memory.ops.borrow_mut().insert(site, found.clone());
        found
    }

    /// The order written at an operation, the first where there are two.
    fn order_of(&self, site: Site, name: &str) -> (Order, bool) {
        let mut named = false;
        for child in self.children(site) {
            let (Kind::Name(text) | Kind::Literal(text) | Kind::Member(text)) = self.kind(child)
            else {
                continue;
            };
            if let Some(order) = order_in(text) {
                return (order, true);
            }
            named |= is_order_name(text);
        }
        let by_name = order_in(name)
            .or_else(|| name.rsplit_once('_').and_then(|(head, _)| order_in(head)))
            .or_else(|| {
                let orders = ["relaxed", "acquire", "release", "acq_rel", "seq_cst"];
                orders
                    .iter()
                    .find(|o| name.contains(**o))
                    .and_then(|o| order_in(o))
            });
        (
            by_name.unwrap_or(Order::Unknown),
            named || by_name.is_some(),
        )
    }

    fn adds_nothing(&self, site: Site) -> bool {
        self.children(site)
            .skip(1)
            .any(|child| matches!(self.kind(child), Kind::Literal(text) if text == "0"))
    }

    /// Changes that answer nothing (`portable_atomic`): only the order that is given tells them from
    /// other methods of these names.
    fn silent_kind(&self, site: Site, name: &str, order: Order) -> Option<OpKind> {
        let given = self.node(site).children.len();
        let is_named = match name {
            "add" | "sub" | "and" | "or" | "xor" => given == 3,
            "not" | "neg" => given == 2,
            _ => false,
        };
        let is_one = is_named && self.unit(site.unit).is_rust && order != Order::Unknown;
        is_one.then_some(OpKind::Change)
    }

    /// What a method does whose class, of C++ and of the tree, stands for an atomic: what is done inside
    /// is the operation.
    fn kind_by_class(&self, site: Site, receiver: Site, name: &str) -> Option<OpKind> {
        if self.unit(site.unit).is_rust || self.functions_named(name).is_empty() {
            return None;
        }
        let declared = self
            .resolve(receiver)
            .into_iter()
            .find_map(|target| match target {
                Target::Location(id) => Some(self.location(id)),
                Target::Parameter(..) => None,
            })?;
        if declared.ty.contains('*') || declared.is_plain {
            return None;
        }
        let words = self.words(&declared.ty);
        let mut bodies = self.functions_named(name).iter().filter(|id| {
            let owner = self.function(**id).owner.as_ref();
            owner.is_some_and(|owner| {
                words.contains(owner) && !self.fields_of_type(owner).is_empty()
            })
        });
        let body = self.body(*bodies.next()?)?;
        if bodies.next().is_some() {
            return None;
        }
        let inside = self.below(body);
        let kinds: Vec<OpKind> = inside
            .iter()
            .filter_map(|inner| Some(self.op(*inner)?.kind))
            .collect();
        let strongest = [
            OpKind::Change,
            OpKind::Exchange,
            OpKind::Swap,
            OpKind::Store,
        ];
        let found = strongest.into_iter().find(|kind| kinds.contains(kind));
        let writes = inside
            .iter()
            .any(|inner| matches!(self.kind(*inner), Kind::Assign { .. }));
        Some(match found {
            Some(kind) => kind,
            None if kinds.is_empty() && writes => OpKind::Store,
            None => OpKind::Load,
        })
    }

    fn method_op(&self, site: Site, name: &str) -> Option<Op> {
        let receiver = self.child(site, 0)?;
        let (order, is_named) = self.order_of(site, "");
        let kind = method_kind(name)
            .or_else(|| self.silent_kind(site, name, order))
            .or_else(|| self.kind_by_class(site, receiver, name))?;
        let mut targets = self.resolve(receiver);
        if targets.is_empty() && is_named {
            targets = self.behind_deref(receiver);
        }
        let is_cpp = !self.unit(site.unit).is_rust;
        let is_bare = matches!(name, "get_mut" | "into_inner" | "unsync_load") || is_cpp;
        if targets.is_empty() && !is_named
            || !is_named && !is_bare && self.node(site).children.len() > 3
        {
            return None;
        }
        if !is_named && !is_bare && targets.is_empty() {
            return None;
        }
        Some(Op {
            site,
            kind,
            order: if is_cpp && !is_named {
                Order::SeqCst
            } else {
                order
            },
            targets,
            is_barrier: kind == OpKind::Change && name != "fetch_or" && self.adds_nothing(site),
        })
    }

    fn call_op(&self, site: Site, name: &str, path: &str) -> Option<Op> {
        if self.unit(site.unit).is_rust {
            // `AtomicUsize::fetch_add(&x, ...)`.
            let is_qualified = path.contains("Atomic");
            let kind = method_kind(name).filter(|_| is_qualified && name != "into_inner")?;
            let targets = self.resolve(self.child(site, 0)?);
            let (order, _) = self.order_of(site, "");
            let is_barrier = kind == OpKind::Change && self.adds_nothing(site);
            return Some(Op {
                site,
                kind,
                order,
                targets,
                is_barrier,
            });
        }
        let kind = call_kind(name)?;
        let arguments: Vec<Site> = self.children(site).collect();
        let by_reference = arguments
            .iter()
            .find(|a| matches!(self.kind(**a), Kind::Ref))
            .or_else(|| arguments.iter().find(|a| !self.resolve(**a).is_empty()))
            .or_else(|| arguments.first())?;
        let targets = self.resolve(*by_reference);
        let (order, is_named) = self.order_of(site, name);
        let is_barrier = kind == OpKind::Change && self.adds_nothing(site);
        let order = if is_named { order } else { Order::SeqCst };
        Some(Op {
            site,
            kind,
            order,
            targets,
            is_barrier,
        })
    }
}
