//! The document's tables of frame kinds, codes and limits, against the crate's constants.

use netchan::limits::*;
use netchan::wire::{Code, Kind};

use crate::document;

fn hex(number: u64, digits: usize) -> String {
    format!("{number:#0width$x}", width = digits + 2)
}

#[test]
fn the_table_of_kinds_is_complete() {
    let shown = document::table("kinds");
    let shown: Vec<[&str; 4]> =
        shown.iter().map(|row| [0, 1, 2, 3].map(|at| &row[at][..])).collect();
    let yes_or_no = |is_so| if is_so { "yes" } else { "no" };
    let numbers: Vec<String> = Kind::ALL.iter().map(|kind| hex(*kind as u64, 2)).collect();
    let names: Vec<String> = Kind::ALL.iter().map(|kind| format!("{kind:?}")).collect();
    let rows = Kind::ALL.iter().zip(numbers.iter().zip(&names));
    let rows = rows.map(|(kind, (number, name))| {
        [&number[..], &name[..], yes_or_no(kind.is_counted()), yes_or_no(kind.has_channel())]
    });
    assert_eq!(shown, rows.collect::<Vec<_>>());
}

#[test]
fn the_table_of_codes_is_complete() {
    let shown = document::table("codes").into_iter().map(|row| (row[0].clone(), row[1].clone()));
    let codes = Code::ALL.iter().map(|code| (hex(code.number().into(), 4), format!("{code:?}")));
    assert_eq!(shown.collect::<Vec<_>>(), codes.collect::<Vec<_>>());
}

/// The limits that a peer can notice, in the units of the document: bytes, milliseconds, numbers.
fn limits() -> Vec<(&'static str, u64)> {
    let ms = |duration: std::time::Duration| duration.as_millis() as u64;
    vec![
        ("NAME_BYTES_MAX", NAME_BYTES_MAX as u64),
        ("CODEC_BYTES_MAX", CODEC_BYTES_MAX as u64),
        ("OLDER_TYPES_MAX", OLDER_TYPES_MAX as u64),
        ("SCHEMA_BYTES_MAX", SCHEMA_BYTES_MAX as u64),
        ("TEXT_BYTES_MAX", TEXT_BYTES_MAX as u64),
        ("CREDENTIALS_BYTES_MAX", CREDENTIALS_BYTES_MAX as u64),
        ("CONTROL_BODY_BYTES_MAX", CONTROL_BODY_BYTES_MAX as u64),
        ("HANDSHAKE_BODY_BYTES_MAX", HANDSHAKE_BODY_BYTES_MAX as u64),
        ("FRAME_BYTES_MAX", FRAME_BYTES_MAX as u64),
        ("FRAME_BYTES_MAX_FLOOR", FRAME_BYTES_MAX_FLOOR as u64),
        ("WINDOW_VALUES_MAX", WINDOW_VALUES_MAX.into()),
        ("WINDOW_BYTES_MIN", WINDOW_BYTES_MIN),
        ("WINDOW_BYTES_MAX", WINDOW_BYTES_MAX),
        ("VALUE_BYTES_MAX", VALUE_BYTES_MAX as u64),
        ("LARGE_VALUES_BYTES_MAX", LARGE_VALUES_BYTES_MAX),
        ("CHANNELS_MAX", CHANNELS_MAX as u64),
        ("LISTING_PAGE_BYTES_MAX", LISTING_PAGE_BYTES_MAX as u64),
        ("LISTED_SCHEMA_BYTES_MAX", LISTED_SCHEMA_BYTES_MAX as u64),
        ("REPLAY_FRAMES_MAX", REPLAY_FRAMES_MAX as u64),
        ("REPLAY_BYTES_MAX", REPLAY_BYTES_MAX as u64),
        ("ACK_BYTES", ACK_BYTES as u64),
        ("ACK_FRAMES", ACK_FRAMES.into()),
        ("ACK_DELAY", ms(ACK_DELAY)),
        ("GRANT_FRACTION", GRANT_FRACTION.into()),
        ("HANDSHAKE_TIMEOUT", ms(HANDSHAKE_TIMEOUT)),
        ("HEARTBEAT_AFTER", ms(HEARTBEAT_AFTER)),
        ("DEAD_AFTER", ms(DEAD_AFTER)),
        ("SESSION_EXPIRY", ms(SESSION_EXPIRY)),
        ("SESSION_EXPIRY_MARGIN", ms(SESSION_EXPIRY_MARGIN)),
        ("GOODBYE_TIMEOUT", ms(GOODBYE_TIMEOUT)),
        ("CONNECTIONS_MAX", CONNECTIONS_MAX as u64),
        ("OFFER_LEASE", OFFER_LEASE.as_millis() as u64),
    ]
}

#[test]
fn the_table_of_limits_has_the_numbers_of_the_crate() {
    let shown = document::table("limits").into_iter().map(|row| (row[0].clone(), row[1].clone()));
    let limits = limits().into_iter().map(|(name, number)| (name.to_owned(), number.to_string()));
    assert_eq!(shown.collect::<Vec<_>>(), limits.collect::<Vec<_>>());
}

#[test]
fn each_limit_that_the_text_names_is_in_the_table() {
    let known: Vec<&str> = limits().into_iter().map(|(name, _)| name).collect();
    let words =
        document::TEXT.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let flags = ["VALUES_SPENT", "BYTES_SPENT"];
    for word in words.filter(|word| word.contains('_') && !flags.contains(word)) {
        let is_constant = word.chars().all(|letter| letter == '_' || letter.is_ascii_uppercase());
        assert!(!is_constant || known.contains(&word), "{word} is not in the table of limits");
    }
}
