//! Mandrill: sends mails, rejects some, and finds them later, if at all.

use std::{sync::Arc, time::Duration};

use http::header::RETRY_AFTER;
use serde_json::{Value, json};
use shared::{
    http::Response, idempotency::State, key::record_id_of_vendor_key, lambda::LAMBDA_TIMEOUT,
    mandrill::SENDER,
};
use time::OffsetDateTime;

use crate::{
    answers::asking_to_wait,
    excused::Excused,
    fault::Fault,
    judge::Wrong,
    locked::Locked,
    network::{Call, answer},
    settings::{VENDOR_KEY, Which},
    world::{BEGIN, World},
};

/// What is missing from the index for so long after its call counts as never sent, by the design.
const RESEND_AFTER: Duration = Duration::from_mins(30);

/// The design counts from the start of the lease, which is before the call by an invocation at
/// most, by clocks that differ.
const LEASED_BEFORE: Duration = LAMBDA_TIMEOUT.saturating_add(Duration::from_secs(2));

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
    /// For which event it was sent, and by which sandbox.
    event: usize,
    sandbox: usize,
    address: String,
    fate: Fate,
    called_at: OffsetDateTime,
    sent_at: OffsetDateTime,
    /// When it is in the index; `None`: never.
    indexed_at: Option<OffsetDateTime>,
    /// Whether a search that we heard the answer of missed it when it counts as lost.
    was_missed: bool,
    /// Whether we heard of it, by the answer to its call or by a search.
    is_known: bool,
    /// When it bounced, if it has.
    bounced_at: Option<OffsetDateTime>,
    /// Whether an event about it has closed its record, which was in doubt.
    is_settled: bool,
}

impl Mail {
    fn is_indexed(&self, now: OffsetDateTime) -> bool {
        self.indexed_at.is_some_and(|at| at <= now)
    }

    fn row(&self) -> Value {
        let state = match self.fate {
            Fate::Sent if self.bounced_at.is_some() => "bounced",
            Fate::Sent => "sent",
            Fate::Rejected | Fate::Unsigned => "rejected",
        };
        json!({"_id": "m", "state": state, "email": self.address, "metadata": {"ory_key": self.key}})
    }
}

impl World {
    /// Nobody is written to after they were rejected.
    pub(crate) fn check_rejected(&self, call: &Call) {
        let (wrong, missed) = (Wrong::AfterRejection, Excused::IndexAfterRejection);
        self.judge_again(call, Fate::Rejected, wrong, missed);
    }

    /// Each mail that went before for the same work needs an excuse.
    fn judge_again(&self, call: &Call, fate: Fate, wrong: Wrong, missed: Excused) {
        let key = call.key();
        let mails = self.mandrill.mails.lock();
        let before = mails.iter().filter(|mail| mail.key == *key && mail.fate == fate);
        let excuses: Vec<_> = before.map(|mail| self.excuse_again(mail, call, missed)).collect();
        let context = format_args!("{key} by sandbox {}", call.sandbox);
        match excuses.first() {
            None => {}
            Some(Some(excuse)) if excuses.iter().all(Option::is_some) => {
                self.excuse(*excuse, context);
            }
            Some(_) => self.condemn(wrong, context),
        }
    }

    /// Why the work of a mail may be done again by this call.
    fn excuse_again(&self, mail: &Mail, call: &Call, missed: Excused) -> Option<Excused> {
        let settings = self.plan.of(Which::Mandrill);
        let ended = self.now() + LEASED_BEFORE - settings.record_ttl;
        // The record of a key that a template named does not end. Nor does an in-doubt one: whoever finds
        // its record, ended or not, has to search.
        let is_closed = mail.is_known || mail.is_settled;
        if mail.called_at < ended && is_closed && !self.is_named(&mail.key) {
            Some(Excused::RecordEnded)
        } else if settings.does_without_table() && mail.sandbox != call.sandbox {
            Some(Excused::OwnRecords)
        } else {
            mail.was_missed.then_some(missed)
        }
    }

    /// Whether a template named the key.
    fn is_named(&self, key: &Value) -> bool {
        let settings = self.plan.of(Which::Mandrill);
        self.plan.by_vendor_key(key).is_some_and(|(_, event)| {
            if *key == event.idempotency_key { settings.is_named } else { settings.is_named_later }
        })
    }

    /// A template that names another key, deployed while an event is under way, is the only reason
    /// to send its mail under both keys.
    fn judge_renamed(&self, call: &Call) {
        let event = call.work.events[0];
        let mails = self.mandrill.mails.lock();
        let of_event = |mail: &&Mail| mail.event == event && mail.fate == Fate::Sent;
        if mails.iter().filter(of_event).all(|mail| mail.key == *call.key()) {
            return;
        }
        let deployed = BEGIN + self.plan.deployed;
        let was_under_way = self
            .sent_at(event)
            .is_some_and(|[first, _]| first <= deployed + self.leapt() && deployed <= self.now());
        let context = format_args!("{} by sandbox {}", self.plan.events[event].key, call.sandbox);
        if was_under_way && self.plan.of(Which::Mandrill).changes_later() {
            self.excuse(Excused::KeyRenamed, context);
        } else {
            self.condemn(Wrong::SecondMail, context);
        }
    }

    /// When Mandrill first sent a mail for this work, or rejected the person.
    pub(crate) fn first_settled(&self, key: &str) -> Option<OffsetDateTime> {
        let mails = self.mandrill.mails.lock();
        mails
            .iter()
            .find(|mail| mail.key == key && mail.fate != Fate::Unsigned)
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

    fn send(self: &Arc<Self>, call: &Call) -> Response {
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
            self.judge_again(call, Fate::Sent, Wrong::SecondMail, Excused::IndexSecondMail);
            self.judge_renamed(call);
        }
        self.say(format_args!("Mandrill: {address}, {key}: {row}"));
        let mut mails = self.mandrill.mails.lock();
        let reason = row["reject_reason"]
            .as_str()
            .map(|reason| if reason == "unsigned" { "unsigned" } else { "hard-bounce" });
        let metadata = &call.body["message"]["metadata"];
        let mail = json!({"_id": mails.len().to_string(), "email": address, "metadata": metadata});
        self.tells_of_mail(mail, reason);
        mails.push(Mail {
            key: key.clone(),
            event: call.work.events[0],
            sandbox: call.sandbox,
            address: address.to_owned(),
            fate,
            called_at: call.at,
            sent_at: self.now(),
            indexed_at: self.index_lag().map(|lag| self.now() + lag),
            was_missed: false,
            is_known: false,
            bounced_at: None,
            is_settled: false,
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
    pub(crate) fn was_heard(&self, path: &str, key: &Value, answer: &Response) {
        let rows: Option<Vec<Value>> = serde_json::from_slice(&answer.body).ok();
        if path == SEND && answer.status == 200 && rows.is_some() {
            let mut mails = self.mandrill.mails.lock();
            mails.iter_mut().filter(|mail| mail.key == *key).for_each(|mail| mail.is_known = true);
        }
        let Some(rows) = rows.filter(|_| path == SEARCH && answer.status == 200) else { return };
        self.say(format_args!("Mandrill: found {rows:?}"));
        let now = self.now();
        for mail in self.mandrill.mails.lock().iter_mut() {
            let counts_as_lost = now - mail.called_at >= RESEND_AFTER.saturating_sub(LEASED_BEFORE);
            let has_no_row = !rows.iter().any(|row| row["metadata"]["ory_key"] == mail.key);
            mail.is_known |= !has_no_row;
            // Only the index is an excuse: a row that was there and not asked for is none.
            if counts_as_lost && has_no_row && !mail.is_indexed(now - LAMBDA_TIMEOUT) {
                mail.was_missed = true;
            }
        }
    }

    /// The mail with this id bounces.
    pub(crate) fn has_bounced(&self, id: &Value) {
        let number = id.as_str().and_then(|id| id.parse::<usize>().ok());
        let mut mails = self.mandrill.mails.lock();
        if let Some(mail) = number.and_then(|number| mails.get_mut(number)) {
            mail.bounced_at = Some(self.now());
        }
    }

    /// An event has closed a record in doubt, which must be as a search would find it.
    pub(crate) fn was_settled(&self, record_id: &str, state: State) {
        let mut mails = self.mandrill.mails.lock();
        let is_of = |mail: &&mut Mail| {
            let key = mail.key.as_str().unwrap_or_default();
            record_id_of_vendor_key(SENDER, key).as_deref() == Some(record_id)
        };
        let mut is_true = false;
        for mail in mails.iter_mut().filter(is_of) {
            mail.is_settled = true;
            is_true |= match state {
                State::Delivered => mail.fate == Fate::Sent,
                _ => mail.fate == Fate::Rejected || mail.bounced_at.is_some(),
            };
        }
        if !is_true {
            self.condemn(Wrong::SettledUntrue, format_args!("{record_id} as {state:?}"));
        }
    }

    /// How many mails were in doubt until an event closed their records: no answer and no search told of
    /// them.
    pub(crate) fn settled_unsearched(&self) -> u64 {
        let mails = self.mandrill.mails.lock();
        mails.iter().filter(|mail| mail.is_settled && !mail.is_known).count() as u64
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
