//! Finds out what a type looks like by deserializing invented values.
//!
//! Serde's derive tells a deserializer what it expects: "a struct with these fields", "a number". So
//! a deserializer that has no input, invents every value and writes down what it is asked for learns
//! the type, with no derive of our own. One run sees one variant of each enum; runs are repeated
//! until everything was seen.
//!
//! The parts: [`graph`] is what is known, [`run`] is one walk, [`choices`] decides how
//! it goes on, [`deserializer`] and
//! [`access`] speak serde, [`names`] sorts out aliases, [`refusal`] says no, [`assemble`] makes the
//! schema. This file repeats the runs, and knows when to stop.

mod access;
mod assemble;
mod choices;
mod deserializer;
mod graph;
mod names;
mod refusal;
mod run;

use std::any::type_name;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::DeserializeOwned;

use super::error::TraceError;
use super::samples::Samples;
use super::schema::Schema;
use super::watch::Watch;
use deserializer::Invented;
use graph::Progress;
use names::{Look, Meaning, Surplus};
use run::{DEPTH_MAX, Stop, Tracer};

/// Most runs for one type. Each run sees a new branch, blocks one, or tries a value, and a type with
/// a thousand branches needs a few thousand runs.
const RUNS_MAX: usize = 20_000;

/// Finds the schema of `T`.
///
/// User code may fail, panic or never end without harm: every loop here has a bound. `carries_ends`
/// is set if there are ends of channels in values of `T`.
pub(super) fn trace<T: DeserializeOwned>(
    samples: &Samples,
    carries_ends: &mut bool,
) -> Result<Schema, TraceError> {
    let type_name = type_name::<T>();
    let mut tracer = Tracer::new(type_name, samples);
    let watch = Watch::begin();
    explore::<T>(&mut tracer)?;
    *carries_ends = watch.has_met_end();
    look_up_names::<T>(&mut tracer)?;
    assemble::schema(type_name, &tracer.graph)
}

/// Runs until every branch of every type was read to its end.
fn explore<T: DeserializeOwned>(tracer: &mut Tracer<'_>) -> Result<(), TraceError> {
    for _ in 0..RUNS_MAX {
        let is_ok = run_once::<T>(tracer);
        let was_stopped = tracer.stop.is_some();
        let was_rejected = tracer.rejection.is_some();
        match tracer.stop.take() {
            Some(Stop::Refused(refusal)) => return Err(refusal),
            Some(Stop::Blocked | Stop::FewerVariants | Stop::Looked) => {}
            None if tracer.has_progress || try_another_way(tracer) => {}
            None => return Err(why_stuck(tracer)),
        }
        let was_read = is_ok || !tracer.graph.nodes[graph::ABOVE_ROOT].branches[0].parts.is_empty();
        if was_read && tracer.graph.first_with(Progress::Unexplored).is_none() {
            match tracer.graph.first_with(Progress::Blocked) {
                None => return Ok(()),
                // What waits may wait for a value that a type refused, and others can be tried.
                Some(_) if was_stopped || was_rejected || !tracer.seeks_values => {}
                Some(blocked) => return Err(tracer.no_finite_value(place_name(tracer, blocked))),
            }
        }
    }
    let path = unexplored_name(tracer);
    let (type_name, limit) = (tracer.type_name, format!("{RUNS_MAX} runs"));
    Err(TraceError::TooLarge { type_name, path, limit })
}

/// Deserializes one invented value. A panic of user code counts as an error: the value may be one
/// that its author never expected.
fn run_once<T: DeserializeOwned>(tracer: &mut Tracer<'_>) -> bool {
    tracer.begin_run();
    tracer.begin_element(0);
    // The tracer is reset before the next run, so nothing half-done is looked at afterwards.
    let outcome = catch_unwind(AssertUnwindSafe(|| T::deserialize(Invented { tracer }).map(drop)));
    match outcome {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracer.note_rejection(error.message());
            false
        }
        Err(_) => {
            tracer.note_rejection("it panicked");
            false
        }
    }
}

/// After a run that found nothing new: other values, or a deeper look.
fn try_another_way(tracer: &mut Tracer<'_>) -> bool {
    if tracer.rejection.is_some() && tracer.vary_choices() {
        return true;
    }
    let may_go_deeper = tracer.rejection.is_none() && tracer.explore_depth < DEPTH_MAX;
    tracer.explore_depth = (2 * tracer.explore_depth).min(DEPTH_MAX);
    may_go_deeper
}

fn why_stuck(tracer: &mut Tracer<'_>) -> TraceError {
    let type_name = tracer.type_name;
    match tracer.rejection.take() {
        Some(rejection) => {
            let (path, reason) = (rejection.path, rejection.reason);
            TraceError::ValuesRefused { type_name, path, reason }
        }
        None => match tracer.graph.first_with(Progress::Blocked) {
            Some(blocked) => tracer.no_finite_value(place_name(tracer, blocked)),
            None => TraceError::Unreachable { type_name, path: unexplored_name(tracer) },
        },
    }
}

fn unexplored_name(tracer: &Tracer<'_>) -> String {
    let unexplored = tracer.graph.first_with(Progress::Unexplored);
    unexplored.map_or_else(|| tracer.type_name.to_owned(), |place| place_name(tracer, place))
}

fn place_name(tracer: &Tracer<'_>, (node, branch): (usize, usize)) -> String {
    let mut name = tracer.describe(graph::Part::Node(node));
    for step in tracer.graph.nodes[node].steps_to(branch, 0) {
        name.push_str(&step.to_string());
    }
    name
}

/// Sorts out the lists of names that are longer than what they name.
fn look_up_names<T: DeserializeOwned>(tracer: &mut Tracer<'_>) -> Result<(), TraceError> {
    tracer.explore_depth = DEPTH_MAX;
    for Surplus { node, branch, names, count } in names::surplus_lists(&tracer.graph) {
        let mut meanings = Vec::with_capacity(names.len());
        for name in names {
            meanings.push(meaning_of::<T>(tracer, Look { node, branch, name, found: None })?);
        }
        let joined = names::joined(names, &meanings, count);
        let node = &mut tracer.graph.nodes[node];
        match branch {
            None => node.variant_names = joined,
            Some(branch) => node.branches[branch].field_names = joined,
        }
    }
    Ok(())
}

fn meaning_of<T: DeserializeOwned>(
    tracer: &mut Tracer<'_>,
    look: Look,
) -> Result<Option<Meaning>, TraceError> {
    tracer.look = Some(look);
    run_once::<T>(tracer);
    let found = tracer.look.take().and_then(|look| look.found);
    match tracer.stop.take() {
        Some(Stop::Refused(refusal)) => Err(refusal),
        _ => Ok(found),
    }
}
