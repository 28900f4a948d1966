//! The command `plot`: pictures and tables from what the other commands have measured.
//!
//! Every figure of the document comes out of the JSON files beside its pictures. Equal files give equal
//! pictures and equal text.

mod bars;
mod canvas;
mod curve_table;
mod document;
mod free_table;
mod idle_table;
mod lines;
mod number;
mod scale;
mod theme;
mod works;

use std::fs;
use std::path::{Path, PathBuf};

use self::theme::{DARK, LIGHT, Theme};
use crate::Failure;
use crate::growth::curve::{Curve, Curves, Machine};

/// What the command line asks for.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Where the JSON files are, and where the pictures go
    #[arg(long, value_name = "FOLDER", default_value = "docs/performance")]
    folder: PathBuf,

    /// The document whose tables are replaced
    #[arg(long, value_name = "FILE", default_value = "docs/performance.md")]
    document: PathBuf,
}

/// Runs the command.
///
/// # Errors
///
/// When a file cannot be read or written, or is not what the other commands write.
pub fn run(options: Options) -> Result<(), Failure> {
    let sections = draw_all(&options.folder)?;
    let mut document = read(&options.document)?;
    let folder = folder_name(&options.folder)?;
    // What no file says must not be said.
    for name in document::names(&document) {
        document = document::replace(&document, &name, "")?;
    }
    for section in sections {
        let content = section.content(&folder);
        document = document::replace(&document, &section.name, &content)
            .map_err(|error| format!("{}: {error}", options.document.display()))?;
    }
    write(&options.document, &document)
}

/// What goes between one pair of markers.
struct Section {
    /// Of the markers, and of the pictures.
    name: String,
    /// The title of the picture, if there is one.
    picture: Option<String>,
    text: String,
}

impl Section {
    fn content(&self, folder: &str) -> String {
        match &self.picture {
            Some(title) => {
                format!("{}\n{}", document::picture(folder, &self.name, title), self.text)
            }
            None => self.text.clone(),
        }
    }
}

/// Draws what all JSON files of the folder have, and says what belongs into the document.
fn draw_all(folder: &Path) -> Result<Vec<Section>, Failure> {
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    let mut sections = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let told = sections_of(folder, &name, &read(&file)?);
        sections.extend(told.map_err(|error| format!("{}: {error}", file.display()))?);
    }
    Ok(sections)
}

/// What tells the kinds of files apart.
#[derive(serde::Deserialize)]
struct Kind {
    /// Works have none.
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    works: Option<serde::de::IgnoredAny>,
}

fn sections_of(folder: &Path, name: &str, json: &str) -> Result<Vec<Section>, Failure> {
    let kind: Kind = serde_json::from_str(json)?;
    if kind.works.is_some() {
        let works: works::Works = serde_json::from_str(json)?;
        let bars = works.bars();
        draw(folder, name, |theme| bars::draw(&bars, theme))?;
        let picture = Some(bars.title.clone());
        return Ok(vec![Section { name: name.to_owned(), picture, text: works.text() }]);
    }
    let text = match kind.kind.as_deref() {
        Some("growth") => {
            let curves: Curves = serde_json::from_str(json)?;
            let mut sections = vec![about(name, &curves.machine, curves.rounds, curves.run_ms)];
            for curve in &curves.curves {
                sections.push(curve_section(folder, curve)?);
            }
            return Ok(sections);
        }
        Some("idle") => idle_table::of_idle(&serde_json::from_str(json)?),
        Some("table") => serde_json::from_str::<free_table::FreeTable>(json)?.table(),
        kind => return Err(format!("it is of the kind {kind:?}, which is not known").into()),
    };
    Ok(vec![Section { name: name.to_owned(), picture: None, text }])
}

fn curve_section(folder: &Path, curve: &Curve) -> Result<Section, Failure> {
    draw(folder, &curve.name, |theme| lines::draw(curve, theme))?;
    let text = format!("{}\n\n{}", curve.description, curve_table::of_curve(curve));
    Ok(Section { name: curve.name.clone(), picture: Some(curve.title.clone()), text })
}

/// On which machine, and how much.
fn about(name: &str, machine: &Machine, rounds: usize, run_ms: u64) -> Section {
    let text = format!(
        "{}, {} cores, {:.0} GiB of memory, {}, {} build; {rounds} rounds of {run_ms} ms.",
        machine.processor,
        machine.cores,
        machine.memory_mib as f64 / 1024.0,
        machine.system,
        machine.profile
    );
    Section { name: name.to_owned(), picture: None, text }
}

/// Writes the picture in both themes.
fn draw(folder: &Path, name: &str, picture: impl Fn(&Theme) -> String) -> Result<(), Failure> {
    if !name.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '-') {
        return Err(format!("{name:?} is no name for a picture").into());
    }
    for theme in [&LIGHT, &DARK] {
        write(&folder.join(format!("{name}-{}.svg", theme.name)), &picture(theme))?;
    }
    Ok(())
}

/// As the document names it, which is beside it.
fn folder_name(folder: &Path) -> Result<String, Failure> {
    let name = folder.file_name().ok_or("the folder has no name")?;
    Ok(name.to_string_lossy().into_owned())
}

fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()).into())
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()).into())
}
