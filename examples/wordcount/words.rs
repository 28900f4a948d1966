//! What both halves know: the types of the two channels, and what a word is.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use actix::Message;
use serde::{Deserialize, Serialize};

/// The name of the channel that carries [`Line`]s.
pub(crate) const LINES: &str = "lines";

/// The name of the channel that carries [`Count`]s. It ends behind the last one.
pub(crate) const COUNTS: &str = "counts";

/// How many words are printed.
const PRINTED_WORDS: usize = 10;

/// What goes over `lines`. The end of the text is a value too: it is handled behind all lines, so
/// whoever handles it has seen them all.
#[derive(Debug, Message, Serialize, Deserialize)]
#[rtype(result = "()")]
pub(crate) enum Line {
    Text(String),
    End,
}

/// What goes over `counts`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Count {
    pub(crate) word: String,
    pub(crate) times: u64,
}

/// How often each word was seen.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    times: HashMap<String, u64>,
}

impl Words {
    /// Counts the words of a line: runs of letters and digits, in lower case.
    pub(crate) fn add_line(&mut self, line: &str) {
        let words = line.split(|letter: char| !letter.is_alphanumeric());
        for word in words.filter(|word| !word.is_empty()) {
            self.add(Count { word: word.to_lowercase(), times: 1 });
        }
    }

    pub(crate) fn add(&mut self, Count { word, times }: Count) {
        *self.times.entry(word).or_default() += times;
    }

    pub(crate) fn into_counts(self) -> impl Iterator<Item = Count> {
        self.times.into_iter().map(|(word, times)| Count { word, times })
    }

    fn total(&self) -> u64 {
        self.times.values().sum()
    }

    /// The most frequent words; those that are equally frequent in the order of the alphabet.
    fn most_frequent(&self) -> Vec<(&str, u64)> {
        let mut words: Vec<_> = self.times.iter().map(|(word, n)| (word.as_str(), *n)).collect();
        words.sort_unstable_by(|(a, m), (b, n)| n.cmp(m).then(a.cmp(b)));
        words.truncate(PRINTED_WORDS);
        words
    }
}

/// The count of the other half beside the count made here.
#[derive(Debug)]
pub(crate) struct Comparison {
    pub(crate) there: Words,
    pub(crate) here: Words,
    pub(crate) lines: u64,
    pub(crate) elapsed: Duration,
}

impl Comparison {
    pub(crate) fn is_equal(&self) -> bool {
        self.there == self.here
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (word, times) in self.there.most_frequent() {
            writeln!(f, "{times:>8}  {word}")?;
        }
        let seconds = self.elapsed.as_secs_f64();
        let per_second = self.lines as f64 / seconds;
        writeln!(f, "{} lines in {seconds:.3} s: {per_second:.0} lines per second", self.lines)?;
        let (total, different) = (self.there.total(), self.there.times.len());
        if self.is_equal() {
            writeln!(f, "{total} words, {different} different: equal to the count made here")
        } else {
            let here = self.here.total();
            writeln!(f, "{total} words, {different} different: NOT EQUAL to the {here} words here")
        }
    }
}
