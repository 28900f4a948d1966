//! What is known so far about the types that a trace has met.
//!
//! Each type with parts is a [`Node`]. What a node can be followed by is a [`Branch`]: one for a
//! struct, one per variant for an enum, "nothing" and "something" for options, sequences and maps.
//! The graph grows from run to run. It knows what is still to be seen and how to get there; it does
//! not know serde.

use std::any::TypeId;
use std::collections::HashMap;

use super::super::path::Step;
use super::super::shape::Primitive;

/// The node above the traced type, so that the type itself is found like any other part.
pub(super) const ABOVE_ROOT: usize = 0;

/// The branch of an option, sequence or map that holds something. The one before holds nothing.
pub(super) const SOMETHING: usize = 1;

/// What makes a node the same node when it is met again.
///
/// The visitor's type is private to one `Deserialize` implementation with its generic arguments, so
/// neither equal names in two modules nor two instances of a generic type can be confused. Its name
/// and its lists of names are compared as text: where the compiler puts them in memory may change
/// with the build, and it may put equal ones in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct NodeKey {
    pub(super) visitor: TypeId,
    pub(super) kind: NodeKind,
    pub(super) name: Option<&'static str>,
    /// Fields of a struct or variants of an enum.
    pub(super) names: &'static [&'static str],
    /// How many elements are asked for.
    pub(super) length: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum NodeKind {
    AboveRoot,
    Option,
    UnitStruct,
    NewtypeStruct,
    Tuple,
    TupleStruct,
    Sequence,
    Map,
    Struct,
    Enum,
}

/// What a place holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Leaf(Primitive),
    Node(usize),
}

/// A place for a part: the element of a branch of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) node: usize,
    pub(super) branch: usize,
    pub(super) element: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Not yet read to its end.
    Unexplored,
    /// Needs a finite value of a type that has none so far. Tried again when one is found.
    Blocked,
    Explored,
}

/// The layout of an enum variant, learned when it is first asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentKind {
    Unit,
    Newtype,
    Tuple(usize),
    Struct(&'static [&'static str]),
}

#[derive(Debug)]
pub(super) struct Branch {
    pub(super) progress: Progress,
    /// Of an enum only.
    pub(super) content: Option<ContentKind>,
    pub(super) parts: Vec<Option<Part>>,
    /// How deep the shallowest value seen through this branch was nested.
    pub(super) height: Option<u32>,
    /// The names of the fields, where a second look was needed because of aliases.
    pub(super) field_names: Option<Vec<String>>,
}

impl Branch {
    fn new() -> Self {
        Self {
            progress: Progress::Unexplored,
            content: None,
            parts: Vec::new(),
            height: None,
            field_names: None,
        }
    }
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) key: NodeKey,
    pub(super) branches: Vec<Branch>,
    /// The least height of the branches; `None` until a finite value was seen.
    pub(super) height: Option<u32>,
    /// The names of the variants, where a second look was needed because of aliases.
    pub(super) variant_names: Option<Vec<String>>,
}

impl Node {
    fn new(key: NodeKey) -> Self {
        let count = match key.kind {
            NodeKind::Option | NodeKind::Sequence | NodeKind::Map => 2,
            NodeKind::Enum => key.names.len(),
            _ => 1,
        };
        let branches = (0..count).map(|_| Branch::new()).collect();
        Self { key, branches, height: None, variant_names: None }
    }

    /// Whether the tracer decides how a value of this type goes on.
    pub(super) fn is_choice(&self) -> bool {
        matches!(
            self.key.kind,
            NodeKind::Option | NodeKind::Sequence | NodeKind::Map | NodeKind::Enum
        )
    }

    /// The fields that a branch declares, aliases included.
    pub(super) fn declared_fields(&self, branch: usize) -> &'static [&'static str] {
        match (self.key.kind, self.branches.get(branch).and_then(|branch| branch.content)) {
            (NodeKind::Struct, _) => self.key.names,
            (_, Some(ContentKind::Struct(names))) => names,
            _ => &[],
        }
    }

    /// The way from this node to a part, in the notation of messages.
    pub(super) fn steps_to(&self, branch: usize, element: usize) -> Vec<Step> {
        let field = |names: &[&str]| match names.get(element) {
            Some(name) => Step::Field((*name).to_owned()),
            None => Step::Position(element),
        };
        match self.key.kind {
            NodeKind::AboveRoot | NodeKind::UnitStruct => Vec::new(),
            NodeKind::Option => vec![Step::Some],
            NodeKind::Sequence => vec![Step::Element],
            NodeKind::Map if element == 0 => vec![Step::Key],
            NodeKind::Map => vec![Step::Value],
            NodeKind::NewtypeStruct | NodeKind::Tuple | NodeKind::TupleStruct => {
                vec![Step::Position(element)]
            }
            NodeKind::Struct => vec![field(self.key.names)],
            NodeKind::Enum => {
                let name = self.key.names.get(branch).copied().unwrap_or("?").to_owned();
                let into = match self.branches.get(branch).and_then(|branch| branch.content) {
                    None | Some(ContentKind::Unit) => None,
                    Some(ContentKind::Newtype) => Some(Step::Position(0)),
                    Some(ContentKind::Tuple(_)) => Some(Step::Position(element)),
                    Some(ContentKind::Struct(names)) => Some(field(names)),
                };
                [Step::Variant(name)].into_iter().chain(into).collect()
            }
        }
    }
}

/// All nodes of one trace.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    by_key: HashMap<NodeKey, usize>,
}

impl Graph {
    pub(super) fn new() -> Self {
        let above_root = NodeKey {
            visitor: TypeId::of::<()>(),
            kind: NodeKind::AboveRoot,
            name: None,
            names: &[],
            length: 1,
        };
        Self { nodes: vec![Node::new(above_root)], by_key: HashMap::new() }
    }

    /// The node with this key, and whether it is new.
    pub(super) fn node(&mut self, key: NodeKey) -> (usize, bool) {
        if let Some(known) = self.by_key.get(&key) {
            return (*known, false);
        }
        let index = self.nodes.len();
        self.nodes.push(Node::new(key));
        self.by_key.insert(key, index);
        (index, true)
    }

    /// Notes what `place` holds and says whether that is new, or what it was before if that differs.
    pub(super) fn record(&mut self, place: Place, part: Part) -> Result<bool, Part> {
        let parts = &mut self.nodes[place.node].branches[place.branch].parts;
        if parts.len() <= place.element {
            parts.resize(place.element + 1, None);
        }
        match parts[place.element].replace(part) {
            None => Ok(true),
            Some(before) if before == part => Ok(false),
            Some(before) => Err(before),
        }
    }

    /// Notes that a branch was read to its end, with a value of this height if one came of it.
    /// Says whether that is new.
    pub(super) fn finish(&mut self, node: usize, branch: usize, height: Option<u32>) -> bool {
        let node = &mut self.nodes[node];
        let branch = &mut node.branches[branch];
        let is_new = branch.progress != Progress::Explored;
        branch.progress = Progress::Explored;
        let first_value = node.height.is_none() && height.is_some();
        branch.height = least(branch.height, height);
        node.height = least(node.height, height);
        if first_value {
            self.unblock();
        }
        is_new
    }

    fn unblock(&mut self) {
        for branch in self.nodes.iter_mut().flat_map(|node| &mut node.branches) {
            if branch.progress == Progress::Blocked {
                branch.progress = Progress::Unexplored;
            }
        }
    }

    /// The first branch with this progress, as (node, branch).
    pub(super) fn first_with(&self, progress: Progress) -> Option<(usize, usize)> {
        self.nodes.iter().enumerate().skip(1).find_map(|(index, node)| {
            let branch = node.branches.iter().position(|branch| branch.progress == progress)?;
            Some((index, branch))
        })
    }

    /// For each node, how many steps it is away from a goal through what was explored.
    pub(super) fn distances(&self, is_goal: impl Fn(usize, &Node) -> bool) -> Vec<Option<u32>> {
        let mut users: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            for part in node.branches.iter().filter(usable).flat_map(|branch| &branch.parts) {
                if let Some(Part::Node(target)) = part {
                    users[*target].push(index);
                }
            }
        }
        let mut distances = vec![None; self.nodes.len()];
        let mut ring: Vec<usize> = Vec::new();
        for (index, node) in self.nodes.iter().enumerate().skip(1) {
            if is_goal(index, node) {
                distances[index] = Some(0);
                ring.push(index);
            }
        }
        let mut distance = 0;
        while !ring.is_empty() {
            distance += 1;
            let mut next_ring = Vec::new();
            for user in ring.iter().flat_map(|node| &users[*node]) {
                if distances[*user].is_none() {
                    distances[*user] = Some(distance);
                    next_ring.push(*user);
                }
            }
            ring = next_ring;
        }
        distances
    }

    /// The branch of `node` on the shortest way to a goal.
    pub(super) fn branch_towards(&self, node: usize, distances: &[Option<u32>]) -> Option<usize> {
        let distance_of = |branch: &Branch| {
            let targets = branch.parts.iter().filter_map(|part| match part {
                Some(Part::Node(target)) => distances.get(*target).copied().flatten(),
                _ => None,
            });
            targets.min()
        };
        let branches = self.nodes[node].branches.iter().enumerate();
        branches
            .filter(|(_, branch)| usable(branch))
            .filter_map(|(index, branch)| Some((distance_of(branch)?, index)))
            .min()
            .map(|(_, index)| index)
    }

    /// The branches of `node` that are known to end, shallowest first.
    pub(super) fn finite_branches(&self, node: usize) -> Vec<usize> {
        let branches = self.nodes[node].branches.iter().enumerate();
        let mut finite: Vec<(u32, usize)> =
            branches.filter_map(|(index, branch)| Some((branch.height?, index))).collect();
        finite.sort_unstable();
        finite.into_iter().map(|(_, index)| index).collect()
    }
}

/// A way through a branch that is blocked ends before its goal.
fn usable(branch: &&Branch) -> bool {
    branch.progress != Progress::Blocked
}

fn least(known: Option<u32>, found: Option<u32>) -> Option<u32> {
    match (known, found) {
        (Some(known), Some(found)) => Some(known.min(found)),
        (known, found) => known.or(found),
    }
}
