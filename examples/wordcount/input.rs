//! The text: from files and the standard input, line by line, with a progress bar.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

/// Where the text comes from. That the files exist was looked at.
#[derive(Debug)]
pub(crate) struct Input {
    files: Vec<PathBuf>,
    /// `None` if nobody can know it.
    bytes: Option<u64>,
}

impl Input {
    /// Looks at `files`, or at this repository's documents if there are none.
    pub(crate) fn new(mut files: Vec<PathBuf>) -> Result<Input, String> {
        if files.is_empty() {
            files = documents()?;
        }
        let mut bytes = Some(0);
        for file in &files {
            let length = if is_standard_input(file) {
                None
            } else {
                let metadata = fs::metadata(file).map_err(|error| cannot_read(file, error))?;
                if metadata.is_dir() {
                    return Err(cannot_read(file, io::ErrorKind::IsADirectory.into()));
                }
                metadata.is_file().then_some(metadata.len())
            };
            bytes = bytes.zip(length).map(|(sum, length): (u64, u64)| sum + length);
        }
        Ok(Input { files, bytes })
    }

    pub(crate) fn files(&self) -> usize {
        self.files.len()
    }

    /// Gives each line to `take`, until that says no.
    pub(crate) fn for_each_line(&self, mut take: impl FnMut(String) -> bool) -> Result<(), String> {
        let bar = self.progress_bar();
        for file in &self.files {
            let error = |error| cannot_read(file, error);
            let mut reader = open(file).map_err(error)?;
            let mut line = Vec::new();
            loop {
                line.clear();
                let length = reader.read_until(b'\n', &mut line).map_err(error)?;
                if length == 0 {
                    break;
                }
                bar.inc(length as u64);
                let text = String::from_utf8_lossy(&line);
                if !take(text.trim_end_matches(['\n', '\r']).to_owned()) {
                    return Ok(());
                }
            }
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// On standard error, and only if that is a terminal.
    fn progress_bar(&self) -> ProgressBar {
        let (bar, template) = match self.bytes {
            Some(bytes) => (ProgressBar::new(bytes), "{wide_bar} {bytes}/{total_bytes}"),
            None => (ProgressBar::new_spinner(), "{spinner} {bytes}, {bytes_per_sec}"),
        };
        match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }
}

fn open(file: &Path) -> io::Result<Box<dyn BufRead>> {
    if is_standard_input(file) {
        return Ok(Box::new(io::stdin().lock()));
    }
    Ok(Box::new(BufReader::with_capacity(64 * 1024, File::open(file)?)))
}

/// The documents of this repository: `*.md` at its root and below `docs`.
fn documents() -> Result<Vec<PathBuf>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    let mut folders = vec![(root.to_owned(), false), (root.join("docs"), true)];
    while let Some((folder, goes_deeper)) = folders.pop() {
        let error = |error| cannot_read(&folder, error);
        for entry in fs::read_dir(&folder).map_err(error)? {
            let path = entry.map_err(error)?.path();
            if path.is_dir() {
                if goes_deeper {
                    folders.push((path, true));
                }
            } else if path.extension().is_some_and(|extension| extension == "md") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn is_standard_input(file: &Path) -> bool {
    file == Path::new("-")
}

fn cannot_read(path: &Path, error: io::Error) -> String {
    format!("cannot read {}: {error}", path.display())
}
