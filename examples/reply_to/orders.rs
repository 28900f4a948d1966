//! The actors: a customer, a desk and a kitchen. None of them knows of the network.

use actix::prelude::*;
use netchan_actix::RemoteRecipient;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// Something to be cooked. The answer says as which number it was taken.
#[derive(Message, Serialize, Deserialize)]
#[rtype(result = "u32")]
pub(crate) struct Order {
    pub(crate) number: u32,
    /// Who wants to know how it goes.
    pub(crate) report_to: RemoteRecipient<Report>,
}

/// How an order goes: 1 is begun, 2 is done. The answer is a thank you.
#[derive(Message, Serialize, Deserialize)]
#[rtype(result = "String")]
pub(crate) struct Report {
    pub(crate) number: u32,
    pub(crate) stage: u32,
}

/// Cooks, and reports.
pub(crate) struct Kitchen;

impl Actor for Kitchen {
    type Context = Context<Self>;
}

impl Handler<Order> for Kitchen {
    type Result = u32;

    fn handle(&mut self, order: Order, _: &mut Context<Self>) -> u32 {
        let (number, customer) = (order.number, order.report_to.recipient());
        actix::spawn(async move {
            for stage in [1, 2] {
                // The customer's own answer: it comes back over both connections.
                match customer.send(Report { number, stage }).await {
                    Ok(thanks) if !thanks.is_empty() => {}
                    _ => eprintln!("nobody wants order {number} any more"),
                }
            }
        });
        number
    }
}

/// Takes orders and hands them on as they are, with the way back to the customer.
pub(crate) struct Desk {
    pub(crate) kitchen: Recipient<Order>,
}

impl Actor for Desk {
    type Context = Context<Self>;
}

impl Handler<Order> for Desk {
    type Result = ResponseFuture<u32>;

    fn handle(&mut self, order: Order, _: &mut Context<Self>) -> Self::Result {
        let taken = self.kitchen.send(order);
        Box::pin(async move { taken.await.unwrap_or(u32::MAX) })
    }
}

/// Hears how its orders go.
pub(crate) struct Customer {
    pub(crate) reports: mpsc::UnboundedSender<Report>,
}

impl Actor for Customer {
    type Context = Context<Self>;
}

impl Handler<Report> for Customer {
    type Result = String;

    fn handle(&mut self, report: Report, _: &mut Context<Self>) -> String {
        let thanks = format!("thanks for number {}", report.number);
        let _listens = self.reports.send(report);
        thanks
    }
}
