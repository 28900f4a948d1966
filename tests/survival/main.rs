//! Sessions that outlive their links, and channels that outlive their sessions, as programs see
//! them: links are cut, held back and left half open, and peers die and come back.

mod asking;
mod asking_again;
mod asking_wildly;
mod closing;
mod early_importers;
mod events;
mod exporter_restarts;
mod flushing;
mod importer_restarts;
mod limits;
mod mended;
mod newest_link;
mod panics;
mod redelivery;
mod replying;
mod resume;
mod shapes;
mod shutdown;
mod strangers;
mod support;
