//! Trees, as all contenders walk them.

pub struct Node {
    pub value: u64,
    pub left: Option<Box<Node>>,
    pub right: Option<Box<Node>>,
}

/// Where the nodes of a tree lie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// In the order of the walk.
    Preorder,
    /// Anywhere.
    Shuffled,
}

/// A tree of the layout that the program's name says.
pub fn tree(program: &str, depth: u32) -> Box<Node> {
    let layout = if program == "shuffled" {
        Layout::Shuffled
    } else {
        Layout::Preorder
    };
    let empty = || Node {
        value: 1,
        left: None,
        right: None,
    };
    let mut places: Vec<Box<Node>> = (1..1_u32 << depth).map(|_| Box::new(empty())).collect();
    places.sort_by_key(|place| std::ptr::from_ref::<Node>(place).addr());
    if layout == Layout::Shuffled {
        let mut random = Random::new();
        for at in (1..places.len()).rev() {
            places.swap(at, random.below(at + 1));
        }
    }
    // The first place last: they are taken from the end.
    places.reverse();
    build(depth, &mut places)
}

fn build(depth: u32, places: &mut Vec<Box<Node>>) -> Box<Node> {
    let mut node = places.pop().expect("a place for each node");
    if depth > 1 {
        node.left = Some(build(depth - 1, places));
        node.right = Some(build(depth - 1, places));
    }
    node
}

#[inline(never)]
pub fn serial(node: &Node) -> u64 {
    let left = node.left.as_deref().map_or(0, serial);
    node.value + left + node.right.as_deref().map_or(0, serial)
}

/// Numbers that look random and are the same each time (splitmix64).
pub struct Random(u64);

impl Random {
    pub fn new() -> Self {
        Self(42)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// What a tree of this depth sums to.
pub fn total(depth: u32) -> u64 {
    (1 << depth) - 1
}
