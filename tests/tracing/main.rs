//! The tracer and random types: it finds the schema of those that behave well, it comes to an end with
//! all others, and it stays within the stack of a thread. A case follows from its seed.

#![allow(clippy::unwrap_used)] // A failed test may panic.

mod found;
mod plan;
mod planned;

use std::ops::Range;
use std::time::{Duration, Instant};

use fastrand::Rng;
use netchan::channel::identity::{Description, Samples, Schema, TraceError};
use plan::{Check, Plan};
use planned::{Planned, asked, set_plan};

/// Cases of a property in a usual run. For more, set `NETCHAN_TRACE_CASES`; to begin with another seed,
/// set `NETCHAN_TRACE_SEED`.
const CASES: u64 = 1_000;

/// More values than a trace may ask for in all, with what it asks for after it was stopped.
const ASKED_MAX: u64 = 5_000_000;

/// A trace that takes longer hangs.
const TIME_MAX: Duration = Duration::from_secs(60);

/// As a thread has it by default.
const STACK_BYTES: usize = 2 * 1024 * 1024;

fn seeds() -> Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("NETCHAN_TRACE_SEED").unwrap_or(0);
    first..first + number("NETCHAN_TRACE_CASES").unwrap_or(CASES)
}

/// Runs cases on a thread with a usual stack. The panics of plans are not written out.
fn each_case(case: impl Fn(u64, &mut Rng) + Send + 'static) {
    each_of(seeds(), case);
}

fn each_of(seeds: Range<u64>, case: impl Fn(u64, &mut Rng) + Send + 'static) {
    std::panic::set_hook(Box::new(|info| {
        let is_planned = info.payload().downcast_ref::<&str>() == Some(&"as the plan wants");
        if !is_planned {
            eprintln!("{info}");
        }
    }));
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
        for seed in seeds {
            case(seed, &mut Rng::with_seed(seed));
        }
    });
    thread.unwrap().join().expect("each case holds");
}

/// Traces a plan, within bounds.
fn trace(seed: u64, plan: &Plan) -> Result<Schema, TraceError> {
    set_plan(plan.clone());
    let begun = Instant::now();
    let description = Description::with_samples::<Planned>(&Samples::new());
    let (took, asked) = (begun.elapsed(), asked());
    assert!(asked < ASKED_MAX, "seed {seed} asked for {asked} values: {plan:?}");
    assert!(took < TIME_MAX, "seed {seed} took {took:?}: {plan:?}");
    description.map(|description| Schema::clone(description.schema()))
}

#[test]
fn the_schema_of_a_type_is_found() {
    each_case(|seed, rng| {
        let plan = Plan::random(rng);
        let found = trace(seed, &plan);
        if plan.is_finite() {
            let expected = plan.schema().canonical_text();
            let found = found.map(|schema| schema.canonical_text());
            assert_eq!(found.as_deref(), Ok(&expected[..]), "seed {seed}: {plan:?}");
        } else {
            let is_refused = matches!(found, Err(TraceError::NoFiniteValue { .. }));
            assert!(is_refused, "seed {seed}: {found:?} for {plan:?}");
        }
    });
}

#[test]
fn plans_are_of_both_kinds() {
    let finite =
        seeds().filter(|seed| Plan::random(&mut Rng::with_seed(*seed)).is_finite()).count();
    let all = seeds().count();
    println!("{finite} of {all} types have finite values");
    assert!(finite > all / 10 && finite < all - all / 10, "{finite} of {all}");
}

#[test]
fn a_check_never_makes_another_schema() {
    each_case(|seed, rng| {
        let mut plan = Plan::random(rng);
        let check = plan.add_check(rng);
        let found = trace(seed, &plan);
        match found {
            Ok(schema) => {
                let expected = plan.schema().canonical_text();
                assert_eq!(schema.canonical_text(), expected, "seed {seed}: {plan:?}");
            }
            Err(error) if plan.is_finite() && check != Some(Check::Nothing) => {
                panic!("seed {seed}: {error} for {plan:?}")
            }
            Err(_) => {}
        }
    });
}

#[test]
fn many_checks_never_make_another_schema() {
    // A type whose values nobody can guess costs thousands of walks.
    let seeds = seeds();
    let fewer = seeds.start..seeds.start + (seeds.end - seeds.start) / 5;
    each_of(fewer, |seed, rng| {
        let mut plan = Plan::random(rng);
        for _ in 0..rng.usize(2..5) {
            plan.add_check(rng);
        }
        if let Ok(schema) = trace(seed, &plan) {
            let expected = plan.schema().canonical_text();
            assert_eq!(schema.canonical_text(), expected, "seed {seed}: {plan:?}");
        }
    });
}

#[test]
fn a_type_that_behaves_badly_comes_to_an_end() {
    each_case(|seed, rng| {
        let mut plan = Plan::random(rng);
        for _ in 0..rng.usize(1..3) {
            plan.add_quirk(rng);
        }
        if rng.bool() {
            plan.add_check(rng);
        }
        let _either = trace(seed, &plan);
    });
}
