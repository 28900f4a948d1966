//! What fuzzing has found, played again, as in `tests/corpus/`.

use crate::operations;

#[path = "../corpus/replay.rs"]
mod replay;

#[test]
fn operations_survive() {
    replay::replay("operations", operations::run);
}
