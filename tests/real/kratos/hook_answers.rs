//! How Kratos handles hook responses.

use fakes::server::FakeReply;
use serde_json::{Value, json};

use super::{
    config::{ALL, Config, parsed_hook, session, web_hook},
    person::Person,
    process::Kratos,
    recorder::Recorder,
};

/// What Kratos says where a hook's target answers something else than it can use.
const IMPROPER: &str =
    "A third-party upstream service responded improperly. Please try again later.";

/// One kind of answer, and what comes of it.
struct Row {
    reply: FakeReply,
    /// What the person is told: the status, and a part of the body.
    shown: (u16, &'static str),
    /// How often the target is called.
    calls: usize,
}

fn row(reply: FakeReply, shown: (u16, &'static str), calls: usize) -> Row {
    Row { reply, shown, calls }
}

fn empty(status: u16) -> FakeReply {
    FakeReply::text(status, "text/plain", "")
}

/// An error as Ory's own messages have it.
fn messages(status: u16) -> FakeReply {
    FakeReply::json(
        status,
        &json!({"messages": [{"instance_ptr": "#/", "messages": [
            {"id": 8_100_503, "text": "Not now.", "type": "error", "context": {}},
        ]}]}),
    )
}

fn error_only(status: u16) -> FakeReply {
    FakeReply::json(status, &json!({"error": "Unauthorized"}))
}

/// Signs up a person for each row; whether they exist afterwards is what `saves` says of the
/// status that they were told.
async fn play(hook: fn(&str, &str) -> Value, rows: Vec<Row>, saves: fn(u16) -> bool) {
    let recorder = Recorder::start().await;
    let hooks = [hook(&recorder.url("/"), ALL), session()];
    let kratos = Kratos::start(&Config::new().after("registration", "password", &hooks)).await;
    for (n, Row { reply, shown: (status, why), calls }) in rows.into_iter().enumerate() {
        let email = format!("person-{n}@example.com");
        let case = format!("{n}: {reply:?}");
        recorder.reply_about(&email, reply);
        let answered = Person::of(&kratos).register(&email).await;
        assert_eq!(answered.status, status, "{case}: {}", answered.body);
        let said = answered.body.to_string();
        assert!(said.contains(why), "{case}: {said}");
        // An error that Kratos did not expect is a 400 whose body says 500.
        if answered.body.get("error").is_some() {
            let code = if status == 400 { 500 } else { status.into() };
            assert_eq!(answered.error().0, code, "{case}");
        }
        assert_eq!(recorder.about(&email).len(), calls, "{case}");
        let is_saved = kratos.identity_of(&email).await.is_some();
        assert_eq!(is_saved, saves(status), "{case}");
    }
}

#[tokio::test]
async fn parsed_hook_answers() {
    let accepted = json!({"status": "accepted", "id": "1"});
    let rows = vec![
        row(empty(204), (200, ""), 1),
        row(empty(201), (200, ""), 1),
        row(FakeReply::json(202, &accepted), (200, ""), 1),
        row(FakeReply::json(200, &accepted), (200, ""), 1),
        row(FakeReply::json(200, &json!({})), (200, ""), 1),
        row(FakeReply::json(200, &json!({"identity": {}})), (200, ""), 1),
        row(empty(200), (400, "could not be unmarshalled properly from JSON"), 1),
        row(FakeReply::text(200, "text/plain", "OK"), (400, "could not be unmarshalled"), 1),
        row(messages(400), (400, "Not now."), 1),
        row(messages(401), (400, "Not now."), 1),
        row(messages(403), (400, "Not now."), 1),
        row(messages(422), (400, "Not now."), 1),
        row(messages(501), (400, "Not now."), 1),
        row(error_only(401), (400, "got no validation errors"), 1),
        row(FakeReply::json(400, &json!({"messages": []})), (400, "got no validation errors"), 1),
        row(empty(403), (400, "could not be unmarshalled properly from JSON"), 1),
        row(messages(503), (400, "giving up after 3 attempt"), 3),
    ];
    play(parsed_hook, rows, |status| status == 200).await;
}

#[tokio::test]
async fn unparsed_hook_answers() {
    let rows = vec![
        row(empty(204), (200, ""), 1),
        row(empty(200), (200, ""), 1),
        row(FakeReply::json(202, &json!({"status": "accepted", "id": "1"})), (200, ""), 1),
        row(messages(400), (502, IMPROPER), 1),
        row(messages(401), (502, IMPROPER), 1),
        row(messages(422), (502, IMPROPER), 1),
        row(messages(501), (502, IMPROPER), 1),
        row(messages(503), (400, "giving up after 3 attempt"), 3),
    ];
    // The identity is there before the hook is called.
    play(web_hook, rows, |_| true).await;
}

#[tokio::test]
async fn failing_hook_leaves_an_identity_that_cannot_sign_up_again() {
    let recorder = Recorder::start().await;
    let hooks = [web_hook(&recorder.url("/"), ALL), session()];
    let kratos = Kratos::start(&Config::new().after("registration", "password", &hooks)).await;
    let ann = "ann@example.com";
    recorder.reply_about(ann, messages(400));
    let first = Person::of(&kratos).register(ann).await;
    assert_eq!((first.status, first.error()), (502, (502, IMPROPER.to_owned())));
    assert_eq!(first.body.get("session_token"), None);
    recorder.reply_about(ann, empty(204));
    let again = Person::of(&kratos).register(ann).await;
    assert_eq!(again.status, 400);
    assert_eq!(again.body["ui"]["messages"][0]["id"], 4_000_007, "exists already");
    assert_eq!(recorder.about(ann).len(), 1, "and no hook is called");
    assert_eq!(Person::of(&kratos).log_in(ann).await.status, 200);
}
