//! An event as the page shows it: with the mail that was sent, the identity before and after, and
//! the form after a reply that interrupts.

use serde::Serialize;
use serde_json::{Value, json};

use super::event::{Call, Event, Reply, Request, Step, Work};
use crate::up::changes;

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

/// The changes of an identity.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Identity {
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
pub(super) fn shown(event: &Event) -> Value {
    let mut json = json!(event);
    json["mail"] = json!(mail(event));
    for (request, shown) in event.requests.iter().zip(rows(&mut json["requests"])) {
        shown["identity"] = json!(identity(&request.work));
        shown["form"] = json!(form(request, &event.argument));
    }
    for (delivery, shown) in event.deliveries.iter().zip(rows(&mut json["deliveries"])) {
        shown["identity"] = json!(identity(&delivery.work));
    }
    json
}

fn rows(array: &mut Value) -> impl Iterator<Item = &mut Value> {
    array.as_array_mut().into_iter().flatten()
}

/// The HTML of the last mail that was sent for an event.
pub(super) fn html_of_mail(event: &Event) -> Option<&str> {
    last_mail(event)?.body["message"]["html"].as_str()
}

fn calls(work: &Work) -> impl DoubleEndedIterator<Item = &Call> {
    work.steps.iter().filter_map(|step| match step {
        Step::Call(call) => Some(call),
        Step::Record { .. } => None,
    })
}

fn last_mail(event: &Event) -> Option<&Call> {
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
fn identity(work: &Work) -> Option<Identity> {
    let answers = |method: &'static str| {
        calls(work).rev().filter_map(move |call| match &call.reply {
            Reply::Answer { status: 200, body } if call.line.starts_with(method) => Some(body),
            _ => None,
        })
    };
    let after = answers("PATCH").next()?;
    let before = answers("GET").find_map(|body| match body {
        Value::Array(found) => found.first(),
        body => Some(body),
    })?;
    let changes = changes::between(std::slice::from_ref(before), std::slice::from_ref(after));
    Some(Identity { before: before.clone(), after: after.clone(), changes })
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
    use crate::up::console::event::{Answer, Delivery, Sent};

    fn work(steps: Vec<Step>) -> Work {
        Work { steps, ..Work::default() }
    }

    fn delivered(steps: Vec<Step>) -> Event {
        let deliveries = vec![Delivery { work: work(steps), attempt: 1, ended: None }];
        let (title, argument) = Default::default();
        Event { id: 1, function: "f", title, argument, requests: vec![], deliveries, key: None }
    }

    fn call(line: &str, body: Value, answer: Value) -> Step {
        Step::Call(Call {
            to: "http://127.0.0.1".to_owned(),
            line: line.to_owned(),
            body,
            reply: Reply::Answer { status: 200, body: answer },
            took_ms: 1,
        })
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
        let found = call("GET /admin/identities?x", Value::Null, json!([before]));
        let patched = call("PATCH /admin/identities/1", json!([]), after.clone());
        assert_eq!(identity(&work(vec![found.clone()])), None);
        let shown = identity(&work(vec![found, patched])).unwrap();
        assert_eq!((&shown.before, &shown.after), (&before, &after));
        assert_eq!(shown.changes, ["traits.consent: true -> false"]);
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
