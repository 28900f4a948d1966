//! Random schemas, values and bytes.

use netchan::channel::identity::Schema;
use netchan::channel::json::JsonError;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use serde::de::IgnoredAny;

use crate::schemas::{model, tangle};
use crate::support::{bytes_from, json_of};

/// Cases in a usual run. For more, set `NETCHAN_JSON_CASES`.
const CASES: u32 = 100;

fn config() -> ProptestConfig {
    let cases = std::env::var("NETCHAN_JSON_CASES").ok().and_then(|cases| cases.parse().ok());
    let file = "tests/json/random.proptest-regressions";
    ProptestConfig {
        cases: cases.unwrap_or(CASES),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))),
        ..ProptestConfig::default()
    }
}

/// A schema, and JSON of a value of it.
fn schema_and_json() -> impl Strategy<Value = (Schema, String)> {
    model()
        .prop_filter_map("it has no value", |model| Some((model.schema(), model.json()?)))
        .prop_flat_map(|(schema, json)| (Just(schema), json))
}

/// Bytes of which many are small, as lengths and numbers of variants are.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![6 => 0..4_u8, 2 => any::<u8>(), 1 => 0xfa..=0xff_u8];
    prop::collection::vec(byte, 0..200)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn json_to_bytes_and_back_is_the_same((schema, json) in schema_and_json()) {
        let bytes = bytes_from(&schema, &json).unwrap();
        prop_assert_eq!(json_of(&schema, &bytes).unwrap(), json);
    }

    /// Whatever comes, it is an error or a value, and that is the same again unless JSON cannot say it.
    #[test]
    fn any_bytes_of_any_schema_come_to_an_end(schema in tangle(), bytes in bytes()) {
        match json_of(&schema, &bytes) {
            Ok(json) => {
                serde_json::from_str::<IgnoredAny>(&json).unwrap();
                if let Ok(bytes) = bytes_from(&schema, &json) {
                    prop_assert_eq!(json_of(&schema, &bytes).unwrap(), json);
                }
            }
            Err(error) => {
                prop_assert!(
                    matches!(error, JsonError::Undecodable { .. } | JsonError::Unwritable { .. }),
                    "{}", error
                );
                prop_assert!(error.path().unwrap().starts_with("Tangle"));
            }
        }
    }

    /// JSON of one schema, read by another.
    #[test]
    fn json_that_does_not_fit_is_an_error_or_another_value(
        (_, json) in schema_and_json(),
        other in tangle(),
    ) {
        match bytes_from(&other, &json) {
            Ok(bytes) => {
                json_of(&other, &bytes).unwrap();
            }
            Err(error) => prop_assert!(error.path().unwrap().starts_with("Tangle")),
        }
    }
}
