//! What happens to the network between the machines, and when.

use std::time::Duration;

use turmoil::Sim;

use crate::dice::Dice;
use crate::machines::{EXPORTER, IMPORTER};

/// Good and bad periods, one after the other.
pub(crate) struct Weather {
    dice: Dice,
    until: Duration,
    is_bad: bool,
    bad_periods: usize,
    bad_periods_max: usize,
}

impl Weather {
    pub(crate) fn new(dice: Dice, bad_periods_max: usize) -> Weather {
        let until = Duration::from_millis(500);
        Weather { dice, until, is_bad: false, bad_periods: 0, bad_periods_max }
    }

    /// Changes the weather if it is time.
    fn pass(&mut self, sim: &Sim<'_>) {
        if sim.elapsed() < self.until {
            return;
        }
        let period_ms = if self.is_bad {
            sim.repair(EXPORTER, IMPORTER);
            sim.release(EXPORTER, IMPORTER);
            300 + self.dice.below(4_000)
        } else if self.bad_periods == self.bad_periods_max {
            return;
        } else {
            self.bad_periods += 1;
            match self.dice.below(4) {
                0 => sim.partition(EXPORTER, IMPORTER),
                1 => sim.partition_oneway(EXPORTER, IMPORTER),
                2 => sim.partition_oneway(IMPORTER, EXPORTER),
                _ => sim.hold(EXPORTER, IMPORTER),
            }
            // Shorter and longer than the heartbeat allows, and shorter than a session lasts.
            10 + self.dice.below(30_000)
        };
        self.is_bad = !self.is_bad;
        self.until = sim.elapsed() + Duration::from_millis(period_ms as u64);
    }

    /// Runs a simulation to its end. Between two steps, `meanwhile` may do more to it.
    pub(crate) fn run(
        mut self,
        sim: &mut Sim<'_>,
        mut meanwhile: impl FnMut(&mut Sim<'_>),
    ) -> Result<(), String> {
        while !sim.step().map_err(|error| error.to_string())? {
            self.pass(sim);
            meanwhile(sim);
        }
        if self.bad_periods == 0 { Err("the weather was never bad".into()) } else { Ok(()) }
    }
}
