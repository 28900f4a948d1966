//! What both releases of the program mean by an order.
//!
//! In a real program the older type stays until no machine sends it any more, and this file has one
//! type at other times.

use actix::Message;
use serde::{Deserialize, Serialize};

/// Of release 1.
#[derive(Debug, Message, Serialize, Deserialize)]
#[rtype(result = "String")]
pub(crate) struct OrderV1 {
    pub(crate) item: String,
    pub(crate) pieces: u32,
}

/// Of release 2.
#[derive(Debug, Message, Serialize, Deserialize)]
#[rtype(result = "String")]
pub(crate) struct Order {
    pub(crate) item: String,
    pub(crate) pieces: u32,
    pub(crate) is_express: bool,
}

/// What release 2 makes of orders of release 1.
impl From<OrderV1> for Order {
    fn from(OrderV1 { item, pieces }: OrderV1) -> Order {
        Order { item, pieces, is_express: false }
    }
}
