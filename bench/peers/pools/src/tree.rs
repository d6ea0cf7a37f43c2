//! The sum of a tree whose nodes lie in preorder; all contenders visit the left half first.

use crate::Plan;
use bedplate_pool::Context;

struct Node {
    value: u64,
    left: Option<Box<Node>>,
    right: Option<Box<Node>>,
}

fn make(depth: u32) -> Option<Box<Node>> {
    let mut node = Box::new(Node {
        value: 1,
        left: None,
        right: None,
    });
    if depth > 1 {
        node.left = make(depth - 1);
        node.right = make(depth - 1);
    }
    Some(node)
}

#[inline(never)]
fn serial(node: &Node) -> u64 {
    let left = node.left.as_deref().map_or(0, serial);
    node.value + left + node.right.as_deref().map_or(0, serial)
}

#[inline(never)]
fn bedplate(cx: Context<'_>, node: &Node) -> u64 {
    let (left, right) = cx.join(
        |cx| node.left.as_deref().map_or(0, |n| bedplate(cx, n)),
        |cx| node.right.as_deref().map_or(0, |n| bedplate(cx, n)),
    );
    node.value + left + right
}

#[inline(never)]
fn free(node: &Node) -> u64 {
    let (left, right) = bedplate_pool::join(
        || node.left.as_deref().map_or(0, free),
        || node.right.as_deref().map_or(0, free),
    );
    node.value + left + right
}

#[inline(never)]
fn chili(scope: &mut chili::Scope<'_>, node: &Node) -> u64 {
    // chili runs the second closure first: swapped, so that it too visits the left half first.
    let (right, left) = scope.join(
        |s| node.right.as_deref().map_or(0, |n| chili(s, n)),
        |s| node.left.as_deref().map_or(0, |n| chili(s, n)),
    );
    node.value + left + right
}

#[inline(never)]
fn rayon(node: &Node) -> u64 {
    let (left, right) = rayon::join(
        || node.left.as_deref().map_or(0, rayon),
        || node.right.as_deref().map_or(0, rayon),
    );
    node.value + left + right
}

pub fn run(plan: &Plan) {
    let root = make(plan.size).expect("a tree");
    let nodes = (1 << plan.size) - 1;
    match plan.pool.as_str() {
        "serial" => plan.time(nodes, || serial(&root)),
        "bedplate" => plan
            .bedplate()
            .enter(|cx| plan.time(nodes, || bedplate(cx, &root))),
        "outside" => {
            let pool = plan.bedplate();
            plan.time(nodes, || pool.enter(|cx| bedplate(cx, &root)));
        }
        "free" => plan.bedplate().install(|| plan.time(nodes, || free(&root))),
        "chili" => {
            let pool = plan.chili();
            let mut scope = pool.scope();
            plan.time(nodes, || chili(&mut scope, &root));
        }
        "rayon" => plan.rayon().install(|| plan.time(nodes, || rayon(&root))),
        other => panic!("no pool {other}"),
    }
}
