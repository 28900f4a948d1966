//! MessagePack writes kinds and the names of variants, so it carries values that the others do not; what
//! it would confuse is still refused.

use std::fmt::Debug;

use netchan::channel::identity::Schema;
use netchan::channel::{Bincode, CodecError, MessagePack, SerdeCodec};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What becomes of a value, and what its check says.
fn sent_with<C: SerdeCodec, T>(value: &T) -> (Option<T>, Result<(), CodecError>)
where
    T: Serialize + DeserializeOwned + 'static,
{
    let mut bytes = Vec::new();
    let encoded = C::encode(value, &mut bytes);
    let received = encoded.and_then(|()| C::decode::<T>(&bytes)).ok();
    (received, C::check(value, &Schema::of::<T>().unwrap()))
}

/// A value that arrives passes, although bincode would not carry it.
#[track_caller]
fn only_messagepack_carries<T>(value: T)
where
    T: Serialize + DeserializeOwned + Debug + PartialEq + 'static,
{
    assert!(sent_with::<Bincode, T>(&value).1.is_err());
    assert_eq!(sent_with::<MessagePack, T>(&value), (Some(value), Ok(())));
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shipment {
    Pending,
    #[serde(skip)]
    #[expect(dead_code, reason = "nobody sends it")]
    Internal,
    Lost(u8),
    Sent {
        by: String,
    },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    id: u8,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lines: Vec<u8>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    notes: Vec<u8>,
}

fn order(lines: &[u8], notes: &[u8]) -> Order {
    Order { id: 1, lines: lines.to_vec(), notes: notes.to_vec() }
}

#[test]
fn variants_are_known_by_their_names() {
    let sent = Shipment::Sent { by: "post".into() };
    only_messagepack_carries(vec![Shipment::Pending, Shipment::Lost(1), sent]);
}

#[test]
fn the_last_fields_may_be_left_out_and_others_not() {
    only_messagepack_carries(vec![order(&[1], &[]), order(&[], &[])]);
    let (received, checked) =
        sent_with::<MessagePack, _>(&vec![order(&[1], &[2]), order(&[], &[2])]);
    assert_eq!(received, Some(vec![order(&[1], &[2]), order(&[2], &[])]), "it is confused");
    let text = "it is not written as it is read: Vec<Order>[].lines: the type has sequence of u8, the \
                value nothing: it was left out";
    assert_eq!(checked.unwrap_err().to_string(), text);
}

/// Writes what it is as something else.
macro_rules! two_faced {
    ($name:ident, $inner:ty, $write:expr) => {
        #[derive(Debug, PartialEq)]
        struct $name($inner);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let write: fn(&$inner, S) -> Result<S::Ok, S::Error> = $write;
                write(&self.0, serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                Deserialize::deserialize(deserializer).map($name)
            }
        }
    };
}

#[derive(Debug, PartialEq, Deserialize)]
struct Point {
    x: u8,
    y: u8,
}

two_faced!(OtherSign, i64, |number, serializer| serializer.serialize_u64(*number as u64));
two_faced!(Narrow, f64, |number, serializer| serializer.serialize_f32(*number as f32));
two_faced!(UnitForNone, Option<u8>, |_, serializer| serializer.serialize_unit());
two_faced!(NotMarked, Option<u8>, |some, serializer| some.unwrap().serialize(serializer));
two_faced!(Letter, String, |text, serializer| text.chars().next().serialize(serializer));
two_faced!(ByNames, Point, |point, serializer| serializer
    .collect_map([("y", point.y), ("x", point.x)]));
two_faced!(Pair, Vec<u8>, |numbers, serializer| (numbers[0], numbers[1]).serialize(serializer));

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Around<T> {
    before: (),
    content: T,
    after: String,
}

fn around<T>(content: T) -> Around<T> {
    Around { before: (), content, after: "after".into() }
}

#[test]
fn what_a_receiver_knows_by_its_kind_is_not_refused() {
    only_messagepack_carries(around(OtherSign(5)));
    only_messagepack_carries(around(Narrow(0.5)));
    only_messagepack_carries(around(UnitForNone(None)));
    only_messagepack_carries(around(NotMarked(Some(7))));
    only_messagepack_carries(around(Letter("l".into())));
    only_messagepack_carries(around(ByNames(Point { x: 1, y: 2 })));
    only_messagepack_carries(around(Pair(vec![1, 2])));
}
