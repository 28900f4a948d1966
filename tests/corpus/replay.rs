//! The files of a target, one after the other.

use std::path::{Path, PathBuf};

/// Puts every file of the target's corpus and regressions through it. `--nocapture` shows which.
pub(crate) fn replay(target: &str, run: impl Fn(&[u8])) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let corpus = files(&fuzz.join("corpus").join(target));
    assert!(!corpus.is_empty(), "the target has a corpus");
    for file in corpus.into_iter().chain(files(&fuzz.join("regressions").join(target))) {
        println!("{}", file.display());
        run(&std::fs::read(&file).expect("a file of the corpus can be read"));
    }
}

/// The files of a folder in their order; none if there is no such folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.expect("a folder of the corpus can be read").path()).collect();
    files.sort();
    files
}
