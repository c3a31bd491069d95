//! Changes of settings.

use serde_json::{Value, json};

use super::{
    config::{ALL, Config, forward, parsed_hook, session, web_hook},
    front::Front,
    person::Person,
    process::Kratos,
    recorder::Recorder,
    world::World,
};

const OLD: &str = "ann@example.com";
const NEW: &str = "ann.lee@example.com";

fn config(hooks: &[Value]) -> Config {
    Config::new()
        .after("registration", "password", &[session()])
        .after("settings", "profile", hooks)
}

#[tokio::test]
async fn settings_hook_sees_old_address_in_session_and_new_one_in_identity() {
    let recorder = Recorder::start().await;
    let forwarded = forward("settings", "profile", "after_save");
    let kratos = Kratos::start(&config(&[
        web_hook(&recorder.url("/all"), ALL),
        web_hook(&recorder.url("/forwarded"), &forwarded),
    ]))
    .await;
    let mut ann = Person::of(&kratos);
    assert_eq!(ann.register(OLD).await.status, 200);
    assert_eq!(ann.change(json!({"email": NEW})).await.status, 200);
    let hooks = recorder.recorded();
    assert_eq!(hooks.len(), 2);
    let tells_session = kratos.version().await.sends_the_session_after_settings();
    for hook in hooks {
        let old = &hook.body["session"]["identity"]["traits"]["email"];
        assert_eq!(old.as_str(), tells_session.then_some(OLD), "{}", hook.path);
        assert_eq!(hook.body["identity"]["traits"]["email"], NEW, "{}", hook.path);
    }
}

#[tokio::test]
async fn before_save_settings_hook_sees_both_addresses() {
    let recorder = Recorder::start().await;
    let hook = parsed_hook(&recorder.url("/"), ALL);
    let kratos = Kratos::start(&config(&[hook])).await;
    let mut ann = Person::of(&kratos);
    assert_eq!(ann.register(OLD).await.status, 200);
    assert_eq!(ann.change(json!({"email": NEW})).await.status, 200);
    let [hook] = recorder.recorded().try_into().unwrap();
    let tells_session = kratos.version().await.sends_the_session_before_settings();
    let old = &hook.body["session"]["identity"]["traits"]["email"];
    assert_eq!(old.as_str(), tells_session.then_some(OLD));
    assert_eq!(hook.body["identity"]["traits"]["email"], NEW);
    assert_eq!(hook.body["identity"]["id"], kratos.identity_of(NEW).await.unwrap()["id"]);
}

#[tokio::test]
async fn forwarded_session_cookie_is_dropped_by_the_function() {
    let world = World::start().await;
    let tells_all = "function(ctx) {
        userId: ctx.identity.id, traits: { all: std.manifestJsonMinified(ctx) },
    }";
    let telling = world.queued_function(segment_identify::NAME).without("RECORDS_TABLE");
    let telling = telling.template("TEMPLATE", tells_all).var("LOG_LEVEL", "trace");
    let identify = Front::start(telling).await;
    let kratos = Kratos::start(&config(&[web_hook(&identify.url(), ALL)])).await;
    let mut ann = Person::in_browser(&kratos);
    assert_eq!(ann.register(OLD).await.status, 200);
    let cookie = ann.session_cookie().to_owned();
    assert_eq!(ann.change(json!({"email": NEW})).await.status, 200);

    let calls = identify.calls();
    assert_eq!(calls[0].answer.row(), (202, "accepted"));
    let body = &calls[0].body;
    assert_eq!(body["request_cookies"]["ory_kratos_session"], cookie.as_str(), "Kratos ships it");
    let nodes = body["flow"]["ui"]["nodes"].as_array().unwrap();
    let csrf = nodes.iter().find(|node| node["attributes"]["name"] == "csrf_token").unwrap();
    let csrf = csrf["attributes"]["value"].as_str().unwrap();
    for header in ["Cookie", "Authorization", "X-Session-Token"] {
        assert_eq!(body["request_headers"].get(header), None, "{header}");
    }

    let stored = world.stored().remove(0).body;
    world.work(&identify).await;
    let tracked = world.fakes.segment.take_received();
    assert_eq!(tracked.len(), 1);
    let sent = tracked[0].body.to_string();
    assert!(sent.contains(NEW), "the address was sent");
    let log = identify.end().await;
    assert!(!log.stdout.is_empty());
    for secret in [cookie.as_str(), csrf] {
        assert!(!stored.contains(secret), "in the queue");
        assert!(!sent.contains(secret), "at Segment");
        assert!(!log.contains(secret), "in the log");
    }
}
