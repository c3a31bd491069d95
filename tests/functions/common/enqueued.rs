//! Checks of enqueued events, for every function.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use integration::Event;
use serde_json::{Value, json};

use super::{
    canaries,
    event_log::{metrics, outcomes},
    setup::{QUEUE, Running, Setup, TABLE, VENDOR_SECRET, Vendor},
};

/// `status` is that of the answer.
pub(crate) async fn is_accepted_without_vendor_calls<V: Vendor>(
    mut running: Running<V>,
    event: Event,
    status: u16,
) {
    let answer = running.call(event).await;
    let message = running.stored_body();
    assert_eq!(answer.status, status);
    assert_eq!(answer.body, json!({"status": "accepted", "id": message["event_id"]}));
    assert!(running.received().is_empty());
    let line = running.end().await.only_line();
    assert_eq!((&line["message"], &line["outcome"]), (&json!("request"), &json!("accepted")));
    assert_eq!((&line["status"], &line["event_id"]), (&json!(status), &message["event_id"]));
    assert_eq!((line.get("calls"), line.get("vendor_status")), (None, None));
    assert_eq!(metrics(&line), ["Enqueued", "Received"].into());
}

/// With a template that always fails.
pub(crate) async fn is_accepted_unrendered<V: Vendor>(setup: Setup<V>, event: Event, status: u16) {
    let faulty = setup.template("function(ctx) ctx.missing");
    is_accepted_without_vendor_calls(faulty.start().await, event, status).await;
}

/// The two lines of an event, the request's and the delivery's.
pub(crate) async fn has_a_request_and_a_delivery_log_entry<V: Vendor>(
    mut running: Running<V>,
    event: Event,
    function: &str,
) {
    running.call(event).await;
    let message = running.stored_body();
    assert!(running.work().await.is_empty());
    running.received_once();
    let [request, delivery] = running.end().await.event_log().try_into().unwrap();
    assert_eq!(request["outcome"], "accepted");
    let field = |name: &str| delivery[name].clone();
    assert_eq!((field("message"), field("function")), (json!("delivery"), json!(function)));
    assert_eq!((field("outcome"), field("vendor_status")), (json!("delivered"), json!(200)));
    assert_eq!((field("calls"), field("attempt")), (json!(V::CALLS), json!(1)));
    assert_eq!(
        (&delivery["event_id"], &request["event_id"]),
        (&message["event_id"], &message["event_id"])
    );
    assert_eq!(delivery.get("trigger_id"), message.get("trigger_id"));
    assert_eq!(delivery.get("identity_id"), request.get("identity_id"));
    assert!(field("duration_ms").is_u64());
    assert_eq!(delivery.get("status"), None, "nobody was answered");
    assert_eq!(metrics(&delivery), ["Delivered", "VendorLatency"].into());
}

/// For any fault of the queue.
pub(crate) async fn is_delivered_inline_if_it_cannot_be_enqueued<V: Vendor>(
    setup: impl AsyncFn() -> Setup<V>,
    event: Event,
) {
    let mut running = setup().await.start().await;
    running.sqs.set_down(true);
    assert_eq!(running.call(event.clone()).await.row(), (200, "delivered"), "down");
    running.received_once();

    let mut running = setup().await.start().await;
    running.sqs.set_max_message_bytes(100);
    assert_eq!(running.call(event.clone()).await.row(), (200, "delivered"), "too large");
    running.received_once();
    assert!(running.stored().is_empty());

    let elsewhere = setup().await;
    let url = elsewhere.sqs.queue_url("another");
    let mut running = elsewhere.var("QUEUE_URL", url).start().await;
    assert_eq!(running.call(event).await.row(), (200, "delivered"), "no such queue");
    running.received_once();
}

/// The queue accepts the event too late or its response is lost. Returns how often the event is
/// enqueued, besides its delivery.
pub(crate) async fn is_delivered_inline_after_an_enqueue_timeout<V: Vendor>(
    setup: impl AsyncFn() -> Setup<V>,
    event: Event,
) -> [Running<V>; 2] {
    let mut slow = setup().await.start().await;
    slow.sqs.set_delay(Duration::from_secs(3));
    assert_eq!(slow.call(event.clone()).await.row(), (200, "delivered"), "slow");
    slow.sqs.set_delay(Duration::ZERO);

    let mut silent = setup().await.start().await;
    silent.sqs.hang_up_next(2);
    assert_eq!(silent.call(event).await.row(), (200, "delivered"), "silent");

    for running in [&slow, &silent] {
        assert!(!running.stored().is_empty());
    }
    [slow, silent]
}

/// With a queue, an invalid template keeps events queued and does not stop startup.
pub(crate) async fn invalid_template_keeps_events_until_it_is_fixed<V: Vendor>(
    setup: Setup<V>,
    event: Event,
    fixed: &str,
) {
    let broken = "function(ctx) {\n  a: 'hunter2',\n  b: }\n";
    let mut running = setup.template(broken).start().await;
    assert_eq!(running.call(event).await.body["status"], "accepted");
    assert_eq!(running.work().await.len(), 1);
    assert_eq!(running.stored_once().visibility, Some(900));
    assert!(running.received().is_empty());
    running.sandbox.deploy(|deployment| deployment.template("TEMPLATE", fixed)).await;
    running.let_time_pass(Duration::from_mins(15));
    assert!(running.work().await.is_empty());
    running.received_once();

    let log = running.end().await;
    let [start] = log.starts().try_into().unwrap();
    assert_eq!(outcomes(&log.deliveries()), ["template_fault", "delivered"]);
    for line in [&start, &log.deliveries()[0]] {
        assert_eq!(metrics(line), ["TemplateFault"].into(), "{line:#}");
        let cause = line["cause"].as_str().unwrap();
        assert!(cause.contains("TEMPLATE") && cause.contains("line 3"), "{cause}");
    }
    assert!(!log.contains("hunter2") && !log.contains(&STANDARD.encode(broken)));
}

/// A message put into the queue as it is.
pub(crate) fn put<V: Vendor>(running: &Running<V>, message: impl ToString) {
    running.sqs.put(QUEUE, &message.to_string());
}

/// Messages that this code cannot read, made from one that it can, with the expected cause.
pub(crate) async fn are_kept_for_inspection<V: Vendor>(mut running: Running<V>, good: &Value) {
    let with = |name: &str, value: Value| {
        let mut message = good.clone();
        message[name] = value;
        message.to_string()
    };
    let table = [
        (with("version", json!(2)), "version 2"),
        (with("version", json!(0)), "version 0"),
        (with("function", json!("another-function")), "another function"),
        (with("received_at", json!("yesterday")), "cannot be parsed"),
        (with("event_id", Value::Null), "cannot be parsed"),
        ("not JSON".to_owned(), "cannot be parsed"),
        ("{}".to_owned(), "cannot be parsed"),
    ];
    for (message, _) in &table {
        put(&running, message);
    }
    let kept = running.work().await;
    assert_eq!(kept.len(), table.len());
    assert!(kept.iter().all(|message| message.visibility == Some(900)), "{kept:#?}");
    assert!(running.received().is_empty());
    for (line, (_, word)) in running.end().await.deliveries().iter().zip(&table) {
        assert_eq!((&line["outcome"], metrics(line)), (&json!("blocked"), ["Blocked"].into()));
        assert!(line["cause"].as_str().unwrap().contains(word), "{word}: {line:#}");
    }
}

/// With canaries wherever one can be, and faults at the queue and the table.
pub(crate) async fn is_redacted_under_any_fault<V: Vendor>(
    mut running: Running<V>,
    event: impl Fn(usize) -> Event,
) {
    running.call(event(0)).await;
    running.work().await;
    running.sqs.set_down(true);
    running.call(event(1)).await;
    running.dynamo_db.set_down(true);
    running.call(event(2)).await;
    running.sqs.set_down(false);
    running.call(event(3)).await;
    running.work().await;
    running.dynamo_db.set_down(false);
    running.secrets.put(VENDOR_SECRET, "canary-other-key");
    running.vendor.set_key("canary-new-key");
    running.call(event(4)).await;
    running.let_time_pass(Duration::from_mins(15));
    running.work().await;
    for body in ["canary", r#"{"version":1,"function":"canary"}"#, r#"{"canary@example.com":"#] {
        put(&running, body);
    }
    running.work().await;
    let records = json!(running.dynamo_db.items(TABLE)).to_string();
    assert!(!records.to_ascii_lowercase().contains(canaries::CANARY), "{records}");
    canaries::assert_silent(&running.end().await);
}
