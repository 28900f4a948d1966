//! One walk through a type: where it is, what it has found, and when it is over.
//!
//! The deserializer reports each request here and is told how to go on: which branch of an enum,
//! which value for a leaf ([`super::choices`]). This file knows where a walk is and what it has cost;
//! it does not know serde's traits.

use std::collections::HashMap;
use std::panic::resume_unwind;

use super::super::error::TraceError;
use super::super::samples::Samples;
use super::super::schema::TUPLE_ELEMENTS_MAX;
use super::super::shape::Primitive;
use super::choices::Choice;
use super::graph::{
    ABOVE_ROOT, ContentKind, Graph, Node, NodeKey, NodeKind, Part, Place, Progress, SOMETHING,
};
use super::names::Look;

/// Requests that one type may make in all runs together; a request costs well under a microsecond,
/// so a type that never ends is given up after about a second.
const STEPS_MAX: usize = 2_000_000;

/// Requests after the end of their run that are answered with an error. A type that still goes on takes
/// no error for an answer, and would never come back.
const REFUSED_STEPS_MAX: usize = 1_000_000;

/// Nesting beyond which a walk is given up. More than the compiler accepts by default in types that
/// are not recursive.
pub(super) const DEPTH_MAX: usize = 256;

/// Stack that a walk may take before it is given up: a third of what a thread has by default. A
/// level takes one kibibyte for a small struct and ten and more for a large one in a debug build, so
/// a limit in levels alone would be too low or too high.
const STACK_BYTES_MAX: usize = 704 * 1024;

/// Nesting beyond which a walk takes the shortest way out if there is one. In a large syntax tree it
/// would otherwise wind through all types at once. Doubled when it hides a part of the type.
const EXPLORE_DEPTH: usize = 32;

/// Why a run is over before its time. User code may swallow the error that carries it, so it is kept
/// here and every further request fails at once.
#[derive(Debug)]
pub(super) enum Stop {
    /// A branch needs a value of a type that has no finite value so far.
    Blocked,
    /// An enum has fewer variants than it has names.
    FewerVariants,
    /// The name that was to be looked up was looked up.
    Looked,
    Refused(TraceError),
}

/// The error of a request that came when the run was over or that ended it. Why is in [`Stop`].
#[derive(Debug)]
pub(super) struct Stopped;

/// The first error of a run that came from the type itself.
#[derive(Debug)]
pub(super) struct Rejection {
    pub(super) path: String,
    pub(super) reason: String,
    /// How much of the log came before it.
    pub(super) choices: usize,
}

/// A node that is being read.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) node: usize,
    pub(super) branch: usize,
    pub(super) element: usize,
    /// How many elements were asked for.
    pub(super) begun: usize,
    /// How many there are.
    capacity: usize,
    /// The height of the highest part so far.
    part_height: u32,
    /// Whether the parts take the shortest way to a finite value.
    is_shallow: bool,
}

/// The state of a trace across its runs.
pub(super) struct Tracer<'s> {
    pub(super) type_name: &'static str,
    pub(super) graph: Graph,
    pub(super) samples: &'s Samples,
    pub(super) stop: Option<Stop>,
    pub(super) rejection: Option<Rejection>,
    pub(super) look: Option<Look>,
    /// Whether this run found something new.
    pub(super) has_progress: bool,
    pub(super) explore_depth: usize,
    pub(super) depth_was_met: bool,
    /// Where the stack was when the run began.
    stack_address: usize,
    steps_left: usize,
    refused_steps_left: usize,
    /// Whether this run goes to types that refused all their values, because all others were explored.
    pub(super) seeks_values: bool,
    /// How far each node is away from what this run goes to.
    pub(super) distances: Vec<Option<u32>>,
    pub(super) stack: Vec<Frame>,
    pub(super) log: Vec<Choice>,
    pub(super) chosen: HashMap<Choice, usize>,
}

impl<'s> Tracer<'s> {
    pub(super) fn new(type_name: &'static str, samples: &'s Samples) -> Self {
        Self {
            type_name,
            graph: Graph::new(),
            samples,
            stop: None,
            rejection: None,
            look: None,
            has_progress: false,
            explore_depth: EXPLORE_DEPTH,
            depth_was_met: false,
            stack_address: stack_address(),
            steps_left: STEPS_MAX,
            refused_steps_left: REFUSED_STEPS_MAX,
            seeks_values: false,
            distances: Vec::new(),
            stack: Vec::new(),
            log: Vec::new(),
            chosen: HashMap::new(),
        }
    }

    /// Prepares a run. What a panic in user code left behind goes away as well.
    pub(super) fn begin_run(&mut self) {
        self.stack_address = stack_address();
        self.stop = None;
        self.rejection = None;
        self.has_progress = false;
        self.log.clear();
        self.stack.clear();
        self.push_frame(ABOVE_ROOT, 0, 1, false);
        let graph = &self.graph;
        let has = |node: &Node, progress: Progress| {
            node.branches.iter().any(|branch| branch.progress == progress)
        };
        self.seeks_values = self.look.is_none() && graph.first_with(Progress::Unexplored).is_none();
        self.distances = match &self.look {
            Some(look) => graph.distances(|index, _| index == look.node),
            None if self.seeks_values => {
                graph.distances(|_, node| node.height.is_none() && has(node, Progress::Explored))
            }
            None => graph.distances(|_, node| has(node, Progress::Unexplored)),
        };
    }

    /// Whether the run may go on. Called at each request.
    pub(super) fn step(&mut self) -> Result<(), Stopped> {
        if self.stop.is_some() {
            self.count_refused_step();
            return Err(Stopped);
        }
        if self.steps_left == 0 {
            return Err(self.refuse_as_too_large(format!("{STEPS_MAX} requests")));
        }
        self.steps_left -= 1;
        Ok(())
    }

    /// Notes a request that came although the run is over. The last one does not return: it unwinds the
    /// code of the type, as a panic of its own would, but without a message.
    fn count_refused_step(&mut self) {
        match self.refused_steps_left.checked_sub(1) {
            Some(left) => self.refused_steps_left = left,
            None => {
                let limit = format!("{REFUSED_STEPS_MAX} requests that ignore errors");
                let _stopped = self.refuse_as_too_large(limit);
                resume_unwind(Box::new(Stopped));
            }
        }
    }

    /// Notes that a primitive is read here, and returns which of its values to give.
    pub(super) fn enter_leaf(&mut self, primitive: Primitive) -> Result<usize, Stopped> {
        self.step()?;
        self.record(Part::Leaf(primitive))?;
        Ok(self.choose(Choice::Leaf(self.place(), primitive)))
    }

    /// Notes that a type with parts is read here, and returns the branch to take. Each successful
    /// call is followed by one of [`Tracer::leave`].
    pub(super) fn enter(&mut self, key: NodeKey) -> Result<usize, Stopped> {
        self.step()?;
        if key.kind != NodeKind::Struct && key.length > TUPLE_ELEMENTS_MAX
            || key.names.len() > TUPLE_ELEMENTS_MAX
        {
            return Err(self.refuse_as_too_large(format!("{TUPLE_ELEMENTS_MAX} elements")));
        }
        let (node, is_new) = self.graph.node(key);
        self.has_progress |= is_new;
        self.record(Part::Node(node))?;
        let is_open = self.stack.iter().any(|frame| frame.node == node);
        let stack_bytes = self.stack_address.abs_diff(stack_address());
        if self.stack.len() >= DEPTH_MAX || stack_bytes >= STACK_BYTES_MAX {
            self.depth_was_met = true;
            return Err(self.block(node));
        }
        let is_finite = self.graph.nodes[node].height.is_some();
        if is_open && !is_finite {
            return Err(self.block(node));
        }
        let is_deep = self.stack.len() > self.explore_depth;
        let above = self.stack.last().is_some_and(|frame| frame.is_shallow);
        let is_shallow = is_finite && (is_open || above || is_deep);
        let Some(branch) = self.pick_branch(node, is_shallow) else {
            return Err(self.block(node));
        };
        let capacity = match key.kind {
            NodeKind::Option | NodeKind::Sequence => usize::from(branch == SOMETHING),
            NodeKind::Map => 2 * usize::from(branch == SOMETHING),
            NodeKind::UnitStruct => 0,
            // Not known before the variant says what it carries.
            NodeKind::Enum => usize::MAX,
            NodeKind::AboveRoot | NodeKind::NewtypeStruct => 1,
            NodeKind::Tuple | NodeKind::TupleStruct | NodeKind::Struct => key.length,
        };
        self.push_frame(node, branch, capacity, is_shallow);
        Ok(branch)
    }

    /// Ends the reading of a type with parts.
    pub(super) fn leave(&mut self, is_ok: bool) {
        if is_ok {
            self.check_arity();
        }
        let Some(frame) = self.stack.pop() else {
            return;
        };
        let is_looking = self.look.as_ref().is_some_and(|look| look.node == frame.node);
        if self.stop.is_some() || is_looking {
            return;
        }
        let parts = &mut self.graph.nodes[frame.node].branches[frame.branch].parts;
        if is_ok {
            // An element that was asked for and read nothing is none on the wire either.
            parts.resize(parts.len().max(frame.begun), None);
            let height = frame.part_height + 1;
            self.has_progress |= self.graph.finish(frame.node, frame.branch, Some(height));
            if let Some(above) = self.stack.last_mut() {
                above.part_height = above.part_height.max(height);
            }
        } else if frame.begun == frame.capacity
            && parts.len() == frame.begun
            && parts.iter().all(Option::is_some)
        {
            // The value was refused, but after its last part nothing else can be asked for.
            self.has_progress |= self.graph.finish(frame.node, frame.branch, None);
        }
    }

    /// Refuses a type that reads now fewer parts than before.
    fn check_arity(&mut self) {
        let Some(frame) = self.stack.last() else {
            return;
        };
        let node = &self.graph.nodes[frame.node];
        let known = node.branches[frame.branch].parts.len();
        let is_repeated = matches!(node.key.kind, NodeKind::Sequence | NodeKind::Map);
        if self.stop.is_none() && self.look.is_none() && !is_repeated && known > frame.begun {
            let begun = frame.begun;
            self.refuse_as_varying(format!("{known} parts"), format!("{begun} parts"));
        }
    }

    /// Moves to an element of the innermost type.
    pub(super) fn begin_element(&mut self, element: usize) {
        if let Some(frame) = self.stack.last_mut() {
            let kind = self.graph.nodes[frame.node].key.kind;
            if matches!(kind, NodeKind::Sequence | NodeKind::Map) {
                // An empty one may have been refused, so that this one has elements after all.
                frame.branch = SOMETHING;
            }
            frame.element = element;
            frame.begun = frame.begun.max(element + 1);
        }
    }

    /// Notes what the variant that is being read carries.
    pub(super) fn note_content(&mut self, kind: ContentKind) -> Result<(), Stopped> {
        self.step()?;
        let capacity = match kind {
            ContentKind::Unit => 0,
            ContentKind::Newtype => 1,
            ContentKind::Tuple(length) => length,
            ContentKind::Struct(names) => names.len(),
        };
        if capacity > TUPLE_ELEMENTS_MAX {
            return Err(self.refuse_as_too_large(format!("{TUPLE_ELEMENTS_MAX} elements")));
        }
        if let Some(frame) = self.stack.last_mut() {
            frame.capacity = capacity;
        }
        let branch = self.branch();
        match self.current_node().branches[branch].content.replace(kind) {
            Some(before) if before != kind => {
                let (first, second) = (format!("{before:?}"), format!("{kind:?}"));
                Err(self.refuse_as_varying(first, second))
            }
            _ => Ok(()),
        }
    }

    /// Notes that the enum that is being read refused the number of a variant. Names may be more
    /// than variants, because of aliases, but numbers have no gaps.
    pub(super) fn note_variant_count(&mut self, count: usize, reason: &str) {
        if self.stop.is_some() {
            return;
        }
        if count == 0 {
            let (type_name, path, reason) = (self.type_name, self.path(), reason.to_owned());
            let refusal = TraceError::VariantsByNameOnly { type_name, path, reason };
            self.stop = Some(Stop::Refused(refusal));
            return;
        }
        self.current_node().branches.truncate(count);
        self.stop = Some(Stop::FewerVariants);
    }

    pub(super) fn branch(&self) -> usize {
        self.place().branch
    }

    pub(super) fn current_index(&self) -> usize {
        self.place().node
    }

    pub(super) fn current_node(&mut self) -> &mut Node {
        let node = self.place().node;
        &mut self.graph.nodes[node]
    }

    pub(super) fn place(&self) -> Place {
        match self.stack.last() {
            Some(Frame { node, branch, element, .. }) => {
                Place { node: *node, branch: *branch, element: *element }
            }
            None => Place { node: ABOVE_ROOT, branch: 0, element: 0 },
        }
    }

    fn push_frame(&mut self, node: usize, branch: usize, capacity: usize, is_shallow: bool) {
        let (element, begun, part_height) = (0, 0, 0);
        let frame = Frame { node, branch, element, begun, capacity, part_height, is_shallow };
        self.stack.push(frame);
    }

    fn record(&mut self, part: Part) -> Result<(), Stopped> {
        match self.graph.record(self.place(), part) {
            Ok(is_new) => {
                let branch = self.branch();
                let progress = self.current_node().branches[branch].progress;
                if is_new && progress == Progress::Explored {
                    let second = self.describe(part);
                    return Err(self.refuse_as_varying("nothing".to_owned(), second));
                }
                self.has_progress |= is_new;
                Ok(())
            }
            Err(before) => {
                let (first, second) = (self.describe(before), self.describe(part));
                Err(self.refuse_as_varying(first, second))
            }
        }
    }

    /// Notes an error that the type itself raised, if it is the first of the run.
    pub(super) fn note_rejection(&mut self, reason: &str) {
        if self.stop.is_none() && self.rejection.is_none() {
            let (path, reason) = (self.path(), reason.to_owned());
            self.rejection = Some(Rejection { path, reason, choices: self.log.len() });
        }
    }
}

/// An address in the current stack frame: the difference of two is the stack taken in between.
#[inline(never)]
fn stack_address() -> usize {
    let marker = 0_u8;
    std::hint::black_box(std::ptr::from_ref(&marker)).addr()
}
