//! The contacts in Mailchimp, what can be done about them there, and the webhooks that report it.

use fakes::mailchimp::{Act, Audience, CannotAct, Member, SentWebhook, Status};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::{Value, json};
use shared::clock::Clock;
use url::Url;

use super::{
    Console,
    event::Sent,
    people::{self, other_address},
    sending,
};

const SIGNATURE: HeaderName = HeaderName::from_static("x-mailchimp-signature");

/// What can be done about a contact in this state.
fn acts(member: &Member) -> Vec<Act> {
    let moves = || Act::Moves(other_address(&member.address));
    match member.status {
        Status::Pending => vec![Act::Confirms, Act::Bounces],
        Status::Subscribed => vec![
            Act::Unsubscribes,
            Act::Complains,
            moves(),
            Act::Bounces,
            Act::AdminUnsubscribes,
            Act::AdminArchives,
        ],
        Status::Unsubscribed => vec![Act::SignsUp, Act::AdminArchives, Act::AdminForgets],
        Status::Transactional => vec![Act::SignsUp, Act::Bounces, Act::AdminArchives],
        Status::Archived => vec![Act::SignsUp, Act::AdminForgets],
        Status::Cleaned => vec![Act::AdminForgets],
    }
}

/// The words on the button.
fn words(act: &Act) -> String {
    let words = match act {
        Act::SignsUp => "Sign up in a form",
        Act::Confirms => "Confirm by the mail",
        Act::Unsubscribes => "Unsubscribe",
        Act::Complains => "Report as spam",
        Act::Moves(to) => return format!("Change the address to {to}"),
        Act::Edits(_) => "Change the profile",
        Act::Bounces => "Let the address bounce",
        Act::IsCleanedForAbuse => "Clean after a complaint",
        Act::AdminEdits(_) => "Change the profile as admin",
        Act::AdminUnsubscribes => "Unsubscribe as admin",
        Act::AdminArchives => "Archive as admin",
        Act::AdminForgets => "Delete permanently as admin",
    };
    words.to_owned()
}

/// The contacts, and the people in Ory: all that the page shows of the newsletter.
pub(super) fn shown(console: &Console) -> Value {
    let (double_opt_in, contacts) = console.fakes.mailchimp.audience(|audience| {
        let contacts = audience.members().iter().map(|member| of_one(audience, member));
        (audience.double_optin, contacts.collect::<Vec<_>>())
    });
    json!({"double_opt_in": double_opt_in, "contacts": contacts, "people": people::shown(console)})
}

fn of_one(audience: &Audience, member: &Member) -> Value {
    let is_free = |act: &Act| match act {
        Act::Moves(to) => audience.member(to).is_none(),
        _ => true,
    };
    let acts = acts(member).into_iter().filter(is_free);
    let acts = acts.map(|act| json!({"act": act, "words": words(&act)}));
    let history = audience.chronicle().iter();
    let history = history.filter(|entry| entry.contact_id == member.contact_id);
    json!({
        "address": member.address, "status": member.status.word(), "tags": member.tags,
        "identity": member.merge_fields.get("ORY_ID"), "acts": acts.collect::<Vec<_>>(),
        "history": history.map(ToString::to_string).collect::<Vec<_>>(),
    })
}

impl Console {
    /// Somebody does something about a contact, and Mailchimp reports it to `mailchimp-inbound`.
    pub(crate) async fn act_in_mailchimp(&self, address: &str, act: Act) -> Result<(), CannotAct> {
        self.fakes.mailchimp.act(address, act)?;
        self.events.poke();
        for webhook in self.fakes.mailchimp.take_webhooks() {
            if let Some(sent) = self.request(&webhook) {
                sending::deliver(self, mailchimp_inbound::NAME, &sent).await;
            }
        }
        Ok(())
    }

    /// Whether people who opt in have to confirm it.
    pub(super) fn set_double_opt_in(&self, is_on: bool) {
        self.fakes.mailchimp.audience(|audience| audience.double_optin = is_on);
        self.events.poke();
    }

    /// The request of a webhook, as Mailchimp sends it.
    fn request(&self, webhook: &SentWebhook) -> Option<Sent> {
        let query = Url::parse(&webhook.url).ok()?.query().unwrap_or_default().to_owned();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        let signature = HeaderValue::try_from(webhook.signature(self.clock.now())).ok()?;
        let headers = [(header::CONTENT_TYPE, form), (SIGNATURE, signature)];
        let (headers, body) = (HeaderMap::from_iter(headers), webhook.body.clone().into());
        Some(Sent { method: Method::POST, query, headers, body })
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn every_act_that_is_offered_can_be_done() {
        let (now, kim) = (datetime!(2026-01-31 12:00 UTC), "kim@example.com");
        let states = [
            Status::Pending,
            Status::Subscribed,
            Status::Unsubscribed,
            Status::Transactional,
            Status::Archived,
            Status::Cleaned,
        ];
        for status in states {
            let offered = acts(Audience::new("l").put_member(kim, status, now));
            for act in offered {
                let mut audience = Audience::new("l");
                audience.put_member(kim, status, now);
                assert_eq!(audience.act(kim, act.clone(), now), Ok(()), "{status:?} {act:?}");
            }
        }
    }
}
