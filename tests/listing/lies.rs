//! Exporters that say what cannot be: whoever asks is told, and the connection goes on unless it is the
//! protocol that was broken.

use bytes::Bytes;
use netchan::limits::{LIST_TIMEOUT, LISTED_CHANNELS_MAX};
use netchan::net::{ConnectionEnd, ListError};
use netchan::session::SessionError;
use netchan::wire::Frame;

use crate::liar::Liar;
use crate::support::{TestResult, guarded, names};

/// An entry of a page: a channel of this name that receives numbers, without a schema.
fn entry(name: &str) -> Vec<u8> {
    let mut fields = vec![2, 0, 0, 0];
    fields.extend_from_slice(&[0; 32]);
    for text in ["bincode2", name] {
        fields.extend_from_slice(&(text.len() as u16).to_le_bytes());
        fields.extend_from_slice(text.as_bytes());
    }
    fields.extend_from_slice(&[0; 8]);
    let length = (fields.len() as u32).to_le_bytes();
    [&length[..], &fields].concat()
}

fn page(has_more: bool, names: &[&str]) -> Vec<u8> {
    let mut page = vec![0, u8::from(has_more)];
    names.iter().for_each(|name| page.extend(entry(name)));
    page
}

#[tokio::test]
async fn pages_that_make_no_sense_are_an_error_of_the_call_alone() -> TestResult {
    guarded(async {
        let (importer, mut liar) = Liar::deceive().await?;
        let (mut no_shape, mut no_text) = (page(false, &["a"]), page(false, &["a"]));
        no_shape[7] = 99;
        let name_at = no_text.len() - 9;
        no_text[name_at] = 0xff;
        let mut long_schema = page(false, &["a"]);
        let schema_at = long_schema.len() - 8;
        long_schema[schema_at..schema_at + 4].fill(0xff);
        for (what, page) in [
            ("nothing", vec![]),
            ("garbage", vec![0x5a; 900]),
            ("half a page", page(false, &["a", "b"])[..40].to_vec()),
            ("an entry that claims four gigabytes", vec![0, 0, 0xff, 0xff, 0xff, 0xff, 1]),
            ("a schema that claims four gigabytes", long_schema),
            ("an entry without fields", vec![0, 0, 0, 0, 0, 0]),
            ("names twice", page(false, &["a", "a"])),
            ("names that go down", page(false, &["b", "a"])),
            ("a name that is no text", no_text),
            ("no name", page(false, &[""])),
            ("a name that is too long", page(false, &[&"x".repeat(256)])),
            ("an unknown shape", no_shape),
            ("more behind nothing", page(true, &[])),
        ] {
            let pieces: Vec<&[u8]> =
                if page.is_empty() { vec![&[]] } else { page.chunks(50).collect() };
            let (listed, answered) = tokio::join!(importer.list_channels(), liar.answer(&pieces));
            answered?;
            assert!(matches!(listed, Err(ListError::Malformed { .. })), "{what}: {listed:?}");
        }
        // Names must be behind the one that was asked for.
        let both = page(false, &["a", "b"]);
        let pieces = [&both[..]];
        let (listed, answered) =
            tokio::join!(importer.list_channels_after("a"), liar.answer(&pieces));
        answered?;
        assert!(matches!(listed, Err(ListError::Malformed { .. })), "{listed:?}");
        // It may come to its senses.
        let (listed, answered) = tokio::join!(importer.list_channels(), liar.answer(&pieces));
        answered?;
        assert_eq!(names(&listed?), ["a", "b"]);
        assert!(importer.end().is_none());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn answers_to_other_questions_have_no_effect() -> TestResult {
    guarded(async {
        let (importer, mut liar) = Liar::deceive().await?;
        let listing = |token, page: Vec<u8>| Frame::Listing {
            token,
            is_last: true,
            piece: Bytes::from(page),
        };
        liar.say(listing(1, page(false, &["unasked"]))).await?;
        let answering = async {
            let token = liar.hear_question().await?;
            for wrong in [0, token - 1, token + 1, u64::MAX] {
                liar.say(listing(wrong, page(false, &["wrong"]))).await?;
            }
            liar.say(listing(token, page(false, &["right"]))).await
        };
        let (listed, answered) = tokio::join!(importer.list_channels(), answering);
        answered?;
        assert_eq!(names(&listed?), ["right"]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_page_without_end_ends_the_session() -> TestResult {
    guarded(async {
        let (importer, mut liar) = Liar::deceive().await?;
        let pouring = async {
            let token = liar.hear_question().await?;
            let piece = Bytes::from(vec![0; 1000]);
            // It notices at some time that nobody reads any more.
            while liar
                .say(Frame::Listing { token, is_last: false, piece: piece.clone() })
                .await
                .is_ok()
            {}
            TestResult::Ok(())
        };
        let (listed, poured) = tokio::join!(importer.list_channels(), pouring);
        poured?;
        let Err(ListError::Disconnected(ConnectionEnd::Session(error))) = listed else {
            panic!("{listed:?}");
        };
        assert!(matches!(error, SessionError::PageTooLong { .. }), "{error}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_list_without_end_is_given_up() -> TestResult {
    guarded(async {
        let (importer, mut liar) = Liar::deceive().await?;
        let answering = async {
            for number in 0_u32.. {
                let name = |at: u32| format!("{:08}", number * 500 + at);
                let some: Vec<String> = (0..500).map(name).collect();
                let some: Vec<&str> = some.iter().map(|name| &name[..]).collect();
                let page = page(true, &some);
                let pieces: Vec<&[u8]> = page.chunks(1000).collect();
                liar.answer(&pieces).await?;
            }
            TestResult::Ok(())
        };
        let listed = tokio::select! {
            listed = importer.list_channels() => listed,
            answered = answering => return answered,
        };
        assert!(
            matches!(listed, Err(ListError::TooMany { channels_max: LISTED_CHANNELS_MAX })),
            "{} channels",
            listed.map_or(0, |listed| listed.len())
        );
        assert!(importer.end().is_none());
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_answers_is_not_waited_for_for_ever() -> TestResult {
    guarded(async {
        let (importer, mut liar) = Liar::deceive().await?;
        // It says that it lives, and sends a piece now and then.
        let stalling = async {
            let token = liar.hear_question().await?;
            loop {
                let piece = Bytes::from_static(&[0]);
                liar.say(Frame::Listing { token, is_last: false, piece }).await?;
                tokio::time::sleep(LIST_TIMEOUT / 10).await;
            }
            #[expect(unreachable_code, reason = "it says what the errors are")]
            TestResult::Ok(())
        };
        let listed = tokio::select! {
            listed = importer.list_channels() => listed,
            stalled = stalling => return stalled,
        };
        assert!(matches!(listed, Err(ListError::Unanswered { .. })), "{listed:?}");
        assert!(importer.end().is_none());
        Ok(())
    })
    .await
}
