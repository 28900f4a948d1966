# The commands of CONTRIBUTING.md. `just` alone lists them.

_list:
    @just --list

fmt:
    cargo fmt --all

lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features --locked -- -D warnings

test:
    cargo test --workspace --locked

doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --all-features

bench:
    cargo bench --workspace --locked

example name:
    cargo run --locked --example {{ name }}

deny:
    cargo deny check

ci:
    bash .ci/run
