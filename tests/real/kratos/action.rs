//! What `action` prints: Kratos starts with it, and calls the hook with its tag.

use fakes::WEBHOOK_KEY;
use lint::kratos::{Flow, Method};
use ory_actions::action::Format;
use serde_json::Value;

use super::{
    config::{Config, print_action, session},
    front::Front,
    person::{Person, go_through_each_flow},
    process::{Kratos, refused_by},
    recorder::{Recorded, Recorder},
    world::World,
};

const ANN: &str = "ann@example.com";
const NEW: &str = "ann.lee@example.com";

/// For these methods, or for those that matter. All functions are called alike.
fn printed(flow: Flow, methods: &[Method], parse: bool, url: &str) -> String {
    print_action(Format::Yaml, flow, methods, parse, url)
}

/// The methods that a Kratos without a licence knows.
fn open(flow: Flow) -> Vec<Method> {
    flow.methods().iter().copied().filter(|method| *method != Method::Saml).collect()
}

#[tokio::test]
async fn kratos_starts_with_the_printed_configuration() {
    for parse in [false, true] {
        let mut config = Config::new();
        for flow in Flow::ALL.into_iter().filter(|flow| !parse || flow.saves_what_hooks_answer()) {
            let url = "https://abc.lambda-url.eu-central-1.on.aws/";
            config = config.with(&printed(flow, &open(flow), parse, url));
        }
        let kratos = Kratos::start(&config).await;
        assert_eq!(Person::of(&kratos).begin("registration").await.status, 200);
        assert_eq!(Person::of(&kratos).begin("login").await.status, 200);
    }
}

#[tokio::test]
async fn saml_hooks_require_the_saml_method() {
    for flow in [Flow::Registration, Flow::Login, Flow::Settings] {
        let yaml = printed(flow, &[Method::Saml], false, "https://abc.test/");
        let why = refused_by(&Config::new().with(&yaml)).await;
        assert!(why.contains("saml"), "{why}");
    }
}

/// What a hook was told of itself.
fn tag(hook: &Value) -> (&str, &str, &str) {
    let word = |key: &str| hook["hook"][key].as_str().unwrap();
    (word("flow"), word("method"), word("when"))
}

#[tokio::test]
async fn each_hook_is_called_with_its_tag_and_the_key() {
    let recorder = Recorder::start().await;
    let config = [Flow::Registration, Flow::Login, Flow::Settings]
        .map(|flow| printed(flow, &[], false, &recorder.url(&format!("/{flow}"))));
    let config = config.iter().fold(Config::new(), |all, yaml| all.with(yaml));
    let kratos = Kratos::start(&config).await;
    go_through_each_flow(&kratos, ANN, NEW).await;

    let hooks = recorder.until_called(3).await;
    let key = |hook: &Recorded| hook.header("authorization").map(str::to_owned);
    assert!(hooks.iter().all(|hook| key(hook).as_deref() == Some(WEBHOOK_KEY)));
    let mut tags: Vec<_> = hooks.iter().map(|hook| tag(&hook.body)).collect();
    tags.sort_unstable();
    let expected = [
        ("login", "password", "after_save"),
        ("registration", "password", "after_save"),
        ("settings", "profile", "after_save"),
    ];
    assert_eq!(tags, expected);
    for hook in &hooks {
        assert_eq!(hook.path, format!("/{}", tag(&hook.body).0));
    }
}

#[tokio::test]
async fn parsed_hook_is_called_before_the_identity_is_saved() {
    let recorder = Recorder::start().await;
    let config = [Flow::Registration, Flow::Settings]
        .map(|flow| printed(flow, &[], true, &recorder.url("/")));
    let config = config.iter().fold(Config::new(), |all, yaml| all.with(yaml));
    let kratos = Kratos::start(&config).await;
    go_through_each_flow(&kratos, ANN, NEW).await;
    let hooks = recorder.recorded();
    let tags: Vec<_> = hooks.iter().map(|hook| tag(&hook.body)).collect();
    let expected =
        [("registration", "password", "before_save"), ("settings", "profile", "before_save")];
    assert_eq!(tags, expected);
}

#[tokio::test]
async fn functions_work_behind_the_printed_hooks() {
    let world = World::start().await;
    let welcome = Front::start(world.function(mandrill_welcome::NAME)).await;
    let password = &[Method::Password][..];
    let yaml = printed(Flow::Registration, password, false, &welcome.url());
    let config = Config::new().with(&yaml).and_after("registration", "password", &session());
    let kratos = Kratos::start(&config).await;
    let registered = Person::of(&kratos).register(ANN).await;
    assert!(registered.body["session_token"].is_string(), "signing up signs in");
    let calls = welcome.until_called(1).await;
    assert_eq!(calls[0].answer.row(), (200, "delivered"));
    assert_eq!(tag(&calls[0].body), ("registration", "password", "after_save"));
    assert_eq!(world.mails(), [ANN]);
}
