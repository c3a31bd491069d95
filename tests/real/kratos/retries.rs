//! Retries of a webhook by Kratos.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use fakes::server::FakeReply;
use futures_util::future::join_all;
use http::Response;

use super::{
    config::{ALL, Config, session, web_hook},
    person::{Answered, Person},
    process::Kratos,
    recorder::{Recorded, Recorder},
};

/// Before the second attempt and the third.
const WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];
/// What a busy machine adds.
const SLACK: Duration = Duration::from_secs(2);

/// What came of one sign-up.
struct Tried {
    answered: Answered,
    took: Duration,
    attempts: Vec<Recorded>,
}

impl Tried {
    fn waits(&self) -> Vec<Duration> {
        self.attempts.windows(2).map(|pair| pair[1].at - pair[0].at).collect()
    }

    /// How many values a header had.
    fn values(&self, header: &str) -> usize {
        let values = self.attempts.iter().filter_map(|attempt| attempt.header(header));
        values.collect::<BTreeSet<_>>().len()
    }
}

/// Signs people up side by side, each past a hook whose target answers this.
async fn sign_up_against(replies: Vec<FakeReply>) -> Vec<Tried> {
    let recorder = Recorder::start().await;
    let hooks = [web_hook(&recorder.url("/"), ALL), session()];
    let kratos = Kratos::start(&Config::new().after("registration", "password", &hooks)).await;
    let sign_ups = replies.into_iter().enumerate().map(async |(n, reply)| {
        let email = format!("person-{n}@example.com");
        recorder.reply_about(&email, reply);
        let began = Instant::now();
        let answered = Person::of(&kratos).register(&email).await;
        let took = began.elapsed();
        assert_eq!(answered.status, 400, "{}", answered.body);
        Tried { answered, took, attempts: recorder.about(&email) }
    });
    let all = join_all(sign_ups).await;
    for tried in &all {
        assert_eq!(tried.attempts.len(), 3);
        assert_eq!(tried.values("ory-webhook-request-id"), 3, "each has an id of its own");
        let triggers = usize::from(kratos.version().await.has_trigger_ids());
        assert_eq!(tried.values("ory-webhook-trigger-id"), triggers, "and all have one");
        assert!(tried.attempts.iter().all(|one| one.body == tried.attempts[0].body));
    }
    all
}

#[tokio::test]
async fn kratos_retries_after_one_second_and_two_more() {
    let mut replies = vec![FakeReply::HangUp];
    replies.extend([429, 500, 502, 503].map(|status| FakeReply::text(status, "text/plain", "")));
    for tried in sign_up_against(replies).await {
        for (wait, expected) in tried.waits().into_iter().zip(WAITS) {
            assert!(wait >= expected && wait < expected + SLACK, "{wait:?}");
        }
        assert!(tried.took < WAITS[0] + WAITS[1] + SLACK + SLACK, "{:?}", tried.took);
    }
}

#[tokio::test]
async fn kratos_respects_retry_after() {
    let wait = Duration::from_secs(4);
    let reply = |status: u16| {
        let response = Response::builder().status(status).header("retry-after", wait.as_secs());
        FakeReply::Answer(response.body("".into()).unwrap())
    };
    for tried in sign_up_against(vec![reply(429), reply(503)]).await {
        assert!(tried.waits().iter().all(|waited| *waited >= wait), "{:?}", tried.waits());
    }
}

#[tokio::test]
async fn kratos_timeout_error_shows_the_hook_url() {
    let [tried] = sign_up_against(vec![FakeReply::HangUp]).await.try_into().ok().unwrap();
    let (_, why) = tried.answered.error();
    let host = tried.attempts[0].header("host").unwrap();
    assert!(why.contains(&format!("http://{host}/")), "{why}");
}
