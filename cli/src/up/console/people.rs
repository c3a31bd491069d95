//! What people do in Ory about the newsletter: Ory changes the identity, and calls
//! `mailchimp-subscribe` with what its webhook's template forwards.

use fakes::WEBHOOK_KEY;
use http::{HeaderMap, HeaderValue, Method, header};
use lint::kratos::Flow;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{
    clock::Clock,
    template::{Source, Template},
};

use super::{Console, Unfit, event::Sent, reading::TRIGGER_ID, sending};
use crate::{
    action::{OryFunction, Wish, forwarding_template},
    up::people,
};

/// What a person does in Ory.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OryAct {
    /// Proves to receive mail at the address.
    Verifies,
    /// Ticks the box of the newsletter in the settings.
    GivesConsent,
    /// Unticks it.
    WithdrawsConsent,
    /// Changes the address in the settings; it has to be verified again.
    ChangesAddress(String),
}

impl OryAct {
    /// What the identity lets its owner do.
    fn of(identity: &Value) -> Vec<Self> {
        let has_consent = identity["traits"]["consent"]["newsletter"] == true;
        let of_consent = if has_consent { Self::WithdrawsConsent } else { Self::GivesConsent };
        let verifies = (!is_verified(identity)).then_some(Self::Verifies);
        let moves = identity["traits"]["email"].as_str().map(other_address);
        let moves = moves.map(Self::ChangesAddress);
        verifies.into_iter().chain([of_consent]).chain(moves).collect()
    }

    /// The words on its button.
    fn words(&self) -> String {
        match self {
            Self::Verifies => "Verify the address".to_owned(),
            Self::GivesConsent => "Give consent".to_owned(),
            Self::WithdrawsConsent => "Withdraw consent".to_owned(),
            Self::ChangesAddress(to) => format!("Change the address to {to}"),
        }
    }

    fn flow(&self) -> Flow {
        if *self == Self::Verifies { Flow::Verification } else { Flow::Settings }
    }

    /// Changes the identity.
    fn apply(&self, identity: &mut Value) {
        match self {
            Self::Verifies => {
                for address in identity["verifiable_addresses"].as_array_mut().into_iter().flatten()
                {
                    address["verified"] = json!(true);
                    address["status"] = json!("completed");
                }
            }
            Self::GivesConsent => identity["traits"]["consent"]["newsletter"] = json!(true),
            Self::WithdrawsConsent => identity["traits"]["consent"]["newsletter"] = json!(false),
            Self::ChangesAddress(to) => {
                identity["traits"]["email"] = json!(to);
                identity["recovery_addresses"] = json!([{"value": to, "via": "email"}]);
                identity["verifiable_addresses"] = json!([
                    {"value": to, "via": "email", "verified": false, "status": "pending"},
                ]);
            }
        }
    }
}

fn is_verified(identity: &Value) -> bool {
    let addresses = identity["verifiable_addresses"].as_array();
    addresses.into_iter().flatten().any(|address| address["verified"] == true)
}

/// Another address of the same person: `kim@example.com` and `kim.new@example.com` by turns.
pub(super) fn other_address(address: &str) -> String {
    const NEW: &str = ".new";
    let (name, domain) = address.split_once('@').unwrap_or((address, "example.com"));
    match name.strip_suffix(NEW) {
        Some(name) => format!("{name}@{domain}"),
        None => format!("{name}{NEW}@{domain}"),
    }
}

/// The identities, with what their owners can do.
pub(super) fn shown(console: &Console) -> Value {
    let of = |identity: &Value| {
        let acts = OryAct::of(identity);
        let acts = acts.iter().map(|act| json!({"act": act, "words": act.words()}));
        json!({
            "identity": identity["id"], "address": identity["traits"]["email"],
            "consent": identity["traits"]["consent"]["newsletter"],
            "is_verified": is_verified(identity), "acts": acts.collect::<Vec<_>>(),
        })
    };
    console.fakes.ory.identities().iter().map(of).collect()
}

impl Console {
    /// The owner of an identity does something, and Ory calls `mailchimp-subscribe`.
    pub(crate) async fn act_in_ory(&self, identity: &str, act: OryAct) -> Result<(), Unfit> {
        let before = self.fakes.ory.identity(identity).ok_or(Unfit)?;
        let mut after = before.clone();
        act.apply(&mut after);
        let after = people::put(&self.fakes.ory, &after, self.clock.now()).ok_or(Unfit)?;
        let sent = webhook(act.flow(), &before, &after).await.ok_or(Unfit)?;
        self.events.poke();
        sending::deliver(self, mailchimp_subscribe::NAME, &sent).await;
        Ok(())
    }
}

/// The call of the webhook that `action` prints; the session has the identity before the change.
async fn webhook(flow: Flow, before: &Value, after: &Value) -> Option<Sent> {
    let (function, methods) = (OryFunction::MailchimpSubscribe, Vec::new());
    let places = Wish { function, flow, methods, parse: false }.places().ok()?;
    let code = forwarding_template(*places.first()?);
    let template = Template::prepare(Source::shipped("forward.jsonnet", &code)).ok()?;
    let id = sending::random_id().to_string();
    let ctx = json!({
        "flow": {"id": id, "type": "browser"}, "identity": after, "session": {"identity": before},
    });
    let body = template.render(vec![("ctx", ctx)]).await.ok()?;
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, HeaderValue::from_static(WEBHOOK_KEY));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(TRIGGER_ID, HeaderValue::try_from(id).ok()?);
    let (query, body) = (String::new(), body.to_string().into());
    Some(Sent { method: Method::POST, query, headers, body })
}

#[cfg(test)]
mod tests {
    use fakes::ory::person;

    use super::*;

    #[test]
    fn person_can_do_what_the_identity_allows() {
        let mut kim = person("k", "kim@example.com");
        let to = || OryAct::ChangesAddress("kim.new@example.com".to_owned());
        assert_eq!(OryAct::of(&kim), [OryAct::GivesConsent, to()]);
        OryAct::GivesConsent.apply(&mut kim);
        assert_eq!(OryAct::of(&kim), [OryAct::WithdrawsConsent, to()]);
        to().apply(&mut kim);
        let back = OryAct::ChangesAddress("kim@example.com".to_owned());
        assert_eq!(OryAct::of(&kim), [OryAct::Verifies, OryAct::WithdrawsConsent, back.clone()]);
        OryAct::Verifies.apply(&mut kim);
        OryAct::WithdrawsConsent.apply(&mut kim);
        assert_eq!(OryAct::of(&kim), [OryAct::GivesConsent, back]);
    }

    #[tokio::test]
    async fn ory_forwards_the_change_and_the_traits_before_it() {
        let before = person("k", "kim@example.com");
        let mut after = before.clone();
        OryAct::GivesConsent.apply(&mut after);
        let body = |sent: Sent| serde_json::from_slice::<Value>(&sent.body).unwrap();
        let settings = body(webhook(Flow::Settings, &before, &after).await.unwrap());
        let hook = json!({"flow": "settings", "method": "profile", "when": "after_save"});
        assert_eq!(settings["hook"], hook);
        assert_eq!(settings["identity"]["traits"], after["traits"]);
        assert_eq!(settings["session"]["identity"]["traits"], before["traits"]);
        assert_eq!(settings["identity"]["credentials"], Value::Null);
        let verification = body(webhook(Flow::Verification, &before, &after).await.unwrap());
        assert_eq!(verification["session"], Value::Null);
    }
}
