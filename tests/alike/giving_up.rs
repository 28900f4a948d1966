//! Callers who wait no longer.

use std::time::Duration;

use actix::prelude::*;

use crate::actors::{Manner, Task, Worker};
use crate::place::{TestResult, World, is_waiting, until};

in_each_place!(
    a_timeout_is_told,
    an_answer_in_time_is_no_timeout,
    a_request_that_was_given_up_is_not_begun,
    a_request_that_was_begun_goes_on,
    what_was_given_up_at_once_leaves_the_others,
);

async fn a_timeout_is_told(world: World) -> TestResult {
    let (worker, _seen) = Worker::start();
    let recipient = world.lead_to("tasks", worker.recipient()).await?;
    let asked = recipient.send(Task(1, Manner::Held)).timeout(Duration::from_millis(10));
    assert_eq!(asked.await, Err(MailboxError::Timeout));
    assert_eq!(recipient.send(Task(2, Manner::Now)).await, Ok(2));
    assert!(recipient.connected());
    Ok(())
}

async fn an_answer_in_time_is_no_timeout(world: World) -> TestResult {
    let (worker, seen) = Worker::start();
    let recipient = world.lead_to("tasks", worker.recipient()).await?;
    let asked = recipient.send(Task(1, Manner::Held)).timeout(Duration::from_secs(50));
    let mut asked = Box::pin(asked);
    assert!(is_waiting(&mut asked).await);
    seen.open();
    assert_eq!(asked.await, Ok(1));
    Ok(())
}

async fn a_request_that_was_given_up_is_not_begun(world: World) -> TestResult {
    let (worker, seen) = Worker::start();
    let recipient = world.lead_to("tasks", worker.recipient()).await?;
    assert_eq!(recipient.send(Task(0, Manner::Exclusively)).await?, 0);
    let mut given_up = Box::pin(recipient.send(Task(1, Manner::Now)));
    let mut kept = Box::pin(recipient.send(Task(2, Manner::Now)));
    assert!(is_waiting(&mut given_up).await && is_waiting(&mut kept).await);
    world.settle().await?;
    drop(given_up);
    world.settle().await?;
    seen.open();
    assert_eq!(kept.await?, 2);
    assert_eq!(seen.begun(), [0, 2]);
    Ok(())
}

async fn a_request_that_was_begun_goes_on(world: World) -> TestResult {
    let (worker, seen) = Worker::start();
    let recipient = world.lead_to("tasks", worker.recipient()).await?;
    let given_up = recipient.send(Task(1, Manner::Held));
    until(|| seen.begun() == [1]).await;
    drop(given_up);
    world.settle().await?;
    assert!(seen.done().is_empty());
    seen.open();
    until(|| seen.done() == [1]).await;
    assert_eq!(recipient.send(Task(2, Manner::Now)).await?, 2);
    Ok(())
}

async fn what_was_given_up_at_once_leaves_the_others(world: World) -> TestResult {
    let (worker, seen) = Worker::start();
    let recipient = world.lead_to("tasks", worker.recipient()).await?;
    let mut kept = Vec::new();
    for number in 0..1000 {
        let asked = recipient.send(Task(number, Manner::Now));
        if number % 3 == 0 {
            kept.push(asked);
        }
    }
    let answers = futures::future::try_join_all(kept).await?;
    assert!(answers.into_iter().eq((0..1000).step_by(3)));
    // None of the others was begun: nobody waited when their turn came.
    assert!(seen.begun().into_iter().eq((0..1000).step_by(3)));
    Ok(())
}
