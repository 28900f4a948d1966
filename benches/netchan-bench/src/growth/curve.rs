//! What a curve is, in memory and in JSON. Knows nothing of how it was measured or is drawn.

use serde::{Deserialize, Serialize};

/// Curves that were measured in one run of the program.
#[derive(Debug, Serialize, Deserialize)]
pub struct Curves {
    /// What was measured: `growth`.
    pub kind: String,
    /// Where it was measured.
    pub machine: Machine,
    /// Rounds that each point was measured in.
    pub rounds: usize,
    /// How long one run of one point lasted, in milliseconds.
    pub run_ms: u64,
    /// The curves.
    pub curves: Vec<Curve>,
}

impl Curves {
    /// Takes in the curves of an earlier run that were not measured in this one. `false`, and nothing
    /// is taken, if they were measured elsewhere or otherwise: then they do not belong together.
    pub fn keep(&mut self, earlier: Curves) -> bool {
        let is_alike = self.machine == earlier.machine
            && (self.rounds, self.run_ms) == (earlier.rounds, earlier.run_ms);
        if is_alike {
            let is_new = |curve: &Curve| self.curves.iter().all(|own| own.name != curve.name);
            let kept: Vec<Curve> = earlier.curves.into_iter().filter(is_new).collect();
            self.curves.extend(kept);
        }
        is_alike
    }
}

/// The machine and the program, as far as a figure depends on them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// Cores that the program may use.
    pub cores: usize,
    /// Main memory, in MiB.
    pub memory_mib: u64,
    /// The operating system and its version.
    pub system: String,
    /// How the program was built: `release` or `debug`.
    pub profile: String,
}

/// One quantity against another, for some contenders.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Curve {
    /// The name of its files.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// What was done, in a sentence or two.
    pub description: String,
    /// What is varied.
    pub x: Axis,
    /// What is measured.
    pub y: Axis,
    /// The value that `y` cannot exceed, such as the rate of the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<Bound>,
    /// One for each contender; all have the same points.
    pub series: Vec<Series>,
}

/// One axis.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Axis {
    /// What it counts or measures.
    pub label: String,
    /// In what.
    pub unit: Unit,
    /// Equal steps are equal factors.
    pub is_logarithmic: bool,
}

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// A number of things.
    #[serde(rename = "")]
    Count,
    /// Bytes.
    #[serde(rename = "B")]
    Bytes,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Millis,
    /// Nanoseconds for each value, all told.
    #[serde(rename = "ns/value")]
    NanosPerValue,
    /// Values in a second.
    #[serde(rename = "values/s")]
    ValuesPerSecond,
    /// Bytes of payload in a second, in 2^20.
    #[serde(rename = "MiB/s")]
    MebibytesPerSecond,
    /// Bits of payload in a second, in millions.
    #[serde(rename = "Mbit/s")]
    MegabitsPerSecond,
}

/// A line to compare with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bound {
    /// What it is.
    pub label: String,
    /// Where it is, in the unit of the axis.
    pub at: f64,
}

/// The points of one contender.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Series {
    /// Who it is. `raw` is what the others are compared with.
    pub name: String,
    /// Its points, by rising `x`.
    pub points: Vec<Point>,
}

/// What was measured at one place, over all rounds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Point {
    /// The place.
    pub x: f64,
    /// The least of the samples. None if there is none, as for the other two.
    pub min: Option<f64>,
    /// The sample in the middle.
    pub median: Option<f64>,
    /// The greatest of the samples.
    pub max: Option<f64>,
    /// One for each round, in that order, except those in which there was nothing to measure.
    pub samples: Vec<f64>,
}

impl Point {
    /// A place without samples.
    pub fn new(x: f64) -> Point {
        Point { x, min: None, median: None, max: None, samples: Vec::new() }
    }

    /// Adds what a round has measured.
    pub fn add(&mut self, sample: f64) {
        self.samples.push(sample);
        let mut sorted = self.samples.clone();
        sorted.sort_by(f64::total_cmp);
        self.min = sorted.first().copied();
        self.median = sorted.get(sorted.len() / 2).copied();
        self.max = sorted.last().copied();
    }
}

impl Series {
    /// A contender without samples.
    pub fn new(name: &str, places: &[f64]) -> Series {
        Series { name: name.to_owned(), points: places.iter().map(|x| Point::new(*x)).collect() }
    }
}

impl Unit {
    /// Its symbol; empty for a plain number.
    pub fn symbol(self) -> &'static str {
        match self {
            Unit::Count => "",
            Unit::Bytes => "B",
            Unit::Millis => "ms",
            Unit::NanosPerValue => "ns/value",
            Unit::ValuesPerSecond => "values/s",
            Unit::MebibytesPerSecond => "MiB/s",
            Unit::MegabitsPerSecond => "Mbit/s",
        }
    }

    /// Less of it is better, so that a ratio of two is turned round.
    pub fn is_cost(self) -> bool {
        matches!(self, Unit::Millis | Unit::NanosPerValue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_knows_its_spread_whatever_the_order() {
        let mut point = Point::new(1.0);
        for sample in [5.0, 1.0, 4.0, 2.0, 3.0] {
            point.add(sample);
        }
        assert_eq!((point.min, point.median, point.max), (Some(1.0), Some(3.0), Some(5.0)));
        assert_eq!(point.samples, [5.0, 1.0, 4.0, 2.0, 3.0]);
    }

    fn curves(cores: usize, names: &[&str]) -> Curves {
        let axis = Axis { label: String::new(), unit: Unit::Count, is_logarithmic: false };
        let curve = |name: &&str| Curve {
            name: (*name).to_owned(),
            title: String::new(),
            description: String::new(),
            x: axis.clone(),
            y: axis.clone(),
            bound: None,
            series: Vec::new(),
        };
        let unknown = String::new;
        let (processor, system, profile) = (unknown(), unknown(), unknown());
        let machine = Machine { processor, cores, memory_mib: 0, system, profile };
        let curves = names.iter().map(curve).collect();
        Curves { kind: "growth".to_owned(), machine, rounds: 5, run_ms: 450, curves }
    }

    #[test]
    fn a_curve_that_is_measured_again_replaces_the_earlier_one_and_no_other() {
        let mut now = curves(2, &["b"]);
        assert!(now.keep(curves(2, &["a", "b"])));
        let names: Vec<&str> = now.curves.iter().map(|curve| curve.name.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
    }

    #[test]
    fn curves_of_different_machines_do_not_meet() {
        let mut now = curves(2, &["b"]);
        assert!(!now.keep(curves(4, &["a"])));
        assert_eq!(now.curves.len(), 1);
    }

    #[test]
    fn a_place_where_nothing_could_be_measured_has_no_figures() {
        let json = serde_json::to_string(&Point::new(3.0)).unwrap();
        let point: Point = serde_json::from_str(&json).unwrap();
        assert_eq!(point.median, None);
    }
}
