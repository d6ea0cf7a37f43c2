//! What the type of a value is known to be.

use alloc::collections::BTreeMap;

/// A type. References are left out: none of the questions hangs on them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ty {
    /// May be any type.
    Unknown,
    /// A name that stands for types, as long as nothing says for which.
    Parameter(String),
    /// A type of the tree, of the standard library or of the language, with what stands in its brackets.
    Named(String, Vec<Self>),
    /// A type of another crate that may hold these, and can hold nothing else of the tree.
    Foreign(String, Vec<Self>),
    Tuple(Vec<Self>),
    /// Anything that is called: what it takes and what it answers.
    Function(Vec<Self>, Box<Self>),
}

/// What names stand for.
pub(crate) type Meanings = BTreeMap<String, Ty>;

impl Ty {
    pub(super) fn named(name: &str, inner: Vec<Self>) -> Self {
        Self::Named(name.to_owned(), inner)
    }

    /// A type without brackets.
    pub(super) fn plain(name: &str) -> Self {
        Self::named(name, Vec::new())
    }

    pub(super) fn list(item: Self) -> Self {
        Self::named("List", vec![item])
    }

    pub(super) fn unit() -> Self {
        Self::Tuple(Vec::new())
    }

    /// A value of another crate that was made of these; nothing is known where one of them is not.
    pub(super) fn made_of(parts: Vec<Self>) -> Self {
        if parts.iter().all(Self::is_known) {
            Self::Foreign("?".to_owned(), parts)
        } else {
            Self::Unknown
        }
    }

    /// Whether nothing in it may be just any type.
    pub(super) fn is_known(&self) -> bool {
        match self {
            Self::Unknown | Self::Parameter(_) => false,
            Self::Named(_, inner) | Self::Foreign(_, inner) | Self::Tuple(inner) => {
                inner.iter().all(Self::is_known)
            }
            Self::Function(takes, answers) => {
                takes.iter().all(Self::is_known) && answers.is_known()
            }
        }
    }

    /// Its name, where it has one.
    pub(super) fn head(&self) -> Option<&str> {
        match self {
            Self::Named(name, _) | Self::Foreign(name, _) => Some(name),
            _ => None,
        }
    }

    /// What stands at a place of its brackets.
    pub(super) fn inner(&self, place: usize) -> Self {
        match self {
            Self::Named(_, inner) | Self::Tuple(inner) => {
                inner.get(place).cloned().unwrap_or(Self::Unknown)
            }
            Self::Foreign(_, inner) => Self::made_of(inner.clone()),
            _ => Self::Unknown,
        }
    }

    /// With names replaced by what they stand for.
    pub(super) fn meant(&self, meanings: &Meanings) -> Self {
        let all = |inner: &[Self]| inner.iter().map(|it| it.meant(meanings)).collect();
        match self {
            Self::Parameter(name) => meanings.get(name).unwrap_or(self).clone(),
            Self::Unknown => Self::Unknown,
            Self::Named(name, inner) => Self::Named(name.clone(), all(inner)),
            Self::Foreign(name, inner) => Self::Foreign(name.clone(), all(inner)),
            Self::Tuple(inner) => Self::Tuple(all(inner)),
            Self::Function(takes, answers) => {
                Self::Function(all(takes), Box::new(answers.meant(meanings)))
            }
        }
    }

    /// Learns what names stand for where this is `other`.
    pub(super) fn learn(&self, other: &Self, meanings: &mut Meanings) {
        match (self, other) {
            (_, Self::Unknown) => {}
            (Self::Parameter(name), other) => {
                meanings
                    .entry(name.clone())
                    .or_insert_with(|| other.clone());
            }
            (Self::Named(one, inner), Self::Named(two, others)) if one == two => {
                inner
                    .iter()
                    .zip(others)
                    .for_each(|(it, other)| it.learn(other, meanings));
            }
            (Self::Tuple(inner), Self::Tuple(others)) if inner.len() == others.len() => {
                inner
                    .iter()
                    .zip(others)
                    .for_each(|(it, other)| it.learn(other, meanings));
            }
            (Self::Function(_, answers), Self::Function(_, other)) => {
                answers.learn(other, meanings);
            }
            _ => {}
        }
    }
}
