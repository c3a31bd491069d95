//! How many events of one call are stored, at a queue that takes its time: in the process of the test,
//! whose clock stands still.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use serde_json::{Value, json};
use shared::{
    answer::WebhookResponse,
    clock::VirtualClock,
    config::Environment,
    function::{Function, Invocation},
    http::Client,
    idempotency::MemoryStore,
    key::FunctionArn,
    queue::{BATCH, Queue, QueueError},
    secrets::MemorySecrets,
    settings::Ports,
    telemetry::Sink,
    template::Rendering,
};
use time::{OffsetDateTime, macros::datetime};
use tokio::time::{Instant, sleep};

use super::{
    events::event,
    setup::{KEY, URL, signed},
};

const NOW: OffsetDateTime = datetime!(2026-01-31 12:00 UTC);

/// How long Mandrill waits.
const LIMIT: Duration = Duration::from_secs(10);

/// A queue that takes so long for each call.
struct SlowQueue {
    takes: Duration,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    batches: Mutex<Vec<usize>>,
}

#[async_trait]
impl Queue for SlowQueue {
    async fn send(&self, body: String) -> Result<(), QueueError> {
        self.send_batch(vec![body]).await
    }

    async fn send_batch(&self, bodies: Vec<String>) -> Result<(), QueueError> {
        let under_way = self.under_way.fetch_add(1, Relaxed) + 1;
        self.most_under_way.fetch_max(under_way, Relaxed);
        sleep(self.takes).await;
        self.under_way.fetch_sub(1, Relaxed);
        self.batches.lock().unwrap().push(bodies.len());
        Ok(())
    }

    async fn delay(&self, _: &str, _: Duration) -> Result<(), QueueError> {
        Ok(())
    }
}

impl SlowQueue {
    fn new(takes: Duration) -> Arc<Self> {
        let (under_way, most_under_way) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { takes, under_way, most_under_way, batches: Mutex::default() })
    }
}

fn function(queue: Arc<SlowQueue>) -> Arc<dyn Function> {
    let secrets = MemorySecrets::default();
    secrets.put("webhook", KEY);
    let http = Arc::new(Client::new().unwrap());
    let ports = Ports {
        secrets: Arc::new(secrets),
        queues: Arc::new(move |_| queue.clone()),
        tables: Arc::new(|_| Arc::new(MemoryStore::default())),
        http: http.clone(),
        public_http: http,
        clock: Arc::new(VirtualClock::starting_at(NOW)),
        event_log: Sink::Nowhere,
        rendering: Rendering::InPlace,
    };
    let env = [
        ("MANDRILL_WEBHOOK_SECRET_ID", "webhook"),
        ("MANDRILL_WEBHOOK_URL", URL),
        ("QUEUE_URL", "https://queue.example.com/events"),
        ("RECORDS_TABLE", "records"),
    ];
    let env = Environment::of(env.map(|(name, value)| (name, value.to_owned())).to_vec());
    mandrill_inbound::build(&env, &ports).unwrap()
}

/// A thousand events come, the most of one call. The answer, and how long it took.
async fn a_thousand_come(
    queue: &Arc<SlowQueue>,
    time_left: Duration,
) -> (WebhookResponse, Duration) {
    let function = function(queue.clone());
    let events: Vec<_> = (0..1000).map(|second| event("hard_bounce", second)).collect();
    let call: Value = signed(&json!(events)).into();
    let arn = FunctionArn::new("arn:aws:lambda:x:1:function:mandrill-inbound");
    let began = Instant::now();
    let invocation = Invocation { arn, ends: NOW + time_left };
    let answer = function.accept(call.into(), &invocation).await;
    (answer, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn thousand_events_are_stored_in_batches_of_ten_eight_at_once_before_the_answer() {
    let takes = Duration::from_millis(20);
    let queue = SlowQueue::new(takes);
    let (answer, took) = a_thousand_come(&queue, Duration::from_secs(25)).await;
    assert_eq!((answer.status, &answer.body.unwrap()["events"]), (200, &json!(1000)));
    assert_eq!(*queue.batches.lock().unwrap(), [BATCH; 100]);
    assert_eq!((BATCH, queue.most_under_way.load(Relaxed)), (10, 8));
    // A hundred batches, eight at once.
    assert!(took >= 13 * takes && took < 14 * takes, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn call_is_answered_in_time_where_the_queue_is_slow() {
    for (takes, time_left, limit, status) in [
        (700, 25_000, LIMIT, 200),
        (1000, 25_000, LIMIT, 503),
        (60_000, 25_000, LIMIT, 503),
        (700, 5_000, Duration::from_secs(5), 503),
    ] {
        let queue = SlowQueue::new(Duration::from_millis(takes));
        let (answer, took) = a_thousand_come(&queue, Duration::from_millis(time_left)).await;
        assert_eq!(answer.status, status, "{takes} ms a batch");
        assert!(took <= limit, "{takes} ms a batch: {took:?}");
        if status == 503 {
            let body = json!({"status": "error", "reason": "unfinished"});
            assert_eq!(answer.body, Some(body), "{takes} ms a batch");
        }
    }
}
