//! The functions that a sign-up reaches, and what is assumed of each.

use super::{
    deployed::{Mapping, Template},
    quotas::{MANDRILL_EVENTS, SQS_BATCH},
};

/// Requests to SQS that the function makes at once for the events of one call.
const SQS_AT_ONCE: f64 = 8.0;

/// Who calls a function.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Caller {
    /// Ory, for each sign-up.
    Ory,
    /// Mailchimp, for each contact that mailchimp-subscribe delivered.
    Mailchimp,
    /// Mandrill, with `send` and `delivered` for each mail that mandrill-welcome delivered.
    Mandrill,
}

impl Caller {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ory => "Ory",
            Self::Mailchimp => "Mailchimp, after mailchimp-subscribe",
            Self::Mandrill => "Mandrill, after mandrill-welcome",
        }
    }

    /// The function whose deliveries make it call.
    pub(super) fn after(self) -> Option<&'static str> {
        match self {
            Self::Ory => None,
            Self::Mailchimp => Some("mailchimp-subscribe"),
            Self::Mandrill => Some("mandrill-welcome"),
        }
    }

    /// Events for a sign-up.
    pub(super) fn events(self) -> f64 {
        if self == Self::Mandrill { 2.0 } else { 1.0 }
    }

    /// Events in one call, when they come at this rate a second.
    pub(super) fn events_in_a_call(self, rate: f64) -> f64 {
        if self == Self::Mandrill { (rate * 60.0).clamp(1.0, MANDRILL_EVENTS) } else { 1.0 }
    }
}

/// One function. Times are assumed: nearly all of each is the response time of another service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Function {
    /// Its name.
    pub(super) name: &'static str,
    /// Who calls it.
    pub(super) caller: Caller,
    /// Seconds to enqueue up to 80 events.
    pub(super) accept: f64,
    /// Seconds for one delivery of a full batch.
    pub(super) delivery: f64,
    /// Events per second that its vendor accepts; the others are rejected, and wait.
    pub(super) vendor: f64,
    /// Why a delivery takes that long, and why the vendor accepts so many.
    pub(super) why: &'static str,
    /// How it is deployed.
    pub(super) mapping: Mapping,
}

impl Function {
    /// Most events per second that are delivered.
    pub(super) fn capacity(&self) -> f64 {
        (self.mapping.at_once * self.mapping.batch / self.delivery).min(self.vendor)
    }

    /// Events in one delivery, when they come at this rate a second.
    pub(super) fn events_in_a_delivery(&self, rate: f64) -> f64 {
        (rate * self.mapping.window).clamp(1.0, self.mapping.batch)
    }

    /// Seconds for one call with so many events.
    pub(super) fn accepts_in(&self, events: f64) -> f64 {
        self.accept * (requests(events) / SQS_AT_ONCE).ceil()
    }
}

/// Requests to SQS that so many events take.
pub(super) fn requests(events: f64) -> f64 {
    (events / SQS_BATCH).ceil()
}

/// Seconds to store an event: TLS is warm, and SQS is in the same region.
const ACCEPT: f64 = 0.02;

/// All of them, those included that are off by default. Whoever is called after another one comes
/// after it. That each sign-up opts in and confirms is more than will ever happen.
pub(super) fn all() -> [Function; 6] {
    let [main, relay] = ["template.yaml", "relay.yaml"].map(Template::read);
    [
        Function {
            name: "mandrill-welcome",
            caller: Caller::Ory,
            accept: ACCEPT,
            delivery: 0.33,
            // Beyond its hourly quota Mandrill accepts mails and holds them back itself.
            vendor: f64::INFINITY,
            why: "one call, the record read and written; no limit is documented",
            mapping: main.mapping("MandrillWelcome"),
        },
        Function {
            name: "segment-identify",
            caller: Caller::Ory,
            accept: ACCEPT,
            delivery: 0.13,
            // It counts events, and may queue more by itself, or answer 429.
            vendor: 1_000.0,
            why: "one call for a batch; 1,000 events a second for each workspace",
            mapping: main.mapping("SegmentIdentify"),
        },
        Function {
            name: "mailchimp-subscribe",
            caller: Caller::Ory,
            accept: ACCEPT,
            delivery: 0.98,
            vendor: 10.0 / 0.98,
            why: "several calls, one after the other; ten connections for each user",
            mapping: main.mapping("MailchimpSubscribe"),
        },
        Function {
            name: "relay",
            caller: Caller::Ory,
            accept: ACCEPT,
            delivery: 0.33,
            vendor: f64::INFINITY,
            why: "one call; the limit depends on the vendor",
            mapping: relay.mapping("Relay"),
        },
        Function {
            name: "mailchimp-inbound",
            caller: Caller::Mailchimp,
            accept: ACCEPT,
            delivery: 0.48,
            vendor: 425.0 / 60.0,
            why: "calls of Ory, then Segment; 425 writes a minute on Ory's Growth plan",
            mapping: main.mapping("MailchimpInbound"),
        },
        Function {
            name: "mandrill-inbound",
            caller: Caller::Mandrill,
            accept: ACCEPT,
            // `send` takes 20 ms, and `delivered` 480.
            delivery: 0.25,
            // One event in two is a `delivered`, which takes two reads.
            vendor: 550.0 / 60.0,
            why: "the mean of `send`, 20 ms, and `delivered`, 480; 550 reads a minute on the Growth plan",
            mapping: main.mapping("MandrillInbound"),
        },
    ]
}
