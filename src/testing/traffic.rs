//! What a test can see of a network.

use crate::testing::Way;

/// What has happened in a [`Network`](crate::testing::Network), as numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Links that last: neither cut, nor dropped at one of their ends.
    pub links: usize,
    /// Links that were made so far.
    pub links_made: usize,
    /// Dials so far, refused ones too.
    pub dials: usize,
    /// Bytes that were written to lasting links and not read.
    pub in_flight_bytes: usize,
    /// Bytes that exporters have read.
    pub bytes_to_exporter: u64,
    /// Bytes that importers have read.
    pub bytes_to_importer: u64,
}

impl Traffic {
    pub(super) fn begin_link(&mut self) {
        self.links += 1;
        self.links_made += 1;
    }

    pub(super) fn carry(&mut self, way: Way, bytes: usize) {
        match way {
            Way::ToExporter => self.bytes_to_exporter += bytes as u64,
            Way::ToImporter => self.bytes_to_importer += bytes as u64,
        }
    }
}
