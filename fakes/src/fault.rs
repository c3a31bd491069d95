//! The faults of a vendor.

use std::time::Duration;

use http::Response;
use serde::{Deserialize, Serialize};

use crate::{
    server::FakeReply,
    vendor::{FakeVendor, VendorServer},
};

/// Longer than a person likes to wait, and shorter than the timeout of a function.
const SLOW: Duration = Duration::from_secs(3);
/// The `Retry-After` of a vendor that limits its rate.
const RETRY_AFTER_SECONDS: u32 = 1;

/// How a vendor fails.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// None: it does what it is asked to do.
    #[default]
    None,
    /// 503, with a page of HTML.
    Down,
    /// It takes seconds.
    Slow,
    /// 429.
    RateLimited,
    /// It rejects every event.
    Rejecting,
    /// It does not know the API key.
    InvalidKey,
    /// It closes connections without an answer, and has done nothing.
    ConnectionReset,
    /// It does what it is asked to do, and closes the connection without an answer.
    ResponseLost,
}

impl Fault {
    /// All faults.
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::Down,
        Self::Slow,
        Self::RateLimited,
        Self::Rejecting,
        Self::InvalidKey,
        Self::ConnectionReset,
        Self::ResponseLost,
    ];
}

impl<V: FakeVendor> VendorServer<V> {
    /// Makes the vendor fail in this way from its next call on.
    pub fn inject_fault(&self, fault: Fault) {
        self.set_delay((fault == Fault::Slow).then_some(SLOW));
        self.with(|vendor| vendor.set_rejecting(fault == Fault::Rejecting));
        self.set_response_lost(fault == Fault::ResponseLost);
        self.reply_always(match fault {
            Fault::Down => Some(down()),
            Fault::RateLimited => Some(rate_limited()),
            Fault::Rejecting => V::rejection(),
            Fault::InvalidKey => Some(V::invalid_key()),
            Fault::ConnectionReset => Some(FakeReply::HangUp),
            Fault::None | Fault::Slow | Fault::ResponseLost => None,
        });
    }
}

fn down() -> FakeReply {
    FakeReply::text(503, "text/html", "<html><h1>Service Unavailable</h1></html>")
}

fn rate_limited() -> FakeReply {
    let response = Response::builder().status(429).header("retry-after", RETRY_AFTER_SECONDS);
    FakeReply::Answer(response.body("{}".into()).unwrap_or_default())
}
