//! Pictures and tables from JSON: all that was measured is in them, and nothing else.

#![allow(clippy::unwrap_used)] // A failed test may panic.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use netchan_bench::{Failure, plot};
use roxmltree::{Document, Node};
use tempfile::TempDir;

/// The command line of `plot`.
#[derive(Parser)]
struct Program {
    #[command(flatten)]
    options: plot::Options,
}

fn run_plot(folder: &Path, document: &Path) -> Result<(), Failure> {
    let arguments = ["plot".as_ref(), "--folder".as_ref(), folder.as_os_str()];
    let arguments = arguments.into_iter().chain(["--document".as_ref(), document.as_os_str()]);
    plot::run(Program::try_parse_from(arguments)?.options)
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plot")
}

/// A copy of the fixtures, to be drawn.
struct Copied {
    _guard: TempDir,
    folder: PathBuf,
    document: PathBuf,
}

/// Copies the JSON files of a folder, and a document.
fn copy(folder: &Path, document: &Path) -> Copied {
    let guard = TempDir::new().unwrap();
    let copied = guard.path().join(folder.file_name().unwrap());
    fs::create_dir(&copied).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            fs::copy(&path, copied.join(path.file_name().unwrap())).unwrap();
        }
    }
    let document_copy = guard.path().join("document.md");
    fs::copy(document, &document_copy).unwrap();
    Copied { _guard: guard, folder: copied, document: document_copy }
}

fn drawn() -> Copied {
    let copied = copy(&fixtures(), &fixtures().join("document.md"));
    run_plot(&copied.folder, &copied.document).unwrap();
    copied
}

fn picture(drawn: &Copied, name: &str) -> String {
    fs::read_to_string(drawn.folder.join(name)).unwrap()
}

fn texts(document: &Document<'_>, tag: &str) -> Vec<String> {
    let nodes = document
        .descendants()
        .filter(|node: &Node<'_, '_>| node.has_tag_name(("http://www.w3.org/2000/svg", tag)));
    nodes.filter_map(|node| node.text()).map(|text| text.trim().to_owned()).collect()
}

#[test]
fn a_curve_has_a_line_a_band_and_a_name_for_each_contender_in_both_themes() {
    let drawn = drawn();
    for theme in ["light", "dark"] {
        let text = picture(&drawn, &format!("channels-{theme}.svg"));
        let picture = Document::parse(&text).unwrap();
        assert_eq!(picture.root_element().attribute("role"), Some("img"));
        let titles = texts(&picture, "title");
        assert_eq!(titles[0], "Cost of a value against channels");
        // A point says its median when it is pointed at.
        for point in ["netchan, 1: 150 ns/value", "raw, 1,000: 100 ns/value"] {
            assert!(titles.iter().any(|title| title == point), "{titles:?}");
        }
        let labels = texts(&picture, "text");
        for label in ["netchan", "raw", "channels", "cost of a value (ns/value)", "1,000"] {
            assert!(labels.iter().any(|text| text == label), "{label}: {labels:?}");
        }
        let paths = picture.descendants().filter(|node| node.tag_name().name() == "path");
        assert_eq!(paths.count(), 4);
    }
}

#[test]
fn a_place_where_nothing_was_measured_is_left_out_and_the_table_says_so() {
    let drawn = drawn();
    let text = picture(&drawn, "rise-light.svg");
    let picture = Document::parse(&text).unwrap();
    // The name would be markup if it were not escaped.
    let titles = texts(&picture, "title");
    assert_eq!(titles.iter().filter(|title| title.starts_with("<netchan>")).count(), 1);
    let document = fs::read_to_string(&drawn.document).unwrap();
    assert!(document.contains("| 100 ms | not reached | 150 (145 to 155) | - |"), "{document}");
}

#[test]
fn bars_are_longer_for_whoever_is_faster_also_when_times_are_measured() {
    let drawn = drawn();
    let text = picture(&drawn, "works-light.svg");
    let picture = Document::parse(&text).unwrap();
    let labels = texts(&picture, "text");
    // 1.25 times as long is 0.8 times as fast. Other links have no bars.
    for label in ["w1-ticks", "w4-ping-pong, p50", "netchan", "remoc", "0.70", "0.009", "0.80"] {
        assert!(labels.iter().any(|text| text == label), "{label}: {labels:?}");
    }
    assert_eq!(labels.iter().filter(|text| *text == "w1-ticks").count(), 1);
}

#[test]
fn the_document_has_what_the_files_say_between_its_markers_and_the_rest_as_it_was() {
    let drawn = drawn();
    let document = fs::read_to_string(&drawn.document).unwrap();
    let expected = fs::read_to_string(fixtures().join("expected.md")).unwrap();
    assert!(document == expected, "expected.md should be:\n{document}");
}

#[test]
fn equal_files_give_equal_pictures() {
    let (one, other) = (drawn(), drawn());
    for name in ["channels-light.svg", "rise-dark.svg", "works-dark.svg"] {
        assert_eq!(picture(&one, name), picture(&other, name));
    }
    let document = fs::read_to_string(&one.document).unwrap();
    run_plot(&one.folder, &one.document).unwrap();
    assert_eq!(fs::read_to_string(&one.document).unwrap(), document);
}

#[test]
fn figures_whose_file_is_gone_leave_the_document() {
    let drawn = drawn();
    fs::remove_file(drawn.folder.join("growth.json")).unwrap();
    run_plot(&drawn.folder, &drawn.document).unwrap();
    let document = fs::read_to_string(&drawn.document).unwrap();
    assert!(document.contains("<!-- begin: channels -->\n<!-- end: channels -->"), "{document}");
    assert!(document.contains("w1-ticks"), "{document}");
}

#[test]
fn a_document_without_a_place_for_a_curve_is_an_error_that_names_it() {
    let copied = copy(&fixtures(), &fixtures().join("document.md"));
    fs::write(&copied.document, "# Empty\n").unwrap();
    let error = run_plot(&copied.folder, &copied.document).unwrap_err().to_string();
    assert!(error.contains("begin: growth"), "{error}");
}

#[test]
fn a_file_of_another_kind_is_an_error_that_names_it() {
    let copied = copy(&fixtures(), &fixtures().join("document.md"));
    fs::write(copied.folder.join("strange.json"), r#"{"kind": "strange"}"#).unwrap();
    let error = run_plot(&copied.folder, &copied.document).unwrap_err().to_string();
    assert!(error.contains("strange.json") && error.contains("not known"), "{error}");
}

/// No figure of the document is written by hand, and none is older than its file.
#[test]
fn the_figures_of_docs_performance_are_those_of_the_files_beside_it() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let copied = copy(&docs.join("performance"), &docs.join("performance.md"));
    run_plot(&copied.folder, &copied.document).unwrap();
    let made = fs::read_to_string(&copied.document).unwrap();
    let document = fs::read_to_string(docs.join("performance.md")).unwrap();
    assert!(made == document, "run `netchan-bench plot`");
    // Neither is a picture missing, nor one left of an earlier time.
    let names = |folder: &Path| -> BTreeSet<OsString> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name != ".gitkeep").collect()
    };
    assert_eq!(names(&copied.folder), names(&docs.join("performance")));
    for name in names(&copied.folder) {
        let made = fs::read(copied.folder.join(&name)).unwrap();
        let kept = fs::read(docs.join("performance").join(&name)).unwrap_or_default();
        assert!(made == kept, "{}: run `netchan-bench plot`", name.to_string_lossy());
    }
}
