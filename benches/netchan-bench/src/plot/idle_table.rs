//! What idle connections cost, as a table.

use super::document::table;
use super::number;
use crate::idle::Idle;

/// Memory and wake-ups of each process.
pub(super) fn of_idle(idle: &Idle) -> String {
    let head = [
        "process",
        "connections",
        "channels of each",
        "used before",
        "memory, MiB",
        "bytes of a connection",
        "bytes of a channel",
        "wake-ups/s",
        "wake-ups/s of a connection",
    ];
    let rows: Vec<Vec<String>> = idle
        .processes
        .iter()
        .map(|process| {
            let of_channel = idle.bytes_of_channel(process).map(number::figure);
            vec![
                process.name.clone(),
                number::count(process.connections),
                number::count(process.channels),
                if process.used { "yes" } else { "no" }.to_owned(),
                number::figure(process.grown_bytes() as f64 / f64::from(1 << 20)),
                number::figure(process.bytes_of_connection()),
                of_channel.unwrap_or_else(|| "-".to_owned()),
                number::figure(process.wake_ups_per_second),
                number::figure(process.wake_ups_per_second / process.connections.max(1) as f64),
            ]
        })
        .collect();
    table(&head, &rows)
}
