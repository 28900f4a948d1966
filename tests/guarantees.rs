//! `docs/delivery-guarantees.md` names tests that exist.

use std::collections::BTreeSet;
use std::path::Path;

/// The names of all test functions below a folder.
fn tests_below(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder of tests") {
        let path = entry.expect("an entry of a folder").path();
        if path.is_dir() {
            tests_below(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a file of tests");
            let functions = text.lines().filter_map(|line| line.trim_start().split_once("fn "));
            let with_name = functions.filter_map(|(_, rest)| rest.split(['(', '<']).next());
            names.extend(with_name.map(str::to_owned));
        }
    }
}

#[test]
fn every_test_that_a_guarantee_names_exists() {
    let mut known = BTreeSet::new();
    tests_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"), &mut known);
    let text = include_str!("../docs/delivery-guarantees.md");
    // What stands in backquotes and reads like a sentence is a test.
    let named: Vec<&str> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.matches('_').count() >= 3)
        .filter(|word| {
            word.chars().all(|letter| letter.is_ascii_lowercase() || "_0123456789".contains(letter))
        })
        .collect();
    assert!(named.len() > 40, "{} tests are named", named.len());
    for name in named {
        assert!(known.contains(name), "there is no test {name}");
    }
}
