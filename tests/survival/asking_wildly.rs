//! Requests among importers that come, go and die, askers that give up, and handlers that drop what
//! they have: every request that is waited for ends, and nothing is left.

use std::time::Duration;

use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use netchan::Exporter;
use netchan::channel::{AskError, Caller, Requests};
use netchan::net::{Config, Connection, ImportSettings, Redial, SendSettings, UnreadReports};
use netchan::testing::Network;

/// Runs of the whole story, each with its seed.
const SEEDS: std::ops::Range<u64> = 0..40;

const REQUESTS: u64 = 400;

/// Handles a number: doubles it, drops it, or takes its time.
async fn handle(mut requests: Requests<u64, u64>, mut dice: fastrand::Rng) {
    let mut in_hand = FuturesUnordered::new();
    loop {
        let request = tokio::select! {
            request = requests.recv() => request,
            Some(()) = in_hand.next() => continue,
        };
        let Ok(request) = request else { break };
        let (number, responder) = request.into_parts();
        let (waits, drops) = (dice.u32(0..8), dice.u32(0..20) == 0);
        in_hand.push(async move {
            for _ in 0..waits {
                tokio::task::yield_now().await;
            }
            if !drops {
                responder.answer(2 * number).expect("a number encodes");
            }
        });
    }
}

/// An importer that handles requests; it dies with what this returns.
fn importer(
    network: &Network,
    config: &Config,
    dice: fastrand::Rng,
) -> tokio::task::JoinHandle<()> {
    let (connection, driver) =
        Connection::dial_later(network.dialler(), "exporter", config, UnreadReports::DropOldest);
    tokio::spawn(async move {
        let handling = async {
            let settings = ImportSettings::default().size(4);
            let requests = connection.import_requests("asks", settings).await;
            if let Ok(requests) = requests {
                handle(requests, dice).await;
            }
        };
        tokio::join!(driver.run(), handling);
    })
}

async fn story(seed: u64) {
    println!("seed {seed}");
    let mut dice = fastrand::Rng::with_seed(seed);
    let redial = Redial::default().delays(Duration::from_millis(1), Duration::from_millis(5));
    let config = Config::builder()
        .redial(redial)
        .session_expiry(Duration::from_millis(dice.u64(20..2000)))
        .build()
        .expect("the settings can work");
    let exporter = Exporter::new(config.clone());
    let mut settings = SendSettings::default().capacity_values(16);
    let is_repeated = dice.bool();
    if is_repeated {
        settings = settings.redelivers_asks();
    }
    let caller: Caller<u64, u64> = exporter.export_caller("asks", settings).expect("a name");
    let mut places = Vec::new();
    for _ in 0..3 {
        let network = Network::new();
        serve(&exporter, &network);
        let importer = importer(&network, &config, dice.fork());
        places.push((network, importer));
    }

    let mut asking = FuturesUnordered::new();
    let mut next = 0;
    let (mut answered, mut failed) = (0, 0);
    while answered + failed < REQUESTS {
        while next < REQUESTS && asking.len() < 40 {
            let (caller, number) = (caller.clone(), next);
            let patience = (dice.u32(0..6) == 0).then(|| Duration::from_millis(dice.u64(0..30)));
            asking.push(async move {
                match patience {
                    None => Some((number, caller.ask(number).await)),
                    // Given up, wherever the request is.
                    Some(patience) => {
                        let asking = caller.ask(number);
                        tokio::time::timeout(patience, asking).await.ok().map(|a| (number, a))
                    }
                }
            });
            next += 1;
        }
        match dice.u32(0..30) {
            0 => places[dice.usize(0..3)].0.cut(),
            1 => {
                // It dies, and another one takes its place.
                let (network, importer) = &mut places[dice.usize(0..3)];
                importer.abort();
                let _dialler = network.restart_importer();
                *importer = self::importer(network, &config, dice.fork());
            }
            _ => {}
        }
        match asking.next().await.expect("something is asked") {
            None => failed += 1,
            Some((number, Ok(answer))) => {
                assert_eq!(answer, 2 * number);
                answered += 1;
            }
            Some((_, Err(AskError::NotAnswered))) => failed += 1,
            Some((_, Err(AskError::UnknownFate(_)))) => failed += 1,
            Some((number, Err(error))) => panic!("{number}: {error}"),
        }
    }
    assert_eq!(caller.unanswered(), 0);
    assert!(answered > REQUESTS / 2, "{answered} of {REQUESTS}");
    for (_, importer) in &places {
        importer.abort();
    }
    exporter.close().await;
    assert!(caller.ask(0).now_or_never().is_some_and(|asked| asked.is_err()));
}

fn serve(exporter: &Exporter, network: &Network) {
    let (exporter, listener) = (exporter.clone(), network.listener());
    tokio::spawn(async move {
        while let Ok(stream) = listener.accept().await {
            let exporter = exporter.clone();
            tokio::spawn(async move { exporter.serve(stream).await });
        }
    });
}

#[tokio::test(start_paused = true)]
async fn every_request_ends_whatever_happens_to_those_who_have_it() {
    let stated = std::env::var("NETCHAN_SEED").ok();
    let seeds = match stated.map(|seed| seed.parse().expect("NETCHAN_SEED is a number")) {
        Some(seed) => seed..seed + 1,
        None => SEEDS,
    };
    for seed in seeds {
        let story = tokio::time::timeout(Duration::from_secs(3600), story(seed));
        story.await.unwrap_or_else(|_| panic!("seed {seed} hangs"));
    }
}
