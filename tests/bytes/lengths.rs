//! Values of all lengths, over TCP, both ways.

use bytes::Bytes;
use netchan::net::{ImportSettings, RecvSettings, SendSettings, UnreadReports};
use netchan::{Connection, Exporter};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{
    TestResult, assert_same, blobs, guarded, quick_config, raw, send_all, take_all,
};

const KIB: usize = 1024;

const LENGTHS: &[usize] = &[
    0,
    1,
    4 * KIB,
    16 * KIB - 1,
    16 * KIB,
    16 * KIB + 1,
    64 * KIB - 16,
    64 * KIB,
    1024 * KIB,
    0,
    20 * 1024 * KIB,
    3,
];

/// An importer over TCP.
async fn connect(exporter: &Exporter) -> TestResult<Connection> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let near = TcpStream::connect(listener.local_addr()?).await?;
    let (far, _) = listener.accept().await?;
    let exporter = exporter.clone();
    tokio::spawn(async move { exporter.serve(far.into()).await });
    let config = quick_config()?;
    let (connection, driver) =
        Connection::open(near.into(), &config, UnreadReports::ShutDown).await?;
    tokio::spawn(driver.run());
    Ok(connection)
}

#[tokio::test]
async fn values_of_all_lengths_come_out_of_an_exporter() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(quick_config()?);
        let sender = exporter.export_sender_as("blobs", SendSettings::default(), raw())?;
        let connection = connect(&exporter).await?;
        let settings = ImportSettings::default();
        let mut receiver = connection.import_receiver_as("blobs", settings, raw()).await?;
        let sent = blobs(LENGTHS);
        send_all(sender, &sent);
        assert_same(&take_all(&mut receiver).await?, &sent);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn values_of_all_lengths_come_into_an_exporter() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(quick_config()?);
        let mut receiver = exporter.export_receiver_as("blobs", RecvSettings::default(), raw())?;
        let connection = connect(&exporter).await?;
        let settings = ImportSettings::default();
        let sender = connection.import_sender_as("blobs", settings, raw()).await?;
        let sent = blobs(LENGTHS);
        send_all(sender, &sent);
        assert_same(&take_all(&mut receiver).await?, &sent);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn many_short_values_come_in_order() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(quick_config()?);
        let sender = exporter.export_sender_as("blobs", SendSettings::default(), raw())?;
        let connection = connect(&exporter).await?;
        let settings = ImportSettings::default();
        let mut receiver = connection.import_receiver_as("blobs", settings, raw()).await?;
        let lengths: Vec<usize> = (0..20_000).map(|number| number * 7919 % 300).collect();
        let sent = blobs(&lengths);
        send_all(sender, &sent);
        let mut came: Vec<Bytes> = Vec::new();
        while came.len() < sent.len() {
            receiver.recv_many(&mut came, 100).await?;
        }
        assert_same(&came, &sent);
        Ok(())
    })
    .await
}
