//! From what was seen to a schema: the last step of a trace.

use super::super::error::TraceError;
use super::super::path::short_type_name;
use super::super::schema::Schema;
use super::super::shape::{Field, Primitive, Shape, Type, TypeIndex, Variant, VariantContent};
use super::graph::{ABOVE_ROOT, Branch, ContentKind, Graph, Node, NodeKind, Part, SOMETHING};

/// Turns a graph without open ends into a schema.
pub(super) fn schema(type_name: &'static str, graph: &Graph) -> Result<Schema, TraceError> {
    let mut assembly = Assembly { graph, types: Vec::new(), primitives: Vec::new() };
    let root = graph.nodes[ABOVE_ROOT].branches[0].parts.first().copied().flatten();
    let root = root.unwrap_or(Part::Leaf(Primitive::Unit));
    let name = match root {
        Part::Node(node) => graph.nodes[node].key.name.map(str::to_owned),
        Part::Leaf(_) => None,
    };
    let name = name.unwrap_or_else(|| short_type_name(type_name));
    // The root of a schema is its first type. A graph has the node above it in front, which thereby
    // makes room: it becomes the root, and the root's own entry stays behind unused.
    for index in 0..graph.nodes.len() {
        let node = if let (ABOVE_ROOT, Part::Node(root)) = (index, root) { root } else { index };
        let item = if let (ABOVE_ROOT, Part::Leaf(primitive)) = (index, root) {
            Type { name: None, shape: Shape::Primitive(primitive) }
        } else {
            assembly.assemble(&graph.nodes[node])
        };
        assembly.types.push(item);
    }
    let mut types = assembly.types;
    let primitives = assembly.primitives;
    types.extend(primitives.iter().map(|item| Type { name: None, shape: Shape::Primitive(*item) }));
    Schema::from_types(name.clone(), types).map_err(|error| TraceError::TooLarge {
        type_name,
        path: name,
        limit: error.to_string(),
    })
}

struct Assembly<'g> {
    graph: &'g Graph,
    types: Vec<Type>,
    /// Numbered after all nodes, in the order in which they are first used.
    primitives: Vec<Primitive>,
}

impl Assembly<'_> {
    fn assemble(&mut self, node: &Node) -> Type {
        let first = &node.branches;
        let shape = match node.key.kind {
            NodeKind::UnitStruct => Shape::UnitStruct,
            NodeKind::AboveRoot | NodeKind::NewtypeStruct => {
                Shape::NewtypeStruct(self.nth(&first[0], 0))
            }
            NodeKind::Option => Shape::Option(self.nth(&first[SOMETHING], 0)),
            NodeKind::Sequence => Shape::Sequence(self.nth(&first[SOMETHING], 0)),
            NodeKind::Map => Shape::Map {
                key: self.nth(&first[SOMETHING], 0),
                value: self.nth(&first[SOMETHING], 1),
            },
            NodeKind::Tuple => Shape::Tuple(self.all(&first[0])),
            NodeKind::TupleStruct => Shape::TupleStruct(self.all(&first[0])),
            NodeKind::Struct => Shape::Struct(self.fields(node, 0)),
            NodeKind::Enum => {
                Shape::Enum((0..first.len()).map(|index| self.variant(node, index)).collect())
            }
        };
        Type { name: node.key.name.map(str::to_owned), shape }
    }

    fn variant(&mut self, node: &Node, index: usize) -> Variant {
        let branch = &node.branches[index];
        let content = match branch.content {
            None | Some(ContentKind::Unit) => VariantContent::Unit,
            Some(ContentKind::Newtype) => VariantContent::Newtype(self.nth(branch, 0)),
            Some(ContentKind::Tuple(_)) => VariantContent::Tuple(self.all(branch)),
            Some(ContentKind::Struct(_)) => VariantContent::Struct(self.fields(node, index)),
        };
        Variant { name: name_at(node.variant_names.as_deref(), node.key.names, index), content }
    }

    fn fields(&mut self, node: &Node, index: usize) -> Vec<Field> {
        let branch = &node.branches[index];
        let declared = node.declared_fields(index);
        let contents = self.all(branch).into_iter().enumerate();
        contents
            .map(|(at, content)| Field {
                name: name_at(branch.field_names.as_deref(), declared, at),
                content,
            })
            .collect()
    }

    fn all(&mut self, branch: &Branch) -> Vec<TypeIndex> {
        branch.parts.iter().map(|part| self.index(*part)).collect()
    }

    fn nth(&mut self, branch: &Branch, element: usize) -> TypeIndex {
        self.index(branch.parts.get(element).copied().flatten())
    }

    fn index(&mut self, part: Option<Part>) -> TypeIndex {
        // A part that asked for nothing takes no byte: on the wire it is a unit.
        let primitive = match part {
            Some(Part::Node(node)) => return TypeIndex::at(node),
            Some(Part::Leaf(primitive)) => primitive,
            None => Primitive::Unit,
        };
        let known = self.primitives.iter().position(|other| *other == primitive);
        let position = known.unwrap_or_else(|| {
            self.primitives.push(primitive);
            self.primitives.len() - 1
        });
        TypeIndex::at(self.graph.nodes.len() + position)
    }
}

fn name_at(joined: Option<&[String]>, declared: &[&str], index: usize) -> String {
    let joined = joined.and_then(|names| names.get(index)).cloned();
    joined
        .or_else(|| declared.get(index).map(|name| (*name).to_owned()))
        .unwrap_or_else(|| index.to_string())
}
