//! Actors that are started again by their supervisor.

use actix::prelude::*;
use netchan_actix::Target;
use netchan_actix::messages::{ExportReceiver, ImportRecipient};

use crate::actors::{Manner, Task, Worker};
use crate::place::{Link, Sides, TestResult, Way, World, guarded, is_waiting, until};

in_each_place!(
    a_restart_loses_what_was_being_done_and_nothing_else,
    many_restarts_lose_nothing_that_waits,
    a_restart_is_no_end,
);

async fn a_restart_loses_what_was_being_done_and_nothing_else(world: World) -> TestResult {
    let (worker, seen) = Worker::start_supervised();
    let recipient = world.lead_to("tasks", worker.recipient()).await?;
    let manners = [Manner::Held, Manner::Held, Manner::AndStop, Manner::Now, Manner::Held];
    let mut asked: Vec<_> = (0..)
        .zip(manners)
        .map(|(number, manner)| Box::pin(recipient.send(Task(number, manner))))
        .collect();
    let mut last = asked.pop().ok_or("five were asked")?;
    let answers = futures::future::join_all(asked).await;
    let closed = Err(MailboxError::Closed);
    assert_eq!(answers, [closed, closed, Ok(2), Ok(3)]);
    assert!(is_waiting(&mut last).await);
    seen.open();
    assert_eq!(last.await, Ok(4));
    assert_eq!(seen.begun(), [0, 1, 2, 3, 4]);
    Ok(())
}

async fn many_restarts_lose_nothing_that_waits(world: World) -> TestResult {
    let (worker, seen) = Worker::start_supervised();
    let recipient = world.lead_to("tasks", worker.recipient()).await?;
    for number in 0..2000 {
        let manner = if number % 3 == 1 { Manner::AndStop } else { Manner::Now };
        recipient.do_send(Task(number, manner));
    }
    let asked = (2000..2500).map(|number| recipient.send(Task(number, Manner::AndStop)));
    let answers = futures::future::try_join_all(asked).await?;
    assert!(answers.into_iter().eq(2000..2500));
    assert!(seen.done().into_iter().eq(0..2500));
    Ok(())
}

async fn a_restart_is_no_end(world: World) -> TestResult {
    let (worker, seen) = Worker::start_supervised();
    let recipient = world.lead_to("tasks", worker.recipient()).await?;
    recipient.do_send(Task(0, Manner::Held));
    recipient.do_send(Task(1, Manner::AndStop));
    until(|| seen.begun().len() == 2).await;
    // Long enough for one to take an actor for dead that has dropped something.
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    assert!(recipient.connected());
    assert_eq!(recipient.send(Task(2, Manner::Now)).await?, 2);
    assert_eq!(seen.done(), [1, 2]);
    Ok(())
}

/// Actors that each do a hundred tasks and stop, and another takes the place.
#[actix::test]
async fn a_replaced_actor_loses_what_was_in_its_hands_and_nothing_else() -> TestResult {
    guarded(async {
        let (tasks, in_hand_max) = (3000, 4);
        let sides = Sides::new(Link::Tcp, Way::ToExporter).await?;
        let (worker, mut seen) = Worker::start();
        let (target, replacements) = Target::replaceable(worker.clone().recipient());
        let export = ExportReceiver::<Task>::new("tasks").deliver_to(target);
        sides.exporter.send(export.in_hand_max(in_hand_max)).await??;
        let recipient = sides.importer.send(ImportRecipient::<Task>::new("tasks")).await??;
        let asked: Vec<_> = (0..tasks)
            .map(|number| {
                let stops = number % 100 == 99 && number + 1 < tasks;
                let manner = if stops { Manner::AndStop } else { Manner::Now };
                Box::pin(recipient.send(Task(number, manner)))
            })
            .collect();
        let answers = actix::spawn(futures::future::join_all(asked));
        let mut present = worker;
        let mut done = Vec::new();
        while !done.contains(&(tasks - 1)) {
            until(|| !present.connected() || seen.done().contains(&(tasks - 1))).await;
            done.extend(seen.done());
            (present, seen) = Worker::start();
            replacements.replace(present.clone().recipient());
        }
        let answers = answers.await?;
        let mut lost = 0;
        for (number, answer) in (0..).zip(answers) {
            match answer {
                Ok(same) => assert!(same == number && done.contains(&number)),
                Err(error) => {
                    assert_eq!(error, MailboxError::Closed);
                    assert!(!done.contains(&number));
                    lost += 1;
                }
            }
        }
        assert!(done.is_sorted_by(|earlier, later| earlier < later), "each is done once, in order");
        let stops = tasks as usize / 100 - 1;
        assert!(lost <= stops * (in_hand_max - 1), "{lost} are lost with {stops} actors");
        Ok(())
    })
    .await
}
