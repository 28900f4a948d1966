//! What the registry tells of its channels.

use std::ops::Bound;

use bytes::Bytes;

use crate::channel::{ChannelDescription, Shape};
use crate::net::listing::page::{self, Entry};
use crate::net::registry::{Export, ExportEnd, Registry};

impl Export {
    fn entry<'a>(&'a self, name: &'a str) -> Entry<'a> {
        Entry {
            name,
            importer_dir: self.end.dir().opposite(),
            shape: match &self.end {
                ExportEnd::Out(queue) => queue.shape(),
                ExportEnd::In(..) => Shape::Queue,
            },
            codec: &self.codec,
            values: &self.types.values.description,
            answers: self.types.answers.as_ref().map(|answers| &answers.description),
            has_ended: self.end.is_over(),
        }
    }
}

impl Registry {
    /// All channels, in the order of their names.
    pub(in crate::net) fn list(&self) -> Vec<ChannelDescription> {
        let state = self.state.lock();
        state.exports.iter().map(|(name, export)| export.entry(name).describe()).collect()
    }

    /// What an importer is told who asks for the channels behind `after`.
    pub(in crate::net) fn page(&self, after: &str) -> Bytes {
        if !self.lists_channels {
            return page::switched_off();
        }
        let state = self.state.lock();
        let behind = (Bound::Excluded(after), Bound::Unbounded);
        let exports = state.exports.range::<str, _>(behind);
        page::write(exports.map(|(name, export)| export.entry(name)))
    }
}
