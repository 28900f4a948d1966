//! Which nodes of a graph are the same, as far as one can see from them.
//!
//! Hopcroft's algorithm: what splits a class is looked at again only by its smaller half, so that the
//! work is that of the references, times the logarithm of the nodes. A schema may come from a peer, and
//! splitting all classes again and again would take a chain of thousands of types seconds.
//!
//! This file knows nodes, their parts and their classes by number; what they stand for is the business of
//! [`super::canonical`].

/// Splits classes until all nodes of a class have parts of the same classes, in the same order.
/// Returns the class of each node.
///
/// `classes` are numbered from zero on without a gap. All nodes of a class have as many parts, and each
/// part is a node.
pub(super) fn refined(classes: &[usize], parts: &[Vec<usize>]) -> Vec<usize> {
    let mut partition = Partition::new(classes);
    let mut users = vec![Vec::new(); classes.len()];
    for (node, parts) in parts.iter().enumerate() {
        for (position, part) in parts.iter().enumerate() {
            users[*part].push((position, node));
        }
    }
    while let Some(splitter) = partition.next_splitter() {
        // Whoever has a part of this class is told from whoever has none, for each position of the part.
        let mut found: Vec<(usize, usize)> =
            partition.nodes(splitter).iter().flat_map(|node| &users[*node]).copied().collect();
        found.sort_unstable();
        for same_position in found.chunk_by(|left, right| left.0 == right.0) {
            same_position.iter().for_each(|(_, node)| partition.mark(*node));
            partition.split_marked();
        }
    }
    partition.class_of
}

/// Nodes in classes.
struct Partition {
    /// All nodes, those of a class side by side.
    nodes: Vec<usize>,
    /// Where in `nodes` each one is.
    places: Vec<usize>,
    class_of: Vec<usize>,
    classes: Vec<Class>,
    /// Classes of which some nodes are marked.
    touched: Vec<usize>,
    /// Classes by which others have to be split.
    splitters: Vec<usize>,
}

/// A stretch of nodes.
struct Class {
    start: usize,
    end: usize,
    /// So many at its start are marked.
    marked: usize,
    is_splitter: bool,
}

impl Partition {
    fn new(classes: &[usize]) -> Partition {
        let class_count = classes.iter().max().map_or(0, |last| last + 1);
        let mut nodes: Vec<usize> = (0..classes.len()).collect();
        nodes.sort_by_key(|node| classes[*node]);
        let mut places = vec![0; nodes.len()];
        nodes.iter().enumerate().for_each(|(place, node)| places[*node] = place);
        let end_of = |class| nodes.partition_point(|node| classes[*node] <= class);
        let mut start = 0;
        let stretches = (0..class_count).map(|class| {
            let end = end_of(class);
            let stretch = Class { start, end, marked: 0, is_splitter: true };
            start = end;
            stretch
        });
        let classes_of_nodes = stretches.collect();
        Partition {
            nodes,
            places,
            class_of: classes.to_vec(),
            classes: classes_of_nodes,
            touched: Vec::new(),
            splitters: (0..class_count).collect(),
        }
    }

    fn nodes(&self, class: usize) -> &[usize] {
        &self.nodes[self.classes[class].start..self.classes[class].end]
    }

    fn next_splitter(&mut self) -> Option<usize> {
        let class = self.splitters.pop()?;
        self.classes[class].is_splitter = false;
        Some(class)
    }

    /// Tells a node from those of its class that are not marked. It is marked once.
    fn mark(&mut self, node: usize) {
        let class = &mut self.classes[self.class_of[node]];
        if class.marked == 0 {
            self.touched.push(self.class_of[node]);
        }
        let (from, to) = (self.places[node], class.start + class.marked);
        class.marked += 1;
        self.nodes.swap(from, to);
        self.places[self.nodes[from]] = from;
        self.places[node] = to;
    }

    /// Makes classes of their own of the nodes that are marked, unless all nodes of a class are.
    fn split_marked(&mut self) {
        for class in std::mem::take(&mut self.touched) {
            let new = self.classes.len();
            let old = &mut self.classes[class];
            let marked = std::mem::take(&mut old.marked);
            let rest = old.end - old.start - marked;
            if rest == 0 {
                continue;
            }
            let start = old.start;
            old.start += marked;
            // What a class that is done told of others, one of its halves and the class together tell of
            // the other half.
            let splitter = if old.is_splitter || marked <= rest { new } else { class };
            self.classes.push(Class { start, end: start + marked, marked: 0, is_splitter: false });
            for node in &self.nodes[start..start + marked] {
                self.class_of[*node] = new;
            }
            self.classes[splitter].is_splitter = true;
            self.splitters.push(splitter);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// The same by the definition: splits all classes again and again, until nothing changes.
    fn refined_slowly(classes: &[usize], parts: &[Vec<usize>]) -> Vec<usize> {
        let mut classes = classes.to_vec();
        loop {
            let mut known = HashMap::new();
            let refined: Vec<usize> = (0..classes.len())
                .map(|node| {
                    let of_parts: Vec<_> = parts[node].iter().map(|part| classes[*part]).collect();
                    let next = known.len();
                    *known.entry((classes[node], of_parts)).or_insert(next)
                })
                .collect();
            if known.len() == classes.iter().max().map_or(0, |last| last + 1) {
                return refined;
            }
            classes = refined;
        }
    }

    /// Whether two lists of classes put the same nodes together.
    fn is_same(left: &[usize], right: &[usize]) -> bool {
        let pairs: std::collections::HashSet<_> = left.iter().zip(right).collect();
        let count =
            |classes: &[usize]| classes.iter().collect::<std::collections::HashSet<_>>().len();
        pairs.len() == count(left) && pairs.len() == count(right)
    }

    #[test]
    fn it_splits_as_by_the_definition() {
        let mut state = 1_u64;
        let mut below = |end: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % end
        };
        for _ in 0..3_000 {
            let count = 1 + below(20);
            let classes: Vec<usize> = (0..count).map(|_| below(3)).collect();
            // As many parts as the number of the class says, and no gap in the numbers.
            let parts: Vec<Vec<usize>> =
                classes.iter().map(|class| (0..*class).map(|_| below(count)).collect()).collect();
            let mut known = HashMap::new();
            let classes: Vec<usize> = classes
                .iter()
                .map(|class| {
                    let next = known.len();
                    *known.entry(*class).or_insert(next)
                })
                .collect();
            let (quick, slow) = (refined(&classes, &parts), refined_slowly(&classes, &parts));
            assert!(is_same(&quick, &slow), "{classes:?} {parts:?}: {quick:?} is not {slow:?}");
        }
    }
}
