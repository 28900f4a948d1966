//! JSON that is no value of the schema: where, what was expected, and what was found.

use std::collections::BTreeMap;

use netchan::channel::json::JsonError;
use netchan::channel::{Bincode, CodecError};
use netchan::limits::VALUE_DEPTH_MAX;
use serde::{Deserialize, Serialize};

use crate::support::{bytes_from, bytes_of, json_of, refusal, schema};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    id: u64,
    lines: Vec<Line>,
    note: Option<String>,
    state: State,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    qty: u8,
    tags: BTreeMap<String, (u8, bool)>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum State {
    Open,
    Paid(Option<u8>),
    Sent(u8, u8),
    Lost { by: String },
}

/// An order with something else in it.
fn order(qty: &str, tag: &str, note: &str, state: &str) -> String {
    format!(
        r#"{{"state":{state},"id":1,"lines":[{{"qty":1,"tags":{{}}}},{{"tags":{{"a":{tag}}},"qty":{qty}}}]{note}}}"#
    )
}

#[test]
fn each_kind_of_mistake_is_told_with_its_place() {
    let told = |qty, tag, note, state| refusal::<Order>(&order(qty, tag, note, state));
    let fine = order("3", "[1,true]", "", r#""Open""#);
    bytes_from(&schema::<Order>(), &fine).unwrap();

    let qty = |qty| told(qty, "[1,true]", "", r#""Open""#);
    assert_eq!(qty("256"), "Order.lines[1].qty must be u8 (0 to 255), and is 256");
    assert_eq!(qty("-1"), "Order.lines[1].qty must be u8 (0 to 255), and is -1");
    assert_eq!(qty("1.0"), "Order.lines[1].qty must be u8 (0 to 255), and is 1.0");
    assert_eq!(qty("\"3\""), "Order.lines[1].qty must be u8 (0 to 255), and is \"3\"");
    assert_eq!(qty("null"), "Order.lines[1].qty must be u8 (0 to 255), and is null");
    assert_eq!(qty("[]"), "Order.lines[1].qty must be u8 (0 to 255), and is an array");
    assert_eq!(qty("{}"), "Order.lines[1].qty must be u8 (0 to 255), and is an object");
    assert_eq!(qty("1,\"size\":2"), "Order.lines[1].size is not known");
    assert_eq!(qty("1,\"qty\":1"), "Order.lines[1].qty comes twice");

    let tag = |tag| told("1", tag, "", r#""Open""#);
    let place = "Order.lines[1].tags[\"a\"]";
    assert_eq!(tag("[1]"), format!("{place} must be an array of 2 elements, and is one of 1"));
    assert_eq!(
        tag("[1,true,2]"),
        format!("{place} must be an array of 2 elements, and is one of 3")
    );
    assert_eq!(tag("[1,0]"), format!("{place}.1 must be a bool, and is 0"));
    assert_eq!(tag("{}"), format!("{place} must be an array of 2 elements, and is an object"));

    let note = |note| told("1", "[1,true]", note, r#""Open""#);
    assert_eq!(note(",\"note\":5"), "Order.note? must be a string, and is 5");
    assert!(note(",\"note\":\"\\ud800\"").starts_with("Order.note? must be a string"));

    let state = |state| told("1", "[1,true]", "", state);
    let names = r#"one of "Open", "Paid", "Sent", "Lost""#;
    assert_eq!(state("\"Shut\""), format!("Order.state must be {names}, and is \"Shut\""));
    assert_eq!(state("{\"Shut\":1}"), format!("Order.state must be {names}, and is \"Shut\""));
    let form = "the name of a variant, or an object with it as its only key";
    assert_eq!(state("3"), format!("Order.state must be {form}, and is 3"));
    assert_eq!(state("{}"), format!("Order.state must be {form}, and is an object"));
    assert_eq!(state("{\"Open\":1}"), "Order.state::Open must be null, and is 1");
    assert_eq!(
        state("\"Paid\""),
        "Order.state::Paid must be an object with its content, and is a string"
    );
    assert_eq!(
        state("{\"Paid\":\"x\"}"),
        "Order.state::Paid.0? must be u8 (0 to 255), and is \"x\""
    );
    assert_eq!(
        state("{\"Sent\":[1]}"),
        "Order.state::Sent must be an array of 2 elements, and is one of 1"
    );
    assert_eq!(state("{\"Lost\":{}}"), "Order.state::Lost.by is missing");
    assert_eq!(refusal::<Order>("{}"), "Order.id is missing");
    assert_eq!(refusal::<Order>("[]"), "Order must be an object, and is an array");
}

#[test]
fn errors_can_be_told_apart_and_output_is_as_before() {
    let mut output = vec![1, 2, 3];
    let schema = schema::<Vec<Line>>();
    let mut error = |json| {
        let error =
            netchan::channel::json::from_json::<Bincode>(&schema, json, &mut output).unwrap_err();
        assert_eq!(output, [1, 2, 3]);
        error
    };
    assert!(matches!(
        error(r#"[{"qty":1,"tags":{}},{"tags":{}}]"#),
        JsonError::MissingField { path } if path == "Vec<Line>[1].qty"
    ));
    assert!(matches!(error(r#"[{"a":1}]"#), JsonError::UnknownField { .. }));
    assert!(matches!(error(r#"[{"qty":1,"qty":1}]"#), JsonError::Duplicate { .. }));
    assert!(matches!(error("[1]"), JsonError::Unfit { .. }));
}

#[test]
fn what_is_no_json_is_told_with_its_line() {
    for (text, line, column) in [
        ("", 1, 0),
        ("[1,\n2", 2, 1),
        ("[1]x", 1, 4),
        ("[1,]", 1, 4),
        ("[01]", 1, 3),
        ("nul", 1, 3),
    ] {
        let error = bytes_from(&schema::<Vec<u8>>(), text).unwrap_err();
        let JsonError::Syntax { line: l, column: c, .. } = error else { panic!("{error}") };
        assert_eq!((l, c), (line, column), "{text:?}");
        assert_eq!(error.path(), None);
    }
}

#[test]
fn what_serde_takes_for_a_missing_or_null_option_is_taken() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Options {
        a: Option<u8>,
        b: Option<Option<u8>>,
        c: Option<()>,
    }
    let nothing = bytes_of(&Options { a: None, b: None, c: None });
    for json in ["{}", r#"{"c":null,"a":null}"#, " {\n} "] {
        assert_eq!(bytes_from(&schema::<Options>(), json).unwrap(), nothing);
        let value: Options = serde_json::from_str(json).unwrap();
        assert_eq!(bytes_of(&value), nothing);
    }
}

#[test]
fn long_integers_may_be_texts() {
    let schema = schema::<(u128, i128)>();
    let expected = bytes_of(&(u128::MAX, i128::MIN));
    let (largest, least) = (u128::MAX, i128::MIN);
    let as_numbers = format!("[{largest},{least}]");
    assert_eq!(bytes_from(&schema, &as_numbers).unwrap(), expected);
    let as_texts = format!("[\"{largest}\",\"{least}\"]");
    assert_eq!(bytes_from(&schema, &as_texts).unwrap(), expected);
    for wrong in [r#"["",1]"#, r#"["1 ",1]"#, r#"["1.0",1]"#, "[1e3,1]", "[-1,1]", r#"["x",1]"#] {
        bytes_from(&schema, wrong).unwrap_err();
    }
    assert_eq!(refusal::<u64>("\"1\""), "u64 must be u64, and is \"1\"");
}

#[test]
fn floats_beyond_their_range_are_refused_and_integers_are_floats() {
    let found = bytes_from(&schema::<(f32, f64)>(), "[1,-2]").unwrap();
    assert_eq!(found, bytes_of(&(1.0_f32, -2.0_f64)));
    for wrong in ["[1e39,0]", "[0,1e309]", "[null,0]", "[0,\"1\"]"] {
        bytes_from(&schema::<(f32, f64)>(), wrong).unwrap_err();
    }
}

#[test]
fn json_is_no_deeper_than_a_receiver_takes_it() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Tree {
        children: Vec<Tree>,
    }
    let tree = |times: usize| r#"{"children":["#.repeat(times) + &"]}".repeat(times);
    let deepest = tree(VALUE_DEPTH_MAX / 2);
    let bytes = bytes_from(&schema::<Tree>(), &deepest).unwrap();
    assert_eq!(json_of(&schema::<Tree>(), &bytes).unwrap(), deepest);
    for times in [VALUE_DEPTH_MAX / 2 + 1, 1_000] {
        let error = bytes_from(&schema::<Tree>(), &tree(times)).unwrap_err();
        let JsonError::Unencodable { path, error } = error else { panic!("{error}") };
        assert!(path.starts_with("Tree.children[0].children[0]") && path.ends_with(".."), "{path}");
        assert_eq!(error, CodecError::TooDeep { depth_max: VALUE_DEPTH_MAX });
    }
}
