//! Which of the declared names belong together.
//!
//! `#[serde(alias)]` puts all names of a field or variant into one list, so the list is longer than
//! there are fields or variants and positions in it mean nothing. Serde maps each name to a private
//! enum, one value per field or variant. That value cannot be looked into, but the standard library
//! tells whether two values are of the same variant. So each name is looked up once, and names that
//! lead to the same value belong together.

use std::hash::{Hash, Hasher};
use std::mem::Discriminant;

use super::graph::{Graph, NodeKind};
use super::run::{Stop, Tracer};

/// A name that is being looked up.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) node: usize,
    /// The branch whose fields are looked up, or `None` for the variants of an enum.
    pub(super) branch: Option<usize>,
    pub(super) name: &'static str,
    /// What the name led to.
    pub(super) found: Option<Meaning>,
}

/// What a name means to a type: equal for all names of one field or variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meaning(Vec<u8>);

impl Meaning {
    pub(super) fn of<T>(discriminant: Discriminant<T>) -> Self {
        let mut collector = Collector(Vec::new());
        discriminant.hash(&mut collector);
        Self(collector.0)
    }
}

/// Keeps what is hashed. A discriminant gives nothing away but its hash, and the private enum may
/// borrow, so the discriminant itself cannot be kept in a list of any types.
struct Collector(Vec<u8>);

impl Hasher for Collector {
    fn finish(&self) -> u64 {
        0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

/// A list of names that is longer than what it names.
#[derive(Debug)]
pub(super) struct Surplus {
    pub(super) node: usize,
    pub(super) branch: Option<usize>,
    pub(super) names: &'static [&'static str],
    /// How many fields or variants there are.
    pub(super) count: usize,
}

/// All lists of names that need to be looked up.
pub(super) fn surplus_lists(graph: &Graph) -> Vec<Surplus> {
    let mut lists = Vec::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        if node.key.kind == NodeKind::Enum && node.key.names.len() > node.branches.len() {
            lists.push(Surplus {
                node: index,
                branch: None,
                names: node.key.names,
                count: node.branches.len(),
            });
        }
        for (branch_index, branch) in node.branches.iter().enumerate() {
            let names = node.declared_fields(branch_index);
            if names.len() > branch.parts.len() {
                lists.push(Surplus {
                    node: index,
                    branch: Some(branch_index),
                    names,
                    count: branch.parts.len(),
                });
            }
        }
    }
    lists
}

impl Tracer<'_> {
    /// The name whose variant is looked up, if that is what the current run is for and it is here.
    pub(super) fn variant_looked_up(&self) -> Option<&'static str> {
        self.looked_up().filter(|look| look.branch.is_none()).map(|look| look.name)
    }

    /// The name whose field is looked up, as above.
    pub(super) fn field_looked_up(&self) -> Option<&'static str> {
        self.looked_up().filter(|look| look.branch.is_some()).map(|look| look.name)
    }

    /// Whether the fields of this branch are to be offered by name.
    pub(super) fn is_looking_at_fields(&self, branch: usize) -> bool {
        self.looked_up().is_some_and(|look| look.branch == Some(branch))
    }

    fn looked_up(&self) -> Option<&Look> {
        let node = self.current_index();
        self.look.as_ref().filter(|look| look.node == node && self.stop.is_none())
    }

    /// Notes what the name led to; the run has served its purpose.
    pub(super) fn note_meaning(&mut self, meaning: Meaning) {
        if let Some(look) = &mut self.look {
            look.found = Some(meaning);
        }
        self.stop = Some(Stop::Looked);
    }
}

/// Joins the names with equal meanings, in the order of declaration. `None` if that does not give
/// `count` names: then the type does not use its list as serde's derive does.
pub(super) fn joined(
    names: &[&str],
    meanings: &[Option<Meaning>],
    count: usize,
) -> Option<Vec<String>> {
    let mut groups: Vec<(&Meaning, String)> = Vec::new();
    for (name, meaning) in names.iter().zip(meanings) {
        let meaning = meaning.as_ref()?;
        match groups.iter_mut().find(|(known, _)| *known == meaning) {
            Some((_, joined)) => {
                joined.push('|');
                joined.push_str(name);
            }
            None => groups.push((meaning, (*name).to_owned())),
        }
    }
    (groups.len() == count).then(|| groups.into_iter().map(|(_, joined)| joined).collect())
}

#[cfg(test)]
mod tests {
    use std::mem::discriminant;

    use super::*;

    #[test]
    fn names_with_one_meaning_become_one() {
        let some = Some(Meaning::of(discriminant(&Some(1))));
        let none = Some(Meaning::of(discriminant(&None::<i32>)));
        let meanings = [some.clone(), some, none];
        let expected = Some(vec!["a|b".to_owned(), "c".to_owned()]);
        assert_eq!(joined(&["a", "b", "c"], &meanings, 2), expected);
        assert_eq!(joined(&["a", "b", "c"], &meanings, 3), None);
        assert_eq!(joined(&["a"], &[None], 1), None);
    }
}
