//! What becomes of a welcome, over the whole local stack.

use std::time::Duration;

use fakes::mandrill::Fate;
use serde_json::{Value, json};
use shared::clock::Clock;

use super::{
    local::{LocalStack, Mode, PortNumbers},
    samples::SAMPLES,
};

/// Ann, who registers and gets a welcome.
struct Ann {
    stack: LocalStack,
}

impl Ann {
    async fn is_welcomed(mode: Mode) -> Self {
        let stack = LocalStack::start(PortNumbers::default(), mode).await.unwrap();
        let sample = SAMPLES.iter().find(|sample| {
            sample.function == mandrill_welcome::NAME && sample.file == "registration.json"
        });
        assert!(stack.console.sends(sample.unwrap()).await);
        stack.at_rest().await;
        Self { stack }
    }

    fn mail(&self) -> Value {
        self.stack.fakes.mandrill.all_mails().remove(0)
    }

    async fn mail_meets(&self, fate: Fate) {
        let id = self.mail()["_id"].as_str().unwrap().to_owned();
        self.stack.act_in_mandrill(&id, fate).await.unwrap();
        self.stack.at_rest().await;
    }

    fn identity(&self) -> Value {
        let id = self.mail()["metadata"]["ory_identity"].as_str().unwrap().to_owned();
        self.stack.fakes.ory.identity(&id).unwrap()
    }

    fn mark(&self) -> Option<Value> {
        self.identity().pointer("/metadata_public/mandrill/undeliverable").cloned()
    }

    /// What Segment was told since the last time.
    fn told(&self) -> Vec<Value> {
        let told = self.stack.fakes.segment.take_received();
        told.into_iter().map(|call| call.body["traits"].clone()).collect()
    }
}

#[tokio::test]
async fn bounce_an_hour_later_marks_the_identity_until_a_mail_is_delivered() {
    for mode in [Mode::DEPLOYED, Mode::Inline] {
        let ann = Ann::is_welcomed(mode).await;
        assert_eq!(ann.mark(), None);
        let before = ann.stack.console.clock().now();
        ann.mail_meets(Fate::HardBounces).await;
        assert!(ann.stack.console.clock().now() >= before + Duration::from_hours(1));
        let mark = json!({"address": "ann@example.com", "reason": "bad_mailbox"});
        assert_eq!(ann.mark(), Some(mark));
        assert_eq!(ann.told(), [json!({"emailUndeliverable": true})]);
        ann.mail_meets(Fate::IsDelivered).await;
        assert_eq!(ann.mark(), None);
        assert_eq!(ann.told(), [json!({"emailUndeliverable": false})]);
    }
}

#[tokio::test]
async fn complaint_withdraws_consent() {
    let ann = Ann::is_welcomed(Mode::DEPLOYED).await;
    ann.mail_meets(Fate::IsReported).await;
    assert_eq!(ann.identity()["traits"]["consent"]["newsletter"], false);
    assert_eq!(ann.told(), [json!({"newsletterConsent": false})]);
}

#[tokio::test]
async fn reset_key_is_that_of_the_next_event() {
    let ann = Ann::is_welcomed(Mode::DEPLOYED).await;
    let fakes = &ann.stack.fakes;
    let key = fakes.mandrill.reset_webhook_key(super::local::MANDRILL_WEBHOOK_URL);
    ann.mail_meets(Fate::HardBounces).await;
    assert_eq!(ann.mark(), None, "the function does not know the key");
    fakes.put_secret("ory-actions/mandrill-webhook", &key);
    ann.mail_meets(Fate::HardBounces).await;
    assert!(ann.mark().is_some());
}
