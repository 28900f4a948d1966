//! How a walk goes on where it can go several ways, and what is tried next when that was refused.
//!
//! These rules keep every walk finite and make every branch seen. They decide on the graph alone.

use super::super::samples::Samples;
use super::super::shape::Primitive;
use super::graph::{Branch, Place, Progress};
use super::run::{Frame, Stop, Stopped, Tracer};

/// How many of the last choices are varied against each other when a value is refused.
const BLAMED_CHOICES_MAX: usize = 3;

/// An invented value, or a way to go on, that may be varied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Choice {
    Leaf(Place, Primitive),
    Length { node: usize, something: bool },
    Branch { node: usize },
}

impl Tracer<'_> {
    /// Where to go from `node`.
    ///
    /// A type that is already being read is not explored again from inside: it takes its shallowest
    /// known value, and if it has none, the branch that led here waits. So a walk never nests a type
    /// in itself on the search for something new, and mutually recursive types with the base case
    /// last cost a run per branch, not a level of stack.
    pub(super) fn pick_branch(&mut self, node: usize, is_shallow: bool) -> Option<usize> {
        if !self.graph.nodes[node].is_choice() {
            return Some(0);
        }
        if let Some(look) = self.look.as_ref().filter(|look| look.node == node) {
            return Some(look.branch.unwrap_or(0));
        }
        if !is_shallow {
            let branches = &self.graph.nodes[node].branches;
            let unexplored = |branch: &Branch| branch.progress == Progress::Unexplored;
            let unexplored = branches.iter().position(unexplored);
            if let Some(new) = unexplored.filter(|_| self.look.is_none()) {
                return Some(new);
            }
            let way = self.graph.branch_towards(node, &self.distances);
            if let Some(way) = way.filter(|_| !self.is_where_it_seeks()) {
                return Some(way);
            }
        }
        let candidates = self.branch_candidates(node);
        let index = self.choose(Choice::Branch { node });
        candidates.get(index).or(candidates.first()).copied()
    }

    /// Whether the run is inside of a type whose value it seeks, so that the shortest way is taken.
    fn is_where_it_seeks(&self) -> bool {
        let is_goal = |frame: &Frame| self.distances.get(frame.node) == Some(&Some(0));
        self.seeks_values && self.stack.iter().any(is_goal)
    }

    /// The branches to a finite value; or, if the type refused all values so far, those that were
    /// read to their end at least.
    fn branch_candidates(&self, node: usize) -> Vec<usize> {
        let finite = self.graph.finite_branches(node);
        if !finite.is_empty() {
            return finite;
        }
        let branches = self.graph.nodes[node].branches.iter().enumerate();
        branches
            .filter(|(_, branch)| branch.progress == Progress::Explored)
            .map(|(index, _)| index)
            .collect()
    }

    /// How many elements the innermost type, a sequence or a map, is to have.
    pub(super) fn length(&mut self, something: bool) -> usize {
        let node = self.place().node;
        let index = self.chosen.get(&Choice::Length { node, something }).copied().unwrap_or(0);
        Samples::length(something, index)
    }

    /// Notes that a sequence or map was ended. Only now, because an error before the end is more
    /// likely the fault of an element, and one after it that of the length.
    pub(super) fn note_end(&mut self, something: bool) -> Result<(), Stopped> {
        self.step()?;
        let node = self.place().node;
        self.log.push(Choice::Length { node, something });
        Ok(())
    }

    pub(super) fn choose(&mut self, choice: Choice) -> usize {
        self.log.push(choice);
        self.chosen.get(&choice).copied().unwrap_or(0)
    }

    /// Gives up the run because there is no finite value of `node` yet, and lets the branch that
    /// asked for it wait.
    pub(super) fn block(&mut self, node: usize) -> Stopped {
        let graph = &self.graph;
        let is_exploring = |frame: &&Frame| {
            let asking = &graph.nodes[frame.node];
            asking.is_choice() && asking.branches[frame.branch].progress == Progress::Unexplored
        };
        let asking = self.stack.iter().rev().find(is_exploring);
        match asking.map(|frame| (frame.node, frame.branch)) {
            Some((asking, branch)) => {
                self.graph.nodes[asking].branches[branch].progress = Progress::Blocked;
                self.stop = Some(Stop::Blocked);
            }
            None => {
                let refusal = self.no_finite_value(self.path_with(Some(node)));
                self.stop = Some(Stop::Refused(refusal));
            }
        }
        Stopped
    }

    /// Takes the next values for the last choices before the rejection. `false` if all were tried.
    pub(super) fn vary_choices(&mut self) -> bool {
        let before = self.rejection.as_ref().map_or(0, |rejection| rejection.choices);
        let mut blamed: Vec<Choice> = Vec::with_capacity(BLAMED_CHOICES_MAX);
        for choice in self.log[..before.min(self.log.len())].iter().rev() {
            if blamed.len() == BLAMED_CHOICES_MAX {
                break;
            }
            if !blamed.contains(choice) {
                blamed.push(*choice);
            }
        }
        for choice in blamed {
            let count = match choice {
                Choice::Leaf(_, primitive) => self.samples.count(primitive),
                Choice::Length { something, .. } => Samples::length_count(something),
                Choice::Branch { node } => self.branch_candidates(node).len(),
            };
            let index = self.chosen.entry(choice).or_insert(0);
            *index += 1;
            if *index < count {
                return true;
            }
            *index = 0;
        }
        false
    }
}
