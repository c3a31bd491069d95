//! What happened to an event, in a sentence for each request and delivery.

use std::time::Duration;

use super::event::{Call, Delivery, Reply, Request, Step, Work};

/// Below this, seconds say more than minutes.
const SHORT: u64 = 120;
const MINUTE: u64 = 60;

/// The calls of a function in one invocation, in order.
pub(super) fn calls(work: &Work) -> impl DoubleEndedIterator<Item = &Call> {
    work.steps.iter().filter_map(|step| match step {
        Step::Call(call) => Some(call),
        Step::Record { .. } => None,
    })
}

/// The outcome in the log entry of a function; empty while it is running.
pub(super) fn outcome(work: &Work) -> &str {
    work.line["outcome"].as_str().unwrap_or_default()
}

/// `enqueued, answered 202`
pub(super) fn of_request(request: &Request) -> String {
    match &request.answer {
        None => "received".to_owned(),
        Some(answer) => format!("{}, answered {}", finding(&request.work), answer.status),
    }
}

/// `attempt 1: Mandrill answered 503; again in 2 s`, on a clock of this speed.
pub(super) fn of_delivery(delivery: &Delivery, speed: u32) -> String {
    let Delivery { work, attempt, ended } = delivery;
    let Some(ended) = ended else { return format!("attempt {attempt}") };
    let again = ended.wait_ms.map(Duration::from_millis).map(|wait| again(wait, speed));
    format!("attempt {attempt}: {}{}", finding(work), again.unwrap_or_default())
}

fn again(wait: Duration, speed: u32) -> String {
    let played = match speed {
        1 => String::new(),
        _ => format!(" (played in {})", in_words(wait / speed)),
    };
    format!("; again in {}{played}", in_words(wait))
}

/// A duration in whole seconds or minutes.
fn in_words(duration: Duration) -> String {
    let seconds = duration.as_millis().div_ceil(1000);
    let seconds = u64::try_from(seconds).unwrap_or(u64::MAX).max(1);
    match seconds {
        ..SHORT => format!("{seconds} s"),
        _ => format!("{} min", (seconds + MINUTE / 2) / MINUTE),
    }
}

/// What a function found out: `enqueued`, `Mandrill answered 503`, `delivered`.
pub(super) fn finding(work: &Work) -> String {
    let outcome = outcome(work);
    let name = match outcome {
        "" => "no outcome",
        "accepted" => "enqueued",
        outcome => outcome,
    };
    let name = name.replace('_', " ");
    let is_failed = matches!(outcome, "try_later" | "in_doubt" | "blocked");
    let failure = calls(work).last().filter(|_| is_failed).and_then(failure);
    let cause = work.line["cause"].as_str();
    match (outcome, failure) {
        ("try_later", Some(failure)) => failure,
        (_, Some(failure)) => format!("{failure}: {name}"),
        ("delivered", None) if calls(work).last().is_some_and(is_search) => {
            format!("{name}: the search found the mail")
        }
        (_, None) => cause.map_or(name.clone(), |cause| format!("{name}: {cause}")),
    }
}

/// How a call failed, if its answer says that it did.
fn failure(call: &Call) -> Option<String> {
    match &call.reply {
        Reply::Nothing { .. } => Some(format!("no answer from {}", call.to)),
        Reply::Answer { status, .. } if *status >= 400 => {
            Some(format!("{} answered {status}", call.to))
        }
        Reply::Answer { .. } => None,
    }
}

fn is_search(call: &Call) -> bool {
    call.line.ends_with("/messages/search")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::up::console::event::{Answer, Ended, Sent};

    fn work(line: Value, calls: &[(&str, Option<u16>)]) -> Work {
        let step = |(line, status): &(&str, Option<u16>)| {
            let answer = status.map(|status| Reply::Answer { status, body: Value::Null });
            Step::Call(Call {
                to: "Mandrill",
                line: (*line).to_owned(),
                body: Value::Null,
                reply: answer.unwrap_or(Reply::Nothing { error: "closed".to_owned() }),
                took_ms: 1,
            })
        };
        Work { line, steps: calls.iter().map(step).collect(), ..Work::default() }
    }

    #[test]
    fn each_finding_is_a_plain_sentence() {
        const SEND: &str = "POST /api/1.0/messages/send";
        const SEARCH: &str = "POST /api/1.0/messages/search";
        let line = |outcome: &str| json!({"outcome": outcome, "cause": "why"});
        let rows = [
            (work(json!(null), &[]), "no outcome"),
            (work(json!({"outcome": "accepted"}), &[]), "enqueued"),
            (work(json!({"outcome": "delivered"}), &[(SEND, Some(200))]), "delivered"),
            (
                work(json!({"outcome": "delivered"}), &[(SEARCH, Some(200))]),
                "delivered: the search found the mail",
            ),
            (work(line("try_later"), &[(SEND, Some(503))]), "Mandrill answered 503"),
            (work(line("in_doubt"), &[(SEND, None)]), "no answer from Mandrill: in doubt"),
            (work(line("in_doubt"), &[(SEARCH, Some(200))]), "in doubt: why"),
            (work(line("blocked"), &[(SEND, Some(401))]), "Mandrill answered 401: blocked"),
            (work(line("try_later"), &[]), "try later: why"),
            (work(line("rejected"), &[(SEND, Some(200))]), "rejected: why"),
        ];
        for (work, said) in rows {
            assert_eq!(finding(&work), said, "{:?}", work.line);
        }
    }

    #[test]
    fn request_ends_with_its_answer_and_delivery_with_its_wait() {
        let (method, query, headers, body) = Default::default();
        let sent = Sent { method, query, headers, body };
        let work = work(json!({"outcome": "accepted"}), &[]);
        let answer = Some(Answer { status: 202, body: Value::Null, took_ms: 1 });
        let mut request = Request { work: work.clone(), answer, sent };
        assert_eq!(of_request(&request), "enqueued, answered 202");
        request.answer = None;
        assert_eq!(of_request(&request), "received");
        let mut delivery = Delivery { work, attempt: 2, ended: None };
        assert_eq!(of_delivery(&delivery, 1), "attempt 2");
        delivery.work.line = json!({"outcome": "try_later"});
        for (wait_ms, speed, said) in [
            (None, 1, "attempt 2: try later"),
            (Some(1_201), 1, "attempt 2: try later; again in 2 s"),
            (Some(899_999), 60, "attempt 2: try later; again in 15 min (played in 15 s)"),
            (Some(1_201), 60, "attempt 2: try later; again in 2 s (played in 1 s)"),
            (Some(119_000), 1, "attempt 2: try later; again in 119 s"),
        ] {
            delivery.ended = Some(Ended { took_ms: 1, wait_ms });
            assert_eq!(of_delivery(&delivery, speed), said);
        }
    }
}
