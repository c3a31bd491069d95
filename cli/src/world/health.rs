//! How well the vendors are: each can be made to fail as vendors do.

use std::time::Duration;

use http::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::surroundings::{MANDRILL_KEY, ORY_TOKEN, SEGMENT_KEY, Surroundings};
use crate::{
    server::Reply,
    standins::{Behaviour, VendorStandin},
};

/// Longer than anybody likes to wait, and shorter than what a function allows.
const SLOW: Duration = Duration::from_secs(3);
/// What a vendor that limits asks for.
const RETRY_AFTER_SECONDS: u32 = 1;
/// Nobody's key.
const OTHER_KEY: &str = "some-other-key";

/// How a vendor is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It does what it is asked.
    #[default]
    Well,
    /// 503, with a page of HTML.
    Down,
    /// It takes seconds.
    Slow,
    /// 429.
    Limiting,
    /// It takes nothing for anybody.
    Rejecting,
    /// It does not take our key.
    BadKey,
    /// It closes connections without an answer.
    Resetting,
}

impl Health {
    /// All there are.
    pub const ALL: [Self; 7] = [
        Self::Well,
        Self::Down,
        Self::Slow,
        Self::Limiting,
        Self::Rejecting,
        Self::BadKey,
        Self::Resetting,
    ];
}

/// A vendor of the stack.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Vendor {
    /// Mandrill.
    Mandrill,
    /// Segment.
    Segment,
    /// Ory's admin API.
    Ory,
}

impl Vendor {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Mandrill, Self::Segment, Self::Ory];
}

impl Surroundings {
    /// Makes a vendor well or ill, from its next call on.
    pub fn set_health(&self, vendor: Vendor, health: Health) {
        let has_bad_key = health == Health::BadKey;
        let rejects = health == Health::Rejecting;
        match vendor {
            Vendor::Mandrill => {
                fail(&self.mandrill, health);
                self.mandrill.set_key(if has_bad_key { OTHER_KEY } else { MANDRILL_KEY });
                self.mandrill.set_rejecting(rejects);
            }
            Vendor::Segment => {
                fail(&self.segment, health);
                self.segment.set_write_key(if has_bad_key { OTHER_KEY } else { SEGMENT_KEY });
                if rejects {
                    let body = json!({"success": false, "message": "Invalid event"});
                    self.segment.reply_always(Some(Reply::json(400, &body)));
                }
            }
            Vendor::Ory => {
                fail(&self.ory, health);
                self.ory.set_token(Some(if has_bad_key { OTHER_KEY } else { ORY_TOKEN }));
                if rejects {
                    let body = json!({"error": {"code": 400, "status": "Bad Request"}});
                    self.ory.reply_always(Some(Reply::json(400, &body)));
                }
            }
        }
    }
}

/// What all vendors have in common.
fn fail<B: Behaviour>(vendor: &VendorStandin<B>, health: Health) {
    vendor.set_delay((health == Health::Slow).then_some(SLOW));
    vendor.reply_always(match health {
        Health::Down => {
            Some(Reply::text(503, "text/html", "<html><h1>Service Unavailable</h1></html>"))
        }
        Health::Limiting => Some(limited()),
        Health::Resetting => Some(Reply::HangUp),
        Health::Well | Health::Slow | Health::Rejecting | Health::BadKey => None,
    });
}

fn limited() -> Reply {
    let response = Response::builder().status(429).header("retry-after", RETRY_AFTER_SECONDS);
    Reply::Answer(response.body("{}".into()).unwrap_or_default())
}
