//! `docs/operations.md` names every limit of `src/limits.rs`, and no other.

use std::collections::BTreeSet;

#[test]
fn every_limit_is_in_the_document_and_no_other() {
    let constants: BTreeSet<&str> = include_str!("../src/limits.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split(':').next())
        .collect();
    let rows: Vec<&str> = include_str!("../docs/operations.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .map(|(name, _)| name)
        .filter(|name| name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_'))
        .collect();
    assert_eq!(rows.iter().copied().collect::<BTreeSet<_>>(), constants);
    assert_eq!(rows.len(), constants.len(), "each has one row");
}
