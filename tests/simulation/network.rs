//! The way to the vendors, and all that happens to calls on it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
use serde_json::{Value, json};
use shared::http::{Error, Http, Request, Response};
use time::OffsetDateTime;
use tokio::time::{sleep, timeout};

use crate::{
    chance::{Chance, Fault},
    judge::Wrong,
    lambda::SKEW,
    table::Holders,
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

/// A call on its way to a vendor.
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    /// When it was made.
    pub(crate) at: OffsetDateTime,
    pub(crate) sandbox: usize,
}

/// The faults of which one may strike a call, the rarest told first.
const FAULTS: [Fault; 11] = [
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
        let fault = FAULTS.into_iter().find(|fault| world.chance.strikes(*fault));
        let call = Call {
            path: request.url.path().to_owned(),
            headers: request.headers,
            body: serde_json::from_slice(&request.body).expect("a call in JSON"),
            at: world.now(),
            sandbox,
        };
        let path = call.path.clone();
        world.say(format_args!("sandbox {sandbox}: calls {path}, {}", told(fault)));
        let is_mandrill = request.url.host_str() == Some("mandrill.test");
        self.check_claim(call.key());
        world.check_rejected(&call);
        if fault == Some(Fault::Refused) {
            sleep(world.chance.latency()).await;
            return Err(Error::NotWritten("refused".into()));
        }
        let acting = {
            let world = world.clone();
            async move {
                match refusal(fault, &world.chance, is_mandrill) {
                    Some(answer) => answer,
                    None if is_mandrill => world.mandrill_answers(call),
                    None => world.segment_answers(&call),
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
        let Some((_, event)) = event.filter(|(_, event)| event.which.has_records()) else { return };
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

/// The answer of a vendor that does not act.
fn refusal(fault: Option<Fault>, chance: &Chance, is_mandrill: bool) -> Option<Response> {
    let error = |status, name: &str| {
        let of_mandrill = json!({"status": "error", "code": -1, "name": name});
        let of_segment = json!({"success": false});
        answer(status, if is_mandrill { &of_mandrill } else { &of_segment })
    };
    match fault? {
        Fault::ResetBefore => Some(html(200)),
        Fault::ServerError => Some(error(500, "GeneralError")),
        Fault::Html => Some(html(502)),
        Fault::TooMany => {
            let mut answer = error(429, "RequestLimitExceeded");
            if chance.is(0.5) {
                let seconds =
                    chance.scale(Duration::from_secs(1)..Duration::from_hours(1)).as_secs();
                answer.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
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
