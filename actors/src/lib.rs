//! actix actors for netchan.
