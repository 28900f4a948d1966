//! A million requests, while links are cut.

use std::cell::RefCell;
use std::rc::Rc;

use actix::prelude::*;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use netchan_actix::messages::{ExportReceiver, ImportRecipient};
use serde::{Deserialize, Serialize};

use crate::ALONE;
use crate::load::{Sides, TestResult, guarded};

/// Requests, unless `NETCHAN_REQUESTS` says otherwise.
const REQUESTS: u64 = 1_000_000;
const IN_FLIGHT: u64 = 64;
const CUTS: u64 = 100;

#[derive(Clone, Copy, Serialize, Deserialize, Message)]
#[rtype(result = "u64")]
struct Square(u64);

/// Squares numbers, and knows which it has squared.
struct Squarer {
    handled: Rc<RefCell<Vec<bool>>>,
}

impl Actor for Squarer {
    type Context = Context<Self>;
}

impl Handler<Square> for Squarer {
    type Result = Response<u64>;

    fn handle(&mut self, Square(number): Square, _: &mut Context<Self>) -> Self::Result {
        let was_handled = std::mem::replace(&mut self.handled.borrow_mut()[number as usize], true);
        assert!(!was_handled, "{number} is handled twice");
        if number % 16 != 0 {
            return Response::reply(number.wrapping_mul(number));
        }
        Response::fut(async move {
            tokio::task::yield_now().await;
            number.wrapping_mul(number)
        })
    }
}

#[actix::test]
async fn a_million_requests_are_handled_once_and_answered_right_while_links_are_cut() -> TestResult
{
    let _alone = ALONE.lock().await;
    let requests = std::env::var("NETCHAN_REQUESTS").map_or(Ok(REQUESTS), |text| text.parse())?;
    guarded(async {
        let sides = Sides::new().await?;
        let handled = Rc::new(RefCell::new(vec![false; requests as usize]));
        let squarer = Squarer { handled: handled.clone() }.start().recipient();
        let export = ExportReceiver::<Square>::new("squares").deliver_to(squarer);
        sides.exporter.send(export).await??;
        let squares = sides.importer.send(ImportRecipient::<Square>::new("squares")).await??;
        let mut in_flight = FuturesUnordered::new();
        let (mut next, mut answered) = (0, 0);
        while answered < requests {
            while next < requests && (in_flight.len() as u64) < IN_FLIGHT {
                let (number, asked) = (next, squares.send(Square(next)));
                in_flight.push(async move { (number, asked.await) });
                next += 1;
            }
            let (number, answer) = in_flight.next().await.ok_or("nothing is in flight")?;
            assert_eq!(answer?, u64::wrapping_mul(number, number));
            answered += 1;
            if answered % (requests / CUTS).max(1) == 0 {
                sides.network.cut();
            }
        }
        assert!(handled.borrow().iter().all(|is_handled| *is_handled));
        assert!(sides.network.traffic().links_made > CUTS as usize / 2);
        Ok(())
    })
    .await
}
