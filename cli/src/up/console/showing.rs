//! An event as the page shows it: with its story, the mail that was sent, the identity before and
//! after, and the form after a reply that interrupts.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    event::{Call, Event, Reply, Request, Work},
    places::ShownPlace,
    story::{self, calls},
};
use crate::up::{changes, local::Service};

/// Of many deliveries, so many of the first and the last are shown in full, and the others by their
/// sentence: an event can have a hundred.
const FIRST_IN_FULL: usize = 1;
const LAST_IN_FULL: usize = 3;
const MANY: usize = 7;

/// What the stack knows about an event, besides what happened to it.
#[derive(Debug, Default)]
pub(super) struct Situation {
    /// Where its message is; `None` if it is done.
    pub(super) place: Option<ShownPlace>,
    /// Whether Mandrill has the mail that is in doubt; `None` if none is.
    pub(super) is_sent: Option<bool>,
    /// How many times faster waits pass.
    pub(super) speed: u32,
}

/// A mail as its recipient sees it.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Mail<'a> {
    from: &'a str,
    to: &'a str,
    subject: &'a str,
    text: &'a str,
    /// Whether Mandrill accepted it.
    is_taken: bool,
    /// Its HTML is served separately, see [`html_of_mail`].
    has_html: bool,
    /// The Mandrill template that makes the mail, if ours does not.
    template: Option<&'a str>,
}

/// The changes of an identity, or of a contact.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Changed {
    before: Value,
    after: Value,
    /// One line per change.
    changes: Vec<String>,
}

/// A field of a form, and its messages.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Field {
    name: String,
    value: Value,
    messages: Vec<Value>,
}

/// The event in the form that the page gets.
pub(super) fn shown(event: &Event, situation: &Situation) -> Value {
    let mut json = json!(event);
    json["state"] = json!(state(event, situation.place.as_ref()));
    json["place"] = json!(situation.place);
    json["is_sent"] = json!(situation.is_sent);
    json["finding"] = json!(event.last_work().map(story::finding));
    json["mail"] = json!(mail(event));
    for (request, shown) in event.requests.iter().zip(rows(&mut json["requests"])) {
        shown["said"] = json!(story::of_request(request));
        shown["identity"] = json!(identity(&request.work));
        shown["contact"] = json!(contact(&request.work));
        shown["form"] = json!(form(request, &event.argument));
    }
    let count = event.deliveries.len();
    let in_brief = if count < MANY { 0..0 } else { FIRST_IN_FULL..count - LAST_IN_FULL };
    for (place, shown) in rows(&mut json["deliveries"]).enumerate() {
        let delivery = &event.deliveries[place];
        shown["said"] = json!(story::of_delivery(delivery, situation.speed));
        shown["outcome"] = json!(story::outcome(&delivery.work));
        shown["identity"] = json!(identity(&delivery.work));
        shown["contact"] = json!(contact(&delivery.work));
        shown["is_brief"] = json!(in_brief.contains(&place));
        if shown["is_brief"] == true {
            shown["steps"] = json!([]);
            shown["line"] = Value::Null;
        }
    }
    json
}

/// What became of an event so far, in a word.
fn state(event: &Event, place: Option<&ShownPlace>) -> String {
    let last = event.last_work().map(story::outcome).unwrap_or_default();
    let word = match (place, last) {
        (Some(ShownPlace::InFlight), _) => "delivering",
        (Some(ShownPlace::DeadLetter), _) => "dead_letter",
        (Some(ShownPlace::Waiting { .. }), "try_later") => "retrying",
        (Some(ShownPlace::Waiting { .. }), "in_doubt" | "blocked" | "template_fault") => last,
        (Some(ShownPlace::Waiting { .. }), _) | (None, "accepted") => "enqueued",
        (None, _) if is_deleted(event) => "deleted",
        (None, "") => return without_outcome(event),
        (None, _) => last,
    };
    word.to_owned()
}

/// Whether the last delivery left a message that is gone now.
fn is_deleted(event: &Event) -> bool {
    let delivery = event.deliveries.last();
    let order = event.last_work().map(|work| work.order);
    delivery.is_some_and(|delivery| {
        order == Some(delivery.work.order)
            && delivery.ended.is_some_and(|ended| ended.wait_ms.is_some())
    })
}

/// The status of an answer for which there is no log entry, or that the function is running.
fn without_outcome(event: &Event) -> String {
    let answer = event.requests.last().and_then(|request| request.answer.as_ref());
    answer.map_or("in_progress".to_owned(), |answer| answer.status.to_string())
}

fn rows(array: &mut Value) -> impl Iterator<Item = &mut Value> {
    array.as_array_mut().into_iter().flatten()
}

/// The HTML of the last mail that was sent for an event.
pub(super) fn html_of_mail(event: &Event) -> Option<&str> {
    last_mail(event)?.body["message"]["html"].as_str()
}

/// The last call that sends the mail of an event.
pub(super) fn last_mail(event: &Event) -> Option<&Call> {
    let requests = event.requests.iter().map(|request| &request.work);
    let deliveries = event.deliveries.iter().map(|delivery| &delivery.work);
    let calls = requests.chain(deliveries).flat_map(calls);
    calls.filter(|call| call.body.get("message").is_some()).last()
}

fn mail(event: &Event) -> Option<Mail<'_>> {
    let call = last_mail(event)?;
    let message = &call.body["message"];
    let text = |name: &str| message[name].as_str().unwrap_or_default();
    Some(Mail {
        from: text("from_email"),
        to: message["to"][0]["email"].as_str().unwrap_or_default(),
        subject: text("subject"),
        text: text("text"),
        is_taken: matches!(&call.reply, Reply::Answer { status: 200, body } if is_sent(body)),
        has_html: message["html"].is_string(),
        template: call.body["template_name"].as_str(),
    })
}

/// The rows of Mandrill's answer say whether it rejects.
fn is_sent(rows: &Value) -> bool {
    ["sent", "queued", "scheduled"].map(Value::from).contains(&rows[0]["status"])
}

/// The identity as last read before the patch, and after the patch.
fn identity(work: &Work) -> Option<Changed> {
    let answers = |method| answers(work, Service::Ory, method);
    let after = answers("PATCH").next()?;
    let before = answers("GET").find_map(|body| match body {
        Value::Array(found) => found.first(),
        body => Some(body),
    })?;
    Some(Changed::between(before, after))
}

/// The contact as last read before the write, and after the write; `None` if only its fields were
/// written.
fn contact(work: &Work) -> Option<Changed> {
    const SEEN: [&str; 2] = ["email_address", "status"];
    let is_contact = |body: &&Value| body["contact_id"].is_string();
    let seen = |body: &Value| SEEN.map(|key| (key.to_owned(), body[key].clone()));
    let answers = |method| answers(work, Service::Mailchimp, method).filter(is_contact);
    let after = answers("P").next()?;
    let before = answers("GET").find(|body| body["contact_id"] == after["contact_id"]);
    let before = before.map_or_else(Map::new, |body| Map::from_iter(seen(body)));
    let after = Map::from_iter(seen(after));
    let changed = Changed::between(&Value::Object(before), &Value::Object(after));
    (!changed.changes.is_empty()).then_some(changed)
}

/// The successful answers of a service to the calls whose method begins like this, the last first.
fn answers<'w>(
    work: &'w Work,
    service: Service,
    method: &'static str,
) -> impl Iterator<Item = &'w Value> {
    let calls = calls(work).rev().filter(move |call| call.to == service.name());
    calls.filter_map(move |call| match &call.reply {
        Reply::Answer { status: 200, body } if call.line.starts_with(method) => Some(body),
        _ => None,
    })
}

impl Changed {
    fn between(before: &Value, after: &Value) -> Self {
        let changes = changes::between(std::slice::from_ref(before), std::slice::from_ref(after));
        Self { before: before.clone(), after: after.clone(), changes }
    }
}

/// The sign-up form after a reply that interrupts: what the person typed, and each message at its
/// field.
fn form(request: &Request, argument: &Value) -> Option<Vec<Field>> {
    let answer = request.answer.as_ref()?;
    let groups = answer.body["messages"].as_array().filter(|_| answer.status == 400)?;
    let traits = argument["identity"]["traits"].as_object()?;
    let whole = Field { name: String::new(), value: Value::Null, messages: said_at(groups, "#/") };
    let fields = traits.iter().map(|(name, value)| Field {
        name: name.clone(),
        value: value.clone(),
        messages: said_at(groups, &format!("#/traits/{name}")),
    });
    Some([whole].into_iter().chain(fields).collect())
}

fn said_at(groups: &[Value], pointer: &str) -> Vec<Value> {
    let groups = groups.iter().filter(|group| group["instance_ptr"] == pointer);
    groups.flat_map(|group| group["messages"].as_array().into_iter().flatten().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method};

    use super::*;
    use crate::up::console::event::{Answer, Delivery, Ended, Sent, Step};

    fn work(steps: Vec<Step>) -> Work {
        Work { steps, ..Work::default() }
    }

    fn delivered(steps: Vec<Step>) -> Event {
        let deliveries = vec![Delivery { work: work(steps), attempt: 1, ended: None }];
        let (title, argument) = Default::default();
        Event { id: 1, function: "f", title, argument, requests: vec![], deliveries, key: None }
    }

    fn call(line: &str, body: Value, answer: Value) -> Step {
        call_to("Mandrill", line, body, answer)
    }

    fn call_to(to: &'static str, line: &str, body: Value, answer: Value) -> Step {
        Step::Call(Call {
            to,
            line: line.to_owned(),
            body,
            reply: Reply::Answer { status: 200, body: answer },
            took_ms: 1,
        })
    }

    #[test]
    fn state_is_a_word_for_the_place_and_the_last_outcome() {
        let waiting = || Some(ShownPlace::Waiting { due_ms: 0, speed: 1 });
        let after = |outcome: &str, wait_ms: Option<u64>| {
            let mut event = delivered(vec![]);
            event.deliveries[0].work.line = json!({"outcome": outcome});
            event.deliveries[0].ended = Some(Ended { took_ms: 1, wait_ms });
            event
        };
        let rows = [
            (after("", None), Some(ShownPlace::InFlight), "delivering"),
            (after("try_later", Some(1)), waiting(), "retrying"),
            (after("in_doubt", Some(1)), waiting(), "in_doubt"),
            (after("template_fault", Some(1)), waiting(), "template_fault"),
            (after("delivered", None), waiting(), "enqueued"),
            (after("blocked", Some(1)), Some(ShownPlace::DeadLetter), "dead_letter"),
            (after("blocked", Some(1)), None, "deleted"),
            (after("rejected", None), None, "rejected"),
            (after("", None), None, "in_progress"),
        ];
        for (event, place, word) in rows {
            assert_eq!(state(&event, place.as_ref()), word, "{place:?}");
        }
    }

    #[test]
    fn rejected_mail_is_not_shown_as_sent() {
        let body = json!({"message": {
            "from_email": "us@example.com", "to": [{"email": "ann@example.com"}],
            "subject": "Hello", "text": "Hello.", "html": "<p>Hello.",
        }});
        for (status, is_taken) in [("sent", true), ("queued", true), ("rejected", false)] {
            let rows = json!([{"status": status}]);
            let event = delivered(vec![call("POST /api/1.0/messages/send", body.clone(), rows)]);
            let mail = mail(&event).unwrap();
            assert_eq!(
                (mail.is_taken, mail.to, mail.has_html),
                (is_taken, "ann@example.com", true)
            );
            assert_eq!(html_of_mail(&event), Some("<p>Hello."));
        }
        assert_eq!(mail(&delivered(vec![call("GET /", Value::Null, json!([]))])), None);
    }

    #[test]
    fn identity_is_shown_before_and_after_the_patch() {
        let before = json!({"traits": {"consent": true}});
        let after = json!({"traits": {"consent": false}});
        let found = call_to("Ory", "GET /admin/identities?x", Value::Null, json!([before]));
        let patched = call_to("Ory", "PATCH /admin/identities/1", json!([]), after.clone());
        assert_eq!(identity(&work(vec![found.clone()])), None);
        let shown = identity(&work(vec![found, patched])).unwrap();
        assert_eq!((&shown.before, &shown.after), (&before, &after));
        assert_eq!(shown.changes, ["traits.consent: true -> false"]);
    }

    #[test]
    fn contact_is_shown_before_and_after_the_write() {
        let contact = |status: &str| json!({"contact_id": "c", "email_address": "kim@example.com", "status": status});
        let call = |line, answer| call_to("Mailchimp", line, Value::Null, answer);
        let audience = || call("GET /3.0/lists/l", json!({"double_optin": true}));
        let read = |status| call("GET /3.0/lists/l/members/c", contact(status));
        let written = |line, status| work(vec![audience(), call(line, contact(status))]);
        let new = super::contact(&written("PUT /3.0/lists/l/members/c", "pending")).unwrap();
        assert_eq!(
            new.changes,
            ["email_address: none -> \"kim@example.com\"", "status: none -> \"pending\""]
        );
        let patch = || call("PATCH /3.0/lists/l/members/c", contact("unsubscribed"));
        let changed = super::contact(&work(vec![read("pending"), patch()])).unwrap();
        assert_eq!(changed.changes, ["status: \"pending\" -> \"unsubscribed\""]);
        assert_eq!(super::contact(&work(vec![read("unsubscribed"), patch()])), None);
        assert_eq!(super::contact(&work(vec![audience(), read("pending")])), None);
    }

    #[test]
    fn form_shows_each_message_at_its_field() {
        let message = |text: &str| json!({"id": 1, "text": text, "type": "error"});
        let (query, headers, body) = (String::new(), HeaderMap::new(), Bytes::new());
        let sent = Sent { method: Method::POST, query, headers, body };
        let mut request = Request { work: work(Vec::new()), answer: None, sent };
        let event = json!({"identity": {"traits": {"email": "a", "name": "b"}}});
        assert_eq!(form(&request, &event), None);
        let body = json!({"messages": [
            {"instance_ptr": "#/", "messages": [message("Not now.")]},
            {"instance_ptr": "#/traits/email", "messages": [message("Not this.")]},
        ]});
        request.answer = Some(Answer { status: 400, body, took_ms: 1 });
        let fields = form(&request, &event).unwrap();
        let shown: Vec<_> =
            fields.iter().map(|field| (&*field.name, field.messages.len())).collect();
        assert_eq!(shown, [("", 1), ("email", 1), ("name", 0)]);
    }
}
