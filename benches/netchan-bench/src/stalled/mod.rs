//! A consumer that reads nothing for a while, and what the process holds meanwhile.
//!
//! The sender pushes for so long, then the consumer takes all that has come, and checks it.

mod plain;
mod raw;
mod recipient;

use std::time::Duration;

use netchan::limits::{
    OUTLET_SWEEP_MESSAGES, OUTLET_SWEEP_MESSAGES_EACH, OUTLET_WAITING_MESSAGES_DEFAULT,
    QUEUE_BYTES_DEFAULT, READ_BYTES, RETAINED_BYTES_MAX, WINDOW_BYTES_DEFAULT,
};

pub use self::plain::plain;
pub use self::raw::raw;
pub use self::recipient::recipient;
use crate::{Failure, Figure, Link, memory};

/// A consumer that reads nothing for a while.
#[derive(Clone, Copy, Debug)]
pub struct Stall {
    /// What the values go over.
    pub link: Link,
    /// The payload of each, in bytes.
    pub bytes: usize,
    /// The size of the channel, in values.
    pub window: u32,
    /// How long nothing is read.
    pub run: Duration,
}

/// What the process holds after so long, beyond what it held before, in MiB.
///
/// # Errors
///
/// When the operating system does not tell.
pub async fn held(before_bytes: u64, run: Duration) -> Result<f64, Failure> {
    tokio::time::sleep(run).await;
    Ok(mib(memory::held_bytes()?.saturating_sub(before_bytes)))
}

/// What the documents let a plain channel hold when both of its ends are in one process, in MiB: what
/// waits for its turn, what was received and not taken, as much that would be sent again, and at each
/// end the buffers of the link and of the channel.
#[must_use]
pub fn stated_of_channel() -> f64 {
    let buffers = READ_BYTES + 2 * RETAINED_BYTES_MAX;
    mib(2 * WINDOW_BYTES_DEFAULT + (QUEUE_BYTES_DEFAULT + 2 * buffers) as u64)
}

/// The same of a `Recipient` that drops messages of so many bytes: those that wait in front of it come
/// on top.
#[must_use]
pub fn stated_of_recipient(bytes: usize) -> f64 {
    let messages =
        OUTLET_WAITING_MESSAGES_DEFAULT + OUTLET_SWEEP_MESSAGES + OUTLET_SWEEP_MESSAGES_EACH;
    stated_of_channel() + mib((messages * bytes) as u64)
}

/// What was held, and what may be.
#[must_use]
pub fn figures(held: f64, stated: Option<f64>) -> Vec<Figure> {
    let figure = |unit, value| Figure { unit, value, more_is_better: false };
    let held = figure("MiB held", held);
    std::iter::once(held).chain(stated.map(|stated| figure("MiB stated", stated))).collect()
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
