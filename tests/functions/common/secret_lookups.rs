//! Secret lookups while Secrets Manager denies or is down: their number does not depend on the
//! callers.

use std::time::Duration;

use fakes::FakeSecretsManager;
use integration::{Answer, Event};
use serde_json::json;
use shared::secrets::LOOK_UP_PAUSE;
use tokio::time::sleep;

use super::setup::{Running, Setup, Vendor, WEBHOOK_SECRET, side_by_side};

/// How long a secret is cached in these tests, and a little over it.
const TTL: &str = "1";
const OVER_THE_TTL: Duration = Duration::from_millis(1_100);

/// The calls of one look-up: a version each, and each once more where no answer came.
const MOST_CALLS: usize = 4;

#[derive(Clone, Copy, Debug)]
enum Failing {
    Denies,
    IsAway,
}

impl Failing {
    const BOTH: [Self; 2] = [Self::Denies, Self::IsAway];

    fn set(self, secrets: &FakeSecretsManager, fails: bool) {
        match self {
            Self::Denies => secrets.set_denied(WEBHOOK_SECRET, fails),
            Self::IsAway => secrets.set_down(fails),
        }
    }
}

/// Ten callers, of whom one has the key: each gets a 503.
async fn nobody_is_let_in<V: Vendor>(
    running: &mut Running<V>,
    with_key: &Event,
    without: &Event,
    is_unknown: fn(&Answer) -> bool,
) {
    for event in [[without; 9].as_slice(), &[with_key]].concat() {
        let answer = running.call(event.clone()).await;
        assert!(answer.status == 503 && is_unknown(&answer), "{answer:?}");
    }
}

/// At a cold start, and with a secret that has grown old; and once it is back, the next caller
/// after the pause is let in.
pub(crate) async fn do_not_depend_on_the_caller<V>(
    setup: impl AsyncFn() -> Setup<V>,
    with_key: Event,
    without: Event,
    is_unknown: fn(&Answer) -> bool,
) where
    V: Vendor + Send + Sync + 'static,
    V::Call: Send,
{
    let mut cases = Vec::new();
    for failing in Failing::BOTH {
        cases.push((failing, setup().await.var("SECRET_TTL_SECONDS", "300")));
    }
    let (for_cold, for_cold_key) = (without.clone(), with_key.clone());
    side_by_side(cases, move |_, (failing, setup)| {
        let (with_key, without) = (for_cold_key.clone(), for_cold.clone());
        async move {
            failing.set(&setup.secrets, true);
            let mut running = setup.start().await;
            let before = running.secrets.calls();
            nobody_is_let_in(&mut running, &with_key, &without, is_unknown).await;
            assert_eq!(running.secrets.calls(), before, "{failing:?}: the start has asked");
            failing.set(&running.secrets, false);
            sleep(LOOK_UP_PAUSE).await;
            assert_ne!(running.call(with_key).await.status, 503, "{failing:?}: it is back");
            assert_eq!(running.sandbox.starts(), 1);
            for line in &running.end().await.event_log()[..10] {
                assert_eq!(line["Blocked"], json!(1.0), "{line:#}");
            }
        }
    })
    .await;

    let mut running = setup().await.var("SECRET_TTL_SECONDS", TTL).start().await;
    sleep(OVER_THE_TTL).await;
    Failing::Denies.set(&running.secrets, true);
    let before = running.secrets.calls();
    nobody_is_let_in(&mut running, &with_key, &without, is_unknown).await;
    let calls = running.secrets.calls() - before;
    assert!((1..=MOST_CALLS).contains(&calls), "{calls} calls");
}
