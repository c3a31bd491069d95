//! `mandrill-webhook`, on an account with and without the webhook.

use fakes::FakeSecretsManager;
use ory_actions::up::local::{LocalStack, MANDRILL_WEBHOOK_URL, Mode, PortNumbers};
use serde_json::{Value, json};

use crate::world::{Done, MAILCHIMP_KEY, MANDRILL_KEY, run};

const SECRET: &str = "webhook";

/// A local stack, whose function answers Mandrill, and a secret of its own.
struct World {
    stack: LocalStack,
    secrets: FakeSecretsManager,
    key: &'static str,
}

impl World {
    async fn start() -> Self {
        let stack = LocalStack::start(PortNumbers::default(), Mode::DEPLOYED).await.unwrap();
        stack.fakes.mandrill.set_key(MANDRILL_KEY);
        let secrets = FakeSecretsManager::start(0).await.unwrap();
        secrets.put(SECRET, "replace-me");
        Self { stack, secrets, key: MANDRILL_KEY }
    }

    fn url(&self) -> String {
        self.stack.function_url("mandrill-inbound")
    }

    async fn run_for(&self, url: &str, arguments: &[&str]) -> Done {
        let (mandrill, secrets) = (self.stack.fakes.mandrill.url(), self.secrets.url());
        let environment = [
            ("MANDRILL_URL", mandrill.as_str()),
            ("MANDRILL_API_KEY", self.key),
            ("AWS_ENDPOINT_URL", &secrets),
            ("AWS_ACCESS_KEY_ID", "anybody"),
            ("AWS_SECRET_ACCESS_KEY", "anything"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        let done =
            run(&[&["mandrill-webhook", "--url", url], arguments].concat(), &environment).await;
        for shown in [&done.stdout, &done.stderr] {
            assert!(!shown.contains("webhook-key-"), "{shown}");
        }
        done
    }

    async fn run(&self, arguments: &[&str]) -> Done {
        self.run_for(&self.url(), arguments).await
    }

    /// The methods and the bodies of the calls that change something.
    fn changes(&self) -> Vec<(String, Value)> {
        let calls = self.stack.fakes.mandrill.take_received().into_iter();
        let changes = calls.filter(|call| call.method != "webhooks/list");
        changes
            .map(|mut call| {
                call.body.as_object_mut().unwrap().remove("key");
                (call.method, call.body)
            })
            .collect()
    }

    fn secret(&self) -> (String, Option<String>) {
        self.secrets.versions(SECRET).unwrap()
    }
}

const DEFAULT: [&str; 5] = ["send", "delivered", "hard_bounce", "reject", "spam"];

#[tokio::test]
async fn nothing_is_sent_without_apply() {
    let world = World::start().await;
    let done = world.run(&["--secret-id", SECRET]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert!(done.stdout.contains("/webhooks/add"), "{done:?}");
    assert!(done.stdout.contains("--secret-id webhook \\\n"));
    assert!(done.stdout.contains(&format!("MandrillWebhookUrl={}", world.url())), "{done:?}");
    assert!(done.stderr.contains("Nothing was sent"), "{done:?}");
    assert!(world.stack.fakes.mandrill.take_received().is_empty());
}

#[tokio::test]
async fn webhook_is_made_once_and_its_key_kept() {
    let world = World::start().await;
    let apply = ["--apply", "--yes", "--secret-id", SECRET];
    let done = world.run(&apply).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    let url = world.url();
    let made = json!({"url": url, "description": "mandrill-inbound", "events": DEFAULT});
    assert_eq!(world.changes(), [("webhooks/add".to_owned(), made)]);
    let (current, previous) = world.secret();
    assert_eq!(previous.as_deref(), Some("replace-me"));
    assert!(current.starts_with(r#"{"webhook_key":"webhook-key-"#), "{current}");

    let again = world.run(&apply).await;
    assert_eq!(again.status, Some(0), "{again:?}");
    assert!(again.stdout.contains("The secret has its key."), "{again:?}");
    assert!(world.changes().is_empty());
    assert_eq!(world.secret(), (current.clone(), previous), "no new version");

    // Somebody resets the key.
    let key = world.stack.fakes.mandrill.reset_webhook_key(&url);
    assert_eq!(world.run(&apply).await.status, Some(0));
    let kept = json!({"webhook_key": key}).to_string();
    assert_eq!(world.secret(), (kept, Some(current)), "both are accepted");
}

#[tokio::test]
async fn webhook_with_other_events_is_changed_and_keeps_its_key() {
    let world = World::start().await;
    let events = ["--apply", "--yes", "--events", "hard_bounce,spam"];
    assert_eq!(world.run(&events).await.status, Some(0));
    let (_, made) = world.changes().remove(0);
    assert_eq!(made["events"], json!(["hard_bounce", "spam"]));
    let done = world.run(&["--apply", "--yes"]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    let [(method, changed)] = &world.changes()[..] else { panic!("{done:?}") };
    assert_eq!((&**method, &changed["events"]), ("webhooks/update", &json!(DEFAULT)));
    assert!(done.stdout.contains("aws secretsmanager put-secret-value"), "{done:?}");
}

#[tokio::test]
async fn webhook_whose_url_does_not_answer_is_refused() {
    let world = World::start().await;
    let done =
        world.run_for("http://127.0.0.1:1/", &["--apply", "--yes", "--secret-id", SECRET]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.stderr.contains("check that the function is deployed"), "{done:?}");
    assert_eq!(world.secret().0, "replace-me");
}

#[tokio::test]
async fn several_webhooks_with_the_url_are_refused() {
    let world = World::start().await;
    world.stack.fakes.mandrill.put_webhook(MANDRILL_WEBHOOK_URL, "canary");
    let done = world.run_for(MANDRILL_WEBHOOK_URL, &["--apply", "--yes"]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.stderr.contains("2 webhooks with this URL"), "{done:?}");
    assert!(world.changes().is_empty());
}

#[tokio::test]
async fn without_a_terminal_nothing_is_changed_unless_yes_is_said() {
    let world = World::start().await;
    let done = world.run(&["--apply"]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.stderr.contains("--yes"), "{done:?}");
    assert!(world.changes().is_empty());
}

#[tokio::test]
async fn missing_secret_is_reported() {
    let world = World::start().await;
    let done = world.run(&["--apply", "--yes", "--secret-id", "none"]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.stderr.contains("ResourceNotFoundException"), "{done:?}");
}

#[tokio::test]
async fn unusable_key_or_argument_is_explained() {
    let mut world = World::start().await;
    let table = [
        ("", 2, "MANDRILL_API_KEY is not set"),
        (MAILCHIMP_KEY, 2, "not a Mandrill API key"),
        ("md-canary-another", 1, "Mandrill rejects the API key: Invalid_Key"),
    ];
    for (key, status, part) in table {
        world.key = key;
        let done = world.run(&["--apply", "--yes"]).await;
        assert_eq!(done.status, Some(status), "{done:?}");
        assert!(done.stderr.contains(part), "{done:?}");
    }
    for (url, arguments, part) in [
        ("http://a.test/", vec![], "expected https"),
        ("https://replace-me.invalid/", vec![], "a placeholder"),
        ("https://a.test/", vec!["--events", "open"], "invalid value 'open'"),
        ("https://a.test/", vec!["--yes"], "--apply"),
    ] {
        let done = world.run_for(url, &arguments).await;
        assert_eq!(done.status, Some(2), "{done:?}");
        assert!(done.stderr.contains(part), "{done:?}");
    }
    assert!(world.changes().is_empty());
}
