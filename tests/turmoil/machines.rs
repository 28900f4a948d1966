//! What joins netchan and turmoil: a way to listen, a way to dial, and the settings of a simulation.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use netchan::net::{Address, Config, Dial, Listener, Stream};
use turmoil::net::{TcpListener, TcpStream};
use turmoil::{Builder, Sim};

/// What the software of a machine returns.
pub(crate) type Outcome<T = ()> = turmoil::Result<T>;

/// The machine of the exporter, and that of the importer.
pub(crate) const EXPORTER: &str = "exporter";
pub(crate) const IMPORTER: &str = "importer";

const PORT: u16 = 4000;

/// Listens on the machine on which it is called.
pub(crate) async fn listen() -> io::Result<Listener> {
    let listener = Arc::new(TcpListener::bind(("0.0.0.0", PORT)).await?);
    let address = Address::Tcp(format!("{EXPORTER}:{PORT}"));
    Ok(Listener::from_fn(address, move || {
        let listener = listener.clone();
        async move {
            let (stream, peer) = listener.accept().await?;
            Ok(Stream::new(stream, peer.to_string()))
        }
    }))
}

/// Dials the exporter from the machine on which it is called.
pub(crate) fn dial() -> impl Dial {
    || async { Ok(Stream::new(TcpStream::connect((EXPORTER, PORT)).await?, EXPORTER)) }
}

/// Settings with which no weather lasts longer than a session.
pub(crate) fn patient() -> Config {
    let builder = Config::builder().session_expiry(Duration::from_secs(60 * 60));
    builder.build().expect("the settings can work")
}

/// A simulation without machines. Everything in it follows from its seed.
pub(crate) fn simulation(seed: u64) -> Sim<'static> {
    // The chance in the waits between two attempts to dial.
    fastrand::seed(seed);
    Builder::new()
        .rng_seed(seed)
        .tick_duration(Duration::from_millis(10))
        .max_message_latency(Duration::from_millis(50))
        .simulation_duration(Duration::from_secs(30 * 60))
        .build()
}
