//! Names of fields and variants, as they stand in JSON.
//!
//! A schema joins all names of a field with `#[serde(alias)]` by `|`, because serde does not tell
//! which of them is written. The first is written here, and all are read.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::channel::identity::{Field, TypeIndex, Variant};

/// Up to so many names are looked through one by one.
const FEW: usize = 16;

/// The name that is written.
pub(super) fn written(name: &str) -> &str {
    name.split('|').next().unwrap_or(name)
}

type Index<'s> = Rc<HashMap<&'s str, usize>>;

/// Finds names again. Long lists get an index at their first use: a schema may come from a peer, and
/// have a hundred thousand variants.
#[derive(Debug, Default)]
pub(super) struct Names<'s> {
    /// By type, and by variant for the fields of one.
    indexes: RefCell<HashMap<(TypeIndex, Option<usize>), Index<'s>>>,
}

impl<'s> Names<'s> {
    /// The place of the variant in the enum `of`.
    pub(super) fn variant(
        &self,
        of: TypeIndex,
        variants: &'s [Variant],
        name: &str,
    ) -> Option<usize> {
        self.place((of, None), variants, |variant| &variant.name, name)
    }

    /// The place of the field in the struct, or in that variant of the enum, `of`.
    pub(super) fn field(
        &self,
        of: TypeIndex,
        variant: Option<usize>,
        fields: &'s [Field],
        name: &str,
    ) -> Option<usize> {
        self.place((of, variant), fields, |field| &field.name, name)
    }

    fn place<N>(
        &self,
        key: (TypeIndex, Option<usize>),
        list: &'s [N],
        name_of: impl Fn(&'s N) -> &'s str,
        name: &str,
    ) -> Option<usize> {
        if list.len() <= FEW {
            return list.iter().position(|item| name_of(item).split('|').any(|one| one == name));
        }
        let known = self.indexes.borrow().get(&key).cloned();
        let index = known.unwrap_or_else(|| {
            let mut index = HashMap::new();
            for (place, item) in list.iter().enumerate() {
                for one in name_of(item).split('|') {
                    index.entry(one).or_insert(place);
                }
            }
            let index = Rc::new(index);
            self.indexes.borrow_mut().insert(key, Rc::clone(&index));
            index
        });
        index.get(name).copied()
    }
}
