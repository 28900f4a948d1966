//! The curves of streams that run as fast as they can: channels, connections, sizes, windows, cores.

use bytes::Bytes;
use netchan::limits::WINDOW_VALUES_DEFAULT;

use crate::growth::curve::{Axis, Curve, Series, Unit};
use crate::growth::sketch::{Effort, Sketch, thinned};
use crate::plain::Resume;
use crate::{Block, Failure, Item, Link, Plan, Received, Sent, Side, Tick, plain, raw};

/// The contenders, in this order.
const CONTENDERS: [&str; 2] = ["netchan", "raw"];

/// One curve of streams.
struct Streams {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    x: Axis,
    y: Axis,
    values: Values,
    places: Vec<usize>,
    plan: fn(Plan, usize) -> Plan,
    /// How many of them run at the same time, each with its own connection and two threads of its own.
    pairs: fn(usize) -> usize,
}

/// What is sent.
#[derive(Clone, Copy)]
enum Values {
    Ticks,
    Blocks,
    Bytes,
}

/// All curves of streams.
pub(super) fn sketches(effort: Effort) -> Vec<Sketch> {
    [channels(), connections(), blocks(), bytes(), windows(), cores()]
        .into_iter()
        .map(|streams| sketch(streams, effort))
        .collect()
}

fn channels() -> Streams {
    Streams {
        name: "channels",
        title: "Cost of a value against channels",
        description: "Ticks over one TCP connection on the loopback interface, to each of its channels \
                      in turn; default windows. With 10,000 channels it is measured for ten times as \
                      long, so that most values are not among the first of their channel, whose type \
                      is checked. Raw has one buffer for all of them.",
        x: axis("channels of one connection", Unit::Count, true),
        y: axis("cost of a value", Unit::NanosPerValue, true),
        values: Values::Ticks,
        places: vec![1, 10, 100, 1000, 10_000],
        plan: |plan, channels| {
            let times = (channels / 1000).max(1) as u32;
            Plan { channels, run: plan.run * times, ..plan }
        },
        pairs: |_| 1,
    }
}

fn connections() -> Streams {
    Streams {
        name: "connections",
        title: "Cost of a value against connections",
        description: "Ticks from many importers into one channel of one exporter, each over a TCP \
                      connection of its own on the loopback interface; default windows.",
        x: axis("connections into one channel", Unit::Count, true),
        y: axis("cost of a value", Unit::NanosPerValue, true),
        values: Values::Ticks,
        places: vec![1, 10, 100, 300, 1000],
        plan: |plan, connections| Plan { connections, ..plan },
        pairs: |_| 1,
    }
}

fn blocks() -> Streams {
    Streams {
        name: "sizes-block",
        title: "Throughput against value size: structs with bytes",
        description: "Structs of a number and a byte payload (serde_bytes, bincode) over one TCP \
                      connection on the loopback interface; default windows.",
        x: axis("payload of a value", Unit::Bytes, true),
        y: axis("payload", Unit::MebibytesPerSecond, true),
        values: Values::Blocks,
        places: sizes(),
        plan: |plan, bytes| Plan { bytes, ..plan },
        pairs: |_| 1,
    }
}

fn bytes() -> Streams {
    Streams {
        name: "sizes-bytes",
        title: "Throughput against value size: plain bytes",
        description: "Values of type Bytes (codec Raw) over one TCP connection on the loopback \
                      interface; default windows.",
        values: Values::Bytes,
        ..blocks()
    }
}

fn windows() -> Streams {
    Streams {
        name: "windows",
        title: "Cost of a value against the channel's size",
        description: "Ticks over one channel of this size (window) and one TCP connection on the \
                      loopback interface. Raw has no window.",
        x: axis("size of the channel in values", Unit::Count, true),
        y: axis("cost of a value", Unit::NanosPerValue, true),
        values: Values::Ticks,
        places: vec![1, 4, 16, 64, 256, 1024, 4096, 65_536],
        plan: |plan, window| Plan { window: window as u32, ..plan },
        pairs: |_| 1,
    }
}

fn cores() -> Streams {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // At least four pairs: what happens beyond the cores is a part of the curve.
    let last = cores.max(4);
    let mut places: Vec<usize> =
        std::iter::successors(Some(1), |pairs| Some(pairs * 2)).take_while(|n| *n < last).collect();
    places.push(last);
    Streams {
        name: "cores",
        title: "Ticks in a second against pairs of threads",
        description: "Each pair is a thread that sends and one that receives, with a connection, a \
                      channel and a runtime of their own; the sum of all pairs. Pairs beyond half of \
                      the machine's cores share cores.",
        x: axis("pairs of threads", Unit::Count, true),
        y: axis("values of all pairs", Unit::ValuesPerSecond, false),
        values: Values::Ticks,
        places,
        plan: |plan, _| plan,
        pairs: |pairs| pairs,
    }
}

/// 16 B to 16 MiB in powers of 4.
fn sizes() -> Vec<usize> {
    (2..=12).map(|power| 1 << (2 * power)).collect()
}

fn axis(label: &str, unit: Unit, is_logarithmic: bool) -> Axis {
    Axis { label: label.to_owned(), unit, is_logarithmic }
}

fn sketch(streams: Streams, effort: Effort) -> Sketch {
    let places = thinned(&streams.places, effort.is_quick);
    let x: Vec<f64> = places.iter().map(|place| *place as f64).collect();
    let curve = Curve {
        name: streams.name.to_owned(),
        title: streams.title.to_owned(),
        description: streams.description.to_owned(),
        x: streams.x,
        y: streams.y,
        bound: None,
        series: CONTENDERS.iter().map(|name| Series::new(name, &x)).collect(),
    };
    let (values, unit) = (streams.values, curve.y.unit);
    let (plan, pairs) = (streams.plan, streams.pairs);
    let sample = move |contender: usize, place: usize| {
        let plain = Plan {
            link: Link::Tcp,
            sender: Side::Importer,
            connections: 1,
            channels: 1,
            window: WINDOW_VALUES_DEFAULT,
            bytes: 0,
            run: effort.run,
        };
        let plan = plan(plain, places[place]);
        let is_raw = CONTENDERS[contender] == "raw";
        let outcome = at_once(pairs(places[place]), || values.stream(plan, is_raw))?;
        Ok(vec![Some(in_unit(unit, plan, outcome)?)])
    };
    Sketch { curves: vec![curve], sample: Box::new(sample) }
}

impl Values {
    fn stream(self, plan: Plan, is_raw: bool) -> Result<(Sent, Received), Failure> {
        match self {
            Values::Ticks => stream::<Tick>(plan, is_raw),
            Values::Blocks => stream::<Block>(plan, is_raw),
            Values::Bytes => stream::<Bytes>(plan, is_raw),
        }
    }
}

fn stream<V: Item>(plan: Plan, is_raw: bool) -> Result<(Sent, Received), Failure> {
    if is_raw { raw::stream::<V>(plan) } else { plain::stream::<V, V::Codec>(plan, Resume::On) }
}

/// The same on several threads; what all have sent and received.
fn at_once(
    pairs: usize,
    stream: impl Fn() -> Result<(Sent, Received), Failure> + Sync,
) -> Result<(Sent, Received), Failure> {
    if pairs == 1 {
        return stream();
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..pairs).map(|_| scope.spawn(&stream)).collect();
        let mut sum: Option<(Sent, Received)> = None;
        for thread in threads {
            let (sent, received) = thread.join().map_err(|_| "a pair panicked")??;
            sum = Some(match sum {
                Some((all_sent, all_received)) => (all_sent.and(sent), all_received.and(received)),
                None => (sent, received),
            });
        }
        Ok(sum.ok_or("there is no pair")?)
    })
}

/// What was measured, in the unit of the curve.
fn in_unit(unit: Unit, plan: Plan, (sent, received): (Sent, Received)) -> Result<f64, Failure> {
    if sent.values != received.values || sent.values == 0 {
        return Err(format!("{} were sent, {} came", sent.values, received.values).into());
    }
    let seconds = (received.done - sent.began).as_secs_f64();
    let values = received.values as f64;
    Ok(match unit {
        Unit::NanosPerValue => seconds * 1e9 / values,
        Unit::MebibytesPerSecond => values * plan.bytes as f64 / f64::from(1 << 20) / seconds,
        _ => values / seconds,
    })
}
