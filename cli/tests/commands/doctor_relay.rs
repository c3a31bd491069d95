//! `doctor`, on the stack of a relay.

use fakes::FakeDynamoDb;
use serde_json::Value;
use shared::idempotency::KEY_ATTRIBUTE;

use crate::world::World;

const TABLE: &str = "ory-slack-Records-1A2B";
const SECRET: &str = "ory-slack/relay";

/// A relay that holds calls in doubt, and its table.
struct Relay {
    world: World,
    _dynamo_db: FakeDynamoDb,
}

impl Relay {
    /// Another function answers for it: to a caller without an event, all that Ory calls answer alike.
    async fn start() -> Self {
        let mut world = World::start().await;
        let dynamo_db = FakeDynamoDb::start(0).await.unwrap();
        dynamo_db.create_table(TABLE, KEY_ATTRIBUTE);
        world.variable("AWS_ENDPOINT_URL_DYNAMODB", &dynamo_db.url());
        world.no_output_but(&[
            "OryWebhookSecretId",
            "StackVersion",
            "WebhookApiKeyName",
            "AlarmTopicArn",
        ]);
        world.output("RelayUrl", &world.stack.function_url("segment-identify"));
        world.output("RelayPreset", "slack");
        world.output("RelaySecretId", SECRET);
        world.output("RecordsTable", TABLE);
        world.secret(SECRET, r#"{"url_path":"https://hooks.slack.com/services/T/B/canary"}"#);
        Self { world, _dynamo_db: dynamo_db }
    }

    /// The exit code, and the findings.
    async fn examine(&self) -> (Option<i32>, Vec<Value>) {
        let done = self.world.examine(&["--format", "json"]).await;
        let findings = serde_json::from_str(&done.stdout);
        (done.status, findings.unwrap_or_else(|_| panic!("{done:?}")))
    }
}

fn with<'a>(findings: &'a [Value], verdict: &str) -> Vec<&'a Value> {
    findings.iter().filter(|one| one["verdict"] == verdict).collect()
}

#[tokio::test]
async fn healthy_relay_passes_and_its_vendor_is_not_called() {
    let (status, findings) = Relay::start().await.examine().await;
    assert_eq!(status, Some(0), "{findings:#?}");
    let checks: Vec<_> = findings.iter().map(|one| one["check"].as_str().unwrap()).collect();
    let expected = [
        "Stack: version",
        "relay: preset",
        "relay: origin",
        "relay: secret",
        "relay: secret at the vendor",
        "relay: idempotency store",
        "Ory webhook key: secret",
        "relay: URL",
        "relay: authentication",
        "relay: Ory webhooks",
        "Ory: lint",
        "Alarms: receivers",
    ];
    assert_eq!(checks, expected);
    let [only] = with(&findings, "unknown")[..] else { panic!("{findings:#?}") };
    assert_eq!(only["check"], "relay: secret at the vendor");
    assert_eq!(only["found"], "not checked: this would need a call to the vendor");
}

#[tokio::test]
async fn preset_that_repeats_needs_no_table() {
    let mut relay = Relay::start().await;
    relay.world.output("RelayPreset", "hubspot");
    relay.world.no_output("RecordsTable");
    relay.world.secret(SECRET, r#"{"token":"canary-0123456789"}"#);
    let (status, findings) = relay.examine().await;
    assert_eq!(status, Some(0), "{findings:#?}");
    let table = findings.iter().find(|one| one["check"] == "relay: idempotency store").unwrap();
    assert_eq!(table["found"], "not needed: a call in doubt is repeated");
}

#[tokio::test]
async fn preset_in_a_layer_is_checked_by_what_the_parameters_say() {
    let mut relay = Relay::start().await;
    relay.world.output("RelayPreset", "file:///opt/own.json");
    relay.world.output("RelayOrigin", "https://vendor.example");
    relay.world.output("RelayAuth", "basic");
    relay.world.output("RelayOnInDoubt", "hold");
    relay.world.secret(SECRET, r#"{"username":"canary","password":"canary"}"#);
    let (status, findings) = relay.examine().await;
    assert_eq!(status, Some(0), "{findings:#?}");
    assert_eq!(with(&findings, "unknown").len(), 2, "{findings:#?}");
}

/// What is broken, the check that finds it, and what it finds.
type Row = (fn(&mut World), &'static str, &'static str);

const TABLE_OF_FAULTS: [Row; 11] = [
    (|world| world.output("RelayPreset", "fax"), "relay: preset", "there is no preset fax"),
    (
        |world| world.output("RelayOrigin", "http://hooks.slack.com"),
        "relay: origin",
        "wanted an https URL",
    ),
    (
        |world| {
            world.output("RelayPreset", "webhook");
            world.secret(SECRET, r#"{"signing_key":"whsec_U0VDUkVULVNFQ1JFVC1TRUNSRVQ="}"#);
        },
        "relay: origin",
        "the preset has none",
    ),
    (|world| world.secret(SECRET, r#"{"token":"replace-me"}"#), "relay: secret", "no `url_path`"),
    (
        |world| world.secret(SECRET, r#"{"url_path":"YOUR-WEBHOOK-URL"}"#),
        "relay: secret",
        "placeholder",
    ),
    (
        |world| world.secret(SECRET, r#"{"url_path":"https://other.example/canary"}"#),
        "relay: secret",
        "another host",
    ),
    (
        |world| {
            world.output("RelayAuth", "basic");
            world.secret(SECRET, r#"{"username":"canary"}"#);
        },
        "relay: secret",
        "no `password`",
    ),
    (
        |world| {
            world.output("RelayAuth", "signature");
            world.secret(SECRET, r#"{"signing_key":"canary"}"#);
        },
        "relay: secret",
        "not base64",
    ),
    (
        |world| world.output("RecordsTable", "another"),
        "relay: idempotency store",
        "cannot reach the idempotency store",
    ),
    (|world| world.hook_url = Some("https://old.test/"), "relay: Ory webhooks", "no webhook"),
    (|world| world.output("RelayUrl", "http://127.0.0.1:1/"), "relay: URL", "was not written"),
];

#[tokio::test]
async fn each_fault_of_a_relay_is_found_by_its_check() {
    for (break_it, check, part) in TABLE_OF_FAULTS {
        let mut relay = Relay::start().await;
        break_it(&mut relay.world);
        let (status, findings) = relay.examine().await;
        assert_eq!(status, Some(1), "{check} {part}: {findings:#?}");
        let failed = with(&findings, "fail");
        let found = failed.iter().find(|one| one["check"] == check);
        let found = found.unwrap_or_else(|| panic!("{check} {part}: {failed:#?}"));
        assert!(found["found"].as_str().unwrap().contains(part), "{part}: {found}");
        assert_ne!(found["fix"], "", "{part}");
    }
}
