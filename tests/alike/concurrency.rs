//! The order of messages, and which of them wait for which.

use std::cell::RefCell;
use std::rc::Rc;

use actix::prelude::*;
use futures::FutureExt;
use serde::{Deserialize, Serialize};

use crate::actors::{Manner, Task, Worker, by};
use crate::place::{TestResult, World, is_waiting, until};

in_each_place!(
    tells_and_asks_keep_their_common_order,
    a_slow_answer_does_not_delay_the_next,
    a_handler_that_has_the_actor_to_itself_delays_the_next,
    a_handler_asks_another_actor,
    two_actors_ask_each_other,
);

async fn tells_and_asks_keep_their_common_order(world: World) -> TestResult {
    let (worker, seen) = Worker::start();
    let recipient = world.lead_to("tasks", worker.recipient()).await?;
    for round in 0..50 {
        let first = 5 * round;
        let task = |number| Task(first + number, Manner::Now);
        recipient.do_send(task(0));
        recipient.try_send(task(1))?;
        // Not polled yet, and sent already.
        let asked = recipient.send(task(2));
        recipient.do_send(task(3));
        let last = recipient.send(task(4)).await?;
        assert_eq!((asked.await?, last), (first + 2, first + 4));
    }
    assert!(seen.begun().into_iter().eq(0..250));
    Ok(())
}

async fn a_slow_answer_does_not_delay_the_next(world: World) -> TestResult {
    let (worker, seen) = Worker::start();
    let recipient = world.lead_to("tasks", worker.recipient()).await?;
    let mut slow = Box::pin(recipient.send(Task(0, Manner::Held)));
    for number in 1..100 {
        assert_eq!(recipient.send(Task(number, Manner::Now)).await?, number);
    }
    assert!(is_waiting(&mut slow).await);
    seen.open();
    assert_eq!(slow.await?, 0);
    assert_eq!(seen.done().last(), Some(&0));
    Ok(())
}

async fn a_handler_that_has_the_actor_to_itself_delays_the_next(world: World) -> TestResult {
    let (worker, seen) = Worker::start();
    let recipient = world.lead_to("tasks", worker.recipient()).await?;
    assert_eq!(recipient.send(Task(0, Manner::Exclusively)).await?, 0);
    let mut delayed: Vec<_> =
        (1..10).map(|number| Box::pin(recipient.send(Task(number, Manner::Now)))).collect();
    world.settle().await?;
    for waiting in &mut delayed {
        assert!(is_waiting(waiting).await);
    }
    assert_eq!(seen.begun(), [0]);
    seen.open();
    let answers = futures::future::try_join_all(delayed).await?;
    assert!(answers.into_iter().eq(1..10));
    assert!(seen.done().into_iter().eq(0..10));
    Ok(())
}

async fn a_handler_asks_another_actor(world: World) -> TestResult {
    let (worker, _seen) = Worker::start();
    let inner = world.lead_to("inner", worker.recipient()).await?;
    let outer = by(move |Task(number, manner)| -> ResponseFuture<u64> {
        let inner = inner.clone();
        Box::pin(async move {
            let asked = inner.send(Task(number, manner)).await;
            asked.map_or(0, |answer| answer + 1000)
        })
    });
    let outer = world.lead_to("outer", outer.recipient()).await?;
    let asked = (0..100).map(|number| outer.send(Task(number, Manner::Now)));
    let answers = futures::future::try_join_all(asked).await?;
    assert!(answers.into_iter().eq(1000..1100));
    Ok(())
}

/// A number to count down from, by turns.
#[derive(Serialize, Deserialize, Message)]
#[rtype(result = "u32")]
struct CountDown(u32);

async fn two_actors_ask_each_other(world: World) -> TestResult {
    let others: Rc<RefCell<Option<Recipient<CountDown>>>> = Rc::default();
    let turn = |other: Rc<RefCell<Option<Recipient<CountDown>>>>| {
        move |CountDown(number)| -> ResponseFuture<u32> {
            let other = other.borrow().clone();
            match other {
                Some(other) if number > 0 => {
                    let asked = other.send(CountDown(number - 1));
                    asked.map(|turns| turns.map_or(0, |turns| turns + 1)).boxed_local()
                }
                _ => Box::pin(async { 1 }),
            }
        }
    };
    let ping = world.lead_to("ping", by(turn(others.clone())).recipient()).await?;
    let pong = by(turn(Rc::new(RefCell::new(Some(ping.clone()))))).recipient();
    let pong = world.lead_to("pong", pong).await?;
    others.replace(Some(pong));
    assert_eq!(ping.send(CountDown(30)).await?, 31);
    others.replace(None);
    until(|| others.borrow().is_none()).await;
    Ok(())
}
