//! `doctor`, on a stack that is well and on one that is not.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use fakes::{
    function_url_event,
    mailchimp::MergeField,
    ory::person,
    server::{FakeReply, Server},
};
use serde_json::{Value, json};
use shared::{
    aws::Aws,
    config::Environment,
    function::{Function, Invocation},
    http::Client,
    key::FunctionArn,
    lambda::LAMBDA_TIMEOUT,
    settings::Ports,
    telemetry::Sink,
};
use time::OffsetDateTime;

use crate::world::{CANARY, Done, MAILCHIMP_KEY, MANDRILL_KEY, World, run};

#[tokio::test]
async fn healthy_stack_exits_with_0_and_prints_a_table() {
    let examined = World::start().await.examine(&[]).await;
    assert_eq!(examined.status, Some(0), "{examined:?}");
    let rows: Vec<_> = examined.stdout.lines().filter(|line| line.contains(" PASS ")).collect();
    assert_eq!(rows.len(), 23, "{}", examined.stdout);
    assert!(examined.stdout.ends_with("All checks passed.\n"), "{}", examined.stdout);
    assert!(examined.stderr.is_empty(), "{}", examined.stderr);
}

#[tokio::test]
async fn healthy_audience_is_described() {
    let mut world = World::start().await;
    subscribe(&mut world);
    let examined = world.examine(&["--format", "json"]).await;
    assert_eq!(examined.status, Some(0), "{examined:?}");
    let findings: Vec<Value> = serde_json::from_str(&examined.stdout).unwrap();
    assert_eq!(findings.len(), 29);
    let audience = findings.iter().find(|one| one["check"] == "mailchimp-subscribe: audience");
    let found = audience.unwrap()["found"].as_str().unwrap();
    assert!(found.starts_with("a6b5da1054 (Newsletter). Double opt-in: off."), "{found}");
}

#[tokio::test]
async fn doctor_makes_no_call_visible_to_a_person() {
    let mut world = World::start().await;
    subscribe(&mut world);
    world.stack.fakes.ory.put_identity(person("someone", "canary@example.com"));
    world.examine(&[]).await;
    let fakes = &world.stack.fakes;
    let mut methods: Vec<_> =
        fakes.mandrill.take_received().into_iter().map(|call| call.method).collect();
    methods.sort();
    assert_eq!(methods, ["messages/search", "senders/domains", "users/ping2"]);
    let told = fakes.segment.take_received();
    assert!(told.iter().all(|call| call.path.ends_with("/settings")), "{told:?}");
    assert!(fakes.ory.take_received().iter().all(|call| call.method == "GET"));
    assert!(world.mailchimp.take_received().iter().all(|call| call.method == "GET"));
}

/// mandrill-inbound, with a URL of its own, as its webhook at Mandrill has it.
struct Inbound {
    server: Server,
}

impl Inbound {
    async fn deploy(world: &mut World) -> Self {
        let function = Arc::<OnceLock<Arc<dyn Function>>>::default();
        let shared = function.clone();
        let server = Server::start(0, move |request| {
            let function = shared.get().unwrap().clone();
            async move { call(&*function, request).await }
        });
        let inbound = Self { server: server.await.unwrap() };
        world.secret("ory-actions/mandrill-webhook", WEBHOOK_KEY);
        world.stack.fakes.mandrill.put_webhook(&inbound.url(), WEBHOOK_KEY);
        let env = Environment::of([
            ("MANDRILL_WEBHOOK_SECRET_ID", "ory-actions/mandrill-webhook"),
            ("MANDRILL_WEBHOOK_URL", &inbound.url()),
            ("QUEUE_URL", "http://127.0.0.1:1/queue"),
            ("RECORDS_TABLE", "records"),
        ]);
        let client = Client::new().unwrap();
        let aws = Aws::at(&world.stack.fakes.secrets_manager.url(), &client);
        let ports = Ports::on_aws(&aws, client, Sink::Nowhere);
        assert!(function.set(mandrill_inbound::build(&env, &ports).unwrap()).is_ok());
        world.output("MandrillInboundUrl", &inbound.url());
        world.output("MandrillWebhookUrl", &inbound.url());
        world.output("MandrillWebhookSecretId", "ory-actions/mandrill-webhook");
        inbound
    }

    fn url(&self) -> String {
        format!("{}/", self.server.url())
    }
}

const WEBHOOK_KEY: &str = "canary-of-a-webhook-key";

async fn call(function: &dyn Function, request: http::Request<Bytes>) -> FakeReply {
    let ends = OffsetDateTime::now_utc() + LAMBDA_TIMEOUT;
    let invocation = Invocation { arn: FunctionArn::new("arn"), ends };
    let answer = function.accept(function_url_event(request).into(), &invocation).await;
    let answer = answer.into_lambda();
    let mut response = http::Response::new(Bytes::from(answer.body.unwrap_or_default()));
    *response.status_mut() = u16::try_from(answer.status_code).unwrap().try_into().unwrap();
    *response.headers_mut() = answer.headers;
    FakeReply::Answer(response)
}

#[tokio::test]
async fn webhook_of_mandrill_is_well_and_nothing_is_changed() {
    let mut world = World::start().await;
    let _inbound = Inbound::deploy(&mut world).await;
    let examined = world.examine(&["--format", "json"]).await;
    assert_eq!(examined.status, Some(0), "{examined:?}");
    let findings: Vec<Value> = serde_json::from_str(&examined.stdout).unwrap();
    for check in [
        "Mandrill webhook key: secret",
        "mandrill-inbound: webhook URL",
        "mandrill-inbound: URL",
        "mandrill-inbound: authentication",
        "mandrill-inbound: HEAD",
        "mandrill-inbound: webhook",
    ] {
        let found = findings.iter().find(|one| one["check"] == check);
        assert_eq!(found.unwrap()["verdict"], "pass", "{check}");
    }
    let calls = world.stack.fakes.mandrill.take_received();
    let webhooks = calls.iter().filter(|call| call.method.starts_with("webhooks/"));
    assert!(webhooks.map(|call| &*call.method).eq(["webhooks/list"]));
}

#[tokio::test]
async fn every_fault_of_mandrills_webhook_is_found() {
    type Break = fn(&mut World, &Inbound);
    let table: [(Break, &str, &str); 8] = [
        (
            |world, _| world.secret("ory-actions/mandrill-webhook", "replace-me"),
            "Mandrill webhook key: secret",
            "placeholder",
        ),
        (
            |world, _| world.no_output("MandrillWebhookUrl"),
            "mandrill-inbound: webhook URL",
            "is not set",
        ),
        (
            |world, _| world.output("MandrillWebhookUrl", "https://replace-me.invalid/"),
            "mandrill-inbound: webhook URL",
            "placeholder",
        ),
        (
            |world, _| world.output("MandrillWebhookUrl", "https://other.test/"),
            "mandrill-inbound: webhook",
            "none with this URL",
        ),
        (
            |world, inbound| drop(world.stack.fakes.mandrill.reset_webhook_key(&inbound.url())),
            "mandrill-inbound: webhook",
            "another key",
        ),
        (
            |world, inbound| world.stack.fakes.mandrill.put_webhook(&inbound.url(), "another"),
            "mandrill-inbound: webhook",
            "several",
        ),
        (
            |world, _| {
                world.output("MandrillInboundUrl", &world.stack.function_url("mandrill-welcome"));
            },
            "mandrill-inbound: HEAD",
            "responds with 405 to a HEAD",
        ),
        (
            |world, inbound| {
                world.output("MandrillWebhookUrl", inbound.url().trim_end_matches('/'));
            },
            "mandrill-inbound: authentication",
            "does not accept the key",
        ),
    ];
    for (break_it, check, part) in table {
        let mut world = World::start().await;
        let inbound = Inbound::deploy(&mut world).await;
        break_it(&mut world, &inbound);
        let examined = world.examine(&["--format", "json"]).await;
        assert_eq!(examined.status, Some(1), "{check} {part}: {examined:?}");
        let findings: Vec<Value> = serde_json::from_str(&examined.stdout).unwrap();
        let found = findings.iter().find(|one| one["check"] == check).unwrap();
        assert_eq!(found["verdict"], "fail", "{found}");
        assert!(found["found"].as_str().unwrap().contains(part), "{found}");
        assert_ne!(found["fix"], "", "{found}");
    }
}

#[tokio::test]
async fn webhook_is_unknown_without_a_key_of_mandrill() {
    let mut world = World::start().await;
    let _inbound = Inbound::deploy(&mut world).await;
    world.stack.fakes.mandrill.forbid("webhooks/list");
    let examined = world.examine(&["--format", "json"]).await;
    assert_eq!(examined.status, Some(0), "{examined:?}");
    let findings: Vec<Value> = serde_json::from_str(&examined.stdout).unwrap();
    let found = findings.iter().find(|one| one["check"] == "mandrill-inbound: webhook").unwrap();
    assert_eq!(found["verdict"], "unknown", "{found}");
    assert!(found["fix"].as_str().unwrap().contains("webhooks/list"), "{found}");
}

/// Deploys mailchimp-subscribe too. Another function answers for it: to a caller without an event,
/// all that Ory calls answer alike.
fn subscribe(world: &mut World) {
    world.output("MailchimpSubscribeUrl", &world.stack.function_url("segment-identify"));
    world.output("MailchimpListId", "a6b5da1054");
    world.output("MailchimpSecretId", "ory-actions/marketing");
    world.secret("ory-actions/marketing", MAILCHIMP_KEY);
}

/// What is broken, the check that finds it, and what it finds.
type Row = (&'static str, fn(&mut World), &'static str, &'static str);

const TABLE: [Row; 31] = [
    (
        "nobody who receives the alarms",
        |world| world.receivers(0, 0),
        "Alarms: receivers",
        "nobody receives the alarms",
    ),
    (
        "a receiver of the alarms who never confirmed",
        |world| world.receivers(0, 1),
        "Alarms: receivers",
        "the subscription was not confirmed",
    ),
    (
        "nobody filled in Mandrill's key",
        |world| world.secret("ory-actions/mandrill", "replace-me"),
        "Mandrill: secret",
        "placeholder",
    ),
    (
        "a key of Mailchimp Marketing",
        |world| world.secret("ory-actions/mandrill", "canary0123456789-us6"),
        "Mandrill: secret",
        "a Mailchimp Marketing key",
    ),
    (
        "a key that Mandrill does not know",
        |world| world.stack.fakes.mandrill.set_key("another"),
        "Mandrill: API key",
        "Invalid_Key",
    ),
    (
        "a key that may not search",
        |world| world.stack.fakes.mandrill.forbid("messages/search"),
        "Mandrill: search permission",
        "rejected",
    ),
    (
        "a domain that is not verified",
        |world| world.stack.fakes.mandrill.set_domain("shop.test", false),
        "Mandrill: sending domain",
        "no valid DKIM record",
    ),
    (
        "a sender at a reserved domain",
        |world| world.output("FromEmail", "welcome@example.com"),
        "Mandrill: sending domain",
        "welcome@example.com, an address at a reserved example domain",
    ),
    (
        "no sender for the shipped template",
        |world| world.no_output("FromEmail"),
        "Mandrill: sending domain",
        "FROM_EMAIL is not set",
    ),
    (
        "a write key of another shape",
        |world| world.secret("ory-actions/segment", "canary"),
        "Segment: write key",
        "not 32 letters and digits",
    ),
    (
        "a source in the EU",
        |world| world.stack.fakes.segment.set_api_host("events.eu1.segmentapis.com/v1"),
        "Segment: region",
        "the source is at events.eu1.segmentapis.com",
    ),
    (
        "a token of another product",
        |world| world.secret("ory-actions/ory", "md-canary"),
        "Ory: secret",
        "a Mandrill key",
    ),
    (
        "a token that Ory refuses",
        |world| world.stack.fakes.ory.set_token(Some("another")),
        "Ory: admin API",
        "rejected the token: 401",
    ),
    (
        "an OryUrl with /admin",
        |world| world.output("OryUrl", &format!("{}/admin", world.stack.fakes.ory.url())),
        "Ory: admin API",
        "not with a list of identities",
    ),
    (
        "no such secret",
        |world| world.output("SegmentSecretId", "missing"),
        "Segment: secret",
        "ResourceNotFoundException",
    ),
    (
        "a caller's secret that is too short",
        |world| {
            for _ in 0..2 {
                world.secret("ory-actions/webhook", "canary");
            }
        },
        "Ory webhook key: secret",
        "shorter than 16 characters",
    ),
    (
        "a secret of another stack",
        |world| {
            world.secret("other", "canary-of-another-stack");
            world.output("OryWebhookSecretId", "other");
        },
        "segment-identify: authentication",
        "does not accept the key in the secret",
    ),
    (
        "URLs the wrong way round",
        |world| {
            world.output("MailchimpInboundUrl", &world.stack.function_url("mandrill-welcome"));
        },
        "mailchimp-inbound: URL",
        "responds with 405 to a GET, expected 200",
    ),
    (
        "a stack that is gone",
        |world| world.output("MandrillWelcomeUrl", "http://127.0.0.1:1/"),
        "mandrill-welcome: URL",
        "was not written",
    ),
    (
        "a hook that never fires",
        |world| {
            let hook = json!({"hook": "web_hook", "config": {
                "url": "https://a.test/", "method": "POST", "body": "base64://Y3R4",
                "response": {"parse": true},
            }});
            world.extra_hook = Some(hook);
        },
        "Ory: lint",
        "lint finds errors",
    ),
    (
        "hooks that point elsewhere",
        |world| world.hook_url = Some("https://old.test/"),
        "segment-identify: Ory webhooks",
        "no webhook",
    ),
    (
        "a list's id that is mistyped",
        |world| world.output("MailchimpLists", "a6b5da1045"),
        "mailchimp-inbound: lists",
        "closest: a6b5da1054 (Newsletter)",
    ),
    (
        "a list without a webhook to this stack",
        |world| {
            let other =
                world.stack.function_url("mailchimp-inbound").replace("127.0.0.1", "localhost");
            world.output("MailchimpInboundUrl", &other);
        },
        "mailchimp-inbound: webhooks",
        "a6b5da1054 (Newsletter) is accepted, but has no webhook",
    ),
    (
        "a key that Mailchimp does not know",
        |world| world.variable("MAILCHIMP_API_KEY", "canary-another-us6"),
        "Mailchimp: API key",
        "rejected: 401",
    ),
    (
        "Mandrill's key for Mailchimp's",
        |world| world.variable("MAILCHIMP_API_KEY", MANDRILL_KEY),
        "Mailchimp: API key",
        "not a Mailchimp Marketing API key",
    ),
    (
        "Mandrill's key in the secret for Mailchimp's",
        |world| {
            subscribe(world);
            world.secret("ory-actions/marketing", MANDRILL_KEY);
        },
        "mailchimp-subscribe: secret",
        "a Mandrill key",
    ),
    (
        "a key in the secret that Mailchimp does not know",
        |world| {
            subscribe(world);
            world.secret("ory-actions/marketing", "canary-another-us6");
        },
        "mailchimp-subscribe: audience",
        "rejects the key: 401",
    ),
    (
        "a key without a data center",
        |world| {
            subscribe(world);
            world.secret("ory-actions/marketing", "canary0123456789");
        },
        "mailchimp-subscribe: secret",
        "those end in the data center",
    ),
    (
        "an audience that the account does not have",
        |world| {
            subscribe(world);
            world.output("MailchimpListId", "unknown");
        },
        "mailchimp-subscribe: audience",
        "has no audience unknown",
    ),
    (
        "an audience without the merge field",
        |world| {
            subscribe(world);
            world.mailchimp.account(|account| _ = account.audience("b7c6eb2165"));
            world.output("MailchimpListId", "b7c6eb2165");
        },
        "mailchimp-subscribe: ORY_ID",
        "missing",
    ),
    (
        "a merge field that people can change",
        |world| {
            subscribe(world);
            let field = MergeField::new("ORY_ID", "text");
            world.mailchimp.audience(|list| list.put_merge_field(field));
        },
        "mailchimp-subscribe: ORY_ID",
        "public",
    ),
];

#[tokio::test]
async fn each_fault_is_found_by_its_check_and_secrets_are_redacted() {
    for (fault, break_it, check, part) in TABLE {
        let mut world = World::start().await;
        break_it(&mut world);
        let examined = world.examine(&["--format", "json"]).await;
        assert_eq!(examined.status, Some(1), "{fault}: {examined:?}");
        let findings: Vec<Value> = serde_json::from_str(&examined.stdout).unwrap();
        let failed: Vec<_> = findings.iter().filter(|one| one["verdict"] == "fail").collect();
        let found = failed.iter().find(|one| one["check"] == check);
        let found = found.unwrap_or_else(|| panic!("{fault}: {failed:#?}"));
        assert!(found["found"].as_str().unwrap().contains(part), "{fault}: {found}");
        assert_ne!(found["fix"], "", "{fault}");
        for finding in &failed {
            let check = finding["check"].as_str().unwrap();
            assert!(is_about_the_same(check, found["check"].as_str().unwrap()), "{fault}: {check}");
        }
    }
}

/// A fault is found once, or once by each part that it concerns.
fn is_about_the_same(one: &str, other: &str) -> bool {
    let parts = ["Mandrill", "Segment", "Ory:", "mailchimp-inbound", "mandrill-welcome"];
    let callers = ["Ory webhook key", "authentication", "Ory webhooks"];
    one == other
        || parts.iter().any(|part| one.starts_with(part) && other.starts_with(part))
        || callers.iter().any(|part| one.contains(part) && other.contains(part))
        || (one.contains("authentication") && other.contains("Ory webhook key"))
}

#[tokio::test]
async fn timeout_of_one_check_does_not_hide_others() {
    let world = World::start().await;
    world.stack.fakes.mandrill.set_resetting(true);
    world.stack.fakes.segment.reply_next(FakeReply::HangUp);
    let examined = world.examine(&["--format", "json"]).await;
    let findings: Vec<Value> = serde_json::from_str(&examined.stdout).unwrap();
    let unknown = findings.iter().filter(|one| one["verdict"] == "unknown");
    let unknown: Vec<_> = unknown.map(|one| one["check"].as_str().unwrap()).collect();
    let expected = [
        "Mandrill: API key",
        "Mandrill: sending domain",
        "Mandrill: search permission",
        "Segment: region",
    ];
    assert_eq!(unknown, expected);
    assert_eq!(findings.len(), 23);
}

#[tokio::test]
async fn without_aws_credentials_the_other_checks_still_run() {
    let world = World::start().await;
    let examined = world.without("AWS_ACCESS_KEY_ID").examine(&["--format", "json"]).await;
    assert_eq!(examined.status, Some(1));
    let findings: Vec<Value> = serde_json::from_str(&examined.stdout).unwrap();
    let of = |check: &str| findings.iter().find(|one| one["check"] == check).unwrap();
    assert!(of("Mandrill: secret")["fix"].as_str().unwrap().contains("sts get-caller-identity"));
    assert_eq!(of("mandrill-welcome: URL")["verdict"], "pass");
    assert_eq!(of("mandrill-welcome: authentication")["verdict"], "unknown");
}

#[tokio::test]
async fn without_a_mailchimp_key_lists_are_not_compared_and_nothing_fails() {
    let world = World::start().await.without("MAILCHIMP_API_KEY");
    let examined = world.examine(&["--format", "json"]).await;
    assert_eq!(examined.status, Some(0), "{examined:?}");
    let findings: Vec<Value> = serde_json::from_str(&examined.stdout).unwrap();
    let other: Vec<_> = findings.iter().filter(|one| one["verdict"] != "pass").collect();
    let [only] = other[..] else { panic!("{other:#?}") };
    assert_eq!(only["verdict"], "unknown");
    assert_eq!(only["check"], "mailchimp-inbound: webhooks");
    assert!(only["fix"].as_str().unwrap().contains("MAILCHIMP_API_KEY"), "{only}");
}

#[tokio::test]
async fn secret_arn_determines_the_region() {
    let mut world = World::start().await.without("AWS_REGION");
    assert_eq!(world.examine(&[]).await.status, Some(1));
    let arn = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:Mandrill-AbCdEf";
    world.secret(arn, MANDRILL_KEY);
    world.output("MandrillSecretId", arn);
    assert_eq!(world.examine(&[]).await.status, Some(0));
}

#[tokio::test]
async fn missing_stack_name_is_explained() {
    let Done { status, stderr, .. } = run(&["doctor"], &[]).await;
    assert_eq!(status, Some(2));
    assert!(stderr.contains("sam list stack-outputs"), "{stderr}");
    let nowhere = ["doctor", "--outputs", "/does/not/exist.json"];
    let Done { status, stderr, .. } = run(&nowhere, &[]).await;
    assert_eq!(status, Some(2));
    assert!(stderr.contains("cannot read /does/not/exist.json"), "{stderr}");
}

#[tokio::test]
async fn invalid_configuration_is_not_echoed() {
    let mut world = World::start().await;
    world.ory_config = Some(format!("key: [{CANARY}"));
    let examined = world.examine(&[]).await;
    assert_eq!(examined.status, Some(2));
    assert!(examined.stderr.contains("not valid YAML or JSON"), "{}", examined.stderr);
    for no_configuration in [json!({"selfservice": CANARY}), json!({"a": CANARY}), json!(CANARY)] {
        world.ory_config = Some(no_configuration.to_string());
        let examined = world.examine(&[]).await;
        assert_eq!(examined.status, Some(2));
        assert!(examined.stdout.is_empty());
    }
}
