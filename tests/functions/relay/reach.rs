//! Whom a relay calls, and how much of an answer it takes. In this process, without a network: a name
//! of a public host cannot be called from a test.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use fakes::WEBHOOK_KEY;
use http::HeaderMap;
use serde_json::json;
use shared::{
    clock::SystemClock,
    config::Environment,
    function::Invocation,
    http::{Error, Http, Request, Response},
    idempotency::MemoryStore,
    key::FunctionArn,
    lambda::LAMBDA_TIMEOUT,
    queue::{MemoryQueue, Rules},
    secrets::MemorySecrets,
    settings::Ports,
    telemetry::Sink,
    template::Rendering,
};
use time::OffsetDateTime;

use crate::common::ory::{ann, event};

/// Answers each call with this body, and keeps its URL.
#[derive(Default)]
struct Peer {
    body: String,
    called: Mutex<Vec<String>>,
}

#[async_trait]
impl Http for Peer {
    async fn send(&self, request: Request) -> Result<Response, Error> {
        self.called.lock().unwrap().push(request.url.to_string());
        let body = self.body.clone().into();
        Ok(Response { status: 200, headers: HeaderMap::new(), body })
    }
}

/// The status that a relay answers, if these are the peers.
async fn answered(http: &Arc<Peer>, public_http: &Arc<Peer>, rows: &str) -> String {
    let secrets = MemorySecrets::default();
    secrets.put("webhook", WEBHOOK_KEY);
    secrets.put("relay", r#"{"token":"the-relay-token"}"#);
    let rules = Rules { visibility_timeout: LAMBDA_TIMEOUT, max_receives: 1 };
    let ports = Ports {
        secrets: Arc::new(secrets),
        queues: Arc::new(move |_| Arc::new(MemoryQueue::new(rules, Arc::new(SystemClock)))),
        tables: Arc::new(|_| Arc::new(MemoryStore::default())),
        http: http.clone(),
        public_http: public_http.clone(),
        clock: Arc::new(SystemClock),
        event_log: Sink::Nowhere,
        rendering: Rendering::OnItsThread,
    };
    let env = Environment::of([
        ("WEBHOOK_SECRET_ID", "webhook"),
        ("RELAY_PRESET", "hubspot"),
        ("RELAY_SECRET_ID", "relay"),
        ("RELAY_OUTCOMES", rows),
    ]);
    let relay = relay::build(&env, &ports).unwrap();
    let invocation = Invocation {
        arn: FunctionArn::new("arn:aws:lambda:us-east-1:000000000000:function:relay"),
        ends: OffsetDateTime::now_utc() + LAMBDA_TIMEOUT,
    };
    let event = event(&ann()).header("authorization", WEBHOOK_KEY);
    let answer = relay.accept(serde_json::Value::from(event).into(), &invocation).await;
    answer.body.unwrap()["status"].as_str().unwrap().to_owned()
}

/// It refuses an address that is not public when it connects, whatever a name resolved to before.
#[tokio::test]
async fn relay_calls_by_the_client_for_public_hosts_only() {
    let (everybody, public) = (Arc::<Peer>::default(), Arc::<Peer>::default());
    assert_eq!(answered(&everybody, &public, "[]").await, "delivered");
    let url = "https://api.hubapi.com/crm/objects/2026-03/contacts/batch/upsert";
    assert_eq!(*public.called.lock().unwrap(), [url]);
    assert!(everybody.called.lock().unwrap().is_empty());
}

#[tokio::test]
async fn answer_is_read_up_to_64_kib() {
    let rows = json!([{"status": "2xx", "when": {"contains": "refused"}, "outcome": "rejected"}]);
    for (size, status) in [(64 * 1024, "rejected"), (64 * 1024 + 1, "delivered")] {
        let body = " ".repeat(size - "refused".len()) + "refused";
        let peer = Arc::new(Peer { body, ..Peer::default() });
        assert_eq!(answered(&Arc::default(), &peer, &rows.to_string()).await, status, "{size}");
    }
}
