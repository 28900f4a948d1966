//! A million values each way, while no link lasts.

use crate::exchange::exchange;
use crate::proxy::seed;
use crate::task::Duty;
use crate::weather::{End, Weather};

/// Values that are sent each way.
const VALUES: u64 = 1_000_000;

/// All that can happen, again and again.
const STORM: Weather = Weather {
    stillborn_one_in: Some(8),
    stalls_one_in: Some(6),
    ..Weather::ending(&[End::Cut, End::Reset, End::Cut, End::Reset, End::Cut, End::HalfSilence])
};

#[tokio::test]
async fn a_million_values_each_way_arrive_once_and_in_order_while_no_link_lasts() {
    let values = std::env::var("NETCHAN_VALUES").map_or(VALUES, |values| values.parse().unwrap());
    let trip = exchange(Duty::Exchange { values, waits: false }, STORM, seed(1)).await;
    assert_eq!((trip.exporter.sent, trip.importer.sent), (values, values));
    trip.check_resumes(5);
}
