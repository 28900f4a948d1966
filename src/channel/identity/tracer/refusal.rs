//! How a trace says no: the place where a run is, and the errors that end the trace there.

use super::super::error::TraceError;
use super::super::path::{self, short_type_name};
use super::graph::{NodeKind, Part};
use super::run::{DEPTH_MAX, Stop, Stopped, Tracer};

impl Tracer<'_> {
    /// The error for a type that cannot be completed at `path`.
    pub(super) fn no_finite_value(&self, path: String) -> TraceError {
        let type_name = self.type_name;
        if self.depth_was_met {
            let limit = format!("{DEPTH_MAX} levels or the stack for them");
            return TraceError::TooLarge { type_name, path, limit };
        }
        TraceError::NoFiniteValue { type_name, path }
    }

    pub(super) fn refuse_as_too_large(&mut self, limit: String) -> Stopped {
        let (type_name, path) = (self.type_name, self.path());
        self.stop = Some(Stop::Refused(TraceError::TooLarge { type_name, path, limit }));
        Stopped
    }

    pub(super) fn refuse_as_varying(&mut self, first: String, second: String) -> Stopped {
        let (type_name, path) = (self.type_name, self.path());
        let refusal = TraceError::ShapeVaries { type_name, path, first, second };
        self.stop = Some(Stop::Refused(refusal));
        Stopped
    }

    /// Refuses the type because it asks what comes next.
    pub(super) fn refuse_as_undescribed(
        &mut self,
        request: &'static str,
        requested: &str,
    ) -> Stopped {
        if self.stop.is_none() {
            let (type_name, path) = (self.type_name, self.path());
            let requested = requested_name(requested);
            self.stop = Some(Stop::Refused(TraceError::NeedsSelfDescribing {
                type_name,
                path,
                request,
                requested,
            }));
        }
        Stopped
    }

    pub(super) fn path(&self) -> String {
        self.path_with(None)
    }

    /// Where the run is, in the notation of messages.
    pub(super) fn path_with(&self, next: Option<usize>) -> String {
        let mut nodes = self.stack.iter().skip(1).map(|frame| frame.node).chain(next);
        let root = nodes.next().and_then(|root| self.graph.nodes[root].key.name);
        let root = root.map_or_else(|| short_type_name(self.type_name), str::to_owned);
        let mut steps = Vec::new();
        for frame in self.stack.iter().skip(1) {
            let node = &self.graph.nodes[frame.node];
            if frame.begun > 0 || node.key.kind == NodeKind::Enum {
                steps.extend(node.steps_to(frame.branch, frame.element));
            }
        }
        path::joined(root, &steps)
    }

    /// What messages call a part.
    pub(super) fn describe(&self, part: Part) -> String {
        match part {
            Part::Leaf(primitive) => primitive.name().to_owned(),
            Part::Node(node) => {
                let key = &self.graph.nodes[node].key;
                let kind = match key.kind {
                    NodeKind::AboveRoot => "value",
                    NodeKind::Option => "option",
                    NodeKind::UnitStruct => "unit struct",
                    NodeKind::NewtypeStruct => "newtype struct",
                    NodeKind::Tuple => "tuple",
                    NodeKind::TupleStruct => "tuple struct",
                    NodeKind::Sequence => "sequence",
                    NodeKind::Map => "map",
                    NodeKind::Struct => "struct",
                    NodeKind::Enum => "enum",
                };
                key.name.map_or_else(|| kind.to_owned(), |name| format!("{kind} {name}"))
            }
        }
    }
}

/// What a caller that asks for anything wants to build. Private types of serde say nothing to a
/// reader, so they are given by their meaning.
fn requested_name(type_name: &str) -> String {
    if type_name.contains("::Content") {
        "any value".to_owned()
    } else if type_name.contains("__Field") {
        "a name".to_owned()
    } else {
        short_type_name(type_name)
    }
}
