//! `rolling_upgrade`: by one command, and a shop by hand that is too early.

use crate::process::{Example, errors, text};

#[tokio::test]
async fn a_fleet_goes_on_while_its_machines_are_upgraded() {
    let output = Example::start("rolling_upgrade", &[]).end().await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(errors(&output), "");
    let lines: Vec<&str> = text(&output).lines().map(str::trim).collect();
    let early = lines.iter().position(|line| line.contains("would be too early"));
    let why = "carries another type: OrderV1.is_express: exporter missing, importer bool";
    assert!(lines[early.expect("it is tried") + 1].ends_with(why), "{lines:?}");
    let (town, sea) = ("the shop in town goes on: ", "the shop at sea goes on: ");
    let going_on: Vec<&str> =
        lines.iter().copied().filter(|line| line.contains("goes on")).collect();
    let expected = [
        // The warehouse knows nothing of express.
        [town, "chairs"],
        [sea, "chairs"],
        // It does now, and the shops do not.
        [town, "chairs, by mail"],
        [sea, "chairs, by mail"],
        [town, "chairs, express"],
        [sea, "chairs, by mail"],
        [town, "chairs, express"],
        [sea, "chairs, express"],
    ];
    assert_eq!(going_on, expected.map(|parts| parts.concat()));
    assert_eq!(lines.last(), Some(&"release 2 is everywhere, and no shop was ever closed"));
}

#[tokio::test]
async fn a_shop_that_is_too_early_says_why() {
    let mut warehouse = Example::start("rolling_upgrade", &["--listen", "127.0.0.1:0"]);
    let address = warehouse.line_after("listening on ").await;
    let arguments = ["--connect", &address, "--release", "2"];
    let output = Example::start("rolling_upgrade", &arguments).end().await;
    assert!(!output.status.success());
    let expected = "OrderV1.is_express: exporter missing, importer bool";
    assert!(errors(&output).contains(expected), "{output:?}");
}
