//! `parse: true`: Kratos asks before it saves.

use fakes::server::FakeReply;
use serde_json::{Value, json};

use super::{
    config::{ALL, Config, forward, parsed_hook, session},
    front::Front,
    person::Person,
    process::Kratos,
    recorder::Recorder,
    world::World,
};

const ANN: &str = "ann@example.com";
const NIL_ID: &str = "00000000-0000-0000-0000-000000000000";
/// Screening's message, see `docs/answers.md`.
const UNDELIVERABLE: i64 = 8_101_001;

#[tokio::test]
async fn parsed_hook_has_no_visible_effect() {
    let world = World::start().await;
    let welcome = Front::start(world.function(mandrill_welcome::NAME)).await;
    let identify = Front::start(world.function(segment_identify::NAME)).await;
    let template = forward("registration", "password", "before_save");
    let hooks = [
        parsed_hook(&welcome.url(), &template),
        parsed_hook(&identify.url(), &template),
        session(),
    ];
    let kratos = Kratos::start(&Config::new().after("registration", "password", &hooks)).await;
    let registered = Person::of(&kratos).register(ANN).await;
    assert_ne!(registered.identity_id(), NIL_ID);
    for function in [welcome, identify] {
        let calls = function.calls();
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0].answer.status, 204);
        assert_eq!(calls[0].body["identity"]["id"], NIL_ID);
    }
    assert!(world.fakes.take_received().is_empty());
}

#[tokio::test]
async fn parsed_hook_with_a_wrong_tag_has_no_visible_effect() {
    let world = World::start().await;
    let identify = Front::start(world.function(segment_identify::NAME)).await;
    let template = forward("registration", "password", "after_save");
    let hooks = [parsed_hook(&identify.url(), &template), session()];
    let kratos = Kratos::start(&Config::new().after("registration", "password", &hooks)).await;
    assert_eq!(Person::of(&kratos).register(ANN).await.status, 200);
    assert_eq!(identify.calls()[0].answer.status, 204);
    assert!(world.fakes.take_received().is_empty());
}

#[tokio::test]
async fn bouncing_address_is_shown_at_its_field_and_not_saved() {
    let world = World::start().await;
    let screening = world.function(mandrill_welcome::NAME).var("SCREEN_REJECTS", "true");
    let welcome = Front::start(screening).await;
    let template = forward("registration", "password", "before_save");
    let hooks = [parsed_hook(&welcome.url(), &template), session()];
    let kratos = Kratos::start(&Config::new().after("registration", "password", &hooks)).await;
    world.fakes.mandrill.let_bounce(ANN);
    let refused = Person::of(&kratos).register(ANN).await;
    assert_eq!(refused.status, 400);
    let messages = refused.messages_at("traits.email");
    let [message] = messages.as_slice() else { panic!("{messages:?}") };
    assert_eq!((&message["id"], &message["type"]), (&json!(UNDELIVERABLE), &json!("error")));
    assert!(message["text"].as_str().is_some_and(|text| text.contains("comes back")), "{message}");
    assert_eq!(kratos.identity_of(ANN).await, None);
    assert_eq!(Person::of(&kratos).register("ben@example.com").await.status, 200);
    assert!(world.mails().is_empty());
}

#[tokio::test]
async fn parsed_hook_runs_before_the_duplicate_address_check() {
    let recorder = Recorder::start().await;
    let hooks = [parsed_hook(&recorder.url("/"), ALL), session()];
    let kratos = Kratos::start(&Config::new().after("registration", "password", &hooks)).await;
    let mut ann = Person::of(&kratos);
    assert_eq!(ann.register(ANN).await.status, 200);
    assert_eq!(Person::of(&kratos).register(ANN).await.status, 400, "there is one already");
    assert_eq!(recorder.about(ANN).len(), 2);
}

#[tokio::test]
async fn any_message_type_stops_the_flow_and_only_errors_are_shown_as_errors() {
    let recorder = Recorder::start().await;
    let hooks = [parsed_hook(&recorder.url("/"), ALL), session()];
    let kratos = Kratos::start(&Config::new().after("registration", "password", &hooks)).await;
    for (given, shown) in [
        ("error", "error"),
        ("info", "info"),
        ("success", "info"),
        ("validation", "info"),
        ("Error", "info"),
    ] {
        let email = format!("{given}@example.com");
        recorder.reply_about(&email, FakeReply::json(400, &message_of(given)));
        let refused = Person::of(&kratos).register(&email).await;
        assert_eq!(refused.status, 400, "{given}");
        assert_eq!(refused.messages_at("traits.email")[0]["type"], shown, "{given}");
        assert_eq!(kratos.identity_of(&email).await, None, "{given}");
    }
}

/// A message at the address.
fn message_of(kind: &str) -> Value {
    json!({"messages": [{"instance_ptr": "#/traits/email", "messages": [
        {"id": 4711, "text": "Not this one.", "type": kind, "context": {}},
    ]}]})
}
