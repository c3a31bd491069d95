//! TLS handshakes in the first event. Those in the start take place in the burst, before anybody
//! waits for an answer.

use crate::{
    contender::{Contender, Programs},
    event::{ctx, sign_up},
    sandbox::Sandbox,
    surroundings::Surroundings,
    table::{Figure, Row},
};

/// The number does not depend on the load of the machine, so a few starts suffice.
const STARTS: usize = 3;

pub(super) async fn rows(surroundings: &Surroundings) -> Vec<Row> {
    let (inline, enqueued) =
        (surroundings.with_tls().await, surroundings.with_tls_and_queue().await);
    let mut rows = Vec::new();
    for (how, contender) in [
        ("inline", Programs::ours_over_tls(&inline)),
        ("enqueued", Programs::storing_over_tls(&enqueued)),
    ] {
        let what = format!("TLS handshakes in the first event, {how}");
        let most = Figure::Count(most(&contender, surroundings).await);
        rows.push(Row::limited(what, most, Figure::Count(0)));
    }
    rows
}

/// The most of a few starts.
async fn most(contender: &Contender, surroundings: &Surroundings) -> u64 {
    let ctx = ctx();
    let mut most = 0;
    for _ in 0..STARTS {
        let event = sign_up(&ctx);
        let mut sandbox = Sandbox::start(contender).await;
        let before = surroundings.tls_connections();
        sandbox.invoke(event).await;
        most = most.max(surroundings.tls_connections() - before);
        sandbox.end().await;
    }
    most
}
