//! `REPLY_TEMPLATE`: what a function answers becomes part of the identity in Kratos' database.

use serde_json::{Value, json};

use super::{
    config::{Config, forward, parsed_hook, session},
    front::Front,
    person::Person,
    process::Kratos,
    world::World,
};

const ANN: &str = "ann@example.com";

fn ann() -> Value {
    json!({
        "email": ANN, "name": {"first": "Ann", "last": "Lee"}, "consent": {"newsletter": true},
    })
}

#[tokio::test]
async fn metadata_is_added_and_no_trait_is_lost() {
    let code = "function(ctx, outcome) { identity: {
        traits: { name: { last: 'Low' } },
        metadata_public: { [ctx.hook.flow]: outcome.status },
        metadata_admin_replace: { seen: ctx.hook.flow },
    } }";
    let world = World::start().await;
    let replying = world.function(segment_identify::NAME).template("REPLY_TEMPLATE", code);
    let identify = Front::start(replying).await;
    let hook = |flow, method| parsed_hook(&identify.url(), &forward(flow, method, "before_save"));
    let config = Config::new()
        .after("registration", "password", &[hook("registration", "password"), session()])
        .after("settings", "profile", &[hook("settings", "profile")]);
    let kratos = Kratos::start(&config).await;

    let mut person = Person::of(&kratos);
    assert_eq!(person.register_with(ann()).await.status, 200);
    let saved = kratos.identity_of(ANN).await.unwrap();
    let mut traits = ann();
    traits["name"]["last"] = json!("Low");
    assert_eq!(saved["traits"], traits);
    assert_eq!(saved["metadata_public"], json!({"registration": "skipped"}));
    assert_eq!(saved["metadata_admin"], json!({"seen": "registration"}));

    traits["consent"] = json!({"newsletter": false});
    assert_eq!(person.change(traits.clone()).await.status, 200);
    let changed = kratos.identity_of(ANN).await.unwrap();
    assert_eq!(changed["traits"], traits);
    let both = json!({"registration": "skipped", "settings": "skipped"});
    assert_eq!(changed["metadata_public"], both);
    assert_eq!(changed["metadata_admin"], json!({"seen": "settings"}));
}

#[tokio::test]
async fn template_messages_are_shown_in_the_form() {
    let code = "function(ctx, outcome) { messages: [{
        instance_ptr: '#/traits/name/last',
        messages: [{ id: 4711, type: 'error', text: 'Not this one.', context: {} }],
    }] }";
    let world = World::start().await;
    let replying = world.function(segment_identify::NAME).template("REPLY_TEMPLATE", code);
    let identify = Front::start(replying).await;
    let template = forward("registration", "password", "before_save");
    let hooks = [parsed_hook(&identify.url(), &template), session()];
    let kratos = Kratos::start(&Config::new().after("registration", "password", &hooks)).await;
    let refused = Person::of(&kratos).register_with(ann()).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.messages_at("traits.name.last")[0]["text"], "Not this one.");
    assert_eq!(kratos.identity_of(ANN).await, None);
}
