//! Types of two versions of a program, or of two programs: `left` is the exporter's, `right` the
//! importer's.

/// A pair of types with the same name.
macro_rules! pair {
    ($module:ident: { $($left:item)* } { $($right:item)* }) => {
        pub(crate) mod $module {
            pub(crate) mod left {
                #[allow(unused_imports)]
                use serde::{Deserialize, Serialize};
                $(#[derive(Serialize, Deserialize)] $left)*
            }
            pub(crate) mod right {
                #[allow(unused_imports)]
                use serde::{Deserialize, Serialize};
                $(#[derive(Serialize, Deserialize)] $right)*
            }
        }
    };
}

pair!(nested: {
    pub(crate) struct Order { id: u64, lines: Vec<Line> }
    pub(crate) struct Line { qty: u32 }
} {
    pub(crate) struct Order { id: u64, lines: Vec<Line> }
    pub(crate) struct Line { qty: u64 }
});
pair!(missing: {
    pub(crate) struct Order { id: u64, note: String }
} {
    pub(crate) struct Order { id: u64 }
});
pair!(extra: {
    pub(crate) struct Order { id: u64 }
} {
    pub(crate) struct Order { id: u64, note: String }
});
pair!(extra_in_front: {
    pub(crate) struct Order { id: u64 }
} {
    pub(crate) struct Order { note: Option<String>, id: u64 }
});
pair!(moved: {
    pub(crate) struct Order { id: u64, qty: u64 }
} {
    pub(crate) struct Order { qty: u64, id: u64 }
});
pair!(renamed: {
    pub(crate) struct Order { id: u64, qty: u64 }
} {
    pub(crate) struct Order { id: u64, quantity: u64 }
});
pair!(aliased: {
    pub(crate) struct Order { qty: u64 }
} {
    pub(crate) struct Order { #[serde(alias = "quantity")] qty: u64 }
});
pair!(variant_added: {
    pub(crate) enum Payment { Cash, Card }
} {
    pub(crate) enum Payment { Cash, Card, Cheque }
});
pair!(variant_removed: {
    pub(crate) enum Payment { Cash, Card, Cheque }
} {
    pub(crate) enum Payment { Cash, Cheque }
});
pair!(variants_reordered: {
    pub(crate) enum Payment { Cash, Card }
} {
    pub(crate) enum Payment { Card, Cash }
});
pair!(variant_renamed: {
    pub(crate) enum Payment { Cash, Card }
} {
    pub(crate) enum Payment { Cash, Plastic }
});
pair!(variant_with_content: {
    pub(crate) enum Payment { Cash, Card }
} {
    pub(crate) enum Payment { Cash, Card(u64) }
});
pair!(variant_of_another_type: {
    pub(crate) enum Payment { Cash, Card(u32) }
} {
    pub(crate) enum Payment { Cash, Card(u64) }
});
pair!(variant_field: {
    pub(crate) enum Payment { Card { number: u64, year: u16 } }
} {
    pub(crate) enum Payment { Card { number: u64, year: u32 } }
});
pair!(variant_tuple: {
    pub(crate) enum Payment { Card(u64, u16) }
} {
    pub(crate) enum Payment { Card(u64, u16, u16) }
});
pair!(variant_of_another_kind: {
    pub(crate) enum Payment { Card(u64, u16) }
} {
    pub(crate) enum Payment { Card { number: u64, year: u16 } }
});
pair!(optional: {
    pub(crate) struct Order { note: Option<String> }
} {
    pub(crate) struct Order { note: String }
});
pair!(inside_an_option: {
    pub(crate) struct Order { priority: Option<u8> }
} {
    pub(crate) struct Order { priority: Option<u16> }
});
pair!(newtype: {
    pub(crate) struct Order { id: u64 }
} {
    pub(crate) struct Order { id: Id }
    pub(crate) struct Id(u64);
});
pair!(inside_a_newtype: {
    pub(crate) struct Id(u64);
} {
    pub(crate) struct Id(u128);
});
pair!(enum_for_struct: {
    pub(crate) enum Payment { Cash }
} {
    pub(crate) struct Payment { cash: u64 }
});
pair!(struct_for_tuple: {
    pub(crate) struct Point { x: f64, y: f64 }
} {
    pub(crate) struct Point(f64, f64);
});
pair!(recursive: {
    pub(crate) struct Folder { name: String, inner: Vec<Folder>, owner: Option<Owner> }
    pub(crate) struct Owner { home: Option<Box<Folder>>, user: u32 }
} {
    pub(crate) struct Folder { name: String, inner: Vec<Folder>, owner: Option<Owner> }
    pub(crate) struct Owner { home: Option<Box<Folder>>, user: u64 }
});
pair!(recursive_elsewhere: {
    pub(crate) enum Tree { Node(Box<Tree>, Box<Tree>), Leaf(i32) }
} {
    pub(crate) enum Tree { Node(Box<Tree>, Box<Tree>), Leaf(i64) }
});
