//! Actors that stop or die, and what those who send to them find.

use actix::dev::SendError;
use actix::prelude::*;

use crate::actors::{Manner, Task, Worker};
use crate::place::{TestResult, World, until};

here_and_at_the_exporter!(
    an_actor_that_stopped_is_closed,
    an_actor_that_panicked_is_closed_and_takes_along_what_it_had,
    a_message_to_an_actor_that_is_gone_comes_back,
    tells_to_an_actor_that_is_gone_are_silent,
);

const CLOSED: Result<u64, MailboxError> = Err(MailboxError::Closed);

async fn an_actor_that_stopped_is_closed(world: World) -> TestResult {
    let (worker, _seen) = Worker::start();
    let recipient = world.lead_to("tasks", worker.recipient()).await?;
    assert!(recipient.connected());
    let asked = [Manner::Now, Manner::AndStop, Manner::Now];
    let asked = (0..).zip(asked).map(|(number, manner)| recipient.send(Task(number, manner)));
    let answers = futures::future::join_all(asked).await;
    // The request that stopped it was answered.
    assert_eq!(answers, [Ok(0), Ok(1), CLOSED]);
    until(|| !recipient.connected()).await;
    assert_eq!(recipient.send(Task(3, Manner::Now)).await, CLOSED);
    Ok(())
}

async fn an_actor_that_panicked_is_closed_and_takes_along_what_it_had(world: World) -> TestResult {
    let (worker, seen) = Worker::start();
    let recipient = world.lead_to("tasks", worker.recipient()).await?;
    let manners = [Manner::Held, Manner::Now, Manner::Panicking, Manner::Now, Manner::Held];
    let asked = (0..).zip(manners).map(|(number, manner)| recipient.send(Task(number, manner)));
    let answers = futures::future::join_all(asked).await;
    assert_eq!(answers, [CLOSED, Ok(1), CLOSED, CLOSED, CLOSED]);
    assert_eq!(seen.begun(), [0, 1, 2]);
    until(|| !recipient.connected()).await;
    Ok(())
}

async fn a_message_to_an_actor_that_is_gone_comes_back(world: World) -> TestResult {
    let (worker, _seen) = Worker::start();
    let recipient = world.lead_to("tasks", worker.recipient()).await?;
    let _last = recipient.send(Task(1, Manner::AndStop)).await?;
    let _late = recipient.send(Task(2, Manner::Now)).await;
    until(|| !recipient.connected()).await;
    let task = Task(3, Manner::Now);
    let refused = recipient.try_send(task);
    assert!(matches!(refused, Err(SendError::Closed(back)) if back == task));
    Ok(())
}

async fn tells_to_an_actor_that_is_gone_are_silent(world: World) -> TestResult {
    let (worker, seen) = Worker::start();
    let recipient = world.lead_to("tasks", worker.recipient()).await?;
    recipient.do_send(Task(1, Manner::AndStop));
    for number in 2..1000 {
        recipient.do_send(Task(number, Manner::Now));
    }
    until(|| !recipient.connected()).await;
    recipient.do_send(Task(1000, Manner::Now));
    assert_eq!(recipient.send(Task(1001, Manner::Now)).await, CLOSED);
    assert_eq!(seen.begun(), [1]);
    Ok(())
}
