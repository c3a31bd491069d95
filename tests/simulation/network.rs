//! The way to the vendors, and all that happens to calls on it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header::RETRY_AFTER};
use serde_json::{Value, json};
use shared::http::{Error, Http, Request, Response};
use time::OffsetDateTime;
use tokio::time::{sleep, timeout};

use crate::{
    chance::{Chance, Fault},
    judge::Wrong,
    lambda::SKEW,
    table::Holders,
    visit::Held,
    world::World,
};

/// How long after we gave up a vendor may still act.
const STILL_ACTS: Duration = Duration::from_secs(10);

/// The network as one sandbox has it.
pub(crate) struct Network {
    pub(crate) world: Arc<World>,
    pub(crate) sandbox: usize,
    pub(crate) holders: Holders,
}

/// Whom a call goes to.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Vendor {
    Mandrill,
    Segment,
    Ory,
}

impl Vendor {
    fn of(request: &Request) -> Self {
        match request.url.host_str() {
            Some("mandrill.test") => Self::Mandrill,
            Some("ory.test") => Self::Ory,
            _ => Self::Segment,
        }
    }
}

/// A call on its way to a vendor.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// Decoded.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    /// The lane that its sandbox was in.
    pub(crate) held: Option<Held>,
    /// When it was made.
    pub(crate) at: OffsetDateTime,
    pub(crate) sandbox: usize,
}

/// The faults of which one may strike a call, the rarest told first.
const FAULTS: [Fault; 12] = [
    Fault::Conflict,
    Fault::Refused,
    Fault::ResetBefore,
    Fault::ResetAfter,
    Fault::Slow,
    Fault::AnsweredLate,
    Fault::ActedLate,
    Fault::TooMany,
    Fault::ServerError,
    Fault::Html,
    Fault::Truncated,
    Fault::Gateway,
];

#[async_trait]
impl Http for Network {
    async fn send(&self, request: Request) -> Result<Response, Error> {
        let (world, sandbox) = (&self.world, self.sandbox);
        let vendor = Vendor::of(&request);
        let faults = FAULTS.into_iter().filter(|fault| may_strike(*fault, vendor));
        // An event of Mailchimp's takes several calls to Ory, where others take one.
        let is_spared = vendor == Vendor::Ory && world.chance.is(0.5);
        let fault = faults.filter(|_| !is_spared).find(|fault| world.chance.strikes(*fault));
        let query = request.url.query_pairs().map(|(name, value)| format!("{name}={value}"));
        let call = Call {
            query: query.collect::<Vec<_>>().join("&"),
            path: request.url.path().to_owned(),
            body: serde_json::from_slice(&request.body).unwrap_or_default(),
            held: world.lane_of(sandbox),
            method: request.method,
            headers: request.headers,
            at: world.now(),
            sandbox,
        };
        let (path, method) = (call.path.clone(), call.method.clone());
        world.say(format_args!("sandbox {sandbox}: calls {method} {path}, {}", told(fault)));
        match vendor {
            Vendor::Ory if method == Method::PATCH => world.check_patch(&call),
            Vendor::Ory => {}
            Vendor::Segment => world.check_told(&call),
            Vendor::Mandrill => {
                self.check_claim(call.key());
                world.check_rejected(&call);
            }
        }
        if fault == Some(Fault::Refused) {
            sleep(world.chance.latency()).await;
            return Err(Error::NotWritten("refused".into()));
        }
        let acting = {
            let world = world.clone();
            async move {
                match (refusal(fault, &world.chance, vendor), vendor) {
                    (Some(answer), _) => answer,
                    (None, Vendor::Mandrill) => world.mandrill_answers(call),
                    (None, Vendor::Segment) => world.segment_answers(&call),
                    (None, Vendor::Ory) => world.ory_answers(&call),
                }
            }
        };
        let gives_up = request.timeout;
        let times = times(fault, gives_up, &world.chance);
        let answer = timeout(gives_up, world.afar(times.acts, late(acting, times.answers))).await;
        let answer = answer.map_err(|_| Error::MaybeWritten("timed out".into()));
        let answer = answer.and_then(|answer| spoilt(fault, answer));
        match &answer {
            Ok(answer) => {
                world.say(format_args!("sandbox {sandbox}: {path} answers {}", answer.status));
                world.was_heard(&path, answer);
                if let Some(identity) = identity(vendor, answer) {
                    world.has_heard(sandbox, method == Method::PATCH, identity);
                }
            }
            Err(error) => world.say(format_args!("sandbox {sandbox}: {path}: {error}")),
        }
        answer
    }
}

impl Call {
    /// The key that tells the vendor which work it is; null for a search or a batch.
    pub(crate) fn key(&self) -> &Value {
        match &self.body["message"] {
            Value::Null => &self.body["messageId"],
            message => &message["metadata"]["ory_key"],
        }
    }
}

impl Network {
    /// No call without a claim.
    fn check_claim(&self, vendor_key: &Value) {
        let world = &self.world;
        let event = world.plan.by_vendor_key(vendor_key);
        let Some((_, event)) = event.filter(|(_, event)| event.which.has_claims()) else { return };
        if world.is_recorded(&event.record_id) {
            world.condemn(Wrong::AfterEnd, format_args!("{}", event.record_id));
        }
        // A sandbox knows no better than its own clock.
        let holder = world.records.holder(&event.record_id, world.now() - SKEW);
        if !holder.as_ref().is_some_and(|holder| self.holders.lock().contains(holder)) {
            let told = format_args!("{} by sandbox {}", event.record_id, self.sandbox);
            world.condemn(Wrong::WithoutClaim, told);
        }
    }
}

/// When the vendor acts, and how long after that it answers.
struct Times {
    acts: Duration,
    answers: Duration,
}

fn times(fault: Option<Fault>, gives_up: Duration, chance: &Chance) -> Times {
    let soon = chance.latency();
    let (acts, answers) = match fault {
        Some(Fault::Slow) => (chance.time(Duration::ZERO..gives_up.mul_f64(0.95)), soon),
        Some(Fault::AnsweredLate) => (chance.time(Duration::ZERO..gives_up), gives_up),
        Some(Fault::ActedLate) => (chance.time(gives_up..gives_up + STILL_ACTS), soon),
        _ => (10 * soon, soon),
    };
    Times { acts, answers }
}

async fn late<T>(acting: impl Future<Output = T>, answers: Duration) -> T {
    let answer = acting.await;
    sleep(answers).await;
    answer
}

/// Only Ory tells of conflicts.
fn may_strike(fault: Fault, vendor: Vendor) -> bool {
    fault != Fault::Conflict || vendor == Vendor::Ory
}

/// The identity that Ory answered with, whole.
fn identity(vendor: Vendor, answer: &Response) -> Option<Value> {
    let is_answer = vendor == Vendor::Ory && answer.status == 200;
    let body: Value = is_answer.then(|| serde_json::from_slice(&answer.body).ok())??;
    body.is_object().then_some(body)
}

/// The answer of a vendor that does not act.
fn refusal(fault: Option<Fault>, chance: &Chance, vendor: Vendor) -> Option<Response> {
    let error = |status, name: &str| {
        let of_mandrill = json!({"status": "error", "code": -1, "name": name});
        let of_segment = json!({"success": false});
        let of_ory = json!({"error": {"code": status, "message": name}});
        let body = match vendor {
            Vendor::Mandrill => of_mandrill,
            Vendor::Segment => of_segment,
            Vendor::Ory => of_ory,
        };
        answer(status, &body)
    };
    match fault? {
        Fault::Conflict => Some(error(409, "conflict")),
        Fault::ResetBefore => Some(html(200)),
        Fault::ServerError => Some(error(500, "GeneralError")),
        Fault::Html => Some(html(502)),
        Fault::TooMany => {
            let mut answer = error(429, "RequestLimitExceeded");
            if chance.is(0.5) {
                let seconds =
                    chance.scale(Duration::from_secs(1)..Duration::from_hours(1)).as_secs();
                let name = match vendor {
                    Vendor::Ory => HeaderName::from_static("x-ratelimit-reset"),
                    _ => RETRY_AFTER,
                };
                answer.headers.insert(name, HeaderValue::from(seconds));
            }
            Some(answer)
        }
        _ => None,
    }
}

/// What reaches us of an answer.
fn spoilt(fault: Option<Fault>, answer: Response) -> Result<Response, Error> {
    match fault {
        Some(Fault::ResetBefore | Fault::ResetAfter) => Err(Error::MaybeWritten("reset".into())),
        Some(Fault::Truncated) => {
            let half = answer.body.slice(..answer.body.len() / 2);
            Ok(Response { body: half, ..answer })
        }
        Some(Fault::Gateway) => Ok(html(504)),
        _ => Ok(answer),
    }
}

pub(crate) fn answer(status: u16, body: &Value) -> Response {
    Response { status, headers: HeaderMap::new(), body: body.to_string().into() }
}

fn html(status: u16) -> Response {
    let body = Bytes::from_static(b"<html><body>Bad gateway</body></html>");
    Response { status, headers: HeaderMap::new(), body }
}

fn told(fault: Option<Fault>) -> &'static str {
    fault.map_or("all well", Fault::told)
}
