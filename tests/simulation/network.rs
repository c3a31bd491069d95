//! The way to the vendors, and all that happens to calls on it.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use async_trait::async_trait;
use http::{HeaderMap, Method};
use serde_json::Value;
use shared::http::{Error, Http, Request, Response};
use time::OffsetDateTime;
use tokio::time::{sleep, timeout};

pub(crate) use crate::answers::{answer, plain};
use crate::{
    answers::{refusal, spoilt},
    at_work::{AtWork, DOUBT, LATER},
    chance::Chance,
    fault::Fault,
    world::World,
};

/// How long after we gave up a vendor may still act.
const STILL_ACTS: Duration = Duration::from_secs(10);

/// Mailchimp works on a call for up to 120 s, whoever still waits for it.
const MAILCHIMP_STILL_ACTS: Duration = Duration::from_secs(85);

/// The network as one sandbox has it.
pub(crate) struct Network {
    pub(crate) world: Arc<World>,
    pub(crate) sandbox: usize,
}

/// Whom a call goes to.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Vendor {
    Mandrill,
    Segment,
    Ory,
    Mailchimp,
}

impl Vendor {
    fn of(request: &Request) -> Self {
        match request.url.host_str() {
            Some("mandrill.test") => Self::Mandrill,
            Some("ory.test") => Self::Ory,
            Some("mailchimp.test") => Self::Mailchimp,
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
    /// What its sandbox is at.
    pub(crate) work: AtWork,
    /// When it was made.
    pub(crate) at: OffsetDateTime,
    pub(crate) sandbox: usize,
    /// Which of all calls.
    pub(crate) number: u64,
    awaited: Weak<()>,
}

/// The faults of which one may strike a call, the rarest first.
const FAULTS: [Fault; 15] = [
    Fault::Conflict,
    Fault::EdgeNotFound,
    Fault::ConnectHangs,
    Fault::Refused,
    Fault::ResetBefore,
    Fault::ResetAfter,
    Fault::Slow,
    Fault::AnsweredLate,
    Fault::ActedLate,
    Fault::TooMany,
    Fault::ServerError,
    Fault::Html,
    Fault::ActedHtml,
    Fault::Truncated,
    Fault::Gateway,
];

#[async_trait]
impl Http for Network {
    async fn send(&self, request: Request) -> Result<Response, Error> {
        if request.method == Method::HEAD {
            // A sandbox connects while it starts; no vendor does anything.
            return Ok(Response { status: 404, headers: HeaderMap::new(), body: "".into() });
        }
        let (world, sandbox) = (&self.world, self.sandbox);
        let vendor = Vendor::of(&request);
        let fault = strikes(&world.chance, vendor);
        let number = world.contacts.count_call();
        let (awaited, gives_up) = (Arc::new(()), request.timeout);
        let query = request.url.query_pairs().map(|(name, value)| format!("{name}={value}"));
        let call = Call {
            query: query.collect::<Vec<_>>().join("&"),
            path: request.url.path().to_owned(),
            body: serde_json::from_slice(&request.body).unwrap_or_default(),
            work: world.work_of(sandbox),
            method: request.method,
            headers: request.headers,
            at: world.now(),
            sandbox,
            number,
            awaited: Arc::downgrade(&awaited),
        };
        let (path, key, about) = (call.path.clone(), call.key().clone(), world.about(&call));
        world.say(format_args!(
            "sandbox {sandbox}: calls {} {path}, {}",
            call.method,
            label(fault)
        ));
        world.check_erased(&call);
        match vendor {
            Vendor::Ory if call.method == Method::PATCH => world.check_patch(&call),
            Vendor::Mandrill => world.check_rejected(&call),
            Vendor::Segment => world.calls_segment(&call),
            Vendor::Ory | Vendor::Mailchimp => {}
        }
        if let Some(keeps) = fault.map(keeps) {
            world.troubles(sandbox, keeps);
        }
        if let Some(error) = never_made(fault, gives_up, &world.chance).await {
            return Err(error);
        }
        let times = times(fault, gives_up, vendor, &world.chance);
        let is_refused =
            vendor == Vendor::Mailchimp && world.finds_no_connection(times.acts + times.answers);
        let acting = {
            let world = world.clone();
            async move {
                match (refusal(fault, &world.chance, vendor), vendor) {
                    (Some(answer), _) => answer,
                    (None, Vendor::Mandrill) => world.mandrill_answers(call),
                    (None, Vendor::Segment) => world.segment_answers(&call),
                    (None, Vendor::Ory) => world.ory_answers(call).await,
                    (None, Vendor::Mailchimp) => world.mailchimp_answers(&call, is_refused),
                }
            }
        };
        let answer = timeout(gives_up, world.afar(times.acts, late(acting, times.answers))).await;
        drop(awaited);
        let answer = answer.map_err(|_| Error::MaybeWritten("timed out".into()));
        let answer = answer.and_then(|answer| spoilt(fault, answer));
        match &answer {
            Ok(answer) => {
                if vendor == Vendor::Mailchimp {
                    world.hears_mailchimp(number, answer);
                }
                world.say(format_args!("sandbox {sandbox}: {path} answers {}", answer.status));
                world.was_heard(&path, &key, answer);
                self.minds(vendor, answer, &about);
            }
            Err(error) => {
                world.troubles(sandbox, DOUBT);
                world.say(format_args!("sandbox {sandbox}: {path}: {error}"));
            }
        }
        answer
    }
}

impl Network {
    /// What an answer says about the time that is to pass.
    fn minds(&self, vendor: Vendor, answer: &Response, about: &[usize]) {
        // Where there is no contact, or one that may not be changed, Mailchimp says so.
        let is_said = vendor == Vendor::Mailchimp && [204, 400, 404, 405].contains(&answer.status);
        if answer.status != 200 && !is_said {
            self.world.troubles(self.sandbox, LATER);
        }
        let asked = answer.retry_after().or_else(|| answer.seconds("x-ratelimit-reset"));
        if let (429, Some(wait)) = (answer.status, asked) {
            self.world.was_asked_to_wait(self.sandbox, about, wait);
        }
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

impl World {
    /// The events that a call is about: of a batch those that are in it.
    fn about(&self, call: &Call) -> Vec<usize> {
        let of = |event: &Value| self.plan.by_vendor_key(&event["messageId"]);
        match &call.body["batch"] {
            Value::Array(batch) => batch.iter().filter_map(of).map(|(event, _)| event).collect(),
            _ => match self.plan.by_vendor_key(call.key()) {
                Some((event, planned)) if planned.vendor_keys()[0] == planned.vendor_keys()[1] => {
                    // Several events may be one piece of work: the sandbox knows which it is at.
                    if call.work.events.len() == 1 { call.work.events.clone() } else { vec![event] }
                }
                _ => call.work.events.clone(),
            },
        }
    }

    /// Whether the caller still has a right to what the call does: it waits for it, or died at it,
    /// and the time of its invocation is not over.
    pub(crate) fn is_sound(&self, call: &Call) -> bool {
        let is_awaited = call.awaited.strong_count() > 0 || self.is_killed(call.sandbox);
        let event = &self.plan.events[call.work.events[0]];
        is_awaited
            && self.now() - call.work.began < event.which.timeout()
            && self.plan.of(event.which).has_table
    }
}

fn strikes(chance: &Chance, vendor: Vendor) -> Option<Fault> {
    // An event of Mailchimp's takes several calls to Ory, where others take one.
    let is_spared = vendor == Vendor::Ory && chance.is(0.5);
    let of_ory = [Fault::Conflict, Fault::EdgeNotFound];
    let may_strike = |fault: &Fault| !of_ory.contains(fault) || vendor == Vendor::Ory;
    let mut faults = FAULTS.into_iter().filter(may_strike).filter(|_| !is_spared);
    faults.find(|fault| chance.strikes(*fault))
}

/// How long a connection may take to be made, where the whole call may take so long. As
/// `shared::http::Client` has it: only a connection that was never made is *not written*.
fn connect_limit(whole: Duration) -> Duration {
    Duration::from_secs(3).min(whole / 2)
}

/// The error of a connection that was never made, where the client can tell that it was not.
async fn never_made(fault: Option<Fault>, whole: Duration, chance: &Chance) -> Option<Error> {
    match fault? {
        Fault::Refused => {
            sleep(chance.latency()).await;
            Some(Error::NotWritten("refused".into()))
        }
        Fault::ConnectHangs => {
            let connecting = connect_limit(whole);
            sleep(connecting.min(whole)).await;
            Some(if connecting < whole {
                Error::NotWritten("connecting timed out".into())
            } else {
                Error::MaybeWritten("timed out".into())
            })
        }
        _ => None,
    }
}

/// For how long a fault may keep what the call is about.
fn keeps(fault: Fault) -> Duration {
    match fault {
        Fault::Refused
        | Fault::ConnectHangs
        | Fault::TooMany
        | Fault::ServerError
        | Fault::Conflict
        | Fault::EdgeNotFound
        | Fault::Slow => LATER,
        _ => DOUBT,
    }
}

/// When the vendor acts, and how long after that it answers.
struct Times {
    acts: Duration,
    answers: Duration,
}

fn times(fault: Option<Fault>, gives_up: Duration, vendor: Vendor, chance: &Chance) -> Times {
    let soon = chance.latency();
    let (acts, answers) = match fault {
        Some(Fault::Slow) => (chance.time(Duration::ZERO..gives_up.mul_f64(0.95)), soon),
        Some(Fault::AnsweredLate) => (chance.time(Duration::ZERO..gives_up), gives_up),
        Some(Fault::ActedLate) => (chance.time(gives_up..gives_up + still_acts(vendor)), soon),
        _ => (10 * soon, soon),
    };
    Times { acts, answers }
}

fn still_acts(vendor: Vendor) -> Duration {
    if vendor == Vendor::Mailchimp { MAILCHIMP_STILL_ACTS } else { STILL_ACTS }
}

async fn late<T>(acting: impl Future<Output = T>, answers: Duration) -> T {
    let answer = acting.await;
    sleep(answers).await;
    answer
}

fn label(fault: Option<Fault>) -> &'static str {
    fault.map_or("all well", Fault::label)
}
