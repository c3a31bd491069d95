//! An endpoint that verifies Standard Webhooks, and drops what it has already seen.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use super::{Behaviour, RelayedCall};
use crate::server::FakeReply;

#[derive(Default)]
pub(super) struct Endpoint {
    seen: BTreeSet<String>,
}

/// `None` if the call has no signature, or the key is none.
fn is_signed(call: &RelayedCall, signing_key: &str) -> Option<bool> {
    let id = call.header("webhook-id")?;
    let at = call.header("webhook-timestamp")?;
    let given = call.header("webhook-signature")?.strip_prefix("v1,")?;
    let given = STANDARD.decode(given).ok()?;
    let key = STANDARD.decode(signing_key.trim_start_matches("whsec_")).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{at}.{}", call.text).as_bytes());
    Some(mac.verify_slice(&given).is_ok())
}

impl Behaviour for Endpoint {
    fn knows(&self, call: &RelayedCall, key: &str) -> bool {
        is_signed(call, key) == Some(true)
    }

    fn answer(&mut self, call: &RelayedCall) -> FakeReply {
        let id = call.header("webhook-id").unwrap_or_default().to_owned();
        let is_new = self.seen.insert(id);
        FakeReply::json(200, &json!({"new": is_new}))
    }
}
