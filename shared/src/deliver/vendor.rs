//! What a vendor's adapter has to know; all else is common.

use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::{
    http,
    outcome::Outcome,
    template::{Template, TemplateFault},
};

/// A template's result in which no key of its own is named any more.
pub type Rendered = Map<String, Value>;

/// What a vendor may need to know of the event besides the template's result.
pub struct EventFacts<'a> {
    /// The work's key as this vendor sees it.
    pub idempotency_key: &'a str,
    /// The id of the identity that the event is about, where it is known.
    pub identity_id: Option<&'a str>,
    /// When the event was accepted.
    pub received_at: OffsetDateTime,
}

/// A template's result that makes no call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InvalidOutput {
    /// It breaks this rule: a template fault.
    Rule(&'static str),
    /// The vendor would never take it, for this reason: somebody must act first.
    Blocked(&'static str),
}

impl InvalidOutput {
    /// What an unfit result of `template` means for its event.
    pub fn outcome(self, template: &Template) -> Outcome {
        match self {
            Self::Rule(rule) => Outcome::TemplateFault(TemplateFault::new(template.name(), rule)),
            Self::Blocked(reason) => Outcome::blocked(reason),
        }
    }
}

/// Something that can be called with an API key: what is only read, too.
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

    /// What to do about a call of which nobody knows what came.
    fn when_in_doubt(&self, call: &Self::Call) -> WhenInDoubt<'_, Self::Call>;
}

/// A vendor: its calls are what templates give.
pub trait Vendor: Api {
    /// Makes the vendor's request of what the template gave.
    fn prepare(
        &self,
        rendered: Rendered,
        event: &EventFacts<'_>,
    ) -> Result<Self::Call, InvalidOutput>;

    /// What the answer to the call means.
    fn classify(&self, call: &Self::Call, answer: &http::Response) -> Outcome;
}

/// What to do about a call of which nobody knows what came.
pub enum WhenInDoubt<'a, C> {
    /// Make it again: the vendor itself notices that it had it.
    Repeat,
    /// Find out before anything else: a second call would be a second mail.
    Search(&'a dyn Search<C>),
    /// Start over: whoever comes again looks what there is to do.
    StartOver,
}

/// A call in doubt, as its record describes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InDoubt {
    /// It was made then or later.
    pub since: OffsetDateTime,
    /// Whether it had the recipient that today's call has. If not, or if nobody knows, a search by
    /// today's recipient would not show it.
    pub same_recipient: bool,
}

/// Finds the result of a call that got no answer.
#[async_trait]
pub trait Search<C>: Send + Sync {
    /// Whom `call` is for, as a digest that is kept in the record. It is keyed, so that no record
    /// reveals an address, nor which records are of the same one.
    fn recipient_digest(&self, call: &C) -> String;

    /// Asks the vendor for what it did with the call in doubt, of which today's is `call`.
    async fn search(
        &self,
        call: &C,
        in_doubt: InDoubt,
        key: &SecretString,
        timeout: Duration,
    ) -> Result<http::Response, http::Error>;

    /// What the vendor's answer to the search says of `call`.
    fn read(&self, call: &C, answer: &http::Response) -> Found;
}

/// What a search has shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// The vendor received the call, with this result.
    Done(Outcome),
    /// No trace of it.
    Nothing,
    /// The answer does not tell, and means this.
    Failed(Outcome),
}
