//! Windows that grow by themselves, as their senders see it.

use netchan::limits::WINDOW_VALUES_DEFAULT;
use netchan::net::{ImportSettings, RecvSettings, SendSettings, WindowGrowth};
use netchan::testing::{Network, Way};
use netchan::{Dir, Receiver, Sender};

use crate::support::{Medium, Peers, World, guarded, over_each, settle};

const DEFAULT: usize = WINDOW_VALUES_DEFAULT as usize;

/// A channel over a network that can hold up what goes back to the sender.
struct FarChannel {
    sender: Sender<u32>,
    receiver: Receiver<u32>,
    network: Network,
    /// The way from the receiver to the sender.
    back: Way,
    sent: u32,
    taken: u32,
    _world: World,
    _peers: Peers,
}

impl FarChannel {
    async fn open(dir: Dir, settings: ImportSettings) -> FarChannel {
        let world = World::new(Medium::Memory).await;
        let (peers, network) = world.connect_over_network().await;
        let (sender, receiver) = match dir {
            Dir::Recv => {
                let sender = world.exporter.export_sender("values", SendSettings::default());
                let receiver = peers.importer.import_receiver("values", settings).await;
                (sender.expect("a new name"), receiver.expect("it is exported"))
            }
            Dir::Send => {
                let receiver = world.exporter.export_receiver("values", RecvSettings::default());
                let sender = peers.importer.import_sender("values", settings).await;
                (sender.expect("it is exported"), receiver.expect("a new name"))
            }
        };
        let back = if dir == Dir::Recv { Way::ToExporter } else { Way::ToImporter };
        let (_world, _peers) = (world, peers);
        FarChannel { sender, receiver, network, back, sent: 0, taken: 0, _world, _peers }
    }

    /// Sends all that there is room for.
    async fn fill(&mut self) {
        loop {
            while self.sender.try_send(self.sent).is_ok() {
                self.sent += 1;
            }
            settle().await;
            if self.sender.capacity() == 0 {
                return;
            }
        }
    }

    /// Takes all that comes.
    async fn empty(&mut self) {
        settle().await;
        while let Ok(value) = self.receiver.try_recv() {
            assert_eq!(value, self.taken);
            self.taken += 1;
            if self.receiver.is_empty() {
                settle().await;
            }
        }
    }

    /// The way is long: all that may be sent was sent, and all that came was taken, before the sender
    /// hears of it. Returns the slots that the sender has when it has heard.
    async fn turn(&mut self) -> usize {
        self.network.stall_one_way(self.back);
        self.fill().await;
        self.empty().await;
        self.network.resume();
        settle().await;
        self.sender.max_capacity()
    }
}

/// A test for both directions, of which it is given the importer's.
async fn both_ways(test: impl AsyncFn(Dir)) {
    for dir in [Dir::Recv, Dir::Send] {
        guarded(format!("the importer's {dir}"), test(dir)).await;
    }
}

#[tokio::test]
async fn a_window_doubles_with_each_turn_over_a_long_way_and_with_it_the_slots_of_its_sender() {
    both_ways(async |dir| {
        let mut channel = FarChannel::open(dir, ImportSettings::default()).await;
        assert_eq!(channel.sender.max_capacity(), DEFAULT);
        for doubled in 1..=5 {
            assert_eq!(channel.turn().await, DEFAULT << doubled);
        }
    })
    .await;
}

#[tokio::test]
async fn a_window_grows_no_further_than_it_may() {
    both_ways(async |dir| {
        let growth = WindowGrowth::up_to(1000, 1 << 20);
        let settings = ImportSettings::default().window_growth(growth);
        let mut channel = FarChannel::open(dir, settings).await;
        for slots in [512, 1000, 1000] {
            assert_eq!(channel.turn().await, slots);
        }
        let settings = ImportSettings::default().window_growth(WindowGrowth::none());
        let mut channel = FarChannel::open(dir, settings).await;
        for _turn in 0..3 {
            assert_eq!(channel.turn().await, DEFAULT);
        }
    })
    .await;
}

#[tokio::test]
async fn a_size_that_was_set_stays() {
    let mut channel = FarChannel::open(Dir::Send, ImportSettings::default().size(64)).await;
    for _turn in 0..3 {
        assert_eq!(channel.turn().await, 64);
    }
    // What an exporter has queued is not the importer's window.
    let mut channel = FarChannel::open(Dir::Recv, ImportSettings::default().size(64)).await;
    for _turn in 0..3 {
        assert_eq!(channel.turn().await, DEFAULT);
    }
}

#[tokio::test]
async fn the_window_of_a_receiver_that_takes_nothing_stays() {
    both_ways(async |dir| {
        let mut channel = FarChannel::open(dir, ImportSettings::default()).await;
        channel.fill().await;
        assert_eq!(channel.sender.max_capacity(), DEFAULT);
        assert_eq!(channel.receiver.len(), DEFAULT);
    })
    .await;
}

#[tokio::test]
async fn the_window_of_requests_stays() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let mut requests =
            world.exporter.export_requests::<u32, u32>("asks", RecvSettings::default()).unwrap();
        let caller = peers
            .importer
            .import_caller::<u32, u32>("asks", ImportSettings::default())
            .await
            .unwrap();
        let answering = async {
            while let Ok(request) = requests.recv().await {
                let (number, responder) = request.into_parts();
                responder.answer(number).unwrap();
            }
        };
        let asking = async {
            for round in 0..20 {
                let asks = (0..1000).map(|number| caller.ask(round + number));
                for answer in futures::future::join_all(asks).await {
                    answer.unwrap();
                }
            }
            assert_eq!(caller.max_capacity(), DEFAULT);
            caller.close();
        };
        tokio::join!(asking, answering);
    })
    .await;
}
