//! From numbers to places on an axis, and which numbers get a tick.

use crate::growth::curve::Axis;

/// One axis: what it spans in numbers, and in pixels.
pub(super) struct Scale {
    low: f64,
    high: f64,
    is_logarithmic: bool,
    /// Where `low` and `high` are.
    from: f64,
    to: f64,
}

/// Ticks that a linear axis has about.
const TICKS: f64 = 6.0;

/// Ticks that a logarithmic axis has at most.
const TICKS_MAX: usize = 9;

impl Scale {
    /// An axis that shows all of these numbers, at pixels `from` to `to`.
    ///
    /// A linear one begins at zero: what is half as high shall be half as much. A logarithmic one goes
    /// from a round number to another, or, for places, from the first to the last.
    pub(super) fn new(axis: &Axis, values: impl Iterator<Item = f64>, from: f64, to: f64) -> Scale {
        let is_logarithmic = axis.is_logarithmic;
        let shown = values.filter(|value| value.is_finite() && (!is_logarithmic || *value > 0.0));
        let (low, high) = shown
            .fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let (low, high) = match (low <= high, is_logarithmic) {
            (false, true) => (1.0, 10.0),
            (false, false) => (0.0, 1.0),
            (true, true) if low == high => (low / 2.0, high * 2.0),
            (true, true) => (low, high),
            (true, false) => (0.0, if high > 0.0 { high } else { 1.0 }),
        };
        Scale { low, high, is_logarithmic, from, to }
    }

    /// Leaves some room before and behind the numbers, up to the next round ones.
    pub(super) fn rounded(mut self) -> Scale {
        if self.is_logarithmic {
            self.low = one_two_five(self.low, f64::floor);
            self.high = one_two_five(self.high, f64::ceil);
        } else {
            let step = step(self.high - self.low);
            self.high = (self.high / step).ceil() * step;
        }
        self
    }

    /// Where a number is, in pixels.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = if self.is_logarithmic {
            (value.max(f64::MIN_POSITIVE) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.from + share * (self.to - self.from)
    }

    /// The numbers that get a tick.
    pub(super) fn ticks(&self) -> Vec<f64> {
        if !self.is_logarithmic {
            let step = step(self.high - self.low);
            let count = ((self.high - self.low) / step + 1e-9).floor() as usize;
            return (0..=count).map(|tick| self.low + tick as f64 * step).collect();
        }
        let fine = self.multiples(&[1.0, 2.0, 5.0]);
        let decades = self.multiples(&[1.0]);
        match (fine.len(), decades.len()) {
            (0 | 1, _) => vec![self.low, self.high],
            (2..=TICKS_MAX, _) => fine,
            (_, ..=TICKS_MAX) => decades,
            (_, many) => decades.into_iter().step_by(many.div_ceil(TICKS_MAX)).collect(),
        }
    }

    /// Powers of ten within the axis, times each factor.
    fn multiples(&self, factors: &[f64]) -> Vec<f64> {
        let first = self.low.log10().floor() as i32;
        let last = self.high.log10().ceil() as i32;
        let powers = (first..=last).map(|power| 10_f64.powi(power));
        let all = powers.flat_map(|power| factors.iter().map(move |factor| factor * power));
        let slack = 1.0 + 1e-9;
        all.filter(|tick| *tick * slack >= self.low && *tick <= self.high * slack).collect()
    }
}

/// The next number that is 1, 2 or 5 times a power of ten.
fn one_two_five(value: f64, towards: fn(f64) -> f64) -> f64 {
    let decade = 10_f64.powf(value.log10().floor());
    let lead = value / decade;
    let is_up = towards(0.5) > 0.5;
    let steps = [1.0, 2.0, 5.0, 10.0];
    let slack = 1e-9;
    let found = if is_up {
        steps.into_iter().find(|step| *step >= lead - slack)
    } else {
        steps.into_iter().rev().find(|step| *step <= lead + slack)
    };
    found.unwrap_or(1.0) * decade
}

/// A round distance between ticks.
fn step(span: f64) -> f64 {
    one_two_five(span / TICKS, f64::ceil)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::growth::curve::Unit;

    fn axis(unit: Unit, is_logarithmic: bool) -> Axis {
        Axis { label: String::new(), unit, is_logarithmic }
    }

    #[test]
    fn a_linear_axis_begins_at_zero_and_ends_at_a_round_number() {
        let scale =
            Scale::new(&axis(Unit::Millis, false), [40.0, 93.0].into_iter(), 0.0, 100.0).rounded();
        assert_eq!(scale.ticks(), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(scale.at(50.0), 50.0);
    }

    #[test]
    fn a_logarithmic_axis_has_a_tick_for_each_decade() {
        let scale =
            Scale::new(&axis(Unit::Count, true), [1.0, 10_000.0].into_iter(), 0.0, 100.0).rounded();
        assert_eq!(scale.ticks().len(), 5);
        assert!((scale.at(100.0) - 50.0).abs() < 1e-9);
    }

    #[test]
    fn an_axis_within_a_decade_has_ticks_all_the_same() {
        let scale =
            Scale::new(&axis(Unit::NanosPerValue, true), [130.0, 180.0].into_iter(), 0.0, 1.0);
        assert_eq!(scale.rounded().ticks(), [100.0, 200.0]);
    }

    #[test]
    fn an_axis_without_numbers_is_no_reason_to_fail() {
        for is_logarithmic in [false, true] {
            let scale =
                Scale::new(&axis(Unit::Count, is_logarithmic), std::iter::empty(), 0.0, 1.0);
            assert!(scale.rounded().at(1.0).is_finite());
        }
    }
}
