//! The curves of a link with a round trip: what a stream brings through it, and how soon.

use std::time::{Duration, Instant};

use crate::growth::curve::{Axis, Bound, Curve, Series, Unit};
use crate::growth::goodput::{self, VALUE_BYTES};
use crate::growth::meter::Meter;
use crate::growth::pace::LinkShape;
use crate::growth::proxy::Proxied;
use crate::growth::sketch::{Effort, Sketch, thinned};
use crate::link::Runtime;
use crate::{End, Failure, Link};

/// The contenders, in this order.
const CONTENDERS: [&str; 2] = ["netchan", "raw"];

/// The rate of the link.
const BITS_PER_SECOND: u64 = 1_000_000_000;

/// What waits before the link at most, beyond what is under way.
const QUEUE_BYTES: usize = 256 * 1024;

/// Round trips, in milliseconds.
const ROUND_TRIPS_MS: [u64; 6] = [0, 1, 5, 20, 50, 100];

/// Where a link counts as full.
const FULL: f64 = 0.9;

/// The shortest time over which a rate is looked at.
const SPAN_MIN: Duration = Duration::from_millis(20);

// The description says so.
const _: () = assert!(VALUE_BYTES == 1024);

/// Goodput, and the time until the link is full, against the round trip.
pub(super) fn sketch(effort: Effort) -> Sketch {
    let round_trips = thinned(&ROUND_TRIPS_MS, effort.is_quick);
    let x: Vec<f64> = round_trips.iter().map(|millis| *millis as f64).collect();
    let curve =
        |name: &str, title: &str, description: String, y: Axis, bound: Option<Bound>| Curve {
            name: name.to_owned(),
            title: title.to_owned(),
            description,
            x: axis("round trip", Unit::Millis),
            y,
            bound,
            series: CONTENDERS.iter().map(|name| Series::new(name, &x)).collect(),
        };
    let link = "Values of 1 KiB over one TCP connection through a proxy that delays and limits to \
                1 Gbit/s; one channel with default settings.";
    let goodput = curve(
        "round-trips",
        "Goodput against the round trip",
        format!(
            "{link} Payload of {:.1} s, after a warm-up of {:.1} s.",
            effort.goodput.as_secs_f64(),
            effort.warm_up.as_secs_f64()
        ),
        axis("payload", Unit::MegabitsPerSecond),
        Some(Bound { label: "the link".to_owned(), at: BITS_PER_SECOND as f64 / 1e6 }),
    );
    let rise = curve(
        "rise",
        "Time until the link is full against the round trip",
        format!(
            "{link} From the first value sent until the payload of the last 20 ms, or of the last round \
             trip if that is longer, was 90 % of the link's rate."
        ),
        axis("time until 90 % of the rate", Unit::Millis),
        None,
    );
    let sample = move |contender: usize, place: usize| {
        let round_trip = Duration::from_millis(round_trips[place]);
        let measured = measure(CONTENDERS[contender] == "raw", round_trip, effort)?;
        let rise = measured.rise.map(|rise| rise.as_secs_f64() * 1e3);
        Ok(vec![Some(measured.goodput), rise])
    };
    Sketch { curves: vec![goodput, rise], sample: Box::new(sample) }
}

fn axis(label: &str, unit: Unit) -> Axis {
    Axis { label: label.to_owned(), unit, is_logarithmic: false }
}

/// What came through the link.
struct Measured {
    /// In megabits in a second.
    goodput: f64,
    rise: Option<Duration>,
}

fn measure(is_raw: bool, round_trip: Duration, effort: Effort) -> Result<Measured, Failure> {
    let delay = round_trip / 2;
    let shape = LinkShape { delay, bits_per_second: BITS_PER_SECOND, queue_bytes: QUEUE_BYTES };
    let (near, far, join) = Proxied::new(shape)?.into_parts();
    near.set_nonblocking(true)?;
    far.set_nonblocking(true)?;
    let (near, far) = (End::Tcp(near), End::Tcp(far));
    let run = effort.warm_up + effort.goodput;
    let epoch = Instant::now();
    let (sent, (came, meter)) = if is_raw {
        let receiver = async || goodput::receive_raw(far, Meter::new(epoch)).await;
        Link::Tcp.run(Runtime::Tokio, async || goodput::send_raw(near, run).await, receiver)?
    } else {
        let receiver = async || goodput::receive(far, Meter::new(epoch)).await;
        Link::Tcp.run(Runtime::Tokio, async || goodput::send(near, run).await, receiver)?
    };
    join()?;
    if sent.values != came {
        return Err(format!("{} were sent, {came} came", sent.values).into());
    }
    let warm = sent.began + effort.warm_up;
    let rate = BITS_PER_SECOND as f64 / 1e6 * FULL;
    Ok(Measured {
        goodput: meter.goodput(warm, warm + effort.goodput),
        rise: meter.reached(sent.began, round_trip.max(SPAN_MIN), rate),
    })
}
