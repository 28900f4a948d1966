//! The table of types. A row is a type with some of its values; the columns are computed.
//!
//! What is known of each type is committed: its identity in `identities.txt`, which holds in debug and
//! release builds, and what users may want to look up in `docs/types-table.md`. Both are written anew
//! by a run with `NETCHAN_WRITE_TABLE=1`.

mod asymmetric;
mod columns;
mod foreign;
mod json;
mod own;
mod plain;
mod refused;

use std::fmt::Write as _;
use std::path::PathBuf;

use columns::Row;
use netchan::channel::{Bincode, MessagePack, Postcard};

/// Types that a codec cannot carry although they are traced, and why.
const UNFIT: &[(&str, &str)] = &[
    ("messagepack", "Option<()>"),
    ("messagepack", "Option<Option<u8>>"),
    ("messagepack", "Result<Option<Option<char>>, Box<i8>>"),
];

/// All types that can be sent.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = plain::rows();
    rows.extend(foreign::rows());
    rows.extend(own::rows());
    rows
}

#[test]
fn there_are_as_many_types_as_were_asked_for_and_none_twice() {
    let mut names: Vec<_> = rows().iter().map(|row| row.name.clone()).collect();
    names.extend(refused::rows().into_iter().map(|row| row.name));
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    let traced = rows().len();
    println!("{all} types, {traced} traced, {} refused", all - traced);
    assert!(traced >= 100, "{traced}");
}

#[test]
fn each_type_is_traced() {
    let untraced = rows().into_iter().filter_map(|row| Some((row.name, row.schema.err()?)));
    let untraced: Vec<_> = untraced.map(|(name, error)| format!("{name}: {error}")).collect();
    assert!(untraced.is_empty(), "{untraced:#?}");
}

#[test]
fn each_type_that_cannot_be_sent_is_refused_for_its_reason() {
    let rows = refused::rows();
    let wrong: Vec<_> = rows.iter().filter(|row| row.found != row.expected).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn values_survive_each_codec_with_and_without_a_guard() {
    let mut wrong = Vec::new();
    let mut values = 0;
    for row in rows() {
        assert!(row.value_count() > 0, "{} has no values", row.name);
        values += row.value_count();
        for (codec, outcome) in
            [row.carried::<Bincode>(), row.carried::<Postcard>(), row.carried::<MessagePack>()]
        {
            let is_unfit = UNFIT.contains(&(codec, row.name.as_str()));
            let is_refused = matches!(&outcome, Err(error) if error.contains("cannot be sent"));
            if is_refused != is_unfit || (outcome.is_err() && !is_refused) {
                wrong.push(format!("{} with {codec}: {outcome:?}", row.name));
            }
        }
    }
    println!("{values} values");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn json_by_the_schema_is_that_of_serde_json() {
    let differing = rows().into_iter().filter_map(|row| Some((row.json().err()?, row.name)));
    let differing: Vec<_> = differing.map(|(error, name)| format!("{name}: {error}")).collect();
    let expected: Vec<_> =
        json::EXCEPTIONS.iter().map(|(name, error)| format!("{name}: {error}")).collect();
    assert_eq!(differing, expected);
}

#[test]
fn identities_are_the_same_in_every_build() {
    let mut text =
        "# Written by a run of the test `identity` with NETCHAN_WRITE_TABLE=1. A line that\n\
                    # changes breaks every deployed program that sends such a type.\n"
            .to_owned();
    for row in rows() {
        let identity = row.schema.as_ref().map(|schema| schema.identity().to_string());
        let _ = writeln!(text, "{} {}", identity.unwrap_or_default(), row.name);
    }
    compare("tests/identity/identities.txt", &text);
}

#[test]
fn the_document_has_the_table() {
    compare("docs/types-table.md", &document());
}

fn document() -> String {
    let mut text = "# Types\n\n\
        What a test holds the crate to: each of these types has the same identity in every build, and its\n\
        values survive each codec. A type that is made of such types can be sent as well.\n\n\
        | type | guarded | bincode2, postcard | messagepack |\n|---|---|---|---|\n"
        .to_owned();
    for row in rows() {
        let guard = if row.needs_guard() { "yes" } else { "" };
        let is_unfit = UNFIT.contains(&("messagepack", row.name.as_str()));
        let messagepack = if is_unfit { "refused" } else { "yes" };
        let _ = writeln!(text, "| `{}` | {guard} | yes | {messagepack} |", row.name);
    }
    text.push_str(
        "\nThese are refused when the channel is created, with an error that says why:\n\n\
         | type | error |\n|---|---|\n",
    );
    for row in refused::rows() {
        let _ = writeln!(text, "| `{}` | `` {}{} `` |", row.name, row.name, row.found);
    }
    text
}

/// Compares a text with a committed file, or writes the file if that is asked for.
fn compare(path: &str, text: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("NETCHAN_WRITE_TABLE").is_some() {
        std::fs::write(&file, text).expect("the file can be written");
    }
    let committed = std::fs::read_to_string(&file).expect("the file is there");
    let differing = committed.lines().zip(text.lines()).find(|(before, now)| before != now);
    assert_eq!(differing, None, "{path}");
    assert_eq!(committed.lines().count(), text.lines().count(), "{path}");
}
