//! After the load: time passes, and the rest is delivered.

use std::time::Duration;

use integration::let_time_pass;

use crate::{
    stage::{QUEUE, Stage, TABLE},
    working::Workers,
};

/// By then a search that finds nothing proves that nothing was sent, and every wait is over.
const A_WHILE: Duration = Duration::from_mins(31);

/// How often a message is received before it is a dead letter, as `template.yaml` has it.
const MOST_RECEIVES: usize = 100;

/// Lets time pass and the workers work until the queue is empty; how often it took, and how many
/// messages are dead letters then.
pub(crate) async fn drain(stage: &Stage, mut workers: Workers) -> (Workers, Drained) {
    let mut drained = Drained { rounds: 0, dead: stage.sqs.messages(QUEUE).len() };
    while drained.dead > 0 && drained.rounds < MOST_RECEIVES {
        let_time_pass(&stage.dynamo_db, TABLE, A_WHILE);
        stage.sqs.make_visible(QUEUE);
        workers = workers.work().finish().await;
        drained = Drained { rounds: drained.rounds + 1, dead: stage.sqs.messages(QUEUE).len() };
    }
    (workers, drained)
}

/// The end of the queue.
pub(crate) struct Drained {
    pub(crate) rounds: usize,
    pub(crate) dead: usize,
}
