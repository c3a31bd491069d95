//! The functions of the stack: what calls each, and what shows that it has delivered.

use bytes::Bytes;
use fakes::mandrill::SentEvents;
use http::{
    HeaderMap, HeaderValue, Method,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use integration::sign_up::{address, ctx, random_id};
use serde_json::json;
use shared::http::Request;
use url::Url;
use uuid::Uuid;

use super::{stack::Callers, vendors::Vendors};

/// Ory's own limit is longer than any answer takes.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

/// A function of the stack.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Function {
    MandrillWelcome,
    SegmentIdentify,
    MailchimpInbound,
    MailchimpSubscribe,
    MandrillInbound,
}

impl Function {
    pub(super) const ALL: [Self; 5] = [
        Self::MandrillWelcome,
        Self::SegmentIdentify,
        Self::MailchimpInbound,
        Self::MailchimpSubscribe,
        Self::MandrillInbound,
    ];

    /// Its name in the template.
    pub(super) fn logical_id(self) -> &'static str {
        match self {
            Self::MandrillWelcome => "MandrillWelcome",
            Self::SegmentIdentify => "SegmentIdentify",
            Self::MailchimpInbound => "MailchimpInbound",
            Self::MailchimpSubscribe => "MailchimpSubscribe",
            Self::MandrillInbound => "MandrillInbound",
        }
    }

    /// Whether it keeps records in the table.
    pub(super) fn has_records(self) -> bool {
        self != Self::SegmentIdentify
    }

    /// The webhook about this person.
    pub(super) fn webhook(self, url: &str, person: Uuid, callers: &Callers) -> Request {
        match self {
            Self::MandrillWelcome | Self::SegmentIdentify | Self::MailchimpSubscribe => {
                of_ory(url, person, &callers.ory)
            }
            Self::MailchimpInbound => {
                let url = format!("{url}?secret={}", callers.mailchimp);
                post(&url, unsubscribe_of(person), FORM)
            }
            Self::MandrillInbound => of_mandrill(url, person, callers),
        }
    }

    /// Makes sure that there is such a person where the function looks.
    pub(super) fn prepare(self, person: Uuid, vendors: &Vendors) {
        if [Self::MailchimpInbound, Self::MandrillInbound].contains(&self) {
            vendors.put_subscriber(person, &address(person));
        }
    }

    /// Whether the vendors have what this person's webhook is about.
    pub(super) fn has_delivered(self, person: Uuid, vendors: &Vendors) -> bool {
        match self {
            Self::MandrillWelcome => vendors.mails_to(&address(person)) == 1,
            Self::SegmentIdentify => !vendors.take_message_ids(person).is_empty(),
            Self::MailchimpInbound => !vendors.is_subscribed(person),
            Self::MailchimpSubscribe => vendors.is_contact(&address(person)),
            Self::MandrillInbound => vendors.is_marked(person, &address(person)),
        }
    }
}

/// Ory's webhook about the sign-up of this person.
pub(super) fn of_ory(url: &str, person: Uuid, key: &str) -> Request {
    let mut request = post(url, sign_up_of(person), "application/json");
    request.headers.insert(AUTHORIZATION, key.parse().unwrap());
    request
}

/// Mandrill's webhook about a welcome of this person that bounces.
fn of_mandrill(url: &str, person: Uuid, callers: &Callers) -> Request {
    let id = random_id().simple().to_string();
    let metadata = json!({"ory_key": &id, "ory_identity": person});
    let events = json!([{
        "event": "hard_bounce", "_id": id, "ts": 1_770_000_000,
        "msg": {
            "_id": id, "state": "bounced", "email": address(person), "metadata": metadata,
            "bounce_description": "bad_mailbox", "subject": "Welcome",
        },
    }])
    .to_string();
    let sent = SentEvents::signed(&callers.entered, &callers.mandrill, &events);
    let mut request = post(url, sent.body, FORM);
    request.headers.insert("x-mandrill-signature", sent.signature.parse().unwrap());
    request
}

const FORM: &str = "application/x-www-form-urlencoded";

fn post(url: &str, body: String, kind: &'static str) -> Request {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
    let (url, body): (Url, _) = (url.parse().unwrap(), Bytes::from(body));
    Request { method: Method::POST, url, headers, body, timeout: TIMEOUT }
}

fn sign_up_of(person: Uuid) -> String {
    let mut ctx = ctx();
    let identity = &mut ctx["identity"];
    identity["id"] = person.to_string().into();
    identity["traits"]["email"] = address(person).into();
    identity["traits"]["consent"] = json!({"newsletter": true});
    identity["verifiable_addresses"][0]["value"] = address(person).into();
    identity["verifiable_addresses"][0]["verified"] = true.into();
    identity["recovery_addresses"][0]["value"] = address(person).into();
    ctx["flow"]["id"] = person.to_string().into();
    ctx["hook"] = json!({"flow": "registration", "method": "password", "when": "after_save"});
    ctx.to_string()
}

fn unsubscribe_of(person: Uuid) -> String {
    let email = address(person).replace('@', "%40");
    format!(
        "type=unsubscribe&fired_at=2026-02-01+12%3A00%3A00&data%5Baction%5D=unsub\
         &data%5Breason%5D=manual&data%5Bid%5D={}&data%5Blist_id%5D=a6b5da1054\
         &data%5Bemail%5D={email}&data%5Bemail_type%5D=html&data%5Bmerges%5D%5BEMAIL%5D={email}",
        random_id().simple(),
    )
}
