//! Checks of webhook keys and vendor API keys, and of keys of the wrong type.

use fakes::WEBHOOK_KEY;
use serde_json::json;

use super::{
    ory::{ann, event},
    setup::{Running, Setup, VENDOR_SECRET, Vendor, WEBHOOK_SECRET},
};

pub(crate) async fn both_webhook_keys_pass_after_a_rotation<V: Vendor>(mut running: Running<V>) {
    assert_eq!(running.call(event(&ann())).await.status, 200);
    let next = "the-next-webhook-key";
    running.secrets.put(WEBHOOK_SECRET, &json!({"api_key": next}).to_string());
    for key in [next, WEBHOOK_KEY, next] {
        let answer = running.call(event(&ann()).header("authorization", key)).await;
        assert_eq!(answer.status, 200, "{key}");
    }
}

/// None of these secrets can be a key of the vendor, and the log says why.
pub(crate) async fn are_logged_by_kind<V: Vendor>(
    setup: impl AsyncFn() -> Setup<V>,
    table: &[(&str, &str)],
) {
    for (secret, cause) in table {
        let setup = setup().await;
        setup.secrets.put(VENDOR_SECRET, secret);
        let mut running = setup.start().await;
        assert_eq!(running.call(event(&ann())).await.message(), ("#/", 8_100_503), "{secret}");
        assert!(running.received().is_empty(), "{secret}");
        let log = running.end().await;
        let line = log.only_line();
        assert_eq!((&line["outcome"], &line["Blocked"]), (&json!("blocked"), &json!(1.0)));
        assert!(line["cause"].as_str().unwrap().contains(cause), "{line:#}");
        for value in ["0123456789abcdef", "replace-me"] {
            assert!(!log.contains(value), "{value} is logged");
        }
    }
}

pub(crate) async fn missing_vendor_key_blocks<V: Vendor>(setup: Setup<V>) {
    let mut running = setup.var(&format!("{}_SECRET_ID", V::NAME), "missing").start().await;
    assert_eq!(running.call(event(&ann())).await.status, 503);
    assert!(running.received().is_empty());
    assert_eq!(running.end().await.only_line()["outcome"], "blocked");
}
