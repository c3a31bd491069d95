//! From Mailchimp to Kratos: consent that is withdrawn at Mailchimp is withdrawn in Kratos.

use integration::{Event, Sandbox};
use serde_json::{Value, json};

use super::{
    config::{Config, session},
    person::Person,
    process::Kratos,
    world::World,
};

const ANN: &str = "ann@example.com";

/// The function, beside a Kratos where somebody signed up who wants the newsletter.
async fn start(world: &World) -> (Kratos, Sandbox) {
    let config = Config::new().after("registration", "password", &[session()]);
    let kratos = Kratos::start(&config).await;
    let traits = json!({
        "email": ANN, "name": {"first": "Ann"}, "consent": {"newsletter": true},
    });
    assert_eq!(Person::of(&kratos).register_with(traits).await.status, 200);
    let deployment = world.function(mailchimp_inbound::NAME).var("ORY_URL", kratos.admin());
    // A Kratos of one's own asks for no token.
    let sandbox = deployment.without("ORY_SECRET_ID").start().await;
    (kratos, sandbox)
}

fn event(kind: &str, fired_at: &str, data: &str) -> Event {
    let form = format!(
        "type={kind}&fired_at={fired_at}&data[list_id]=a6b5da1054&data[email]=ann%40example.com{data}"
    );
    let form = form.replace('[', "%5B").replace(']', "%5D");
    Event::of_mailchimp(form).query("secret=local-mailchimp-secret")
}

#[tokio::test]
async fn unsubscribe_withdraws_consent_once() {
    let world = World::start().await;
    let (kratos, mut inbound) = start(&world).await;
    let before = kratos.identity_of(ANN).await.unwrap();
    let unsubscribe = event("unsubscribe", "2026-01-31+11%3A19%3A37", "&data[action]=unsub");

    assert_eq!(inbound.invoke(unsubscribe.clone()).await.row(), (200, "delivered"));
    let withdrawn = kratos.identity_of(ANN).await.unwrap();
    let mut expected = before["traits"].clone();
    expected["consent"]["newsletter"] = json!(false);
    assert_eq!(withdrawn["traits"], expected, "consent, and nothing else");
    for kept in ["id", "schema_id", "state", "metadata_public", "metadata_admin"] {
        assert_eq!(withdrawn[kept], before[kept], "{kept}");
    }
    let by = |identity: &Value| identity["credentials"]["password"]["identifiers"].clone();
    assert_eq!(by(&withdrawn), by(&before));
    let tracked = world.fakes.segment.take_received();
    assert_eq!(tracked.len(), 1);
    assert_eq!(tracked[0].body["userId"], before["id"]);
    assert_eq!(tracked[0].body["traits"]["newsletterConsent"], false);

    assert_eq!(inbound.invoke(unsubscribe).await.row(), (200, "duplicate"));
    assert_eq!(kratos.identity_of(ANN).await.unwrap(), withdrawn, "not even its time of update");
    assert!(world.fakes.segment.take_received().is_empty());
}

#[tokio::test]
async fn person_can_still_sign_in() {
    let world = World::start().await;
    let (kratos, mut inbound) = start(&world).await;
    let unsubscribe = event("unsubscribe", "2026-01-31+11%3A19%3A37", "&data[action]=unsub");
    assert_eq!(inbound.invoke(unsubscribe).await.status, 200);
    assert_eq!(Person::of(&kratos).log_in(ANN).await.status, 200);
}

#[tokio::test]
async fn bounce_is_written_to_null_metadata() {
    let world = World::start().await;
    let (kratos, mut inbound) = start(&world).await;
    let before = kratos.identity_of(ANN).await.unwrap();
    assert_eq!(before["metadata_public"], json!(null));
    let cleaned = event("cleaned", "2026-01-31+11%3A19%3A38", "&data[reason]=hard");
    assert_eq!(inbound.invoke(cleaned).await.row(), (200, "delivered"));
    let marked = kratos.identity_of(ANN).await.unwrap();
    assert_eq!(marked["metadata_public"], json!({"mailchimp": {"undeliverable": ANN}}));
    assert_eq!(marked["traits"], before["traits"]);
}

#[tokio::test]
async fn own_patch_is_recognized_by_its_time_and_a_newer_subscribe_gives_consent() {
    let world = World::start().await;
    let (kratos, mut inbound) = start(&world).await;
    let unsubscribe = event("unsubscribe", "2026-01-31+11%3A19%3A37", "&data[action]=unsub");
    assert_eq!(inbound.invoke(unsubscribe).await.row(), (200, "delivered"));
    // Fired long before Kratos wrote our patch, and after the unsubscribe.
    let subscribe = event("subscribe", "2026-01-31+11%3A19%3A38", "");
    assert_eq!(inbound.invoke(subscribe).await.row(), (200, "delivered"));
    let identity = kratos.identity_of(ANN).await.unwrap();
    assert_eq!(identity["traits"]["consent"]["newsletter"], true);
}

#[tokio::test]
async fn consent_withdrawn_in_settings_is_not_restored() {
    let world = World::start().await;
    let config = Config::new().after("registration", "password", &[session()]);
    let kratos = Kratos::start(&config).await;
    let mut ann = Person::of(&kratos);
    let traits = |newsletter: bool| json!({"email": ANN, "consent": {"newsletter": newsletter}});
    assert_eq!(ann.register_with(traits(true)).await.status, 200);
    let deployment = world.function(mailchimp_inbound::NAME).var("ORY_URL", kratos.admin());
    let mut inbound = deployment.without("ORY_SECRET_ID").start().await;
    assert_eq!(ann.change(traits(false)).await.status, 200);
    let subscribe = event("subscribe", "2026-01-31+11%3A19%3A38", "");
    let answer = inbound.invoke(subscribe).await;
    assert_eq!(answer.body, json!({"status": "skipped", "reason": "stale consent"}));
    let identity = kratos.identity_of(ANN).await.unwrap();
    assert_eq!(identity["traits"]["consent"]["newsletter"], false);
    assert!(world.fakes.segment.take_received().is_empty());
}

#[tokio::test]
async fn kratos_404_for_an_identity_differs_from_a_wrong_path() {
    let world = World::start().await;
    let (kratos, mut inbound) = start(&world).await;
    let nobody = "&data[merges][ORY_ID]=000000c3-1111-4111-8111-0000000000c3";
    let unsubscribe = event("unsubscribe", "2026-01-31+11%3A19%3A37", nobody);
    assert_eq!(inbound.invoke(unsubscribe).await.row(), (200, "delivered"), "by the address");

    let wrong = format!("{}/admin", kratos.admin());
    let deployment = world.function(mailchimp_inbound::NAME).var("ORY_URL", wrong);
    let mut inbound = deployment.without("ORY_SECRET_ID").start().await;
    let unsubscribe = event("unsubscribe", "2026-01-31+11%3A19%3A38", nobody);
    assert_eq!(inbound.invoke(unsubscribe).await.status, 503);
}
