//! Which channels an exporter has, and what a program without their types can do with them.

mod actors;
mod everything;
mod liar;
mod lies;
mod links;
mod support;
mod untyped;
