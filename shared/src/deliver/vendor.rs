//! What a vendor's adapter has to know; everything else is common.

use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::{
    http::{self, Peer},
    outcome::Outcome,
    template::{Template, TemplateFault},
};

/// A template's output without its `idempotency_key`.
pub type Rendered = Map<String, Value>;

/// What a vendor may need to know of the event besides the template's output.
pub struct EventFacts<'a> {
    /// The idempotency key as this vendor sees it.
    pub idempotency_key: &'a str,
    /// The id of the identity that the event is about, where it is known.
    pub identity_id: Option<&'a str>,
    /// When the event was accepted.
    pub received_at: OffsetDateTime,
}

/// A template's output that makes no call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InvalidOutput {
    /// It breaks this rule: a template fault.
    Rule(&'static str),
    /// The vendor would never accept it, for this reason: an operator must act first.
    Blocked(&'static str),
}

impl InvalidOutput {
    /// The outcome of an event whose `template` gave invalid output.
    pub fn outcome(self, template: &Template) -> Outcome {
        match self {
            Self::Rule(rule) => Outcome::TemplateFault(TemplateFault::new(template.name(), rule)),
            Self::Blocked(reason) => Outcome::blocked(reason),
        }
    }
}

/// Something that can be called with an API key, for reading as well.
#[async_trait]
pub trait Api: Send + Sync {
    /// A checked call, without the key.
    type Call: Send + Sync;

    /// Makes the call, once.
    async fn call(
        &self,
        call: &Self::Call,
        key: &SecretString,
        timeout: Duration,
    ) -> Result<http::Response, http::Error>;

    /// What to do about a call in doubt.
    fn when_in_doubt(&self, call: &Self::Call) -> WhenInDoubt<'_, Self::Call>;

    /// The server that is called, where it is known before the first call.
    fn peer(&self) -> Option<Peer> {
        None
    }
}

/// A vendor: templates write its calls.
pub trait Vendor: Api {
    /// Makes the vendor's request from the template's output.
    fn prepare(
        &self,
        rendered: Rendered,
        event: &EventFacts<'_>,
    ) -> Result<Self::Call, InvalidOutput>;

    /// What the answer to the call means.
    fn classify(&self, call: &Self::Call, answer: &http::Response) -> Outcome;
}

/// What to do about a call in doubt.
pub enum WhenInDoubt<'a, C> {
    /// Make it again: the vendor itself detects the duplicate.
    Repeat,
    /// Search before anything else: a second call would be a second mail.
    Search(&'a dyn Search<C>),
    /// Start over: the next attempt reads what is left to do.
    StartOver,
    /// Make no other: the vendor cannot be asked, and somebody would see a second one. An operator
    /// looks there, and says whether it went out.
    Hold,
}

/// A call in doubt, as its record describes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InDoubt {
    /// It was made then or later.
    pub since: OffsetDateTime,
    /// Whether its recipient is the one of the present call. If not, or if unknown, a search by the
    /// present recipient would not find it.
    pub same_recipient: bool,
}

/// Finds out the outcome of a call that got no answer.
#[async_trait]
pub trait Search<C>: Send + Sync {
    /// The recipient of `call`, as a digest that is kept in the record. It is keyed, so that
    /// records reveal neither an address nor which of them share one.
    fn recipient_digest(&self, call: &C) -> String;

    /// Asks the vendor for the outcome of the call in doubt; `call` is the present one.
    async fn search(
        &self,
        call: &C,
        in_doubt: InDoubt,
        key: &SecretString,
        timeout: Duration,
    ) -> Result<http::Response, http::Error>;

    /// What the vendor's answer to the search says about `call`.
    fn read(&self, call: &C, answer: &http::Response) -> Found;
}

/// The result of a search.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// The vendor received the call, with this outcome.
    Done(Outcome),
    /// No trace of it.
    Nothing,
    /// The answer does not say, and has this outcome.
    Failed(Outcome),
}
