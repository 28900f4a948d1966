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
    cargo bench -p netchan-bench --benches --locked

# The works W1 to W8 beside the baseline; `just works --help`.
works *arguments:
    cargo run --release -p netchan-bench --locked -- works {{ arguments }}

example name:
    cargo run --locked --example {{ name }}

deny:
    cargo deny check

ci:
    bash .ci/run
