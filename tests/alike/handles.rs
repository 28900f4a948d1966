//! Recipients as things: clones, weak ones, equality, other threads.

use std::collections::HashSet;

use actix::prelude::*;

use crate::actors::{Manner, Task, Worker};
use crate::place::{TestResult, World, until};

in_each_place!(
    clones_are_equal_and_others_are_not,
    a_weak_recipient_becomes_strong_while_another_is,
    a_recipient_works_from_another_thread,
    a_recipient_works_without_a_runtime,
    messages_of_a_recipient_that_was_dropped_arrive,
);

async fn clones_are_equal_and_others_are_not(world: World) -> TestResult {
    let recipient = world.lead_to("some", Worker::start().0.recipient()).await?;
    let other = world.lead_to("other", Worker::start().0.recipient()).await?;
    let twin = recipient.clone();
    assert!(twin == recipient && other != recipient);
    let all = HashSet::from([recipient.clone(), twin.clone(), other]);
    assert_eq!(all.len(), 2);
    assert!(all.contains(&twin));
    // The one has nothing to do with the other's end.
    drop((recipient, all));
    assert_eq!(twin.send(Task(1, Manner::Now)).await?, 1);
    Ok(())
}

async fn a_weak_recipient_becomes_strong_while_another_is(world: World) -> TestResult {
    let (worker, seen) = Worker::start();
    let recipient = world.lead_to("tasks", worker.recipient()).await?;
    let weak = recipient.downgrade();
    let upgraded = weak.upgrade().ok_or("it is not gone")?;
    assert!(upgraded == recipient);
    drop(recipient);
    assert_eq!(upgraded.send(Task(1, Manner::Now)).await?, 1);
    drop(upgraded);
    until(|| weak.upgrade().is_none_or(|upgraded| !upgraded.connected())).await;
    assert_eq!(seen.done(), [1]);
    Ok(())
}

async fn a_recipient_works_from_another_thread(world: World) -> TestResult {
    let (worker, seen) = Worker::start();
    let recipient = world.lead_to("tasks", worker.recipient()).await?;
    let asker = std::thread::spawn(move || {
        System::new().block_on(async move {
            let mut answers = Vec::new();
            for number in 0..100 {
                recipient.do_send(Task(2 * number, Manner::Now));
                answers.push(recipient.send(Task(2 * number + 1, Manner::Now)).await);
            }
            answers
        })
    });
    let answers = tokio::task::spawn_blocking(|| asker.join()).await?;
    let answers = answers.map_err(|_| "the other thread panicked")?;
    assert!(answers.into_iter().eq((0..100).map(|number| Ok(2 * number + 1))));
    assert!(seen.done().into_iter().eq(0..200));
    Ok(())
}

async fn a_recipient_works_without_a_runtime(world: World) -> TestResult {
    let (worker, seen) = Worker::start();
    let recipient = world.lead_to("tasks", worker.recipient()).await?;
    let teller = std::thread::spawn(move || {
        for number in 0..1000 {
            recipient.do_send(Task(number, Manner::Now));
        }
        recipient.send(Task(1000, Manner::Now))
    });
    let asked = tokio::task::spawn_blocking(|| teller.join()).await?;
    assert_eq!(asked.map_err(|_| "the other thread panicked")?.await, Ok(1000));
    assert!(seen.done().into_iter().eq(0..=1000));
    Ok(())
}

async fn messages_of_a_recipient_that_was_dropped_arrive(world: World) -> TestResult {
    let (worker, seen) = Worker::start();
    let recipient = world.lead_to("tasks", worker.recipient()).await?;
    for number in 0..1000 {
        recipient.do_send(Task(number, Manner::Now));
    }
    let last = recipient.send(Task(1000, Manner::Now));
    drop(recipient);
    assert_eq!(last.await?, 1000);
    assert!(seen.done().into_iter().eq(0..=1000));
    Ok(())
}
