//! A thing for each of the two sides.

use std::ops::{Index, IndexMut};

use netchan::session::Role;

pub(crate) const ROLES: [Role; 2] = [Role::Importer, Role::Exporter];

pub(crate) fn opposite(role: Role) -> Role {
    match role {
        Role::Importer => Role::Exporter,
        Role::Exporter => Role::Importer,
    }
}

/// One for the importer and one for the exporter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Both<T> {
    pub(crate) importer: T,
    pub(crate) exporter: T,
}

impl<T> Both<T> {
    pub(crate) fn new(make: impl Fn(Role) -> T) -> Both<T> {
        Both { importer: make(Role::Importer), exporter: make(Role::Exporter) }
    }
}

impl<T> Index<Role> for Both<T> {
    type Output = T;

    fn index(&self, role: Role) -> &T {
        match role {
            Role::Importer => &self.importer,
            Role::Exporter => &self.exporter,
        }
    }
}

impl<T> IndexMut<Role> for Both<T> {
    fn index_mut(&mut self, role: Role) -> &mut T {
        match role {
            Role::Importer => &mut self.importer,
            Role::Exporter => &mut self.exporter,
        }
    }
}
