//! What `send` resolves with: each kind of result from each kind of handler.

use std::collections::BTreeMap;

use actix::prelude::*;
use serde::{Deserialize, Serialize};

use crate::actors::by;
use crate::place::{TestResult, World};

in_each_place!(
    unit_comes_back,
    a_value_comes_back,
    a_result_comes_back_as_ok_and_as_err,
    an_option_comes_back,
    text_and_collections_come_back,
    a_large_result_comes_back,
    each_kind_of_handler_answers,
    a_handler_that_answers_nothing_is_closed,
);

#[derive(Serialize, Deserialize, Message)]
#[rtype(result = "()")]
struct Nothing;

async fn unit_comes_back(world: World) -> TestResult {
    let recipient = world.lead_to("unit", by(|Nothing| ()).recipient()).await?;
    recipient.send(Nothing).await?;
    Ok(())
}

#[derive(Serialize, Deserialize, Message)]
#[rtype(result = "u64")]
struct Add(u64);

async fn a_value_comes_back(world: World) -> TestResult {
    let mut sum = 0;
    let adder = by(move |Add(number)| {
        sum += number;
        sum
    });
    let recipient = world.lead_to("sum", adder.recipient()).await?;
    for (number, sum) in [(1, 1), (2, 3), (3, 6), (u64::MAX - 6, u64::MAX)] {
        assert_eq!(recipient.send(Add(number)).await?, sum);
    }
    Ok(())
}

#[derive(Serialize, Deserialize, Message)]
#[rtype(result = "Result<i64, Trouble>")]
struct Divide(i64, i64);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Trouble {
    ByZero { dividend: i64 },
    Overflow,
}

async fn a_result_comes_back_as_ok_and_as_err(world: World) -> TestResult {
    let divider = by(|Divide(dividend, divisor)| {
        if divisor == 0 {
            return Err(Trouble::ByZero { dividend });
        }
        dividend.checked_div(divisor).ok_or(Trouble::Overflow)
    });
    let recipient = world.lead_to("quotients", divider.recipient()).await?;
    assert_eq!(recipient.send(Divide(6, 3)).await?, Ok(2));
    assert_eq!(recipient.send(Divide(6, 0)).await?, Err(Trouble::ByZero { dividend: 6 }));
    assert_eq!(recipient.send(Divide(i64::MIN, -1)).await?, Err(Trouble::Overflow));
    Ok(())
}

#[derive(Serialize, Deserialize, Message)]
#[rtype(result = "Option<String>")]
struct Find(u32);

async fn an_option_comes_back(world: World) -> TestResult {
    let found = BTreeMap::from([(1, "one".to_owned()), (2, String::new())]);
    let finder = by(move |Find(number)| found.get(&number).cloned());
    let recipient = world.lead_to("names", finder.recipient()).await?;
    assert_eq!(recipient.send(Find(1)).await?.as_deref(), Some("one"));
    assert_eq!(recipient.send(Find(2)).await?.as_deref(), Some(""));
    assert_eq!(recipient.send(Find(3)).await?, None);
    Ok(())
}

#[derive(Serialize, Deserialize, Message)]
#[rtype(result = "Vec<BTreeMap<String, (char, f64)>>")]
struct Describe(Vec<String>);

async fn text_and_collections_come_back(world: World) -> TestResult {
    let describe = |words: &[String]| {
        let word = |word: &String| {
            let first = word.chars().next().unwrap_or('?');
            BTreeMap::from([(word.clone(), (first, word.len() as f64 / 2.0))])
        };
        words.iter().map(word).collect::<Vec<_>>()
    };
    let describer = by(move |Describe(words)| describe(&words));
    let recipient = world.lead_to("words", describer.recipient()).await?;
    let words = vec!["straße".to_owned(), String::new(), "日本".to_owned()];
    assert_eq!(recipient.send(Describe(words.clone())).await?, describe(&words));
    Ok(())
}

#[derive(Serialize, Deserialize, Message)]
#[rtype(result = "String")]
struct Repeat(char, usize);

async fn a_large_result_comes_back(world: World) -> TestResult {
    let repeater =
        |Repeat(letter, times)| MessageResult(std::iter::repeat_n(letter, times).collect());
    let repeater = by(move |repeat| -> MessageResult<Repeat> { repeater(repeat) });
    let recipient = world.lead_to("repeated", repeater.recipient()).await?;
    let large = 1024 * 1024;
    for letter in 'a'..='e' {
        let asked = [large, 1, large, 0].map(|times| recipient.send(Repeat(letter, times)));
        let answers = futures::future::try_join_all(asked).await?;
        assert_eq!(answers.iter().map(String::len).collect::<Vec<_>>(), [large, 1, large, 0]);
        assert!(answers.iter().all(|answer| answer.chars().all(|other| other == letter)));
    }
    Ok(())
}

/// A number to be doubled, in a way of actix.
#[derive(Clone, Copy, Serialize, Deserialize, Message)]
#[rtype(result = "u64")]
struct Double<const WAY: u8>(u64);

struct Doubler {
    doubled: u64,
}

impl Actor for Doubler {
    type Context = Context<Self>;
}

impl Doubler {
    fn double(&mut self, number: u64) -> u64 {
        self.doubled += 1;
        2 * number
    }
}

const SYNC: u8 = 0;
const MESSAGE_RESULT: u8 = 1;
const RESPONSE: u8 = 2;
const FUTURE: u8 = 3;
const ACTOR_FUTURE: u8 = 4;
const ATOMIC: u8 = 5;

impl Handler<Double<SYNC>> for Doubler {
    type Result = u64;

    fn handle(&mut self, Double(number): Double<SYNC>, _: &mut Context<Self>) -> u64 {
        self.double(number)
    }
}

impl Handler<Double<MESSAGE_RESULT>> for Doubler {
    type Result = MessageResult<Double<MESSAGE_RESULT>>;

    fn handle(
        &mut self,
        Double(number): Double<MESSAGE_RESULT>,
        _: &mut Context<Self>,
    ) -> Self::Result {
        MessageResult(self.double(number))
    }
}

impl Handler<Double<RESPONSE>> for Doubler {
    type Result = Response<u64>;

    fn handle(&mut self, Double(number): Double<RESPONSE>, _: &mut Context<Self>) -> Self::Result {
        if number % 2 == 0 {
            return Response::reply(self.double(number));
        }
        self.doubled += 1;
        Response::fut(async move { 2 * number })
    }
}

impl Handler<Double<FUTURE>> for Doubler {
    type Result = ResponseFuture<u64>;

    fn handle(&mut self, Double(number): Double<FUTURE>, _: &mut Context<Self>) -> Self::Result {
        self.doubled += 1;
        Box::pin(async move {
            tokio::task::yield_now().await;
            2 * number
        })
    }
}

impl Handler<Double<ACTOR_FUTURE>> for Doubler {
    type Result = ResponseActFuture<Self, u64>;

    fn handle(
        &mut self,
        Double(number): Double<ACTOR_FUTURE>,
        _: &mut Context<Self>,
    ) -> Self::Result {
        let waiting = tokio::task::yield_now().into_actor(self);
        Box::pin(waiting.map(move |(), doubler: &mut Self, _| doubler.double(number)))
    }
}

impl Handler<Double<ATOMIC>> for Doubler {
    type Result = AtomicResponse<Self, u64>;

    fn handle(&mut self, Double(number): Double<ATOMIC>, _: &mut Context<Self>) -> Self::Result {
        let waiting = tokio::task::yield_now().into_actor(self);
        AtomicResponse::new(Box::pin(
            waiting.map(move |(), doubler: &mut Self, _| doubler.double(number)),
        ))
    }
}

async fn each_kind_of_handler_answers(world: World) -> TestResult {
    async fn ask_all<const WAY: u8>(world: &World) -> TestResult
    where
        Doubler: Handler<Double<WAY>>,
    {
        let doubler = Doubler { doubled: 0 }.start().recipient();
        let recipient = world.lead_to(&format!("doubles {WAY}"), doubler).await?;
        assert_eq!(recipient.send(Double::<WAY>(21)).await?, 42);
        let asked = (0..100).map(|number| recipient.send(Double::<WAY>(number)));
        let answers = futures::future::try_join_all(asked).await?;
        assert!(answers.into_iter().eq((0..100).map(|number| 2 * number)));
        Ok(())
    }
    ask_all::<SYNC>(&world).await?;
    ask_all::<MESSAGE_RESULT>(&world).await?;
    ask_all::<RESPONSE>(&world).await?;
    ask_all::<FUTURE>(&world).await?;
    ask_all::<ACTOR_FUTURE>(&world).await?;
    ask_all::<ATOMIC>(&world).await
}

async fn a_handler_that_answers_nothing_is_closed(world: World) -> TestResult {
    let panicking = by(|Add(number)| -> ResponseFuture<u64> {
        Box::pin(async move {
            assert!(number != 2, "as it was told");
            number
        })
    });
    let recipient = world.lead_to("some", panicking.recipient()).await?;
    let asked = (1..=3).map(|number| recipient.send(Add(number)));
    let answers = futures::future::join_all(asked).await;
    // Only its own request fails.
    assert_eq!(answers, [Ok(1), Err(MailboxError::Closed), Ok(3)]);
    assert_eq!(recipient.send(Add(4)).await?, 4);
    Ok(())
}
