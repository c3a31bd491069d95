//! The function, called as Mandrill calls it.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use integration::{Answer, Event};
use serde_json::{Value, json};
use sha1::Sha1;
use url::form_urlencoded::Serializer;

use crate::{
    common::setup::{Running, Setup, WEBHOOK_SECRET},
    mailchimp_inbound::{
        people::{ann, ben},
        setup::{Vendors, with_ory},
    },
};

/// By which Mandrill signs.
pub(crate) const KEY: &str = "the-webhook-key-of-mandrill";

/// The URL as it was entered at Mandrill: all of it is signed.
pub(crate) const URL: &str = "https://abc.lambda-url.us-east-1.on.aws/?list=a%20b";

pub(super) const HEADER: &str = "X-Mandrill-Signature";

/// With a queue and a table, and without Ory.
pub(crate) async fn setup() -> Setup<Vendors> {
    let secret = json!({ "webhook_key": KEY }).to_string();
    Setup::of("mandrill-inbound", &secret, assert_fit_for_mandrill)
        .await
        .with_queue()
        .with_table()
        .var("MANDRILL_WEBHOOK_SECRET_ID", WEBHOOK_SECRET)
        .var("MANDRILL_WEBHOOK_URL", URL)
}

/// With Ory, which knows Ann and Ben.
pub(crate) async fn known() -> Setup<Vendors> {
    let setup = with_ory(setup().await);
    setup.vendor.ory.put_identity(ann());
    setup.vendor.ory.put_identity(ben());
    setup
}

/// The form with a list of events.
pub(crate) fn form(events: &Value) -> String {
    Serializer::new(String::new()).append_pair("mandrill_events", &events.to_string()).finish()
}

/// A form as anybody may send it.
pub(crate) fn unsigned(form: impl AsRef<[u8]>) -> Event {
    Event::of_mailchimp(form).header("user-agent", "Mandrill-Webhook/1.0")
}

/// The signature of a form with this one field.
pub(crate) fn signature(key: &str, url: &str, name: &str, value: impl AsRef<[u8]>) -> String {
    let mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).unwrap();
    let mac = mac.chain_update(url).chain_update(name).chain_update(value);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// A list of events, signed by this key for this URL.
pub(crate) fn signed_by(key: &str, url: &str, events: &Value) -> Event {
    let header = signature(key, url, "mandrill_events", events.to_string());
    unsigned(form(events)).header(HEADER, header)
}

/// A list of events as Mandrill sends it.
pub(crate) fn signed(events: &Value) -> Event {
    signed_by(KEY, URL, events)
}

/// The bytes of a list as Mandrill would sign them, whatever they are.
pub(super) fn signed_bytes(list: &[u8]) -> Event {
    let digits = |byte: &u8| format!("%{byte:02x}");
    let encoded: String = list.iter().map(digits).collect();
    let header = signature(KEY, URL, "mandrill_events", list);
    unsigned(format!("mandrill_events={encoded}")).header(HEADER, header)
}

impl Running<Vendors> {
    /// Calls with these events, which are stored.
    pub(super) async fn is_told(&mut self, events: &[Value]) {
        let answer = self.call(signed(&json!(events))).await;
        assert_eq!(answer.row(), (200, "accepted"), "{events:?}: {answer:?}");
        assert_eq!(answer.body["events"], events.len());
    }

    /// The same, and all are delivered.
    pub(crate) async fn takes(&mut self, events: &[Value]) {
        self.is_told(events).await;
        assert!(self.work().await.is_empty(), "{events:?}");
    }
}

/// Mandrill tries again after anything but a 200.
fn assert_fit_for_mandrill(answer: &Answer) {
    assert!([200, 400, 401, 405, 413, 503].contains(&answer.status), "{answer:?}");
    let content_type = answer.headers.get("content-type").map(String::as_str);
    assert_eq!(content_type, answer.body.is_object().then_some("application/json"));
    assert_eq!(answer.headers.contains_key("allow"), answer.status == 405, "{answer:?}");
    let others =
        answer.headers.keys().filter(|name| !["allow", "content-type"].contains(&name.as_str()));
    assert_eq!(others.count(), 0, "{answer:?}");
}
