//! Plays the sample events against functions served over HTTP.

use std::time::{Duration, Instant};

use serde_json::Value;
use shared::http::{Client, Http, Request};

use super::{
    changes,
    local::Fakes,
    samples::{SAMPLES, Sample},
};

/// A sample must be answered within this time; Ory itself waits no longer.
const LIMIT: Duration = Duration::from_secs(30);

/// The result of one sample.
#[derive(Debug)]
pub struct Played {
    /// The sample.
    pub sample: &'static Sample,
    /// The answer's status, if there was one.
    pub status: Option<u16>,
    /// The answer's body.
    pub body: Value,
    /// What the vendors received meanwhile, one line per call.
    pub received: Vec<String>,
    /// How the identities changed meanwhile, one line per change.
    pub changed: Vec<String>,
    /// How long the answer took.
    pub took: Duration,
}

impl Played {
    /// Whether the result matches the expectation.
    pub fn is_as_expected(&self) -> bool {
        let expected = &self.sample.expected;
        self.status == Some(expected.status)
            && self.body["status"].as_str() == expected.outcome
            && self.received == expected.received
    }
}

/// Sends every sample to its function, one after the other, once the identities of the samples
/// exist. The functions are served under `root`, as the local stack and `cargo lambda watch` do.
pub async fn play(root: &str, fakes: &Fakes, client: &Client) -> Vec<Played> {
    let mut played = Vec::new();
    fakes.put_people();
    for sample in SAMPLES {
        let before = fakes.ory.identities();
        let began = Instant::now();
        let answer = send(&function_url(root, sample.function), client, sample).await;
        let took = began.elapsed();
        let (status, body) =
            answer.map_or((None, Value::Null), |(status, body)| (Some(status), body));
        let received = fakes.take_received();
        let changed = changes::between(&before, &fakes.ory.identities());
        played.push(Played { sample, status, body, received, changed, took });
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
    use crate::up::local::{LocalStack, PortNumbers};

    #[tokio::test]
    async fn withdrawal_reaches_the_identity_once_and_stale_events_do_not_undo_it() {
        let stack = LocalStack::start(PortNumbers::default()).await.unwrap();
        let client = Client::new().unwrap();
        let played = play(&stack.root(), &stack.fakes, &client).await;
        assert!(played.iter().all(Played::is_as_expected), "{played:#?}");
        let the_loop = played.iter().filter(|one| one.sample.file.contains("-loop-"));
        let outcomes: Vec<_> =
            the_loop.map(|one| (one.body["status"].as_str().unwrap(), &*one.changed)).collect();
        let withdrawn = ["traits.consent.newsletter: true -> false".to_owned()];
        assert_eq!(outcomes, [("delivered", &withdrawn[..]), ("duplicate", &[]), ("skipped", &[])]);
    }
}
