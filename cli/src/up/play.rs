//! Plays the sample events against functions served over HTTP.

use std::time::{Duration, Instant};

use serde_json::Value;
use shared::http::{Client, Http, Request};

use super::{
    changes,
    contacts::{self, Contact},
    local::{Fakes, LocalStack},
    people,
    samples::{self, Sample, Via},
};

/// A sample must be answered within this time; Ory itself waits no longer.
const LIMIT: Duration = Duration::from_secs(30);

/// The result of one sample.
#[derive(Debug)]
pub struct Played {
    /// The sample.
    pub sample: &'static Sample,
    /// How the functions deliver.
    pub via: Via,
    /// The answer's status, if there was one.
    pub status: Option<u16>,
    /// The answer's body.
    pub body: Value,
    /// The outcome of the last delivery from the queue.
    pub delivery: Option<String>,
    /// What the vendors received, one line per call.
    pub received: Vec<String>,
    /// How the identities changed, one line per change.
    pub changed: Vec<String>,
    /// How the contacts in Mailchimp changed, one line per change.
    pub contacts: Vec<String>,
    /// How long the answer took.
    pub took: Duration,
}

impl Played {
    /// Whether the result matches the expectation, the answer and what arrived afterwards.
    pub fn is_as_expected(&self) -> bool {
        let outcome = self.sample.expected.outcome;
        let is_from_queue = self.via == Via::Queue && outcome.is_enqueued();
        let (status, word) = self.sample.answer(self.via);
        self.status == Some(status)
            && self.body["status"].as_str() == word
            && self.delivery.as_deref() == is_from_queue.then(|| outcome.word())
            && self.received == self.sample.expected.received
    }
}

impl LocalStack {
    /// Sends every sample to its function, one after the other: the next once every message of the
    /// one before is delivered, or a dead letter.
    pub async fn play(&self, client: &Client) -> Vec<Played> {
        play(&self.root(), &self.fakes, client, Some(self)).await
    }
}

/// Sends samples to functions that deliver inline, one after the other: all that need no queue. They
/// are served under `root`, as `cargo lambda watch` does.
pub async fn play_inline(root: &str, fakes: &Fakes, client: &Client) -> Vec<Played> {
    play(root, fakes, client, None).await
}

async fn play(
    root: &str,
    fakes: &Fakes,
    client: &Client,
    stack: Option<&LocalStack>,
) -> Vec<Played> {
    let mut played = Vec::new();
    fakes.put_people();
    fakes.remove_contacts();
    for sample in samples::with(fakes.relays()) {
        let via = sample.via(stack.map_or(Via::Inline, |stack| stack.via));
        if stack.is_none() && via == Via::Queue {
            continue;
        }
        // What becomes of their contacts and mails is written to the identities.
        if [mandrill_welcome::NAME, mailchimp_subscribe::NAME].contains(&sample.function) {
            people::put_sample(&fakes.ory, sample);
        }
        let before = (fakes.ory.identities(), Contact::all(&fakes.mailchimp));
        let began = Instant::now();
        let answer = send(&function_url(root, sample.function), client, sample).await;
        let took = began.elapsed();
        let (status, body) =
            answer.map_or((None, Value::Null), |(status, body)| (Some(status), body));
        let mut delivery = None;
        if let Some(stack) = stack {
            stack.at_rest().await;
            let event_id = body["id"].as_str().unwrap_or_default();
            delivery = stack.outcome(sample.function, event_id);
        }
        let received = fakes.take_received();
        let changed = changes::between(&before.0, &fakes.ory.identities());
        let contacts = contacts::between(&before.1, &Contact::all(&fakes.mailchimp));
        played.push(Played {
            sample,
            via,
            status,
            body,
            delivery,
            received,
            changed,
            contacts,
            took,
        });
    }
    played
}

/// The URL of a function.
pub(super) fn function_url(root: &str, name: &str) -> String {
    format!("{root}/lambda-url/{name}/")
}

async fn send(url: &str, client: &Client, sample: &Sample) -> Option<(u16, Value)> {
    let request = sample.event().ok()?.request(url).ok()?;
    let (parts, body) = request.into_parts();
    let request = Request {
        method: parts.method,
        url: parts.uri.to_string().parse().ok()?,
        headers: parts.headers,
        body: body.into(),
        timeout: LIMIT,
    };
    let answer = client.send(request).await.ok()?;
    Some((answer.status, serde_json::from_slice(&answer.body).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::up::{
        local::{Mode, PortNumbers},
        relays::RELAYS,
    };

    #[tokio::test]
    async fn every_sample_of_every_relay_comes_out_as_expected() {
        let relays: Vec<_> = RELAYS.iter().collect();
        for mode in [Mode::FAST, Mode::Inline] {
            let stack = LocalStack::with_relays(PortNumbers::default(), mode, &relays);
            let played = stack.await.unwrap().play(&Client::new().unwrap()).await;
            let wrong: Vec<_> = played.iter().filter(|one| !one.is_as_expected()).collect();
            assert!(wrong.is_empty(), "{wrong:#?}");
            assert_eq!(played.len(), samples::with(RELAYS.iter()).count());
        }
    }

    /// The outcomes of the samples about one withdrawal, and how each changed the identity.
    async fn withdrawal(mode: Mode) -> Vec<(String, Vec<String>)> {
        let stack = LocalStack::start(PortNumbers::default(), mode).await.unwrap();
        let played = stack.play(&Client::new().unwrap()).await;
        let wrong: Vec<_> = played.iter().filter(|one| !one.is_as_expected()).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        let of_withdrawal = played.into_iter().filter(|one| one.sample.file.contains("-loop-"));
        let inline = |body: &Value| body["status"].as_str().unwrap_or_default().to_owned();
        let outcome =
            |one: Played| (one.delivery.unwrap_or_else(|| inline(&one.body)), one.changed);
        of_withdrawal.map(outcome).collect()
    }

    #[tokio::test]
    async fn withdrawal_reaches_the_identity_once_and_stale_events_do_not_undo_it() {
        let change = vec!["traits.consent.newsletter: true -> false".to_owned()];
        for mode in [Mode::Inline, Mode::DEPLOYED] {
            let outcomes = withdrawal(mode).await;
            let expected = [("delivered", &change), ("duplicate", &vec![]), ("skipped", &vec![])];
            let expected = expected.map(|(word, changed)| (word.to_owned(), changed.clone()));
            assert_eq!(outcomes, expected);
        }
    }
}
