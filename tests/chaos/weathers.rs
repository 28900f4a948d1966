//! Each thing that a bad network does, by itself.

use crate::exchange::exchange;
use crate::proxy::seed;
use crate::task::Duty;
use crate::weather::{End, Weather};

/// Bytes in a second: slow enough that links end many times under way, and fast enough that one carries a
/// whole frame before it ends, which may have 64 KiB when windows have grown.
const SLOW: usize = 1_000_000;

async fn values_survive(values: u64, weather: Weather, resumes: u64, default_seed: u64) {
    let duty = Duty::Exchange { values, waits: false };
    exchange(duty, weather, seed(default_seed)).await.check_resumes(resumes);
}

#[tokio::test]
async fn values_survive_links_that_are_cut() {
    let weather = Weather { bytes_per_second: Some(SLOW), ..Weather::ending(&[End::Cut]) };
    values_survive(400_000, weather, 5, 11).await;
}

#[tokio::test]
async fn values_survive_links_that_are_reset() {
    let weather = Weather { bytes_per_second: Some(SLOW), ..Weather::ending(&[End::Reset]) };
    values_survive(400_000, weather, 5, 12).await;
}

#[tokio::test]
async fn values_survive_links_that_end_in_their_handshake() {
    let weather = Weather {
        stillborn_one_in: Some(2),
        bytes_per_second: Some(SLOW),
        ..Weather::ending(&[End::Cut, End::Reset])
    };
    values_survive(400_000, weather, 5, 13).await;
}

#[tokio::test]
async fn values_survive_links_that_stall() {
    let weather = Weather {
        stalls_one_in: Some(1),
        bytes_per_second: Some(SLOW),
        ..Weather::ending(&[End::Cut, End::Reset])
    };
    values_survive(400_000, weather, 5, 14).await;
}

#[tokio::test]
async fn values_survive_links_that_carry_some_bytes_at_a_time() {
    let weather = Weather { piece_bytes_max: Some(5), ..Weather::ending(&[End::Cut, End::Reset]) };
    values_survive(30_000, weather, 1, 15).await;
}

#[tokio::test]
async fn values_survive_links_that_swallow_what_they_are_given() {
    let weather = Weather {
        bytes_per_second: Some(SLOW),
        ..Weather::ending(&[End::Silence, End::HalfSilence])
    };
    values_survive(200_000, weather, 3, 16).await;
}

/// Links end within values, and within their frames.
#[tokio::test]
async fn large_values_survive_links_that_do_not_last() {
    let weather = Weather {
        stalls_one_in: Some(4),
        bytes_per_second: Some(5_000_000),
        ..Weather::ending(&[End::Cut, End::Reset])
    };
    exchange(Duty::ExchangeLarge { values: 150 }, weather, seed(17)).await.check_resumes(5);
}
