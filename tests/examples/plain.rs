//! `export` and `import`.

use crate::process::{Example, errors, text};

#[tokio::test]
async fn import_has_its_numbers_squared_by_export() {
    let mut export = Example::start("export", &["127.0.0.1:0"]);
    let address = export.line_after("exporting \"numbers\" and \"squares\" at ").await;
    for _ in 0..2 {
        let output = Example::start("import", &[&address]).end().await;
        assert!(output.status.success(), "{output:?}");
        assert_eq!(errors(&output), "");
        assert_eq!(text(&output).lines().count(), 10);
        assert!(text(&output).ends_with("\n10 squared is 100\n"), "{output:?}");
        assert!(export.line().await.ends_with(": 10 answers, the peer closed the connection"));
    }
}

#[tokio::test]
async fn two_importers_at_once_do_not_take_each_others_squares() {
    let mut export = Example::start("export", &["127.0.0.1:0"]);
    let address = export.line_after("exporting \"numbers\" and \"squares\" at ").await;
    let mut importers: Vec<_> = (0..8).map(|_| Example::start("import", &[&address])).collect();
    for importer in &mut importers {
        let output = importer.end().await;
        assert!(output.status.success(), "{output:?}");
        assert!(text(&output).ends_with("\n10 squared is 100\n"), "{output:?}");
    }
}

#[tokio::test]
async fn import_says_whom_it_does_not_reach() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("unix:{}", folder.path().join("nobody").display());
    let output = Example::start("import", &[&address]).end().await;
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).starts_with(&format!("error: {address}: ")), "{output:?}");
}
