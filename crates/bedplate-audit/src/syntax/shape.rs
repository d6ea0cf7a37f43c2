//! The shapes and what a file declares.
//!
//! # Invariants
//! I1. A node's parent stands before it in `Unit::nodes`.

use alloc::collections::{BTreeMap, BTreeSet};

/// Index of a node in its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(pub(crate) u32);

/// What a piece of code is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Anything without a meaning of its own: its value is that of its children.
    Other,
    /// Statements; where `tail`, the last one is the block's value.
    Block {
        tail: bool,
    },
    /// A statement whose value is dropped.
    Statement,
    /// Names bound to the child's value; with the type as written.
    Let {
        names: Vec<String>,
        ty: String,
        /// No field is taken out of a record.
        is_plain: bool,
    },
    /// Target and value; `compound` where the old value is read too.
    Assign {
        compound: bool,
    },
    Return,
    /// Leaves a loop or a function without a value of interest.
    Jump,
    /// Condition, then, perhaps else.
    If,
    /// Condition, body; perhaps more children.
    While,
    /// An endless loop around its child.
    Loop,
    /// What is gone through, body.
    For {
        names: Vec<String>,
    },
    /// What is matched, then arms.
    Match,
    /// Guard and body; binds names of the pattern.
    Arm {
        names: Vec<String>,
    },
    /// A pattern that may fail, around what it looks at.
    Test {
        names: Vec<String>,
    },
    /// Function by name with what stands before it (`Type::`), around its arguments.
    Call {
        name: String,
        path: String,
    },
    /// Receiver, then arguments.
    Method {
        name: String,
    },
    /// A macro by name, around its arguments.
    Macro {
        name: String,
    },
    Name(String),
    /// Member of the child.
    Member(String),
    /// Base, index.
    Index,
    Deref,
    Ref,
    /// Ends the function where the child's value is a failure (`?`).
    Try,
    Unary(String),
    Binary(String),
    Cast,
    Literal(String),
    /// A list of values (Rust's arrays).
    List,
    /// A value of a structure by name, around its fields.
    Record(String),
    /// One field of it.
    FieldInit(String),
    /// Parameters, around the body.
    Lambda(Vec<String>),
}

/// A piece of code.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) line: u32,
    pub(crate) parent: Option<NodeId>,
    pub(crate) children: Vec<NodeId>,
    /// Index of the function in the unit; none outside of functions.
    pub(crate) function: Option<u32>,
}

/// A parameter of a function.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) ty: String,
}

/// A function.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// The type whose method it is.
    pub(crate) owner: Option<String>,
    /// That type as it is written, with what stands in its brackets (Rust).
    pub(crate) of_type: String,
    /// Names that stand for types: its own, and those of the implementation that it is in (Rust).
    pub(crate) generics: Vec<String>,
    /// The trait it implements.
    pub(crate) of_trait: Option<String>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) returns: String,
    /// Can be called from outside the tree.
    pub(crate) is_public: bool,
    /// Only its module, and those inside of it, can name it (Rust).
    pub(crate) is_private: bool,
    /// Takes more than its parameters (C and C++).
    pub(crate) is_variadic: bool,
    /// Stands for the body of a macro.
    pub(crate) is_macro: bool,
    /// Makes the value of the static or constant of its name (Rust).
    pub(crate) is_value: bool,
    /// The function that it is written in (Rust).
    pub(crate) inside: Option<u32>,
    pub(crate) body: Option<NodeId>,
}

/// A field of a structure.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) ty: String,
    pub(crate) line: u32,
    /// Only its module, and those inside of it, can name it (Rust).
    pub(crate) is_private: bool,
    /// Code outside of the tree can name it, where it can name the type (Rust).
    pub(crate) is_public: bool,
}

/// A structure, or a variant with fields.
#[derive(Clone, Debug)]
pub(crate) struct Structure {
    pub(crate) name: String,
    /// The classes it is derived from (C++).
    pub(crate) bases: Vec<String>,
    /// Code outside of the tree can name it (Rust).
    pub(crate) is_public: bool,
    /// Names that stand for types (Rust).
    pub(crate) generics: Vec<String>,
    pub(crate) fields: Vec<Field>,
}

/// A static, or a local that is declared with an atomic type.
#[derive(Clone, Debug)]
pub(crate) struct Static {
    pub(crate) name: String,
    pub(crate) ty: String,
    pub(crate) line: u32,
    /// The function it is declared in.
    pub(crate) function: Option<u32>,
    /// Code outside of the tree can name it (Rust).
    pub(crate) is_public: bool,
}

/// A name for a type.
#[derive(Clone, Debug)]
pub(crate) struct Alias {
    pub(crate) name: String,
    pub(crate) ty: String,
}

/// A type that an implementation of a trait names (`type Item = u64`).
#[derive(Clone, Debug)]
pub(crate) struct Associated {
    /// The type that has it.
    pub(crate) owner: String,
    /// That type as it is written.
    pub(crate) of_type: String,
    /// Names that stand for types.
    pub(crate) generics: Vec<String>,
    pub(crate) name: String,
    pub(crate) ty: String,
}

/// A trait of Rust.
#[derive(Clone, Debug)]
pub(crate) struct Trait {
    pub(crate) name: String,
    /// Code outside of the tree can name it.
    pub(crate) is_public: bool,
}

/// A name that a pattern gives to a field of a record of Rust.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) name: String,
    /// The type of the record.
    pub(crate) owner: String,
    pub(crate) field: String,
}

/// What of a file was not read.
#[derive(Clone, Debug)]
pub(crate) struct Unread {
    /// Where it begins; none where it is the whole file.
    pub(crate) line: Option<u32>,
    pub(crate) why: String,
    /// The names that stand in it.
    pub(crate) words: BTreeSet<String>,
}

/// One file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unit {
    pub(crate) path: String,
    pub(crate) is_rust: bool,
    pub(crate) nodes: Vec<Node>,
    pub(crate) functions: Vec<Function>,
    pub(crate) structures: Vec<Structure>,
    pub(crate) statics: Vec<Static>,
    pub(crate) aliases: Vec<Alias>,
    pub(crate) associated: Vec<Associated>,
    pub(crate) traits: Vec<Trait>,
    /// What `use` brings in by these names: where each path begins (Rust).
    pub(crate) imports: BTreeMap<String, String>,
    /// What `use` brings in by other names than its own (Rust).
    pub(crate) renamed: BTreeMap<String, String>,
    /// What macros are given that could not be parsed (Rust).
    pub(crate) unclear: Vec<String>,
    pub(crate) lines: Vec<String>,
    /// Arms, tests and bindings whose patterns hold values, and arms with a condition: they are taken
    /// by what the value is.
    pub(crate) by_value: BTreeSet<NodeId>,
    /// What is waited for (`.await`).
    pub(crate) awaited: BTreeSet<NodeId>,
    /// What the patterns of bindings, tests and arms take out of records.
    pub(crate) taken: BTreeMap<NodeId, Vec<Taken>>,
    /// What stands beside pieces of code of Rust: the pattern of what binds names, the type of a cast, `..` of a range,
    /// and the types that a call is given (`parse::<u64>`).
    pub(crate) beside: BTreeMap<NodeId, String>,
    /// Statements that are the value of their block in some configurations, besides the last one (Rust).
    pub(crate) tails: BTreeSet<NodeId>,
    pub(crate) unread: Vec<Unread>,
}

impl Unit {
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub(crate) fn kind(&self, id: NodeId) -> &Kind {
        &self.node(id).kind
    }

    /// The child at a place, if there is one.
    pub(crate) fn child(&self, id: NodeId, place: usize) -> Option<NodeId> {
        self.node(id).children.get(place).copied()
    }

    /// Which child of its parent a node is.
    pub(crate) fn place(&self, id: NodeId) -> usize {
        let Some(parent) = self.node(id).parent else {
            return 0;
        };
        let siblings = &self.node(parent).children;
        siblings.iter().position(|s| *s == id).unwrap_or(0)
    }

    /// All nodes below one, itself first.
    pub(crate) fn below(&self, id: NodeId) -> Vec<NodeId> {
        let mut found = vec![id];
        let mut next = 0;
        while let Some(node) = found.get(next).copied() {
            found.extend(&self.node(node).children);
            next += 1;
        }
        found
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        let count = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        (0..count).map(NodeId)
    }

    pub(crate) fn function_of(&self, id: NodeId) -> Option<&Function> {
        let index = self.node(id).function?;
        self.functions.get(index as usize)
    }
}
