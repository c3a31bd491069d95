//! Mandrill: sends mails, rejects some, and finds them later, if at all.

use std::{fmt, sync::Arc, time::Duration};

use http::header::RETRY_AFTER;
use serde_json::{Value, json};
use shared::{http::Response, lambda::LAMBDA_TIMEOUT};
use time::OffsetDateTime;

use crate::{
    answers::asking_to_wait,
    excused::Excused,
    fault::Fault,
    judge::Wrong,
    locked::Locked,
    network::{Call, answer},
    settings::{VENDOR_KEY, Which},
    world::World,
};

/// What is missing from the index for so long after its call counts as never sent, by the design.
const RESEND_AFTER: Duration = Duration::from_mins(30);

/// The design counts from the start of the lease, which is before the call by an invocation at
/// most, by clocks that differ.
const CLAIMED_BEFORE: Duration = LAMBDA_TIMEOUT.saturating_add(Duration::from_secs(2));

const SEND: &str = "/api/1.0/messages/send";
const SEARCH: &str = "/api/1.0/messages/search";

/// Mandrill's memory.
#[derive(Default)]
pub(crate) struct Mandrill {
    mails: Locked<Vec<Mail>>,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Fate {
    Sent,
    Rejected,
    /// Rejected for a reason of the sender's, which will be fixed.
    Unsigned,
}

struct Mail {
    key: Value,
    address: String,
    fate: Fate,
    called_at: OffsetDateTime,
    sent_at: OffsetDateTime,
    /// When it is in the index; `None`: never.
    indexed_at: Option<OffsetDateTime>,
    /// Whether a search that we heard the answer of missed it when it counts as lost.
    was_missed: bool,
}

impl Mail {
    fn is_indexed(&self, now: OffsetDateTime) -> bool {
        self.indexed_at.is_some_and(|at| at <= now)
    }

    fn row(&self) -> Value {
        let state = if self.fate == Fate::Sent { "sent" } else { "rejected" };
        json!({"_id": "m", "state": state, "email": self.address, "metadata": {"ory_key": self.key}})
    }
}

impl World {
    /// Nobody is written to after they were rejected.
    pub(crate) fn check_rejected(&self, call: &Call) {
        let key = call.key();
        let context = format_args!("{key} by sandbox {}", call.sandbox);
        let excuse = Excused::IndexAfterRejection;
        self.judge_again(key, Fate::Rejected, Wrong::AfterRejection, excuse, context);
    }

    /// What went before for the same work must have been missed, all of it.
    fn judge_again(
        &self,
        key: &Value,
        fate: Fate,
        wrong: Wrong,
        excuse: Excused,
        context: fmt::Arguments<'_>,
    ) {
        let mails = self.mandrill.mails.lock();
        let mut before =
            mails.iter().filter(|mail| mail.key == *key && mail.fate == fate).peekable();
        if before.peek().is_none() {
            return;
        }
        let settings = self.plan.of(Which::Mandrill);
        let ended = self.now() - settings.record_ttl;
        if before.peek().is_some_and(|first| first.called_at < ended) {
            self.excuse(Excused::RecordEnded, context);
        } else if !settings.has_table {
            self.excuse(Excused::OwnRecords, context);
        } else if before.all(|mail| mail.was_missed) {
            self.excuse(excuse, context);
        } else {
            self.condemn(wrong, context);
        }
    }

    /// When a mail was first sent for this work.
    pub(crate) fn first_sent(&self, key: &str) -> Option<OffsetDateTime> {
        let mails = self.mandrill.mails.lock();
        mails
            .iter()
            .find(|mail| mail.key == key && mail.fate == Fate::Sent)
            .map(|mail| mail.sent_at)
    }

    /// Mandrill acts on a call.
    pub(crate) fn mandrill_answers(self: Arc<Self>, call: Call) -> Response {
        if call.body["key"] != VENDOR_KEY {
            return error(401, "Invalid_Key");
        }
        match call.path.as_str() {
            SEND => self.send(&call),
            SEARCH => self.search(&call),
            other => panic!("nobody calls {other}"),
        }
    }

    fn send(&self, call: &Call) -> Response {
        let at = self.elapsed();
        if self.plan.unpaid.holds(at) {
            self.chance.count(Fault::Unpaid);
            return error(402, "PaymentRequired");
        }
        let address = call.body["message"]["to"][0]["email"].as_str().unwrap_or_default();
        let (fate, row) = if self.plan.unsigned.holds(at) {
            self.chance.count(Fault::Unsigned);
            (Fate::Unsigned, json!({"status": "rejected", "reject_reason": "unsigned"}))
        } else if self.plan.rejected.contains(address) {
            self.chance.count(Fault::Rejected);
            (Fate::Rejected, json!({"status": "rejected", "reject_reason": "hard-bounce"}))
        } else {
            (Fate::Sent, json!({"status": "sent", "_id": "m"}))
        };
        let key = call.key();
        if fate == Fate::Sent {
            let context = format_args!("{key} by sandbox {}", call.sandbox);
            let excuse = Excused::IndexSecondMail;
            self.judge_again(key, Fate::Sent, Wrong::SecondMail, excuse, context);
        }
        self.say(format_args!("Mandrill: {address}, {key}: {row}"));
        self.mandrill.mails.lock().push(Mail {
            key: key.clone(),
            address: address.to_owned(),
            fate,
            called_at: call.at,
            sent_at: self.now(),
            indexed_at: self.index_lag().map(|lag| self.now() + lag),
            was_missed: false,
        });
        answer(200, &json!([row]))
    }

    fn index_lag(&self) -> Option<Duration> {
        let minute = Duration::from_mins(1);
        if self.chance.strikes(Fault::IndexNever) {
            None
        } else if self.chance.strikes(Fault::IndexSlow) {
            Some(self.chance.scale(30 * minute..600 * minute))
        } else {
            Some(self.chance.scale(minute / 30..25 * minute))
        }
    }

    fn search(&self, call: &Call) -> Response {
        if self.chance.strikes(Fault::SearchRefused) {
            return error(400, "ValidationError");
        }
        if self.plan.searches_limited.holds(self.elapsed()) {
            self.chance.count(Fault::SearchLimited);
            return asking_to_wait(error(429, "RequestLimitExceeded"), RETRY_AFTER, &self.chance);
        }
        let now = self.now();
        let phrase = call.body["query"].as_str().unwrap_or_default();
        let address = phrase.trim_matches('"');
        let is_any = phrase == "*";
        let from = call.body["date_from"].as_str().unwrap_or_default();
        let mails = self.mandrill.mails.lock();
        let rows = mails.iter().filter(|mail| {
            (is_any || mail.address == address)
                && mail.is_indexed(now)
                && mail.called_at.date().to_string().as_str() >= from
        });
        answer(200, &rows.map(Mail::row).collect())
    }

    /// We heard a vendor's answer. Mails that a search missed after their time may be sent again.
    pub(crate) fn was_heard(&self, path: &str, answer: &Response) {
        let rows: Option<Vec<Value>> = serde_json::from_slice(&answer.body).ok();
        let Some(rows) = rows.filter(|_| path == SEARCH && answer.status == 200) else { return };
        self.say(format_args!("Mandrill: found {rows:?}"));
        let now = self.now();
        for mail in self.mandrill.mails.lock().iter_mut() {
            let counts_as_lost =
                now - mail.called_at >= RESEND_AFTER.saturating_sub(CLAIMED_BEFORE);
            let has_no_row = !rows.iter().any(|row| row["metadata"]["ory_key"] == mail.key);
            // Only the index is an excuse: a row that was there and not asked for is none.
            if counts_as_lost && has_no_row && !mail.is_indexed(now - LAMBDA_TIMEOUT) {
                mail.was_missed = true;
            }
        }
    }

    /// What became of a piece of work at Mandrill: sent, rejected, rejected for the sender's sake.
    pub(crate) fn mail(&self, key: &str) -> [bool; 3] {
        let mails = self.mandrill.mails.lock();
        [Fate::Sent, Fate::Rejected, Fate::Unsigned]
            .map(|fate| mails.iter().any(|mail| mail.key == key && mail.fate == fate))
    }
}

fn error(status: u16, name: &str) -> Response {
    answer(status, &json!({"status": "error", "code": -1, "name": name}))
}
