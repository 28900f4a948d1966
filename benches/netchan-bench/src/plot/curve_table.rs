//! A curve as a table: what its picture shows, in figures.

use crate::growth::curve::{Curve, Point, Series, Unit};

use super::document::table;
use super::number;

/// The median of each contender with its spread, derived quantities, and the ratio to the baseline.
pub(super) fn of_curve(curve: &Curve) -> String {
    let raw = curve.series.iter().find(|series| series.name == "raw");
    let contenders = || curve.series.iter().filter(|series| series.name != "raw");
    let mut head = vec![curve.x.label.clone()];
    let mut rows: Vec<Vec<String>> = Vec::new();
    for series in &curve.series {
        head.push(format!("{}, {}", series.name, curve.y.unit.symbol()));
        if derived(curve.y.unit).is_some() && series.name != "raw" {
            head.push(format!("{}, values/s", series.name));
        }
    }
    if raw.is_some() {
        head.extend(contenders().map(|series| format!("{} / raw", series.name)));
    }
    let places = curve.series.first().map_or(&[][..], |series| &series.points);
    for (at, place) in places.iter().enumerate() {
        let mut row = vec![number::place(place.x, curve.x.unit)];
        for series in &curve.series {
            let point = series.points.get(at);
            row.push(spread(point));
            if let (Some(derived), true) = (derived(curve.y.unit), series.name != "raw") {
                let rate = point.and_then(|point| Some(derived(point.x, point.median?)));
                row.push(rate.map_or("-".to_owned(), number::figure));
            }
        }
        if let Some(raw) = raw {
            row.extend(contenders().map(|series| ratio(curve.y.unit, series, raw, at)));
        }
        rows.push(row);
    }
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    table(&head, &rows)
}

/// Values in a second, from a place and what was measured there.
fn derived(unit: Unit) -> Option<fn(f64, f64) -> f64> {
    match unit {
        Unit::NanosPerValue => Some(|_, nanos| 1e9 / nanos),
        Unit::MebibytesPerSecond => Some(|bytes, rate| rate * f64::from(1 << 20) / bytes),
        _ => None,
    }
}

/// `median (min to max)`.
fn spread(point: Option<&Point>) -> String {
    match point.map(|point| (point.min, point.median, point.max)) {
        Some((Some(min), Some(median), Some(max))) => format!(
            "{} ({} to {})",
            number::figure(median),
            number::figure(min),
            number::figure(max)
        ),
        _ => "not reached".to_owned(),
    }
}

/// How fast, as a share of the baseline: of two costs it is the other way round.
fn ratio(unit: Unit, series: &Series, raw: &Series, at: usize) -> String {
    let median = |series: &Series| series.points.get(at).and_then(|point| point.median);
    match (median(series), median(raw)) {
        (Some(own), Some(raw)) if own > 0.0 && raw > 0.0 => {
            number::ratio(if unit.is_cost() { raw / own } else { own / raw })
        }
        _ => "-".to_owned(),
    }
}
