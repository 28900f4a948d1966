//! An actor that knows nothing of the network: it factors numbers.

use actix::prelude::*;
use serde::{Deserialize, Serialize};

/// Factor a number.
#[derive(Debug, Message, Serialize, Deserialize)]
#[rtype(result = "Factors")]
pub(crate) struct Job {
    pub(crate) number: u64,
}

/// Its prime factors, and which process has found them.
#[derive(Debug, MessageResponse, Serialize, Deserialize)]
pub(crate) struct Factors {
    pub(crate) factors: Vec<u64>,
    pub(crate) worker: u32,
}

/// Divides by everything that could be a factor, which takes its time.
pub(crate) struct Worker;

impl Actor for Worker {
    type Context = Context<Self>;
}

impl Handler<Job> for Worker {
    type Result = Factors;

    fn handle(&mut self, Job { number }: Job, _: &mut Context<Self>) -> Factors {
        let mut factors = Vec::new();
        let mut left = number;
        let mut divisor = 2;
        while divisor * divisor <= left {
            if left % divisor == 0 {
                factors.push(divisor);
                left /= divisor;
            } else {
                divisor += 1;
            }
        }
        if left > 1 {
            factors.push(left);
        }
        Factors { factors, worker: std::process::id() }
    }
}
