//! The ctx that Kratos passes to a template.

use fakes::server::FakeReply;
use serde_json::json;
use tokio::sync::OnceCell;

use super::{
    config::{ALL, Config, parsed_hook, session, web_hook},
    person::{Person, go_through_each_flow, transient_payload},
    process::Kratos,
    recorder::{Recorded, Recorder},
    version::Version,
};

const ANN: &str = "ann@example.com";
/// More than the evaluator's process reads.
const EVALUATOR_BYTES: usize = 70_000;
const TRIES: usize = 5;

/// What hooks that forward all were told of somebody who signs up, signs in and changes the traits.
async fn recorded() -> &'static ([Recorded; 4], Version) {
    static TOLD: OnceCell<([Recorded; 4], Version)> = OnceCell::const_new();
    TOLD.get_or_init(play).await
}

async fn play() -> ([Recorded; 4], Version) {
    let recorder = Recorder::start().await;
    let known = json!({"identity": {
        "metadata_public": {"plan": "free"}, "metadata_admin": {"secret": true},
    }});
    recorder.reply_about(ANN, FakeReply::json(200, &known));
    let config = Config::new()
        .after("registration", "password", &[parsed_hook(&recorder.url("/before"), ALL), session()])
        .after("login", "password", &[web_hook(&recorder.url("/login"), ALL)])
        .after(
            "settings",
            "profile",
            &[
                parsed_hook(&recorder.url("/settings-before"), ALL),
                web_hook(&recorder.url("/settings-after"), ALL),
            ],
        );
    let kratos = Kratos::start(&config).await;
    go_through_each_flow(&kratos, ANN, ANN).await;
    let saved = kratos.identity_of(ANN).await.unwrap();
    assert_eq!(saved["metadata_admin"], json!({"secret": true}));
    (recorder.recorded().try_into().unwrap(), kratos.version().await)
}

#[tokio::test]
async fn transient_payload_is_in_the_flow() {
    let (hooks, version) = recorded().await;
    for hook in hooks {
        assert_eq!(hook.body.get("transient_payload"), None, "{}", hook.path);
    }
    let payload = |hook: &Recorded| hook.body["flow"].get("transient_payload").cloned();
    let [registration, login, settings_before, settings_after] = hooks;
    assert_eq!(payload(registration), Some(transient_payload()));
    assert_eq!(payload(login), Some(transient_payload()));
    let kept = (!version.loses_transient_payloads_of_profiles()).then(transient_payload);
    assert_eq!(payload(settings_before), kept);
    assert_eq!(payload(settings_after), kept);
}

#[tokio::test]
async fn ctx_never_holds_metadata_admin_or_credentials() {
    for hook in &recorded().await.0 {
        for identity in [&hook.body["identity"], &hook.body["session"]["identity"]] {
            assert_eq!(identity.get("metadata_admin"), None, "{}", hook.path);
            assert_eq!(identity.get("credentials"), None, "{}", hook.path);
        }
    }
}

#[tokio::test]
async fn ctx_does_not_identify_the_calling_hook() {
    for hook in &recorded().await.0 {
        let keys: Vec<_> = hook.body.as_object().unwrap().keys().cloned().collect();
        let known = [
            "flow",
            "identity",
            "request_cookies",
            "request_headers",
            "request_method",
            "request_url",
            "session",
        ];
        assert!(keys.iter().all(|key| known.contains(&key.as_str())), "{keys:?}");
    }
}

/// Which of the two is up to chance: how soon the evaluator's process ends.
#[tokio::test]
async fn too_large_ctx_gives_an_empty_body_or_breaks_the_flow() {
    let recorder = Recorder::start().await;
    let hooks = [web_hook(&recorder.url("/"), ALL), session()];
    let kratos = Kratos::start(&Config::new().after("registration", "password", &hooks)).await;
    let name = "a".repeat(EVALUATOR_BYTES);
    for n in 0..TRIES {
        let called = recorder.recorded().len();
        let email = format!("person-{n}@example.com");
        let traits = json!({"email": email, "name": {"first": name}});
        let answered = Person::of(&kratos).register_with(traits).await;
        match &recorder.recorded()[called..] {
            [hook] => {
                assert_eq!(answered.status, 200);
                assert_eq!(hook.header("content-length"), Some("0"));
            }
            [] => {
                assert_eq!(answered.status, 400);
                assert!(answered.error().1.starts_with("jsonnetsecure"), "{}", answered.body);
            }
            more => panic!("{more:?}"),
        }
        assert!(kratos.identity_of(&email).await.is_some(), "saved all the same");
    }
}
