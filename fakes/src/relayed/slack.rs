//! Slack's incoming webhooks: the path is the secret, and answers are plain text.
//! <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/>

use super::{Behaviour, RelayedCall};
use crate::server::FakeReply;

pub(super) struct Slack;

impl Behaviour for Slack {
    fn knows(&self, call: &RelayedCall, key: &str) -> bool {
        call.path == key
    }

    fn refusal(&self) -> FakeReply {
        answer(404, "no_service")
    }

    fn answer(&mut self, call: &RelayedCall) -> FakeReply {
        if call.method != "POST" || !call.body.is_object() {
            return answer(400, "invalid_payload");
        }
        if call.body["text"].as_str().is_none_or(str::is_empty) {
            return answer(400, "no_text");
        }
        answer(200, "ok")
    }
}

fn answer(status: u16, text: &'static str) -> FakeReply {
    FakeReply::text(status, "text/html", text)
}
