//! What a version of the code leaves behind: messages and records.

use std::{env, fs, path::PathBuf};

use ory_actions::up::samples::{self, Sample};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::stack::{Stack, relay};

/// The recording of a version.
#[derive(Deserialize, Serialize)]
pub(crate) struct Recording {
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    made_at: OffsetDateTime,
    /// What the samples became in the queues, in the order in which they were accepted and delivered.
    pub(crate) messages: Vec<Enqueued>,
    /// The table after all of them were delivered.
    pub(crate) records: Vec<Value>,
    /// A mail that was sent, but for which no answer came.
    pub(crate) in_doubt: InDoubt,
}

#[derive(Deserialize, Serialize)]
pub(crate) struct Enqueued {
    /// The function and the file of the event.
    pub(crate) sample: String,
    pub(crate) body: String,
    /// What its delivery made the vendors receive.
    pub(crate) received: Vec<String>,
}

#[derive(Deserialize, Serialize)]
pub(crate) struct InDoubt {
    pub(crate) message: String,
    pub(crate) records: Vec<Value>,
    pub(crate) mail: Value,
}

impl Enqueued {
    pub(crate) fn function(&self) -> &str {
        self.sample.split_once(' ').unwrap().0
    }

    pub(crate) fn is_to_segment(&self) -> bool {
        self.function() == segment_identify::NAME
    }
}

impl Recording {
    /// What the binaries of the releases with message format 1 wrote. `UPDATE_COMPAT=1` makes it anew,
    /// with the bootstrap of the previous release.
    pub(crate) async fn of_version_1(previous: Option<PathBuf>) -> Self {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/compat/v1/recording.json");
        if env::var_os("UPDATE_COMPAT").is_some() {
            let recording = serde_json::to_string_pretty(&Self::make(previous).await).unwrap();
            fs::write(file, recording + "\n").unwrap();
        }
        let mut recording: Self = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        // Mandrill is asked about the days since then.
        recording.in_doubt.message = received_later(&recording.in_doubt.message, recording.age());
        recording
    }

    /// Plays the sample events to this bootstrap; `None`: the one that the tests build.
    pub(crate) async fn make(bootstrap: Option<PathBuf>) -> Self {
        let mut stack = Stack::start(bootstrap.clone()).await;
        let mut messages = Vec::new();
        for sample in samples::with(std::iter::once(relay())) {
            for body in stack.accept(sample).await {
                let delivered = stack.deliver(sample.function, &body).await;
                assert!(delivered.is_done, "{} stays in the queue", sample.file);
                let sample = format!("{} {}", sample.function, sample.file);
                messages.push(Enqueued { sample, body, received: delivered.received });
            }
        }
        let in_doubt = InDoubt::make(bootstrap).await;
        Self { made_at: OffsetDateTime::now_utc(), messages, records: stack.records(), in_doubt }
    }

    /// How long ago it was made.
    pub(crate) fn age(&self) -> Duration {
        OffsetDateTime::now_utc() - self.made_at
    }
}

fn received_later(message: &str, by: Duration) -> String {
    let mut message: Value = serde_json::from_str(message).unwrap();
    let received = OffsetDateTime::parse(message["received_at"].as_str().unwrap(), &Rfc3339);
    message["received_at"] = (received.unwrap() + by).format(&Rfc3339).unwrap().into();
    message.to_string()
}

impl InDoubt {
    async fn make(bootstrap: Option<PathBuf>) -> Self {
        let mut stack = Stack::start(bootstrap).await;
        let is_welcome = |sample: &&Sample| sample.function == mandrill_welcome::NAME;
        let sample = samples::SAMPLES.iter().find(is_welcome).unwrap();
        let [message] = stack.accept(sample).await.try_into().unwrap();
        let (is_done, mail) = stack.deliver_without_an_answer(&message).await;
        assert!(!is_done, "Mandrill has not answered");
        Self { message, records: stack.records(), mail }
    }
}
