//! Startup: invalid configuration that stops it, and the error that is logged.

use base64::{Engine, engine::general_purpose::STANDARD};
use integration::Deployment;

use super::setup::{Setup, Vendor};

/// A key may have been pasted into the wrong variable, so no value is ever logged.
const VALUE: &str = "hunter2";

/// Values of `QUEUE_URL` that it must not have.
pub(crate) const QUEUES_OF_NO_USE: [(&str, &str); 4] = [
    ("QUEUE_URL", "http://sqs.us-east-1.hunter2.com/000000000000/events"),
    ("QUEUE_URL", "http://127.0.0.1.hunter2.example.com/000000000000/events"),
    ("QUEUE_URL", "https://hunter2:hunter2@sqs.us-east-1.amazonaws.com/000000000000/events"),
    ("QUEUE_URL", "hunter2"),
];

/// Starts with one variable changed and checks that startup fails and names `named`.
async fn fails_over<V: Vendor>(
    setup: Setup<V>,
    named: &str,
    change: impl FnOnce(Deployment) -> Deployment,
) {
    let log = setup.with(change).fail_to_start().await;
    assert!(log.contains(named), "{named} is not named in {log:#?}");
    assert!(!log.contains(VALUE), "the value of {named} is logged");
    assert!(log.event_log().is_empty());
}

/// Without each of these variables, and with each of them empty.
pub(crate) async fn fails_without<V: Vendor>(setup: impl AsyncFn() -> Setup<V>, names: &[&str]) {
    for name in names {
        fails_over(setup().await, name, |deployment| deployment.without(name)).await;
        fails_over(setup().await, name, |deployment| deployment.var(name, "")).await;
    }
}

/// With each of these variables at this value, which tells [`VALUE`] or is a number.
pub(crate) async fn fails_with<V: Vendor>(
    setup: impl AsyncFn() -> Setup<V>,
    table: &[(&str, &str)],
) {
    for (name, value) in table {
        fails_over(setup().await, name, |deployment| deployment.var(name, *value)).await;
    }
}

/// With a template that does not parse, in each of these variables.
pub(crate) async fn fails_over_a_broken_template<V: Vendor>(
    setup: impl AsyncFn() -> Setup<V>,
    names: &[&str],
) {
    let broken = "function(ctx) {\n  a: 'hunter2',\n  b: }\n";
    for name in names {
        let setup = setup().await.with(|deployment| deployment.template(name, broken));
        let log = setup.fail_to_start().await;
        assert!(log.contains(&format!("{name}: ")) && log.contains("line 3"), "{log:#?}");
        assert!(!log.contains(VALUE) && !log.contains(&STANDARD.encode(broken)), "{log:#?}");
    }
}
