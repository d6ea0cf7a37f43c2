//! Trees as sources: nodes are found on the way.
//!
//! # Role
//! A part is a list of what comes next: subtrees to be opened and nodes whose turn has come. It is iterated as it is,
//! and cut in two between subtrees.
//!
//! # Invariants
//! - I1: what is on the list comes in its order from the back on, so a list cut anywhere is two lists in order.

use super::ParallelIterator;
use super::divide::parts;
use super::plumbing::{Consumer, Folder, nothing};
use crate::Context;
use core::fmt;
use core::marker::PhantomData;
use core::mem;

/// A parallel iterator over the nodes of a tree, each one before those below it, in no other order.
///
/// `children` returns what is below a node. Nodes are found on the way: a loop over a tree that is made by `children`
/// holds those that are still to be opened.
///
/// # Examples
///
/// ```
/// use bedplate_pool::iter::walk_tree;
/// use bedplate_pool::prelude::*;
///
/// // The children of n are 2n and 2n + 1.
/// let nodes = walk_tree(1_u32, |n| [2 * n, 2 * n + 1].into_iter().filter(|n| *n <= 1000));
/// assert_eq!(nodes.sum::<u32>(), 500_500);
/// ```
pub fn walk_tree<N, F, I>(root: N, children: F) -> WalkTree<N, F>
where
    N: Send,
    F: Fn(&N) -> I + Send + Sync,
    I: IntoIterator<Item = N>,
{
    Walk::new(root, children)
}

/// A parallel iterator over the nodes of a tree, each one before those below it; these in order.
///
/// # Examples
///
/// ```
/// use bedplate_pool::iter::walk_tree_prefix;
/// use bedplate_pool::prelude::*;
///
/// let below = |n: &u32| [2 * n, 2 * n + 1].into_iter().filter(|n| *n <= 7);
/// let nodes: Vec<u32> = walk_tree_prefix(1, below).collect();
/// assert_eq!(nodes, [1, 2, 4, 5, 3, 6, 7]);
/// ```
pub fn walk_tree_prefix<N, F, I>(root: N, children: F) -> WalkTreePrefix<N, F>
where
    N: Send,
    F: Fn(&N) -> I + Send + Sync,
    I: IntoIterator<Item = N>,
{
    Walk::new(root, children)
}

/// A parallel iterator over the nodes of a tree, each one behind those below it; these in order.
///
/// # Examples
///
/// ```
/// use bedplate_pool::iter::walk_tree_postfix;
/// use bedplate_pool::prelude::*;
///
/// let below = |n: &u32| [2 * n, 2 * n + 1].into_iter().filter(|n| *n <= 7);
/// let nodes: Vec<u32> = walk_tree_postfix(1, below).collect();
/// assert_eq!(nodes, [4, 5, 2, 6, 7, 3, 1]);
/// ```
pub fn walk_tree_postfix<N, F, I>(root: N, children: F) -> WalkTreePostfix<N, F>
where
    N: Send,
    F: Fn(&N) -> I + Send + Sync,
    I: IntoIterator<Item = N>,
{
    Walk::new(root, children)
}

/// The iterator of [`walk_tree`].
pub type WalkTree<N, F> = Walk<N, F, Before>;
/// The iterator of [`walk_tree_prefix`].
pub type WalkTreePrefix<N, F> = Walk<N, F, Before>;
/// The iterator of [`walk_tree_postfix`].
pub type WalkTreePostfix<N, F> = Walk<N, F, Behind>;

/// When it is a node's turn.
pub trait Turn: Send + Sync {
    /// True if before those below it.
    const IS_BEFORE: bool;
}

/// A node comes before those below it.
#[derive(Clone, Debug)]
pub struct Before;

impl Turn for Before {
    const IS_BEFORE: bool = true;
}

/// A node comes behind those below it.
#[derive(Clone, Debug)]
pub struct Behind;

impl Turn for Behind {
    const IS_BEFORE: bool = false;
}

/// The parallel iterator over the nodes of a tree.
#[derive(Clone)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Walk<N, F, X> {
    root: N,
    children: F,
    turn: PhantomData<X>,
}

impl<N, F, X> Walk<N, F, X> {
    fn new(root: N, children: F) -> Self {
        Self {
            root,
            children,
            turn: PhantomData,
        }
    }
}

impl<N: fmt::Debug, F, X> fmt::Debug for Walk<N, F, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

impl<N, F, I, X> ParallelIterator for Walk<N, F, X>
where
    N: Send,
    F: Fn(&N) -> I + Send + Sync,
    I: IntoIterator<Item = N>,
    X: Turn,
{
    type Item = N;

    fn drive_in<C: Consumer<N>>(self, cx: Context<'_>, consumer: C, part: C::Part) -> C::Output {
        let children = &self.children;
        let open = |node: &N, list: &mut Vec<Next<N>>| {
            let from = list.len();
            list.extend(children(node).into_iter().map(Next::Tree));
            let opened = list.len() - from;
            if let Some(new) = list.get_mut(from..) {
                new.reverse();
            }
            opened
        };
        let list = List {
            next: vec![Next::Tree(self.root)],
            trees: 1,
        };
        walk::<N, _, C, X>(cx, parts(cx), list, &open, consumer, part)
    }
}

/// What comes next.
enum Next<N> {
    /// A node, and all that is below it.
    Tree(N),
    /// A node alone.
    Node(N),
}

/// What is still to come, the next at the back (I1).
struct List<N> {
    next: Vec<Next<N>>,
    /// How many of these are trees.
    trees: usize,
}

impl<N> List<N> {
    /// The next node; `open` puts what is below a node on the list and says how many that are.
    fn pop<X: Turn>(&mut self, open: &impl Fn(&N, &mut Vec<Next<N>>) -> usize) -> Option<N> {
        loop {
            let node = match self.next.pop()? {
                Next::Node(node) => return Some(node),
                Next::Tree(node) => node,
            };
            self.trees -= 1;
            if X::IS_BEFORE {
                self.trees += open(&node, &mut self.next);
                return Some(node);
            }
            let mut below = Vec::new();
            self.trees += open(&node, &mut below);
            self.next.push(Next::Node(node));
            self.next.append(&mut below);
        }
    }

    /// The half of the trees that comes first, and the rest.
    fn halve(mut self) -> (Self, Self) {
        let first_trees = self.trees / 2;
        let mut left = first_trees;
        let is_last = |next: &Next<N>| {
            left -= usize::from(matches!(next, Next::Tree(_)));
            left == 0
        };
        let at = self.next.iter().rposition(is_last).unwrap_or(0);
        let first = self.next.split_off(at);
        (
            Self {
                next: first,
                trees: first_trees,
            },
            Self {
                next: self.next,
                trees: self.trees - first_trees,
            },
        )
    }
}

/// Feeds what is on `list` to `consumer`, and cuts it where it has two trees until `wanted` parts are made; further
/// where others have taken what was offered.
fn walk<N, O, C, X>(
    cx: Context<'_>,
    wanted: usize,
    mut list: List<N>,
    open: &O,
    consumer: C,
    part: C::Part,
) -> C::Output
where
    N: Send,
    O: Fn(&N, &mut Vec<Next<N>>) -> usize + Sync,
    C: Consumer<N>,
    X: Turn,
{
    if consumer.is_full(&part) {
        return nothing(cx, consumer, part);
    }
    let mut is_first = true;
    let mine = core::iter::from_fn(|| {
        // One node before the first look: every cut is paid for by a node, whatever is wanted.
        let is_paid = !mem::take(&mut is_first);
        if is_paid && list.trees >= 2 && (wanted >= 2 || cx.offers_wanted()) {
            return None;
        }
        list.pop::<X>(open)
    });
    let folder = consumer.folder(part).feed(cx, mine);
    let is_over = list.next.is_empty() || folder.is_full();
    let (output, part) = folder.stop(cx);
    if is_over {
        return output;
    }
    let (first, second) = list.halve();
    let (first_part, second_part) = consumer.split(part, 0);
    let here = cx.index();
    let (left, right) = cx.join(
        move |cx| walk::<N, O, C, X>(cx, wanted / 2, first, open, consumer, first_part),
        move |cx| {
            let is_taken = cx.index() != here;
            let wanted = if is_taken { parts(cx) } else { wanted / 2 };
            walk::<N, O, C, X>(cx, wanted, second, open, consumer, second_part)
        },
    );
    consumer.combine(consumer.combine(output, left), right)
}
