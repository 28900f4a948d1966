//! `wordcount`: by one command, and its halves by hand.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::process::{Example, errors, text};

const TEXT: &str = "The quick brown fox\njumps over the lazy dog.\r\nThe dog sleeps\nTHE END";

/// What is printed of [`TEXT`], without the time that it took.
const COUNTS: [&str; 10] = [
    "       4  the",
    "       2  dog",
    "       1  brown",
    "       1  end",
    "       1  fox",
    "       1  jumps",
    "       1  lazy",
    "       1  over",
    "       1  quick",
    "       1  sleeps",
];
const TOTAL: &str = "14 words, 10 different: equal to the count made here";

fn file_with(text: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn argument(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn assert_counted(output: &std::process::Output) {
    assert!(output.status.success(), "{output:?}");
    assert_eq!(errors(output), "");
    let lines: Vec<&str> = text(output).lines().collect();
    let [counts @ .., speed, total] = &lines[..] else { panic!("{output:?}") };
    assert!(counts.ends_with(&COUNTS), "{output:?}");
    assert!(speed.starts_with("4 lines in ") && speed.ends_with(" lines per second"), "{speed}");
    assert_eq!(*total, TOTAL);
}

#[tokio::test]
async fn one_command_counts_the_documents_of_the_repository() {
    let output = Example::start("wordcount", &[]).end().await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(errors(&output), "");
    assert!(text(&output).ends_with(" different: equal to the count made here\n"), "{output:?}");
    let counted = text(&output).lines().find(|line| line.starts_with("counter: counted"));
    assert!(counted.is_some(), "{output:?}");
}

#[tokio::test]
async fn one_command_counts_a_file() {
    let (_folder, file) = file_with(TEXT.as_bytes());
    assert_counted(&Example::start("wordcount", &[argument(&file)]).end().await);
}

#[tokio::test]
async fn text_without_words_and_text_that_is_not_utf8_are_counted() {
    let (_folder, empty) = file_with(b"");
    let output = Example::start("wordcount", &[argument(&empty)]).end().await;
    assert!(output.status.success(), "{output:?}");
    assert!(text(&output).ends_with("0 words, 0 different: equal to the count made here\n"));

    let (_folder, latin) = file_with(b"caf\xe9 caf\xe9\n");
    let output = Example::start("wordcount", &[argument(&latin)]).end().await;
    assert!(output.status.success(), "{output:?}");
    assert!(text(&output).contains("       2  caf\n"), "{output:?}");
}

#[tokio::test]
async fn the_halves_run_by_hand() {
    let (folder, file) = file_with(TEXT.as_bytes());
    let socket = format!("unix:{}", folder.path().join("socket").display());
    for place in ["127.0.0.1:0", &socket] {
        let mut counter = Example::start("wordcount", &["--listen", place]);
        let address = counter.line_after("listening on ").await;
        let feeder = Example::start("wordcount", &["--connect", &address, argument(&file)]);
        assert_counted(&{ feeder }.end().await);
        let output = counter.end().await;
        assert!(output.status.success(), "{output:?}");
        assert_eq!(text(&output), "counted the words of 4 lines\n");
    }
}

#[tokio::test]
async fn a_stranger_does_not_keep_the_counter_from_its_importer() {
    let (_folder, file) = file_with(TEXT.as_bytes());
    let mut counter = Example::start("wordcount", &["--listen", "127.0.0.1:0"]);
    let address = counter.line_after("listening on ").await;
    let mut stranger = std::net::TcpStream::connect(&address["tcp:".len()..]).unwrap();
    std::io::Write::write_all(&mut stranger, b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert_counted(
        &Example::start("wordcount", &["--connect", &address, argument(&file)]).end().await,
    );
    let output = counter.end().await;
    assert!(output.status.success(), "{output:?}");
    assert!(errors(&output).contains("the peer does not speak this protocol"), "{output:?}");
}

#[tokio::test]
async fn wrong_arguments_are_explained() {
    let (folder, file) = file_with(b"");
    let missing = folder.path().join("missing");
    let cases: [(&[&str], i32, &str); 5] = [
        (&[argument(&missing)], 1, "error: cannot read "),
        (&[argument(folder.path())], 1, "error: cannot read "),
        (&["--connect", "nowhere"], 2, "\"nowhere\" is not an address: write host:port"),
        (&["--listen", "127.0.0.1:0", argument(&file)], 2, "cannot be used with"),
        (&["--listen", "127.0.0.1:0", "--connect", "127.0.0.1:1"], 2, "cannot be used with"),
    ];
    for (arguments, code, message) in cases {
        let output = Example::start("wordcount", arguments).end().await;
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        assert!(errors(&output).contains(message), "{arguments:?}: {output:?}");
        assert_eq!(text(&output), "", "{arguments:?}");
    }
    let help = Example::start("wordcount", &["--help"]).end().await;
    assert!(help.status.success() && text(&help).contains("--listen <ADDRESS>"), "{help:?}");
}

/// More than all buffers between a writer and the counter hold. Who has written so much knows that
/// lines have been counted.
const MANY_LINES: usize = 40_000;

/// Two halves by hand that are at work on an endless text.
async fn busy_halves() -> (Example, Example) {
    let mut counter = Example::start("wordcount", &["--listen", "127.0.0.1:0"]);
    let address = counter.line_after("listening on ").await;
    let mut feeder = Example::start("wordcount", &["--connect", &address, "-"]);
    feeder.line_after("connected to ").await;
    feeder.write(&"many words in a line, and many lines\n".repeat(MANY_LINES)).await.unwrap();
    (counter, feeder)
}

#[tokio::test]
async fn a_feeder_whose_counter_is_killed_ends_with_an_error() {
    let (mut counter, mut feeder) = busy_halves().await;
    counter.kill();
    // Its standard input is still open.
    let output = feeder.end().await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let message = "error: the channel \"lines\" was ended by the link: the connection was lost: ";
    assert!(errors(&output).starts_with(message), "{output:?}");
}

#[tokio::test]
async fn a_counter_whose_feeder_is_killed_ends_with_an_error() {
    let (mut counter, mut feeder) = busy_halves().await;
    feeder.kill();
    let output = counter.end().await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(errors(&output).starts_with("error: the text broke off after "), "{output:?}");
}

#[tokio::test]
async fn a_counter_that_was_started_for_a_feeder_ends_with_it() {
    let mut feeder = Example::start("wordcount", &["-"]);
    feeder.line_after("connected to ").await;
    feeder.kill();
    // The counter holds the same standard error, so this ends when both have ended.
    let output = feeder.end().await;
    assert!(!output.status.success());
    assert!(errors(&output).contains("error: "), "{output:?}");
}
