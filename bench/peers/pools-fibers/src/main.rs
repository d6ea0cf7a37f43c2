//! Runs one program on our pool with fibers and prints one figure a line, as the programs beside it do.

#[path = "../../pools/src/handoffs.rs"]
mod handoffs;
#[path = "../../pools/src/plan.rs"]
#[allow(dead_code, reason = "the other package uses more of it")]
mod plan;

/// Room for a few calls.
const STACK_BYTES: usize = 64 << 10;

fn main() {
    handoffs::run(&plan::Plan::read(), |builder| builder.fibers(STACK_BYTES));
}
