//! Schemas that are too long to be shown: both sides are told the name of the exporter's type.

use netchan::channel::identity::{Field, Primitive, Schema, Shape, Type, TypeIndex};
use netchan::channel::{Bincode, CodecError, Format, SerdeCodec};
use netchan::limits::SCHEMA_BYTES_MAX;
use netchan::net::{ImportError, ImportSettings, SendSettings};
use netchan::wire::Code;

use crate::support::{Place, TestResult, guarded, receive};

/// A struct whose schema has about so many bytes.
fn schema(bytes: usize) -> Schema {
    let field = |at: usize| Field { name: format!("{at:0>94}"), content: TypeIndex::at(1) };
    let fields = (0..bytes / 96).map(field).collect();
    let number = Type { name: None, shape: Shape::Primitive(Primitive::U32) };
    let types = vec![Type { name: Some("Long".into()), shape: Shape::Struct(fields) }, number];
    Schema::from_types("Long", types).expect("it is within the bounds")
}

fn length(schema: &Schema) -> Result<usize, CodecError> {
    let mut bytes = Vec::new();
    Bincode::encode(schema, &mut bytes)?;
    Ok(bytes.len())
}

#[tokio::test]
async fn a_schema_beyond_the_bound_is_left_out() -> TestResult {
    let mut place = Place::new().await?;
    let (short, long) = (schema(SCHEMA_BYTES_MAX - 1000), schema(SCHEMA_BYTES_MAX + 1000));
    assert!(length(&short)? < SCHEMA_BYTES_MAX && length(&long)? > SCHEMA_BYTES_MAX);

    let format = Format::<u32>::new().with_schema(short.clone());
    let _short = place.exporter.export_sender_as("short", SendSettings::default(), format)?;
    let refused = receive::<u64>(&place.importer, "short").await;
    place.expect_mismatch(refused, "Long: exporter struct Long, importer u64").await?;

    let format = Format::<u32>::new().with_schema(long.clone());
    let _long = place.exporter.export_sender_as("long", SendSettings::default(), format)?;
    let expected = "the exporter's type is u32";
    match receive::<u64>(&place.importer, "long").await {
        Err(ImportError::TypeMismatch { difference: None, text, .. }) => assert_eq!(text, expected),
        other => panic!("{other:?}"),
    }
    let (code, difference, text) = place.refusal().await?;
    assert_eq!((code, difference, &text[..]), (Code::TypeMismatch, None, expected));
    place.expect_alive().await?;

    // One that only the importer cannot show: the exporter learns that when the session is over.
    let format = Format::<u32>::new().with_schema(long);
    let settings = ImportSettings::default();
    match guarded(place.importer.import_receiver_as("short", settings, format)).await {
        Err(ImportError::TypeMismatch { difference: Some(_), text, .. }) => {
            assert!(text.ends_with("exporter missing, importer u32"), "{text}");
        }
        other => panic!("{other:?}"),
    }
    place.expect_alive().await?;
    place.importer.close().await;
    let (code, difference, text) = place.refusal().await?;
    assert_eq!((code, difference, &text[..]), (Code::TypeMismatch, None, expected));
    Ok(())
}

/// A format whose schema has about so many bytes.
pub(crate) fn of_length(bytes: usize) -> Format<u32> {
    Format::new().with_schema(schema(bytes))
}
