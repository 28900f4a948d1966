//! Watches a market, and checks that nothing is unaccounted for.

use std::error::Error;
use std::time::Duration;

use netchan::Receiver;
use netchan::channel::RecvError;
use netchan_actix::messages::{Disconnected, ImportReceiver};
use netchan_actix::{Address, Remote};
use tokio::sync::watch;

use crate::{Price, Trade};

/// How long a slow watcher thinks about a trade.
const THOUGHT: Duration = Duration::from_millis(1);

/// Watches until the market closes.
pub(crate) async fn run(address: &Address, is_slow: bool) -> Result<(), Box<dyn Error>> {
    let remote = Remote::connect(address).await?;
    let trades = ImportReceiver::<Trade>::new("trades").size(16);
    let mut trades = remote.addr().send(trades).await??;
    // With a small window, the next price comes as soon as the last one was taken.
    let prices = ImportReceiver::<Price>::new("prices").size(1);
    let prices = remote.addr().send(prices).await??;
    println!("watching");

    let (newest, price) = watch::channel(Price::default());
    let watching_prices = actix::spawn(watch_prices(prices, newest));

    let mut seen = 0;
    let mut last = None;
    let mut most_ahead = 0;
    loop {
        let trade = match trades.recv().await {
            Ok(trade) => trade,
            Err(RecvError::Closed(closed)) if closed.is_finished() => break,
            Err(error) => return Err(error.into()),
        };
        seen += 1;
        most_ahead = most_ahead.max(price.borrow().after_trade.saturating_sub(trade.number));
        last = Some(trade);
        if is_slow {
            tokio::time::sleep(THOUGHT).await;
        }
    }
    watching_prices.await??;

    let missed = trades.missed_values();
    let last = last.ok_or("there were no trades")?;
    let price = *price.borrow();
    println!("{seen} trades seen, {missed} missed; the price was up to {most_ahead} trades ahead");
    // Trades are numbered from 1, and the last one is never missed.
    if seen + missed != last.number {
        return Err(format!("{} trades are unaccounted for", last.number - seen - missed).into());
    }
    if price != (Price { after_trade: last.number, cents: last.cents }) {
        return Err(format!("the last price is {price:?}, the last trade {last:?}").into());
    }
    println!("last price {} cents: equal to that of trade {}", price.cents, last.number);
    // The market ends the connection when it knows that all has come.
    let end = remote.addr().send(Disconnected).await?;
    if end.is_regular() { Ok(()) } else { Err(end.into()) }
}

/// Keeps the newest price, until the market closes.
async fn watch_prices(
    mut prices: Receiver<Price>,
    newest: watch::Sender<Price>,
) -> Result<(), RecvError> {
    loop {
        match prices.recv().await {
            Ok(price) => _ = newest.send_replace(price),
            Err(RecvError::Closed(closed)) if closed.is_finished() => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}
