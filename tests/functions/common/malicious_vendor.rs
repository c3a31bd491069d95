//! Checks against malicious peers: a call ends soon and uses little memory.

use std::time::{Duration, Instant};

use integration::{Event, Vitals};
use serde_json::Value;

use super::{
    malicious_peers::{Attack, Peer},
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
    attack: Attack,
    event: Event,
) -> (Value, Running<V>) {
    let peer = Peer::start(attack).await;
    let setup = setup.var("VENDOR_TIMEOUT_MS", "1000").var(variable, peer.url());
    let mut running = setup.start().await;
    let process = running.sandbox.process();
    let (before, began) = (Vitals::of(process), Instant::now());
    let answer = running.call(event).await;
    assert!(began.elapsed() < SOON, "{attack:?} took {:?}", began.elapsed());
    assert!(peer.requests() > 0, "{attack:?}: nobody asked");
    assert!(peer.written() < TAKEN, "{attack:?}: {} bytes were taken", peer.written());
    assert!(before.is_some() || !cfg!(target_os = "linux"));
    if let Some((before, after)) = before.zip(Vitals::of(process)) {
        // Linux counts by threads, and may correct itself.
        let more = after.peak.saturating_sub(before.peak);
        assert!(more < MORE_MEMORY, "{attack:?}: {more} bytes of memory");
    }
    let mut reported = serde_json::json!({ "status": answer.status });
    if let Some(status) = answer.body.get("status") {
        reported["word"] = status.clone();
    }
    (reported, running)
}

/// Checks that a malicious vendor causes nothing, and that the caller is asked to retry.
pub(crate) async fn comes_to<V: Vendor>(
    setup: Setup<V>,
    variable: &str,
    attack: Attack,
    event: Event,
    outcome: &str,
) {
    let (reported, running) = done_at(setup, variable, attack, event).await;
    assert_eq!(reported["status"], 503, "{attack:?}");
    assert!(running.received().is_empty(), "{attack:?}");
    assert_eq!(running.end().await.only_line()["outcome"], outcome, "{attack:?}");
}

/// The outcome at a malicious vendor: blocked for a redirect, as the URL is wrong; else in doubt.
pub(crate) fn outcome_at_a_vendor(attack: Attack) -> &'static str {
    match attack {
        Attack::ToTheMetadata => "blocked",
        _ => "in_doubt",
    }
}

/// Checks that a malicious Secrets Manager authenticates no caller and causes no vendor call.
pub(crate) async fn of_secrets_manager_authenticates_no_caller<V: Vendor>(
    setup: Setup<V>,
    attack: Attack,
    event: Event,
) {
    let (reported, running) = done_at(setup, "AWS_ENDPOINT_URL", attack, event).await;
    assert_eq!(reported["status"], 503, "{attack:?}");
    assert!(running.received().is_empty(), "{attack:?}");
}

/// Checks that an event is delivered inline if the queue is malicious.
pub(crate) async fn of_the_queue_is_bypassed<V: Vendor>(
    setup: Setup<V>,
    attack: Attack,
    event: Event,
) {
    let (reported, running) = done_at(setup, "AWS_ENDPOINT_URL_SQS", attack, event).await;
    assert_eq!(
        (&reported["status"], &reported["word"]),
        (&200.into(), &"delivered".into()),
        "{attack:?}"
    );
    running.received_once();
}
