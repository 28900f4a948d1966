//! Types of other crates.

use std::collections::HashMap;

use super::columns::{Row, rows};

fn uuid() -> uuid::Uuid {
    uuid::Uuid::from_u128(u128::MAX / 7)
}

fn instant() -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(1_700_000_000, 123_456_789).expect("a time")
}

fn moment() -> time::OffsetDateTime {
    time::macros::datetime!(2024-02-29 23:59:59.5 +02:30)
}

pub(super) fn rows() -> Vec<Row> {
    rows![
        uuid::Uuid => [uuid::Uuid::nil(), uuid()],
        HashMap<uuid::Uuid, uuid::Uuid> => [[(uuid(), uuid())].into()],
        url::Url => ["https://user@a.example:81/b?c=d#e".parse().expect("an address")],
        (url::Url, uuid::Uuid, u8) => [("http://a/".parse().expect("an address"), uuid(), 7)],
        chrono::NaiveDate => [chrono::NaiveDate::MIN, instant().date_naive()],
        chrono::NaiveTime => [chrono::NaiveTime::MIN, instant().time()],
        chrono::NaiveDateTime => [instant().naive_utc()],
        chrono::DateTime<chrono::Utc> => [instant(), chrono::DateTime::UNIX_EPOCH],
        (chrono::DateTime<chrono::FixedOffset>, u8) => [(instant().fixed_offset(), 7)],
        (chrono::Weekday, chrono::Month, u8) => [(chrono::Weekday::Sun, chrono::Month::May, 7)],
        chrono::TimeDelta => [chrono::TimeDelta::milliseconds(-1_500)],
        time::Date => [time::Date::MIN, moment().date()],
        time::Time => [time::Time::MIDNIGHT, moment().time()],
        time::OffsetDateTime => [moment(), time::OffsetDateTime::UNIX_EPOCH],
        (time::PrimitiveDateTime, time::Duration, u8) => [
            (time::PrimitiveDateTime::MIN, time::Duration::milliseconds(-1_500), 7),
        ],
        (time::Weekday, time::Month, time::UtcOffset, u8) => [
            (time::Weekday::Sunday, time::Month::May, moment().offset(), 7),
        ],
        serde_bytes::ByteBuf => [serde_bytes::ByteBuf::new(), vec![0, 127, 128, 255].into()],
        Vec<serde_bytes::ByteBuf> => [vec![vec![7; 300].into(), vec![].into()]],
        (serde_bytes::ByteArray<33>, u8) => [(serde_bytes::ByteArray::new([255; 33]), 7)],
        netchan::channel::identity::Schema => [schema::<u8>(), schema::<crate::shapes::BigStruct>()],
        netchan::channel::identity::TypeIdentity => [
            netchan::channel::identity::TypeIdentity([255; 16]),
        ],
    ]
}

fn schema<T: serde::de::DeserializeOwned + 'static>() -> netchan::channel::identity::Schema {
    let schema = netchan::channel::identity::Schema::of::<T>();
    netchan::channel::identity::Schema::clone(&schema.expect("it is traced"))
}
