//! What becomes of a mail that Mandrill took, and the event that tells it.
//! <https://mailchimp.com/developer/transactional/docs/webhooks/>

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{FakeMandrill, Mandrill};

/// What happens to a mail.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Mandrill sends it.
    IsSent,
    /// The server of the recipient takes it.
    IsDelivered,
    /// The address does not exist. Mandrill rejects later mails to it.
    HardBounces,
    /// The server of the recipient refuses it for now.
    SoftBounces,
    /// Mandrill does not send it, because the address has bounced before.
    IsRejected,
    /// The recipient complains. Mandrill rejects later mails to the address.
    IsReported,
    /// The recipient wants no more mail of this sender.
    Unsubscribes,
}

/// Mandrill took no mail with this id.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no mail {0}")]
pub struct NoSuchMail(String);

impl Fate {
    /// The event that tells it.
    pub fn event(self) -> &'static str {
        match self {
            Self::IsSent => "send",
            Self::IsDelivered => "delivered",
            Self::HardBounces => "hard_bounce",
            Self::SoftBounces => "soft_bounce",
            Self::IsRejected => "reject",
            Self::IsReported => "spam",
            Self::Unsubscribes => "unsub",
        }
    }

    /// The state of the mail after it.
    fn state(self) -> &'static str {
        match self {
            Self::IsSent | Self::IsDelivered => "sent",
            Self::HardBounces => "bounced",
            Self::SoftBounces => "soft-bounced",
            Self::IsRejected => "rejected",
            Self::IsReported => "spam",
            Self::Unsubscribes => "unsub",
        }
    }

    /// The class of a bounce, its code, and what the server of the recipient said.
    fn bounce(self) -> Option<(&'static str, u32, &'static str)> {
        match self {
            Self::HardBounces => {
                Some(("bad_mailbox", 10, "smtp;550 5.1.1 The email account does not exist."))
            }
            Self::SoftBounces => Some(("mailbox_full", 22, "smtp;552 5.2.2 Over quota.")),
            _ => None,
        }
    }
}

impl FakeMandrill {
    /// Lets something happen to a mail, by its `_id`, and tells it to the webhooks:
    /// [`take_webhooks`](Self::take_webhooks).
    pub fn let_happen(&self, id: &str, fate: Fate) -> Result<(), NoSuchMail> {
        self.with(|mandrill| mandrill.let_happen(id, fate))
    }
}

impl Mandrill {
    fn let_happen(&mut self, id: &str, fate: Fate) -> Result<(), NoSuchMail> {
        let now = (self.now)().unix_timestamp();
        let mut rows = self.sent.values_mut().flatten();
        let row = rows.find(|row| row["_id"] == id).ok_or_else(|| NoSuchMail(id.to_owned()))?;
        row["state"] = json!(fate.state());
        let event = json!({"event": fate.event(), "_id": id, "ts": now, "msg": msg(row, fate)});
        if let (Fate::HardBounces | Fate::IsReported, Some(address)) = (fate, row["email"].as_str())
        {
            self.bouncing.push(address.to_owned());
        }
        self.report(fate.event(), &event);
        Ok(())
    }
}

/// The mail as an event shows it.
fn msg(row: &Value, fate: Fate) -> Value {
    let mut msg = row.clone();
    for list in ["opens", "clicks", "smtp_events"] {
        msg[list] = json!([]);
    }
    if let Some((class, code, diag)) = fate.bounce() {
        msg["bounce_description"] = json!(class);
        msg["bgtools_code"] = json!(code);
        msg["diag"] = json!(diag);
    }
    if fate == Fate::IsRejected {
        msg["reject"] = json!({"reason": "hard-bounce"});
    }
    msg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn event_has_what_is_known_of_the_mail() {
        let fake = FakeMandrill::start(0, "key").await.unwrap();
        fake.put_webhook("https://example.com/", "webhook-key");
        let metadata = json!({"ory_key": "k", "ory_identity": "i"});
        fake.put_mail(&json!({"to": [{"email": "ann@example.com"}], "metadata": metadata}));
        let id = fake.all_mails()[0]["_id"].as_str().unwrap().to_owned();
        fake.let_happen(&id, Fate::HardBounces).unwrap();
        let sent = fake.take_webhooks().remove(0);
        let events = url::form_urlencoded::parse(sent.body.as_bytes()).next().unwrap().1;
        let [event] = &serde_json::from_str::<Vec<Value>>(&events).unwrap()[..] else {
            panic!("{events}")
        };
        let msg = &event["msg"];
        assert_eq!((&event["event"], &event["_id"]), (&json!("hard_bounce"), &json!(id)));
        assert_eq!((&msg["_id"], &msg["email"]), (&json!(id), &json!("ann@example.com")));
        assert_eq!((&msg["metadata"], &msg["state"]), (&metadata, &json!("bounced")));
        assert_eq!(msg["bounce_description"], "bad_mailbox");
        assert_eq!(fake.mails()["ann@example.com"], 0, "it did not arrive");
        assert!(fake.let_happen("another", Fate::IsSent).is_err());
    }

    #[tokio::test]
    async fn later_mail_to_an_address_that_bounced_is_rejected() {
        let fake = FakeMandrill::start(0, "key").await.unwrap();
        let mail =
            |key: &str| json!({"to": [{"email": "ann@example.com"}], "metadata": {"k": key}});
        fake.put_mail(&mail("one"));
        let id = fake.all_mails()[0]["_id"].as_str().unwrap().to_owned();
        fake.let_happen(&id, Fate::HardBounces).unwrap();
        fake.put_mail(&mail("two"));
        assert_eq!(fake.all_mails()[1]["state"], "rejected");
    }
}
