//! Idempotency by `messageId`: each event has one, and Segment drops the second of two calls.

use fakes::FakeSegment;
use integration::Event;
use serde_json::Value;

use super::setup::{setup, start, start_with};
use crate::common::{
    ory::{FIRST, SECOND, ann, ben, event, event_of},
    setup::{Setup, message_id},
};

/// The `messageId` of an event.
async fn id_of(setup: Setup<FakeSegment>, event: Event) -> String {
    let mut identify = setup.start().await;
    assert_eq!(identify.call(event).await.row(), (200, "delivered"));
    message_id(&identify.received_once()).to_owned()
}

/// The `messageId`s of events, in one process.
async fn ids_of<const N: usize>(code: &str, events: [Event; N]) -> [String; N] {
    let mut identify = start_with(code).await;
    for event in events {
        assert_eq!(identify.call(event).await.row(), (200, "delivered"));
    }
    let ids = identify.received().iter().map(|call| message_id(call).to_owned()).collect();
    <Vec<_> as TryInto<_>>::try_into(ids).unwrap()
}

/// Names no key of its own.
const UNNAMED: &str = "function(ctx) { userId: ctx.identity.id }";

#[tokio::test]
async fn repeated_event_is_sent_again_with_the_same_message_id() {
    let mut identify = start().await;
    for _ in 0..2 {
        assert_eq!(identify.call(event(&ann())).await.row(), (200, "delivered"));
    }
    let calls = identify.received();
    assert_eq!(calls.len(), 2);
    assert_eq!(message_id(&calls[0]), message_id(&calls[1]));
}

#[tokio::test]
async fn idempotent_message_id_depends_on_event_and_deployment() {
    let function = "arn:aws:lambda:eu-central-1:123456789012:function:identify";
    let id = async |arn: &str, event: Event| {
        id_of(setup().await.with(|deployment| deployment.arn(arn)), event).await
    };
    let production = id(function, event(&ann())).await;
    assert!((16..100).contains(&production.len()), "{production}");
    assert!(!production.contains(FIRST), "{production}");
    assert_eq!(production, id(function, event(&ann())).await, "whatever the process");
    assert_eq!(production, id(&format!("{function}:live"), event(&ann())).await);
    assert_eq!(production, id(&format!("{function}:42"), event(&ann())).await);
    assert_ne!(production, id(&format!("{function}-staging"), event(&ann())).await);
    assert_ne!(
        production,
        id(&function.replace("123456789012", "210987654321"), event(&ann())).await
    );
    assert_ne!(production, id(function, event_of(SECOND, &ann())).await);
}

#[tokio::test]
async fn trigger_id_identifies_events_whatever_their_body() {
    let shouted = event_of(&FIRST.to_uppercase(), &ann());
    let events = [event(&ann()), shouted, event(&ben()), event_of(SECOND, &ann())];
    let [first, shouted, another_body, second] = ids_of(UNNAMED, events).await;
    assert_eq!([&shouted, &another_body], [&first, &first]);
    assert_ne!(second, first);
}

#[tokio::test]
async fn idempotency_falls_back_to_event_content_without_a_trigger_id() {
    let from_ory = |ctx: Value| event(&ctx).without_trigger();
    let events = [from_ory(ann()), from_ory(ann()), event_of("no uuid", &ann()), from_ory(ben())];
    let [first, again, no_uuid, other] = ids_of(UNNAMED, events).await;
    assert_eq!([&again, &no_uuid], [&first, &first]);
    assert_ne!(other, first);
}

#[tokio::test]
async fn template_idempotency_key_sets_the_message_id() {
    let named = "function(ctx) { userId: ctx.identity.id, idempotency_key: ctx.identity.id }";
    let events = || [event(&ann()), event_of(SECOND, &ann()), event_of(SECOND, &ben())];
    let [first, second, ben] = ids_of(named, events()).await;
    assert_eq!(first, second);
    assert_ne!(first, ben);
    assert_ne!([first.clone(), second, ben], ids_of(UNNAMED, events()).await);
    let function = "arn:aws:lambda:eu-central-1:123456789012:function:identify";
    let elsewhere = setup().await.with(|deployment| deployment.arn(function)).template(named);
    assert_ne!(first, id_of(elsewhere, event(&ann())).await);
}

#[tokio::test]
async fn template_idempotency_key_is_internal_and_the_answer_has_the_event_id() {
    let code = "function(ctx) { userId: 'ann', idempotency_key: ctx.identity.traits.email }";
    let mut identify = start_with(code).await;
    let answer = identify.call(event(&ann())).await;
    assert_eq!(answer.body["id"], FIRST);
    let body = identify.received_once().body;
    assert_eq!(body.get("idempotency_key"), None);
    assert!(!body.to_string().contains("ann@example.com"), "{body:#}");
}
