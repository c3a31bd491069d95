//! Faults of Mandrill: a third of all calls fail, in every known way.

use std::{collections::HashSet, time::Duration};

use fakes::{Received, Scripted, server::FakeReply};
use http::Response;
use serde_json::{Value, json};

/// How many of the calls fail.
const SHARE: f64 = 1.0 / 3.0;

/// Longer than the function waits for an answer.
const TOO_LATE: Duration = Duration::from_millis(1500);

/// Just soon enough.
const SLOW: Duration = Duration::from_millis(200);

/// A fault.
#[derive(Clone, Copy)]
enum Fault {
    ServerError,
    TooMany,
    BadGateway,
    PageInsteadOfAnAnswer,
    Truncated,
    HungUpUndone,
    HungUpDone,
    TooLate,
    Slow,
    Unsigned,
    Bounced,
}

impl Fault {
    /// Whether it is one that a search can have, too.
    fn may_strike_a_search(self) -> bool {
        !matches!(self, Self::Slow | Self::Truncated | Self::Unsigned | Self::Bounced)
    }
}

/// How often each strikes among a hundred faults, and what it is called.
const FAULTS: [(Fault, usize, &str); 11] = [
    (Fault::ServerError, 24, "500"),
    (Fault::TooMany, 15, "429, and a second to wait"),
    (Fault::BadGateway, 15, "502 with a page"),
    (Fault::PageInsteadOfAnAnswer, 8, "200 with a page, nothing sent"),
    (Fault::Truncated, 5, "200 cut off, sent"),
    (Fault::HungUpUndone, 8, "hung up, nothing sent"),
    (Fault::HungUpDone, 8, "hung up, sent"),
    (Fault::TooLate, 1, "sent, and answered too late"),
    (Fault::Slow, 6, "sent, and answered after 200 ms"),
    (Fault::Unsigned, 5, "200, the sender is not taken"),
    (Fault::Bounced, 5, "200, the recipient bounces"),
];

/// What has struck.
#[derive(Clone, Default)]
pub(crate) struct Faults {
    pub(crate) calls: usize,
    struck: [usize; FAULTS.len()],
    /// Those that come next, as places in [`FAULTS`].
    next: Vec<usize>,
    /// Who bounces, and is never sent anything.
    pub(crate) bounced: HashSet<String>,
}

impl Faults {
    /// Whether a call fails, and how.
    pub(crate) fn strike(&mut self, call: &Received) -> Option<Scripted> {
        self.calls += 1;
        if self.next.is_empty() {
            self.next = a_hundred();
        }
        let number = *self.next.last()?;
        let fault = FAULTS[number].0;
        if fastrand::f64() >= SHARE || !(call.is_mail() || fault.may_strike_a_search()) {
            return None;
        }
        self.next.pop();
        self.struck[number] += 1;
        let email = &call.body["message"]["to"][0]["email"];
        if let (Fault::Bounced, Some(address)) = (fault, email.as_str()) {
            self.bounced.insert(address.to_owned());
        }
        Some(scripted(fault, email))
    }

    /// How often each has struck.
    pub(crate) fn struck(&self) -> impl Iterator<Item = (usize, &'static str)> {
        self.struck.into_iter().zip(FAULTS.map(|(_, _, name)| name))
    }
}

/// A hundred of them in any order, so that all of them come.
fn a_hundred() -> Vec<usize> {
    let shares = FAULTS.iter().enumerate();
    let mut all: Vec<_> =
        shares.flat_map(|(number, (_, share, _))| [number].repeat(*share)).collect();
    fastrand::shuffle(&mut all);
    all
}

fn scripted(fault: Fault, email: &Value) -> Scripted {
    let row = |status: &str, reason: Option<&str>| {
        json!([{
            "email": email, "status": status, "_id": "m1", "reject_reason": reason,
            "queued_reason": null,
        }])
    };
    let sent = FakeReply::json(200, &row("sent", None));
    let after = |time, reply| FakeReply::After(time, Box::new(reply));
    let (acts, reply) = match fault {
        Fault::ServerError => {
            let error = json!({"status": "error", "code": -1, "name": "GeneralError"});
            (false, FakeReply::json(500, &error))
        }
        Fault::TooMany => (false, too_many()),
        Fault::BadGateway => (false, page(502)),
        Fault::PageInsteadOfAnAnswer => (false, page(200)),
        Fault::Truncated => (true, FakeReply::text(200, "application/json", r#"[{"email": "#)),
        Fault::HungUpUndone => (false, FakeReply::HangUp),
        Fault::HungUpDone => (true, FakeReply::HangUp),
        Fault::TooLate => (true, after(TOO_LATE, sent)),
        Fault::Slow => (true, after(SLOW, sent)),
        Fault::Unsigned => (false, FakeReply::json(200, &row("rejected", Some("unsigned")))),
        Fault::Bounced => (false, FakeReply::json(200, &row("rejected", Some("hard-bounce")))),
    };
    Scripted { reply, acts }
}

fn page(status: u16) -> FakeReply {
    FakeReply::text(status, "text/html", "<html><body>Bad gateway</body></html>")
}

fn too_many() -> FakeReply {
    let response = Response::builder().status(429).header("retry-after", "1");
    FakeReply::Answer(response.body("{}".into()).unwrap_or_default())
}
