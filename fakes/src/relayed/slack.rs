//! Slack's incoming webhooks: the path is the secret, and answers are plain text.
//! <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/>

use super::{Behaviour, RelayedCall};
use crate::server::FakeReply;

pub(super) struct Slack {
    path: String,
}

impl Slack {
    pub(super) fn new(path: String) -> Self {
        Self { path }
    }
}

impl Behaviour for Slack {
    fn answer(&mut self, call: &RelayedCall) -> Option<FakeReply> {
        let answer = |status, text: &'static str| Some(FakeReply::text(status, "text/html", text));
        if call.path != self.path {
            return answer(404, "no_service");
        }
        if call.method != "POST" || !call.body.is_object() {
            return answer(400, "invalid_payload");
        }
        if call.body["text"].as_str().is_none_or(str::is_empty) {
            return answer(400, "no_text");
        }
        answer(200, "ok")
    }
}
