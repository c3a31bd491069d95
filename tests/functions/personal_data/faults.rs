//! Faults that echo as much of their input as possible.

use fakes::server::FakeReply;
use http::Response;
use serde_json::{Value, json};

use crate::common::{
    enqueued,
    setup::{Running, VENDOR_SECRET, Vendor},
};

/// Whom a function calls: gives every call this reply until it is told otherwise.
pub(super) type Party<V> = fn(&V, Option<FakeReply>);

/// One fault.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    None,
    /// A party, by its number, says this to every call.
    Says(usize, FakeReply),
    /// It does, and no fresh key can be had.
    SaysWithoutSecrets(usize, FakeReply),
    /// The queue is away.
    Queue,
    /// The table is away.
    Table,
    /// Both are.
    QueueAndTable,
    /// The vendor's key is another product's.
    Key,
    /// The template fails in this way.
    Template(&'static str),
    /// Somebody without the key.
    Stranger,
    /// A body that is none.
    Malformed,
    /// Messages in the queue that nobody reads.
    Message,
    /// The same event once more.
    Again,
}

/// All of them, where so many parties are called.
pub(super) fn all(parties: usize) -> Vec<Fault> {
    let mut all = vec![
        Fault::None,
        Fault::Queue,
        Fault::Table,
        Fault::QueueAndTable,
        Fault::Key,
        Fault::Stranger,
        Fault::Malformed,
        Fault::Message,
        Fault::Again,
        Fault::SaysWithoutSecrets(parties - 1, FakeReply::json(401, &said())),
    ];
    all.extend(["error", "cancel", "field", "rule", "long"].map(Fault::Template));
    for party in 0..parties {
        all.extend(sayings().map(|saying| Fault::Says(party, saying)));
    }
    all
}

/// What a vendor may repeat of what it was told.
fn said() -> Value {
    json!({
        "status": "error", "name": "canary", "message": "canary@example.com magpie", "code": -1,
        "success": false, "error": {"message": "canary", "reason": "magpie"},
        "email": "canary@example.com", "canary": "203.0.113.7",
    })
}

fn sayings() -> [FakeReply; 10] {
    let with = |status: u16, name: &str, value: &str| {
        let response = Response::builder().status(status).header(name, value);
        FakeReply::Answer(response.body(said().to_string().into()).unwrap())
    };
    [
        FakeReply::json(200, &said()),
        FakeReply::json(
            200,
            &json!([{
                "email": "canary@example.com", "status": "rejected", "_id": "1",
                "reject_reason": "canary", "queued_reason": "magpie",
            }]),
        ),
        FakeReply::text(200, "application/json", r#"{"success":true,"id":"canary@example.com","#),
        with(302, "location", "https://canary.example.com/magpie"),
        FakeReply::json(400, &said()),
        FakeReply::json(403, &said()),
        FakeReply::text(404, "text/canary", "canary magpie 203.0.113.7"),
        with(429, "retry-after", "canary"),
        with(503, "x-ratelimit-reset", "magpie"),
        FakeReply::HangUp,
    ]
}

/// Where the template finds how it is to fail.
pub(super) const OF_CTX: &str = "std.get(ctx.transient_payload, 'fault')";
pub(super) const OF_EVENT: &str = "std.get(ctx.event.data, 'FAULT')";

/// A shipped template that fails as it is told to, over all that it was given.
pub(super) fn template(shipped: &str, fault: &str) -> String {
    format!(
        "local shipped = (\n{shipped}\n);
        function(ctx)
          local fault = {fault};
          local all = std.toString(ctx);
          if fault == 'error' then error all
          else if fault == 'cancel' then error 'cancel ' + all
          else if fault == 'field' then ctx[all]
          else if fault == 'rule' then {{ [all]: all, type: all, message: all, ory: all }}
          else if fault == 'long' then std.repeat(all, 1000)
          else std.trace(all, shipped(ctx))"
    )
}

impl Fault {
    /// How the template is to fail.
    pub(super) fn of_the_template(&self) -> &'static str {
        if let Self::Template(fault) = self { fault } else { "none" }
    }

    /// The event as it arrives.
    pub(super) fn event(&self, mut event: Value) -> Value {
        match self {
            Self::Stranger => {
                event["headers"]["authorization"] = json!("Basic bWFncGllOmNhbmFyeQ==");
                event["rawQueryString"] = json!("secret=magpie-canary-canary");
            }
            Self::Malformed => {
                event["body"] = json!("{\"canary@example.com\": magpie");
                event["isBase64Encoded"] = json!(false);
            }
            _ => {}
        }
        event
    }

    /// How often it arrives.
    pub(super) fn times(&self) -> usize {
        if matches!(self, Self::Again) { 2 } else { 1 }
    }

    pub(super) fn begins<V: Vendor>(&self, running: &Running<V>, parties: &[Party<V>]) {
        match self {
            Self::Says(party, reply) => parties[*party](&running.vendor, Some(reply.clone())),
            Self::SaysWithoutSecrets(party, reply) => {
                running.secrets.set_down(true);
                parties[*party](&running.vendor, Some(reply.clone()));
            }
            Self::Queue => running.sqs.set_down(true),
            Self::Table => running.dynamo_db.set_down(true),
            Self::QueueAndTable => {
                running.sqs.set_down(true);
                running.dynamo_db.set_down(true);
            }
            Self::Key => {
                running.secrets.put(VENDOR_SECRET, "magpie-canary-us6");
                running.vendor.set_key("magpie-another-key");
            }
            Self::Message => {
                for body in ["canary", r#"{"version":1,"function":"canary"}"#, r#"{"magpie":"#] {
                    enqueued::put(running, body);
                }
            }
            _ => {}
        }
    }

    pub(super) async fn ends<V: Vendor>(&self, running: &mut Running<V>, parties: &[Party<V>]) {
        running.sqs.set_down(false);
        running.dynamo_db.set_down(false);
        running.secrets.set_down(false);
        if matches!(self, Self::Key) {
            running.secrets.put(VENDOR_SECRET, super::VENDOR_KEY);
            running.vendor.set_key(super::VENDOR_KEY);
            // A key that cannot be is kept as long as any: no call would be made any more.
            running.sandbox.crash().await;
        }
        for party in parties {
            party(&running.vendor, None);
        }
    }
}
