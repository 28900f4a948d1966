//! Ends of channels that travel in messages: offers, claims, leases, and what is left of them.

mod answers;
mod callers;
mod chain;
mod cuts;
mod hostile;
mod leases;
mod many;
mod requests;
mod support;
