//! Pairs of types that differ: the path and the text of the difference, for both directions.

use std::collections::{BTreeMap, HashMap};

use netchan::channel::Value;
use netchan::net::{RecvSettings, SendSettings};

use crate::support::{Place, TestResult, receive, send};
use crate::types::*;

/// Either side may send; the difference is the same.
async fn check<Exporter: Value, Importer: Value>(place: &mut Place, expected: &str) -> TestResult {
    let sender = place.exporter.export_sender::<Exporter>("out", SendSettings::default())?;
    let refused = receive::<Importer>(&place.importer, "out").await;
    place.expect_mismatch(refused, expected).await?;
    drop(sender);
    place.exporter.hangup("out").await.ok();

    let receiver = place.exporter.export_receiver::<Exporter>("in", RecvSettings::default())?;
    let refused = send::<Importer>(&place.importer, "in").await;
    place.expect_mismatch(refused, expected).await?;
    drop(receiver);
    place.exporter.hangup("in").await.ok();
    Ok(())
}

macro_rules! differs {
    ($place:ident: $($left:ty, $right:ty => $expected:expr;)*) => {
        $(check::<$left, $right>(&mut $place, $expected).await?;)*
    };
}

#[tokio::test]
async fn structs() -> TestResult {
    let mut place = Place::new().await?;
    differs!(place:
        nested::left::Order, nested::right::Order
            => "Order.lines[].qty: exporter u32, importer u64";
        missing::left::Order, missing::right::Order
            => "Order.note: exporter string, importer missing";
        extra::left::Order, extra::right::Order
            => "Order.note: exporter missing, importer string";
        extra_in_front::left::Order, extra_in_front::right::Order
            => "Order.note: exporter missing, importer option of string";
        moved::left::Order, moved::right::Order
            => "Order.id: exporter field 0, importer field 1";
        renamed::left::Order, renamed::right::Order
            => "Order: exporter field 1 `qty`, importer field 1 `quantity`";
        aliased::left::Order, aliased::right::Order
            => "Order: exporter field 0 `qty`, importer field 0 `qty|quantity`";
        optional::left::Order, optional::right::Order
            => "Order.note: exporter option of string, importer string";
        inside_an_option::left::Order, inside_an_option::right::Order
            => "Order.priority?: exporter u8, importer u16";
        newtype::left::Order, newtype::right::Order
            => "Order.id: exporter u64, importer newtype struct Id";
        inside_a_newtype::left::Id, inside_a_newtype::right::Id
            => "Id.0: exporter u64, importer u128";
        struct_for_tuple::left::Point, struct_for_tuple::right::Point
            => "Point: exporter struct Point, importer tuple struct Point";
    );
    Ok(())
}

#[tokio::test]
async fn enums() -> TestResult {
    let mut place = Place::new().await?;
    differs!(place:
        variant_added::left::Payment, variant_added::right::Payment
            => "Payment::Cheque: exporter missing, importer variant 2";
        variant_removed::left::Payment, variant_removed::right::Payment
            => "Payment::Card: exporter variant 1, importer missing";
        variants_reordered::left::Payment, variants_reordered::right::Payment
            => "Payment::Cash: exporter variant 0, importer variant 1";
        variant_renamed::left::Payment, variant_renamed::right::Payment
            => "Payment: exporter variant 1 `Card`, importer variant 1 `Plastic`";
        variant_with_content::left::Payment, variant_with_content::right::Payment
            => "Payment::Card: exporter no content, importer u64";
        variant_of_another_type::left::Payment, variant_of_another_type::right::Payment
            => "Payment::Card.0: exporter u32, importer u64";
        variant_field::left::Payment, variant_field::right::Payment
            => "Payment::Card.year: exporter u16, importer u32";
        variant_tuple::left::Payment, variant_tuple::right::Payment
            => "Payment::Card: exporter 2 elements, importer 3 elements";
        variant_of_another_kind::left::Payment, variant_of_another_kind::right::Payment
            => "Payment::Card: exporter 2 elements, importer 2 named fields";
        enum_for_struct::left::Payment, enum_for_struct::right::Payment
            => "Payment: exporter enum Payment, importer struct Payment";
    );
    Ok(())
}

#[tokio::test]
async fn others() -> TestResult {
    let mut place = Place::new().await?;
    differs!(place:
        u32, u64 => "u32: exporter u32, importer u64";
        i32, u32 => "i32: exporter i32, importer u32";
        char, String => "char: exporter char, importer string";
        (), [u8; 0] => "(): exporter unit, importer tuple of 0";
        (u8, f32), (u8, f64) => "(u8, f32).1: exporter f32, importer f64";
        (u8, u8), (u8, u8, u8) => "(u8, u8): exporter 2 elements, importer 3 elements";
        [u8; 3], [u8; 4] => "[u8; 3]: exporter 3 elements, importer 4 elements";
        Vec<u8>, [u8; 4] => "Vec<u8>: exporter sequence of u8, importer tuple of 4";
        Vec<(u8, u8)>, BTreeMap<u8, u8>
            => "Vec<(u8, u8)>: exporter sequence of tuple of 2, importer map from u8 to u8";
        HashMap<u32, u8>, HashMap<u64, u8> => "HashMap<u32, u8>{key}: exporter u32, importer u64";
        HashMap<String, u8>, HashMap<String, bool>
            => "HashMap<String, u8>{value}: exporter u8, importer bool";
        Option<Vec<u8>>, Vec<Option<u8>>
            => "Option<Vec<u8>>: exporter option of sequence of u8, importer sequence of option of u8";
        Vec<(u8, HashMap<String, Vec<nested::left::Line>>)>,
        Vec<(u8, HashMap<String, Vec<nested::right::Line>>)>
            => "Vec<(u8, HashMap<String, Vec<Line>>)>[].1{value}[].qty: exporter u32, importer u64";
    );
    Ok(())
}

#[tokio::test]
async fn types_that_contain_themselves() -> TestResult {
    let mut place = Place::new().await?;
    differs!(place:
        recursive::left::Folder, recursive::right::Folder
            => "Folder.owner?.user: exporter u32, importer u64";
        recursive_elsewhere::left::Tree, recursive_elsewhere::right::Tree
            => "Tree::Leaf.0: exporter i32, importer i64";
        Vec<recursive::left::Owner>, Vec<recursive::right::Owner>
            => "Vec<Owner>[].user: exporter u32, importer u64";
    );
    Ok(())
}
