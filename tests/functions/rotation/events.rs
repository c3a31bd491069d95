//! Events of different people, from whoever presents a key.

use fakes::{FakeMailchimp, FakeMandrill, FakeSegment, WEBHOOK_KEY};
use integration::{Answer, Event};
use serde_json::{Value, json};

use crate::{
    common::{
        ory::{ann, event_of},
        setup::Setup,
    },
    mailchimp_inbound::{
        forms::{at, form, with},
        setup::unauthenticated,
    },
};

pub(crate) async fn welcome() -> Setup<FakeMandrill> {
    Setup::of("mandrill-welcome", WEBHOOK_KEY, Answer::assert_fit_for_ory).await
}

pub(crate) async fn identify() -> Setup<FakeSegment> {
    Setup::of("segment-identify", WEBHOOK_KEY, Answer::assert_fit_for_ory).await
}

pub(crate) async fn subscribe() -> Setup<FakeMailchimp> {
    Setup::of("mailchimp-subscribe", WEBHOOK_KEY, Answer::assert_fit_for_ory).await
}

/// What Ory sends of the `n`-th person.
pub(crate) fn of_ory(n: usize, key: &str) -> Event {
    sent(n, key, ann())
}

/// The same, with an opt-in and a verified address.
pub(crate) fn opt_in_of(n: usize, key: &str) -> Event {
    let mut ctx = ann();
    ctx["identity"]["traits"]["consent"] = json!({"newsletter": true});
    ctx["identity"]["verifiable_addresses"][0]["verified"] = json!(true);
    sent(n, key, ctx)
}

fn sent(n: usize, key: &str, mut ctx: Value) -> Event {
    ctx["identity"]["id"] = json!(format!("{n:08}-1111-4111-8111-0000000000a1"));
    let address = json!(format!("person-{n}@example.com"));
    ctx["identity"]["verifiable_addresses"][0]["value"] = address.clone();
    ctx["identity"]["traits"]["email"] = address;
    event_of(&format!("{n:08}-2222-4222-8222-0000000000a1"), &ctx).header("authorization", key)
}

/// What Mailchimp sends of the `n`-th person.
pub(crate) fn of_mailchimp(n: usize, secret: &str) -> Event {
    unauthenticated(form_about(n)).query(&format!("secret={secret}"))
}

/// The form of the `n`-th person.
pub(crate) fn form_about(n: usize) -> String {
    let second = n.try_into().unwrap_or_default();
    let subscribed = with(&at(&form("subscribe"), second), "data[id]", &format!("contact-{n}"));
    with(&subscribed, "data[email]", &format!("person-{n}%40example.com"))
}
