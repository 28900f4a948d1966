//! A curve that is to be measured: its places, its contenders, and how a sample is taken.

use std::time::Duration;

use crate::Failure;
use crate::growth::curve::Curve;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// How long values are sent for one sample of a stream.
    pub(super) run: Duration,
    /// How long a link is given to come to its rate before its goodput is measured.
    pub(super) warm_up: Duration,
    /// How long its goodput is measured.
    pub(super) goodput: Duration,
    /// Only the ends of each curve, and one in the middle.
    pub(super) is_quick: bool,
}

/// Some curves from the same samples.
pub(super) struct Sketch {
    /// The curves, with their places and without samples.
    pub(super) curves: Vec<Curve>,
    /// Takes one sample for each of the curves: of this contender, at this place, by their numbers.
    pub(super) sample: Sample,
}

/// How a sample is taken. `None` where there was nothing to measure.
pub(super) type Sample = Box<dyn Fn(usize, usize) -> Result<Vec<Option<f64>>, Failure>>;

impl Sketch {
    /// Takes a sample of each contender at each place. Contenders take turns at each place, so that
    /// whatever else the machine does hits all; who begins changes with the round.
    pub(super) fn round(
        &mut self,
        round: usize,
        progress: &mut dyn FnMut(&str),
    ) -> Result<(), Failure> {
        let Some(first) = self.curves.first() else { return Ok(()) };
        let contenders = first.series.len();
        let places = first.series.first().map_or(0, |series| series.points.len());
        for place in 0..places {
            for turn in 0..contenders {
                let contender = (turn + round) % contenders;
                let series = &self.curves[0].series[contender];
                let whose = format!(
                    "{}, {} at {}",
                    self.curves[0].name, series.name, series.points[place].x
                );
                progress(&whose);
                let samples =
                    (self.sample)(contender, place).map_err(|error| format!("{whose}: {error}"))?;
                for (curve, sample) in self.curves.iter_mut().zip(samples) {
                    if let Some(sample) = sample {
                        curve.series[contender].points[place].add(sample);
                    }
                }
            }
        }
        Ok(())
    }
}

/// All of them, or the first, the middle and the last.
pub(super) fn thinned<T: Copy>(all: &[T], is_quick: bool) -> Vec<T> {
    if !is_quick || all.len() <= 3 {
        return all.to_vec();
    }
    vec![all[0], all[all.len() / 2], all[all.len() - 1]]
}
