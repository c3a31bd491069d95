//! What comes of peers that mean harm: soon, and without filling the memory.

use std::time::{Duration, Instant};

use integration::{Event, Vitals};
use serde_json::Value;

use super::{
    malicious_peers::{Harm, Peer},
    setup::{Running, Setup, Vendor},
};

/// How much more a function may ever hold for it, in bytes: a body as far as it is read, and what
/// is made of it.
const MORE_MEMORY: u64 = 12 << 20;

/// The most of 50 MB that leaves the peer: what is read, and what the system keeps on its way.
const TAKEN: usize = 25 << 20;

/// A call takes a second at most, and there are three of them.
const SOON: Duration = Duration::from_secs(9);

/// Calls the function, whose way to `variable` ends at such a peer; the answer's status and the
/// line of it.
pub(crate) async fn done_at<V: Vendor>(
    setup: Setup<V>,
    variable: &str,
    harm: Harm,
    event: Event,
) -> (Value, Running<V>) {
    let peer = Peer::start(harm).await;
    let setup = setup.var("VENDOR_TIMEOUT_MS", "1000").var(variable, peer.url());
    let mut running = setup.start().await;
    let process = running.sandbox.process();
    let (before, began) = (Vitals::of(process), Instant::now());
    let answer = running.call(event).await;
    assert!(began.elapsed() < SOON, "{harm:?} took {:?}", began.elapsed());
    assert!(peer.requests() > 0, "{harm:?}: nobody asked");
    assert!(peer.written() < TAKEN, "{harm:?}: {} bytes were taken", peer.written());
    assert!(before.is_some() || !cfg!(target_os = "linux"));
    if let Some((before, after)) = before.zip(Vitals::of(process)) {
        let more = after.peak - before.peak;
        assert!(more < MORE_MEMORY, "{harm:?}: {more} bytes of memory");
    }
    let mut told = serde_json::json!({ "status": answer.status });
    if let Some(status) = answer.body.get("status") {
        told["told"] = status.clone();
    }
    (told, running)
}

/// Sees what a vendor's harm comes to: nothing is done, and the caller is asked to try again.
pub(crate) async fn comes_to<V: Vendor>(
    setup: Setup<V>,
    variable: &str,
    harm: Harm,
    event: Event,
    outcome: &str,
) {
    let (told, running) = done_at(setup, variable, harm, event).await;
    assert_eq!(told["status"], 503, "{harm:?}");
    assert!(running.received().is_empty(), "{harm:?}");
    assert_eq!(running.end().await.only_line()["outcome"], outcome, "{harm:?}");
}

/// What a harmful vendor comes to: a redirect says that the URL is wrong, and all else that nobody
/// knows what was done.
pub(crate) fn outcome_at_a_vendor(harm: Harm) -> &'static str {
    match harm {
        Harm::ToTheMetadata => "blocked",
        _ => "in_doubt",
    }
}

/// Sees that nobody is let in, and nobody called, where Secrets Manager means harm.
pub(crate) async fn of_secrets_manager_authenticates_no_caller<V: Vendor>(
    setup: Setup<V>,
    harm: Harm,
    event: Event,
) {
    let (told, running) = done_at(setup, "AWS_ENDPOINT_URL", harm, event).await;
    assert_eq!(told["status"], 503, "{harm:?}");
    assert!(running.received().is_empty(), "{harm:?}");
}

/// Sees an event delivered in line, where the queue means harm.
pub(crate) async fn of_the_queue_is_bypassed<V: Vendor>(setup: Setup<V>, harm: Harm, event: Event) {
    let (told, running) = done_at(setup, "AWS_ENDPOINT_URL_SQS", harm, event).await;
    assert_eq!((&told["status"], &told["told"]), (&200.into(), &"delivered".into()), "{harm:?}");
    running.received_once();
}
