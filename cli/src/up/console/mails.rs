//! The mails that Mandrill took, what can happen to them there, and the webhooks that report it.

use std::time::Duration;

use fakes::mandrill::{Fate, NoSuchMail, SentEvents};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::{Value, json};
use shared::{clock::Clock, mandrill::IDENTITY_IN_METADATA};

use super::{Console, event::Sent, sending};

/// The header of a signature.
pub(super) const SIGNATURE: HeaderName = HeaderName::from_static("x-mandrill-signature");

/// What can happen to a mail in this state.
fn fates(state: &str) -> &'static [Fate] {
    match state {
        "sent" => &[Fate::IsSent, Fate::IsDelivered, Fate::HardBounces, Fate::IsReported],
        "soft-bounced" => &[Fate::IsDelivered, Fate::HardBounces],
        "rejected" => &[Fate::IsRejected],
        _ => &[],
    }
}

/// The words on the button.
fn words(fate: Fate) -> &'static str {
    match fate {
        Fate::IsSent => "Report that it was sent",
        Fate::IsDelivered => "Deliver it a minute later",
        Fate::HardBounces => "Let it bounce an hour later",
        Fate::SoftBounces => "Let it bounce for now a minute later",
        Fate::IsRejected => "Report the reject",
        Fate::IsReported => "Report it as spam a day later",
        Fate::Unsubscribes => "Unsubscribe a day later",
    }
}

/// How long it takes until it happens.
fn takes(fate: Fate) -> Duration {
    match fate {
        Fate::IsSent | Fate::IsRejected => Duration::ZERO,
        Fate::IsDelivered | Fate::SoftBounces => Duration::from_mins(1),
        Fate::HardBounces => Duration::from_hours(1),
        Fate::IsReported | Fate::Unsubscribes => Duration::from_hours(24),
    }
}

/// All that the page shows of the mails.
pub(super) fn shown(console: &Console) -> Value {
    console.fakes.mandrill.all_mails().iter().map(|mail| of_one(console, mail)).collect()
}

fn of_one(console: &Console, mail: &Value) -> Value {
    let identity = mail["metadata"][IDENTITY_IN_METADATA].as_str();
    let person = identity.and_then(|id| console.fakes.ory.identity(id));
    let fates = fates(mail["state"].as_str().unwrap_or_default()).iter();
    let acts = fates.map(|fate| json!({"act": fate, "words": words(*fate)}));
    json!({
        "id": mail["_id"], "address": mail["email"], "state": mail["state"],
        "identity": identity, "acts": acts.collect::<Vec<_>>(),
        "person": person.map(|person| json!({
            "address": person["traits"]["email"],
            "mark": person.pointer("/metadata_public/mandrill/undeliverable"),
            "consent": person["traits"]["consent"]["newsletter"],
        })),
    })
}

impl Console {
    /// Something happens to a mail, and Mandrill reports it to `mandrill-inbound`.
    pub(crate) async fn act_in_mandrill(&self, id: &str, fate: Fate) -> Result<(), NoSuchMail> {
        let time = takes(fate);
        if !time.is_zero() {
            self.clock.skip_to(self.clock.now() + time).await;
        }
        self.fakes.mandrill.let_happen(id, fate)?;
        self.events.poke();
        for webhook in self.fakes.mandrill.take_webhooks() {
            if let Some(sent) = request(&webhook) {
                sending::deliver(self, mandrill_inbound::NAME, &sent).await;
            }
        }
        Ok(())
    }
}

/// The request of a webhook, as Mandrill sends it.
pub(super) fn request(webhook: &SentEvents) -> Option<Sent> {
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    let signature = HeaderValue::try_from(&webhook.signature).ok()?;
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, form), (SIGNATURE, signature)]);
    let (query, body) = (String::new(), webhook.body.clone().into());
    Some(Sent { method: Method::POST, query, headers, body })
}
