//! The sample events of `events/`, and the expected result of each.

use std::{fmt, io};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, Method, Request};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::relays::Relay;

/// A sample event, its function and its expected result.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The file in `events/`.
    pub file: &'static str,
    /// The function.
    pub function: &'static str,
    /// The expected result.
    pub expected: Expected,
    json: &'static str,
}

/// The expected result of a sample: what the function answers, and what arrives afterwards.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// What becomes of the event.
    pub outcome: Outcome,
    /// What the vendors receive, one line per call; lookups are left out.
    pub received: &'static [&'static str],
}

/// What becomes of an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The call is answered with an empty 200 and is no event: a vendor tries the URL.
    Validated,
    /// Accept skips it itself.
    SkippedAtOnce,
    /// Deliver skips it.
    Skipped,
    /// A vendor accepts it.
    Delivered,
    /// It has been delivered before.
    Duplicate,
}

/// How the functions deliver.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Via {
    /// Before they answer.
    Inline,
    /// From their queues.
    Queue,
}

impl Outcome {
    /// The word in the function's log, and in an inline answer.
    pub fn word(self) -> &'static str {
        match self {
            Self::Validated => "validated",
            Self::SkippedAtOnce | Self::Skipped => "skipped",
            Self::Delivered => "delivered",
            Self::Duplicate => "duplicate",
        }
    }

    /// Whether the event is enqueued, if there is a queue.
    pub fn is_enqueued(self) -> bool {
        !matches!(self, Self::Validated | Self::SkippedAtOnce)
    }
}

const VALIDATED: Expected = without_call(Outcome::Validated);
const SKIPPED_AT_ONCE: Expected = without_call(Outcome::SkippedAtOnce);
const SKIPPED: Expected = without_call(Outcome::Skipped);
const DUPLICATE: Expected = without_call(Outcome::Duplicate);

const fn without_call(outcome: Outcome) -> Expected {
    Expected { outcome, received: &[] }
}

const fn delivered(received: &'static [&'static str]) -> Expected {
    Expected { outcome: Outcome::Delivered, received }
}

macro_rules! samples {
    ($($function:literal: $file:literal => $expected:expr;)*) => {
        &[$(Sample {
            file: $file,
            function: $function,
            expected: $expected,
            json: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../events/", $file)),
        }),*]
    };
}

mod relays;

/// All samples but those of relays, in the order in which they are played. The results of the
/// Mailchimp and Mandrill samples depend on earlier ones and on the people in Ory
/// ([`people_of_the_samples`](fakes::ory::people_of_the_samples)); some are sent twice.
pub const SAMPLES: &[Sample] = samples! {
    "mandrill-welcome": "registration.json" => delivered(&["Mandrill: messages/send to ann@example.com"]);
    "mandrill-welcome": "registration-bare.json" => delivered(&["Mandrill: messages/send to ben@example.com"]);
    "mandrill-welcome": "registration-base64.json" => delivered(&["Mandrill: messages/send to cleo@example.com"]);
    "mandrill-welcome": "registration-before-save.json" => SKIPPED_AT_ONCE;
    "mandrill-welcome": "registration-social.json" => delivered(&["Mandrill: messages/send to dora@example.com"]);
    // A person with a phone number and no address: there is no recipient.
    "mandrill-welcome": "registration-phone.json" => SKIPPED;
    "mandrill-welcome": "registration-hostile-name.json" => delivered(&["Mandrill: messages/send to finn@example.com"]);
    // Whoever logs in or changes settings was there before.
    "mandrill-welcome": "login.json" => SKIPPED;
    "mandrill-welcome": "settings-new-address.json" => SKIPPED;
    "mandrill-welcome": "verification.json" => delivered(&["Mandrill: messages/send to ida@example.com"]);
    "segment-identify": "registration.json" => delivered(&["Segment: identify 00000001-1111-4111-8111-000000000001"]);
    "segment-identify": "registration-bare.json" => delivered(&["Segment: identify 00000002-1111-4111-8111-000000000002"]);
    "segment-identify": "registration-base64.json" => delivered(&["Segment: identify 00000003-1111-4111-8111-000000000003"]);
    "segment-identify": "registration-before-save.json" => SKIPPED_AT_ONCE;
    "segment-identify": "registration-social.json" => delivered(&["Segment: identify 00000005-1111-4111-8111-000000000005"]);
    "segment-identify": "registration-phone.json" => delivered(&["Segment: identify 00000006-1111-4111-8111-000000000006"]);
    "segment-identify": "registration-hostile-name.json" => delivered(&["Segment: identify 00000007-1111-4111-8111-000000000007"]);
    "segment-identify": "login.json" => delivered(&["Segment: identify 00000008-1111-4111-8111-000000000008"]);
    "segment-identify": "settings-new-address.json" => delivered(&["Segment: identify 00000009-1111-4111-8111-000000000009"]);
    "segment-identify": "verification.json" => delivered(&["Segment: identify 0000000a-1111-4111-8111-00000000000a"]);
    // One person, who opts in, confirms the address, moves, and changes their mind twice.
    "segment-identify": "registration-consent.json" => delivered(&["Segment: identify 0000000b-1111-4111-8111-00000000000b"]);
    "segment-identify": "verification-consent.json" => delivered(&["Segment: identify 0000000b-1111-4111-8111-00000000000b"]);
    "segment-identify": "settings-changed-address.json" => delivered(&["Segment: identify 0000000b-1111-4111-8111-00000000000b"]);
    "segment-identify": "verification-changed-address.json" => delivered(&["Segment: identify 0000000b-1111-4111-8111-00000000000b"]);
    "segment-identify": "settings-consent-withdrawn.json" => delivered(&["Segment: identify 0000000b-1111-4111-8111-00000000000b"]);
    "segment-identify": "settings-consent-given.json" => delivered(&["Segment: identify 0000000b-1111-4111-8111-00000000000b"]);
    "segment-identify": "registration-social-consent.json" => delivered(&["Segment: identify 00000011-1111-4111-8111-000000000011"]);
    "mailchimp-inbound": "mailchimp-validator.json" => VALIDATED;
    "mailchimp-inbound": "mailchimp-campaign.json" => SKIPPED;
    "mailchimp-inbound": "mailchimp-campaign-without-reason.json" => SKIPPED;
    "mailchimp-inbound": "mailchimp-forgotten.json" => SKIPPED_AT_ONCE;
    "mailchimp-inbound": "mailchimp-pending.json" => SKIPPED_AT_ONCE;
    "mailchimp-inbound": "mailchimp-sms-subscribe.json" => SKIPPED_AT_ONCE;
    "mailchimp-inbound": "mailchimp-batch-operation.json" => SKIPPED_AT_ONCE;
    // Ory has no identity with this address.
    "mailchimp-inbound": "mailchimp-plus-address.json" => SKIPPED;
    "mailchimp-inbound": "mailchimp-subscribe.json" => delivered(&["Ory: patch 000000a1-1111-4111-8111-0000000000a1 /traits/consent/newsletter", "Segment: identify 000000a1-1111-4111-8111-0000000000a1"]);
    "mailchimp-inbound": "mailchimp-profile.json" => delivered(&["Segment: identify 000000a1-1111-4111-8111-0000000000a1"]);
    "mailchimp-inbound": "mailchimp-unsubscribe.json" => delivered(&["Ory: patch 000000a2-1111-4111-8111-0000000000a2 /traits/consent/newsletter", "Segment: identify 000000a2-1111-4111-8111-0000000000a2"]);
    "mailchimp-inbound": "mailchimp-upemail.json" => delivered(&["Segment: identify 000000a4-1111-4111-8111-0000000000a4"]);
    "mailchimp-inbound": "mailchimp-cleaned.json" => delivered(&["Ory: patch 000000a3-1111-4111-8111-0000000000a3 /metadata_public/mailchimp/undeliverable"]);
    "mailchimp-inbound": "mailchimp-cleaned-abuse.json" => delivered(&["Ory: patch 000000a3-1111-4111-8111-0000000000a3 /traits/consent/newsletter", "Segment: identify 000000a3-1111-4111-8111-0000000000a3"]);
    // The events of one person, in the order in which they happened.
    "mailchimp-inbound": "mailchimp-address-parts.json" => delivered(&["Segment: identify 000000a5-1111-4111-8111-0000000000a5"]);
    "mailchimp-inbound": "mailchimp-interests-escaped-comma.json" => delivered(&["Ory: patch 000000a5-1111-4111-8111-0000000000a5 /traits/consent/newsletter", "Segment: identify 000000a5-1111-4111-8111-0000000000a5"]);
    // Contains no name.
    "mailchimp-inbound": "mailchimp-groupings.json" => SKIPPED;
    "mailchimp-inbound": "mailchimp-unsubscribe-without-action.json" => delivered(&["Ory: patch 000000a5-1111-4111-8111-0000000000a5 /traits/consent/newsletter", "Segment: identify 000000a5-1111-4111-8111-0000000000a5"]);
    // Consent was already withdrawn.
    "mailchimp-inbound": "mailchimp-unsubscribe-delete.json" => delivered(&["Segment: identify 000000a5-1111-4111-8111-0000000000a5"]);
    "mailchimp-inbound": "mailchimp-type-last.json" => delivered(&["Ory: patch 000000a5-1111-4111-8111-0000000000a5 /traits/consent/newsletter", "Segment: identify 000000a5-1111-4111-8111-0000000000a5"]);
    "mailchimp-inbound": "mailchimp-raw-brackets.json" => delivered(&["Segment: identify 000000a5-1111-4111-8111-0000000000a5"]);
    // From the same second as the one before.
    "mailchimp-inbound": "mailchimp-space-as-percent20.json" => SKIPPED;
    "mailchimp-inbound": "mailchimp-empty-values.json" => delivered(&["Segment: identify 000000a5-1111-4111-8111-0000000000a5"]);
    "mailchimp-inbound": "mailchimp-duplicate-keys.json" => delivered(&["Segment: identify 000000a5-1111-4111-8111-0000000000a5"]);
    // `ORY_ID` and the address identify two people: a withdrawal applies to both.
    "mailchimp-inbound": "mailchimp-ory-id.json" => delivered(&["Ory: patch 3f2b8c1e-5d4a-4f6b-9a7c-0e1d2c3b4a59 /traits/consent/newsletter", "Ory: patch 000000a5-1111-4111-8111-0000000000a5 /traits/consent/newsletter", "Segment: identify 3f2b8c1e-5d4a-4f6b-9a7c-0e1d2c3b4a59", "Segment: identify 000000a5-1111-4111-8111-0000000000a5"]);
    // A withdrawal, its repetition, and an earlier event that arrives late.
    "mailchimp-inbound": "mailchimp-loop-unsubscribe.json" => delivered(&["Ory: patch 000000a7-1111-4111-8111-0000000000a7 /traits/consent/newsletter", "Segment: identify 000000a7-1111-4111-8111-0000000000a7"]);
    "mailchimp-inbound": "mailchimp-loop-unsubscribe.json" => DUPLICATE;
    "mailchimp-inbound": "mailchimp-loop-older-subscribe.json" => SKIPPED;
    // It tells no flow, so that nothing in it is a fresh opt-in.
    "mailchimp-subscribe": "registration.json" => SKIPPED;
    "mailchimp-subscribe": "registration-bare.json" => SKIPPED;
    "mailchimp-subscribe": "registration-base64.json" => SKIPPED;
    "mailchimp-subscribe": "registration-before-save.json" => SKIPPED_AT_ONCE;
    "mailchimp-subscribe": "registration-phone.json" => SKIPPED;
    "mailchimp-subscribe": "registration-hostile-name.json" => SKIPPED;
    "mailchimp-subscribe": "login.json" => SKIPPED;
    // Opts in, with an address that the social provider has verified. Nobody has the merge field that
    // the audience requires.
    "mailchimp-subscribe": "registration-social-consent.json" => delivered(&["Mailchimp: PUT members lea@example.com subscribed"]);
    // The opt-in waits for the verification.
    "mailchimp-subscribe": "registration-consent.json" => SKIPPED;
    "mailchimp-subscribe": "verification-consent.json" => delivered(&["Mailchimp: PUT members kim@example.com subscribed"]);
    // The contact stays until the new address is verified, and then moves with its consent.
    "mailchimp-subscribe": "settings-changed-address.json" => delivered(&["Mailchimp: PATCH members"]);
    "mailchimp-subscribe": "verification-changed-address.json" => delivered(&["Mailchimp: PATCH members kim.new@example.com"]);
    // Whoever has withdrawn consent and opts in again is asked.
    "mailchimp-subscribe": "settings-consent-withdrawn.json" => delivered(&["Mailchimp: PATCH members unsubscribed"]);
    "mailchimp-subscribe": "settings-consent-given.json" => delivered(&["Mailchimp: PATCH members pending"]);
    "mandrill-inbound": "mandrill-head.json" => VALIDATED;
    "mandrill-inbound": "mandrill-empty-test.json" => VALIDATED;
    // Nothing was in doubt about the mail.
    "mandrill-inbound": "mandrill-send.json" => SKIPPED;
    "mandrill-inbound": "mandrill-hard-bounce.json" => delivered(&["Ory: patch 000000b1-1111-4111-8111-0000000000b1 /metadata_public/mandrill/undeliverable", "Segment: identify 000000b1-1111-4111-8111-0000000000b1"]);
    "mandrill-inbound": "mandrill-hard-bounce.json" => DUPLICATE;
    "mandrill-inbound": "mandrill-delivered.json" => delivered(&["Ory: patch 000000b1-1111-4111-8111-0000000000b1 /metadata_public/mandrill/undeliverable", "Segment: identify 000000b1-1111-4111-8111-0000000000b1"]);
    // It happened before the mail was delivered.
    "mandrill-inbound": "mandrill-hard-bounce.json" => SKIPPED;
    "mandrill-inbound": "mandrill-reject.json" => delivered(&["Ory: patch 000000b2-1111-4111-8111-0000000000b2 /metadata_public/mandrill/undeliverable", "Segment: identify 000000b2-1111-4111-8111-0000000000b2"]);
    "mandrill-inbound": "mandrill-spam.json" => delivered(&["Ory: patch 000000b3-1111-4111-8111-0000000000b3 /traits/consent/newsletter", "Segment: identify 000000b3-1111-4111-8111-0000000000b3"]);
    // A bounce, an open, which is skipped at once, and a send of another mail.
    "mandrill-inbound": "mandrill-several.json" => delivered(&["Ory: patch 000000b3-1111-4111-8111-0000000000b3 /metadata_public/mandrill/undeliverable", "Segment: identify 000000b3-1111-4111-8111-0000000000b3"]);
};

/// The samples of a stack with these relays, in the order in which they are played.
pub fn with(relays: impl Iterator<Item = &'static Relay>) -> impl Iterator<Item = &'static Sample> {
    SAMPLES.iter().chain(relays.flat_map(of_relay))
}

fn of_relay(relay: &Relay) -> &'static [Sample] {
    let is_of = |samples: &&[Sample]| samples.iter().all(|one| one.function == relay.function);
    relays::ALL.into_iter().find(is_of).unwrap_or_default()
}

/// Whether Ory calls a function; else a vendor does.
pub(crate) fn is_called_by_ory(function: &str) -> bool {
    ![mailchimp_inbound::NAME, mandrill_inbound::NAME].contains(&function)
}

/// Whether a function does not start without a queue.
pub(crate) fn needs_queue(function: &str) -> bool {
    function == mandrill_inbound::NAME
}

impl Sample {
    /// How the function delivers the event in a stack that delivers like this.
    pub fn via(&self, stack: Via) -> Via {
        if needs_queue(self.function) { Via::Queue } else { stack }
    }

    /// The status code of the expected answer, and the `status` in its body, if it has one.
    pub fn answer(&self, via: Via) -> (u16, Option<&'static str>) {
        let outcome = self.expected.outcome;
        let is_ory = is_called_by_ory(self.function);
        if via == Via::Queue && outcome.is_enqueued() {
            return (if is_ory { 202 } else { 200 }, Some("accepted"));
        }
        match outcome {
            Outcome::Validated => (200, None),
            // Ory gets an empty answer for a skipped event.
            Outcome::Skipped | Outcome::SkippedAtOnce if is_ory => (204, None),
            _ => (200, Some(outcome.word())),
        }
    }

    /// The event.
    pub fn event(&self) -> Result<Event, NotAnEvent> {
        Event::read(self.json.as_bytes())
    }

    /// The event's JSON, as Lambda delivers it.
    pub fn json(&self) -> &'static str {
        self.json
    }
}

/// The file does not contain a function URL event.
#[derive(Debug, thiserror::Error)]
pub enum NotAnEvent {
    /// Not JSON, or not of the expected shape.
    #[error("not a function URL event")]
    Shape(#[from] serde_json::Error),
    /// The base64 of its body is invalid.
    #[error("the body is not base64")]
    Body(#[from] base64::DecodeError),
    /// It cannot be converted to a request.
    #[error("no HTTP request can be made of it")]
    Request(#[from] http::Error),
}

impl From<NotAnEvent> for io::Error {
    fn from(error: NotAnEvent) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// A function URL event, converted back to its request.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    raw_query_string: Option<String>,
    headers: Map<String, Value>,
    #[serde(default)]
    cookies: Vec<String>,
    request_context: Context,
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Clone, Deserialize)]
struct Context {
    http: ContextHttp,
}

#[derive(Clone, Deserialize)]
struct ContextHttp {
    method: String,
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} event", self.request_context.http.method)
    }
}

impl Event {
    /// Parses an event.
    pub fn read(json: &[u8]) -> Result<Self, NotAnEvent> {
        Ok(serde_json::from_slice(json)?)
    }

    /// The bytes of the body.
    pub fn body(&self) -> Result<Vec<u8>, NotAnEvent> {
        let text = self.body.as_deref().unwrap_or_default();
        Ok(if self.is_base64_encoded { STANDARD.decode(text)? } else { text.as_bytes().to_vec() })
    }

    /// The request to a function URL from which Lambda makes this event.
    pub fn request(&self, url: &str) -> Result<Request<Vec<u8>>, NotAnEvent> {
        let query = self.raw_query_string.as_deref().filter(|query| !query.is_empty());
        let url = query.map_or_else(|| url.to_owned(), |query| format!("{url}?{query}"));
        let method: Method = self.request_context.http.method.parse().map_err(http::Error::from)?;
        let mut request = Request::builder().method(method).uri(url).body(self.body()?)?;
        for (name, value) in &self.headers {
            // The connection sets these two itself.
            if ["host", "content-length"].contains(&name.to_ascii_lowercase().as_str()) {
                continue;
            }
            let name: HeaderName = name.parse().map_err(http::Error::from)?;
            let value: HeaderValue =
                value.as_str().unwrap_or_default().parse().map_err(http::Error::from)?;
            request.headers_mut().insert(name, value);
        }
        if !self.cookies.is_empty() {
            let cookies = self.cookies.join("; ").parse().map_err(http::Error::from)?;
            request.headers_mut().insert("cookie", cookies);
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use fakes::mandrill::SentEvents;
    use url::form_urlencoded;

    use super::*;
    use crate::up::{
        local::{MANDRILL_WEBHOOK_KEY, MANDRILL_WEBHOOK_URL},
        relays::RELAYS,
    };

    #[test]
    fn relay_plays_what_ory_sends_to_segment_identify() {
        let files = |samples: &[Sample], function: &str| -> Vec<_> {
            let of_function = samples.iter().filter(|sample| sample.function == function);
            of_function.map(|sample| sample.file).collect()
        };
        let expected = files(SAMPLES, segment_identify::NAME);
        for relay in &RELAYS {
            assert_eq!(files(of_relay(relay), relay.function), expected, "{}", relay.preset);
        }
    }

    #[test]
    fn mandrills_signature_holds_for_the_url_of_the_local_stack() {
        let of_mandrill = SAMPLES.iter().filter(|sample| sample.file.starts_with("mandrill-"));
        let mut signed = 0;
        for sample in of_mandrill {
            let request = sample.event().unwrap().request("http://127.0.0.1/").unwrap();
            let Some(signature) = request.headers().get("x-mandrill-signature") else {
                assert_eq!(*request.method(), Method::HEAD, "{}", sample.file);
                continue;
            };
            let form = form_urlencoded::parse(request.body()).collect::<Vec<_>>();
            let [(_, events)] = &form[..] else { panic!("{}", sample.file) };
            let key = if events == "[]" { "test-webhook" } else { MANDRILL_WEBHOOK_KEY };
            let expected = SentEvents::signed(MANDRILL_WEBHOOK_URL, key, events);
            assert_eq!(*signature, expected.signature, "{}", sample.file);
            signed += 1;
        }
        assert!(signed > 1);
    }

    #[test]
    fn every_event_file_is_a_sample() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../events");
        let files: BTreeSet<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| Path::new(name).extension().is_some_and(|kind| kind == "json"))
            .collect();
        let samples: BTreeSet<String> = SAMPLES.iter().map(|s| s.file.to_owned()).collect();
        assert_eq!(files, samples);
        for sample in SAMPLES {
            sample.event().unwrap().request("http://127.0.0.1/").unwrap();
        }
    }
}
