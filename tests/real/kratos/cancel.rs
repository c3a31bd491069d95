//! `error "cancel…"`: a template that has nothing to tell.

use serde_json::json;

use super::{
    config::{Config, forward, session, web_hook},
    front::Front,
    person::Person,
    process::Kratos,
    recorder::Recorder,
    world::World,
};

const ANN: &str = "ann@example.com";

/// Fails with what the person's name says, and where it says nothing, with a missing field.
const FAILS: &str = "function(ctx)
    if std.objectHas(ctx.identity.traits, 'name')
    then error ctx.identity.traits.name.first
    else { id: ctx.identity.id, of: ctx.transient_payload.custom_data }";

/// Signs people up past a hook with this template and this type of content. A name is the text of
/// the template's error; the status for each, and how often the hook's target was called.
async fn sign_up_past(
    template: &str,
    content_type: &str,
    names: &[Option<&str>],
) -> Vec<(u16, usize)> {
    let recorder = Recorder::start().await;
    let mut hook = web_hook(&recorder.url("/"), template);
    hook["config"]["headers"] = json!({"Content-Type": content_type});
    let config = Config::new().after("registration", "password", &[hook, session()]);
    let kratos = Kratos::start(&config).await;
    let mut outcomes = Vec::new();
    for (n, name) in names.iter().enumerate() {
        let mut traits = json!({"email": format!("person-{n}@example.com")});
        if let Some(name) = name {
            traits["name"] = json!({"first": name});
        }
        let before = recorder.recorded().len();
        let registered = Person::of(&kratos).register_with(traits).await;
        outcomes.push((registered.status, recorder.recorded().len() - before));
    }
    outcomes
}

#[tokio::test]
async fn error_starting_with_cancel_in_a_kratos_template_cancels() {
    let texts = ["cancel", "cancelled by consent", "cancel: a test account"].map(Some);
    let outcomes = sign_up_past(FAILS, "application/json", &texts).await;
    assert_eq!(outcomes, [(200, 0); 3]);
}

#[tokio::test]
async fn other_template_errors_break_the_flow() {
    let texts = [Some("Cancel"), Some("please cancel"), None];
    let outcomes = sign_up_past(FAILS, "application/json", &texts).await;
    assert_eq!(outcomes, [(400, 0); 3]);
}

#[tokio::test]
async fn cancel_in_a_form_template_breaks_the_flow() {
    let form = "application/x-www-form-urlencoded";
    assert_eq!(sign_up_past(FAILS, form, &[Some("cancel")]).await, [(400, 0)]);
    let template = "function(ctx) { id: ctx.identity.id }";
    assert_eq!(sign_up_past(template, form, &[None]).await, [(200, 1)]);
}

#[tokio::test]
async fn cancel_in_our_template_is_a_204_that_kratos_accepts() {
    let world = World::start().await;
    let code = "function(ctx) error 'cancelled by consent'";
    let cancelling = world.function(mandrill_welcome::NAME).template("TEMPLATE", code);
    let welcome = Front::start(cancelling).await;
    let template = forward("registration", "password", "after_save");
    let hooks = [web_hook(&welcome.url(), &template), session()];
    let kratos = Kratos::start(&Config::new().after("registration", "password", &hooks)).await;
    assert_eq!(Person::of(&kratos).register(ANN).await.status, 200);
    assert_eq!(welcome.calls()[0].answer.status, 204);
    assert!(world.mails().is_empty());
}
