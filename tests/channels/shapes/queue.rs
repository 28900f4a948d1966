//! A queue gives each value to one importer that has credit for it.

use netchan::net::Shape;

use crate::shapes::{export, importers};
use crate::support::{World, over_each, settle, take, take_all};

#[tokio::test]
async fn an_importer_that_takes_slowly_gets_less() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, Shape::Queue, 16);
        let (_peers, receivers) = importers::<u32>(&world, 2, 4).await;
        let [mut slow, mut fast] = <[_; 2]>::try_from(receivers).unwrap();
        let sending = tokio::spawn(async move { sender.send_all(0..1000).await });
        let (mut of_slow, mut of_fast) = (Vec::new(), Vec::new());
        // It takes one value in the time in which the other takes nine.
        while of_fast.len() < 810 {
            of_fast.extend(take(&mut fast, 9).await);
            of_slow.extend(take(&mut slow, 1).await);
            settle().await;
        }
        let rest = tokio::join!(take_all(&mut slow), take_all(&mut fast));
        of_slow.extend(rest.0);
        of_fast.extend(rest.1);
        assert!(of_slow.is_sorted() && of_fast.is_sorted());
        assert!(of_slow.len() * 3 < of_fast.len(), "{} {}", of_slow.len(), of_fast.len());
        let mut all = [of_slow, of_fast].concat();
        all.sort_unstable();
        assert_eq!(all, (0..1000).collect::<Vec<_>>());
        sending.await.unwrap().unwrap();
    })
    .await;
}
