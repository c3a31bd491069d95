//! The main use: a sign-up is sent to the vendors.

use lint::kratos::{Flow, Method};
use uuid::Uuid;

use super::{
    config::{Config, hook_of_action, session},
    front::{Call, Front},
    person::Person,
    process::Kratos,
    world::World,
};

const ANN: &str = "ann@example.com";

#[tokio::test]
async fn registration_sends_one_welcome_and_one_identify() {
    let world = World::start().await;
    let welcome = Front::start(world.function(mandrill_welcome::NAME)).await;
    let identify = Front::start(world.function(segment_identify::NAME)).await;
    let hook = |url: &str| hook_of_action(url, Flow::Registration, Method::Password);
    let hooks = [hook(&welcome.url()), hook(&identify.url()), session()];
    let kratos = Kratos::start(&Config::new().after("registration", "password", &hooks)).await;

    let registered = Person::of(&kratos).register(ANN).await;
    let id = registered.identity_id();
    assert!(registered.body["session_token"].is_string(), "signing up signs in");

    let welcomed = welcome.until_called(1).await;
    let identified = identify.until_called(1).await;
    for calls in [&welcomed, &identified] {
        let [Call { body, answer, .. }] = calls.as_slice() else { panic!("{calls:?}") };
        assert_eq!(answer.row(), (200, "delivered"));
        assert_eq!(body["identity"]["id"], id);
        assert_eq!(body["hook"]["when"], "after_save");
    }
    assert_eq!(world.mails(), [ANN]);
    let tracked = world.fakes.segment.take_received();
    let [tracked] = tracked.as_slice() else { panic!("{tracked:?}") };
    assert_eq!((tracked.path.as_str(), &tracked.body["userId"]), ("identify", &id.into()));
    assert_eq!(kratos.identity_of(ANN).await.unwrap()["id"], id);

    // Each hook has a key of its own, where this Kratos gives one; ctx tells the same to both.
    let trigger = |calls: &[Call]| calls[0].headers.get("ory-webhook-trigger-id").cloned();
    let (first, second) = (trigger(&welcomed), trigger(&identified));
    assert_eq!(first.is_some(), kratos.version().await.has_trigger_ids());
    if let (Some(first), Some(second)) = (first, second) {
        assert_ne!(first, second);
        assert!(first.parse::<Uuid>().is_ok(), "{first}");
    }
}

#[tokio::test]
async fn later_sign_in_sends_no_second_welcome() {
    let world = World::start().await;
    let welcome = Front::start(world.function(mandrill_welcome::NAME)).await;
    let hook = |flow| hook_of_action(&welcome.url(), flow, Method::Password);
    let config = Config::new()
        .after("registration", "password", &[hook(Flow::Registration), session()])
        .after("login", "password", &[hook(Flow::Login)]);
    let kratos = Kratos::start(&config).await;
    Person::of(&kratos).register(ANN).await;
    welcome.until_called(1).await;
    assert_eq!(Person::of(&kratos).log_in(ANN).await.status, 200);
    let calls = welcome.until_called(2).await;
    assert_eq!(calls[1].answer.row(), (204, ""), "a login is no reason for a welcome");
    assert_eq!(world.mails(), [ANN]);
}
