//! The actor that takes orders. It knows one type of them, whatever the shops send.

use actix::prelude::*;

use crate::orders::{Order, OrderV1};

/// The warehouse of both releases.
pub(crate) struct Warehouse;

impl Actor for Warehouse {
    type Context = Context<Self>;
}

/// Release 1.
impl Handler<OrderV1> for Warehouse {
    type Result = String;

    fn handle(&mut self, OrderV1 { item, pieces }: OrderV1, _: &mut Context<Self>) -> String {
        format!("{pieces} {item}")
    }
}

/// Release 2.
impl Handler<Order> for Warehouse {
    type Result = String;

    fn handle(&mut self, order: Order, _: &mut Context<Self>) -> String {
        let Order { item, pieces, is_express } = order;
        format!("{pieces} {item}, {}", if is_express { "express" } else { "by mail" })
    }
}
