//! An endpoint that verifies Standard Webhooks, and drops what it has already seen.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use super::{Behaviour, RelayedCall};
use crate::server::FakeReply;

pub(super) struct Endpoint {
    signing_key: Vec<u8>,
    seen: BTreeSet<String>,
}

impl Endpoint {
    pub(super) fn new(signing_key: String) -> Self {
        let encoded = signing_key.trim_start_matches("whsec_");
        Self { signing_key: STANDARD.decode(encoded).unwrap_or_default(), seen: BTreeSet::new() }
    }

    fn is_signed(&self, call: &RelayedCall) -> Option<bool> {
        let id = call.header("webhook-id")?;
        let at = call.header("webhook-timestamp")?;
        let given = call.header("webhook-signature")?.strip_prefix("v1,")?;
        let given = STANDARD.decode(given).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.signing_key).ok()?;
        mac.update(format!("{id}.{at}.{}", call.text).as_bytes());
        Some(mac.verify_slice(&given).is_ok())
    }
}

impl Behaviour for Endpoint {
    fn answer(&mut self, call: &RelayedCall) -> Option<FakeReply> {
        if self.is_signed(call) != Some(true) {
            return None;
        }
        let id = call.header("webhook-id").unwrap_or_default().to_owned();
        let is_new = self.seen.insert(id);
        Some(FakeReply::json(200, &json!({"new": is_new})))
    }
}
