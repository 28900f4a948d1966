//! Numbers for people: as ticks of an axis, and as figures of a table.

use crate::growth::curve::Unit;

/// Prefixes of powers of a thousand.
const DECIMAL: [&str; 4] = ["", "k", "M", "G"];

/// Prefixes of powers of 1,024.
const BINARY: [&str; 4] = ["B", "KiB", "MiB", "GiB"];

/// The number in so few signs that ticks stand side by side.
pub(super) fn tick(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Bytes => scaled(value, 1024.0, &BINARY, " "),
        _ if value.abs() < 1e5 => grouped(&trimmed(value)),
        _ => scaled(value, 1000.0, &DECIMAL, " "),
    }
}

/// The number with three digits that count, and with commas.
pub(super) fn figure(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        _ => 2,
    };
    grouped(&format!("{:.decimals$}", rounded(value)))
}

/// A number of things, with commas.
pub(super) fn count(value: usize) -> String {
    grouped(&value.to_string())
}

/// The place of a point in a table.
pub(super) fn place(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Bytes => scaled(value, 1024.0, &BINARY, " "),
        Unit::Count => grouped(&format!("{value}")),
        _ => format!("{} {}", grouped(&format!("{value}")), unit.symbol()),
    }
}

/// A ratio.
pub(super) fn ratio(value: f64) -> String {
    match value {
        9.995.. => figure(value),
        0.0995.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// To three digits, because a table that shows more claims more than was measured.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let unit = 10_f64.powf(value.abs().log10().floor() - 2.0);
    (value / unit).round() * unit
}

fn scaled(value: f64, base: f64, prefixes: &[&str], space: &str) -> String {
    let mut scaled = value;
    let mut prefix = 0;
    while scaled.abs() >= base && prefix + 1 < prefixes.len() {
        scaled /= base;
        prefix += 1;
    }
    let number = trimmed(scaled);
    if prefixes[prefix].is_empty() {
        number
    } else {
        format!("{number}{space}{}", prefixes[prefix])
    }
}

/// Without the noise of binary fractions.
fn trimmed(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn grouped(number: &str) -> String {
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    let mut text = String::new();
    for (at, digit) in whole.chars().enumerate() {
        let left = whole.len() - at;
        if at > 0 && left.is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_short() {
        assert_eq!(tick(10_000.0, Unit::Count), "10,000");
        assert_eq!(tick(2_000_000.0, Unit::ValuesPerSecond), "2 M");
        assert_eq!(tick(0.25, Unit::MegabitsPerSecond), "0.25");
        assert_eq!(tick(16_384.0, Unit::Bytes), "16 KiB");
        assert_eq!(tick(0.0, Unit::Millis), "0");
    }

    #[test]
    fn figures_have_three_digits_that_count() {
        assert_eq!(figure(1_234_567.0), "1,230,000");
        assert_eq!(figure(123.4), "123");
        assert_eq!(figure(12.34), "12.3");
        assert_eq!(figure(9.996), "10.0");
        assert_eq!(figure(0.123), "0.12");
        assert_eq!(figure(0.0), "0.00");
    }

    #[test]
    fn small_ratios_are_not_rounded_away() {
        assert_eq!(
            (ratio(0.7), ratio(0.009), ratio(12.34)),
            ("0.70".into(), "0.009".into(), "12.3".into())
        );
    }

    #[test]
    fn places_are_exact() {
        assert_eq!(place(65_536.0, Unit::Count), "65,536");
        assert_eq!(place(1_048_576.0, Unit::Bytes), "1 MiB");
        assert_eq!(place(20.0, Unit::Millis), "20 ms");
    }
}
