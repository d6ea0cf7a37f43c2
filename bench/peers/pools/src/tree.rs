//! The sum of a tree whose nodes lie in preorder or are shuffled; all contenders visit the left half
//! first.

use crate::nodes::{Node, serial, total, tree};
use crate::plan::Plan;
use bedplate_pool::Context;

#[inline(never)]
pub fn bedplate(cx: Context<'_>, node: &Node) -> u64 {
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
    let root = tree(&plan.program, plan.size);
    let nodes = total(plan.size);
    match plan.pool.as_str() {
        "serial" => {
            plan.bind();
            plan.time(nodes, || serial(&root));
        }
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
