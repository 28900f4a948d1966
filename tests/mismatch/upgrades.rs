//! Three versions of an order, as three versions of a program have it, and of its receipt.

use actix::Message;
use netchan::channel::Format;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Message)]
#[rtype(result = "ReceiptV1")]
pub(crate) struct OrderV1 {
    pub(crate) qty: u32,
}

/// A field is wider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OrderV2 {
    pub(crate) qty: u64,
}

/// A field is new.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Message)]
#[rtype(result = "Receipt")]
pub(crate) struct Order {
    pub(crate) qty: u64,
    pub(crate) note: Option<String>,
}

impl From<OrderV1> for Order {
    fn from(OrderV1 { qty }: OrderV1) -> Order {
        Order { qty: qty.into(), note: Some("from V1".into()) }
    }
}

impl From<OrderV2> for Order {
    fn from(OrderV2 { qty }: OrderV2) -> Order {
        Order { qty, note: Some("from V2".into()) }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ReceiptV1 {
    pub(crate) total: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Receipt {
    pub(crate) total: u64,
    pub(crate) is_old: bool,
}

impl From<ReceiptV1> for Receipt {
    fn from(ReceiptV1 { total }: ReceiptV1) -> Receipt {
        Receipt { total: total.into(), is_old: true }
    }
}

/// What upgraded programs understand.
pub(crate) fn orders() -> Format<Order> {
    Format::new().also_accepts::<OrderV1>().also_accepts::<OrderV2>()
}

/// The same for receipts.
pub(crate) fn receipts() -> Format<Receipt> {
    Format::new().also_accepts::<ReceiptV1>()
}

pub(crate) fn order(qty: u64) -> Order {
    Order { qty, note: None }
}

pub(crate) fn receipt(total: u64) -> Receipt {
    Receipt { total, is_old: false }
}
