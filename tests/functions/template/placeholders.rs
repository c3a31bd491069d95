//! Placeholders that the templates, the examples and the docs print: each function recognizes them as
//! such.

use std::{collections::BTreeSet, fs, path::Path};

use fakes::{
    FakeMailchimp, FakeMandrill, FakeRelayed, FakeSecretsManager, FakeSegment, WEBHOOK_KEY, relayed,
};
use integration::{Deployment, Event, Log};
use serde_json::{Value, json};

use super::Template;
use crate::{
    common::{
        ory::{ann, event as of_ory},
        setup::{Running, Setup, VENDOR_SECRET, Vendor, WEBHOOK_SECRET},
    },
    mailchimp_inbound::{
        forms::form,
        setup::{ORY_SECRET, setup as mailchimp, unauthenticated, with_ory},
    },
    mandrill_inbound::{
        events::event,
        setup::{KEY, URL, setup as mandrill, signed_by},
    },
    rotation::events::{identify, subscribe, welcome},
};

/// A field of a secret, and what is printed in its place.
type Printed = (String, String);

/// How a secret's string begins, in a template and in a command.
const BEGINNINGS: [&str; 2] = ["SecretString: '", "--secret-string '"];

fn printed() -> BTreeSet<Printed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = ["", "docs", "examples/crm-contact"].map(|folder| root.join(folder));
    let of_functions = fs::read_dir(root.join("functions")).unwrap();
    let of_functions = of_functions.map(|entry| entry.unwrap().path());
    let files = folders.into_iter().chain(of_functions).flat_map(|it| fs::read_dir(it).unwrap());
    let files = files.map(|entry| entry.unwrap().path());
    let texts = files.filter(|path| {
        path.extension().is_some_and(|extension| extension == "md" || extension == "yaml")
    });
    texts.flat_map(|path| in_text(&fs::read_to_string(path).unwrap())).collect()
}

fn in_text(text: &str) -> Vec<Printed> {
    let secrets = BEGINNINGS.iter().flat_map(|beginning| text.split(beginning).skip(1));
    let secrets = secrets.filter_map(|rest| rest.split_once('\'')).map(|(secret, _)| secret);
    let objects = secrets.map(|secret| serde_json::from_str::<Value>(secret).unwrap());
    let fields = objects.flat_map(|object| object.as_object().unwrap().clone());
    fields.map(|(field, value)| (field, value.as_str().unwrap().to_owned())).collect()
}

async fn is_blocked<V: Vendor>(setup: Setup<V>, secret: &str, printed: &Printed, event: Event) {
    let (field, value) = printed;
    setup.secrets.put(secret, &json!({ field: value }).to_string());
    let mut running = setup.start().await;
    assert_eq!(running.call(event).await.status, 503, "{printed:?}");
    assert_nothing_revealed(running, printed, "blocked").await;
}

/// A relay of this preset, with one field of its secret not filled in.
async fn relay_is_blocked(preset: &str, printed: &Printed) {
    let (field, value) = printed;
    let vendor = FakeRelayed::start(0, preset).await.unwrap();
    let secrets = FakeSecretsManager::start(0).await.unwrap();
    let mut secret = relayed::secret(preset);
    assert!(secret[field].is_string(), "{preset} has no {field}");
    secret[field] = json!(value);
    secrets.put(VENDOR_SECRET, &secret.to_string());
    secrets.put(WEBHOOK_SECRET, WEBHOOK_KEY);
    let deployment = Deployment::of("relay")
        .var("AWS_ENDPOINT_URL", secrets.url())
        .var("WEBHOOK_SECRET_ID", WEBHOOK_SECRET)
        .var("RELAY_PRESET", preset)
        .var("RELAY_SECRET_ID", VENDOR_SECRET)
        .var("RELAY_ORIGIN", vendor.url())
        .var("RELAY_ALLOW_LOOPBACK", "true");
    let mut sandbox = deployment.start().await;
    let answer = sandbox.invoke(of_ory(&ann())).await;
    assert_eq!(answer.status, 503, "{printed:?}");
    assert!(vendor.take_received().is_empty(), "{printed:?}");
    assert_logged_as(&sandbox.end().await, printed, "blocked");
}

/// Whoever presents it, as if they had read it in the docs.
async fn lets_nobody_in<V: Vendor>(
    setup: Setup<V>,
    secret: &str,
    printed: &Printed,
    events: [Event; 2],
) {
    let (field, value) = printed;
    setup.secrets.put(secret, "another-placeholder");
    for _ in 0..2 {
        setup.secrets.put(secret, &json!({ field: value }).to_string());
    }
    let mut running = setup.start().await;
    for event in events {
        assert_eq!(running.call(event).await.status, 503, "{printed:?}");
    }
    assert_nothing_revealed(running, printed, "caller_secret_unknown").await;
}

async fn assert_nothing_revealed<V: Vendor>(running: Running<V>, printed: &Printed, outcome: &str) {
    assert!(running.received().is_empty(), "{printed:?}");
    assert_logged_as(&running.end().await, printed, outcome);
}

fn assert_logged_as(log: &Log, printed: &Printed, outcome: &str) {
    for line in log.event_log() {
        assert_eq!(
            (&line["outcome"], &line["Blocked"]),
            (&json!(outcome), &json!(1.0)),
            "{line:#}"
        );
    }
    assert!(!log.contains(&printed.1), "{printed:?} is logged");
}

async fn of_a_caller_of_ory_s(field: &str, value: &str) {
    let printed = (field.to_owned(), value.to_owned());
    let events = [of_ory(&ann()).header("authorization", value), of_ory(&ann())];
    lets_nobody_in(welcome().await, WEBHOOK_SECRET, &printed, events).await;
}

async fn of_mailchimp_s(field: &str, value: &str) {
    let printed = (field.to_owned(), value.to_owned());
    let event = |query: &str| unauthenticated(form("subscribe")).query(&format!("secret={query}"));
    lets_nobody_in(mailchimp().await, WEBHOOK_SECRET, &printed, [event(value), event("x")]).await;
}

fn bounce_signed_by(key: &str, url: &str) -> Event {
    signed_by(key, url, &json!([event("hard_bounce", 0)]))
}

/// Before there is a URL to enter at Mandrill, nobody can have signed it.
#[tokio::test]
async fn url_of_a_first_deployment_lets_nobody_in() {
    let url = &Template::read().variables("MandrillInbound")["MANDRILL_WEBHOOK_URL"];
    let mut running = mandrill().await.var("MANDRILL_WEBHOOK_URL", url).start().await;
    assert_eq!(running.call(bounce_signed_by(KEY, url)).await.status, 503);
    let log = running.end().await;
    let line = &log.event_log()[0];
    assert_eq!(
        (&line["outcome"], &line["Blocked"]),
        (&json!("caller_secret_unknown"), &json!(1.0))
    );
}

#[tokio::test]
async fn printed_placeholders_are_recognized_in_every_secret() {
    let all = printed();
    let fields: BTreeSet<_> = all.iter().map(|(field, _)| field.as_str()).collect();
    let wanted = ["access_token", "api_key", "signing_secret", "token", "webhook_key", "write_key"];
    assert!(wanted.iter().all(|field| fields.contains(field)), "{fields:?}");
    for printed in &all {
        let unsubscribed = crate::mailchimp_inbound::setup::event(form("unsubscribe"));
        match printed.0.as_str() {
            "api_key" => {
                let setup: Setup<FakeMandrill> = welcome().await;
                is_blocked(setup, VENDOR_SECRET, printed, of_ory(&ann())).await;
                let setup: Setup<FakeMailchimp> = subscribe().await;
                is_blocked(setup, VENDOR_SECRET, printed, of_ory(&ann())).await;
            }
            "write_key" => {
                let setup: Setup<FakeSegment> = identify().await;
                is_blocked(setup, VENDOR_SECRET, printed, of_ory(&ann())).await;
            }
            "token" => relay_is_blocked("hubspot", printed).await,
            "username" | "password" => relay_is_blocked("customer-io", printed).await,
            "url_path" => relay_is_blocked("slack", printed).await,
            "signing_key" => relay_is_blocked("webhook", printed).await,
            "access_token" => {
                is_blocked(with_ory(mailchimp().await), ORY_SECRET, printed, unsubscribed).await;
            }
            "signing_secret" => {
                let setup = mailchimp().await.var("MAILCHIMP_SIGNING_SECRET_ID", "signing");
                let events = [unsubscribed.clone(), unsubscribed];
                lets_nobody_in(setup, "signing", printed, events).await;
            }
            "webhook_key" => {
                let events = [&printed.1, KEY].map(|key| bounce_signed_by(key, URL));
                lets_nobody_in(mandrill().await, WEBHOOK_SECRET, printed, events).await;
            }
            other => panic!("{other}: say who reads it"),
        }
        of_a_caller_of_ory_s("api_key", &printed.1).await;
        of_mailchimp_s("secret", &printed.1).await;
    }
}
