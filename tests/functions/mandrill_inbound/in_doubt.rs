//! A welcome that got no answer, and Mandrill's event about it: nobody has to search, or to send again.

use fakes::server::FakeReply;
use integration::Event;
use serde_json::{Value, json};

use super::{
    events::{event, rejected, with_metadata},
    setup::setup,
};
use crate::{
    common::{
        event_log::{metrics, outcomes},
        ory::{ann, event as event_of_ory},
        setup::{Running, TABLE},
    },
    mailchimp_inbound::setup::Vendors,
    mandrill_welcome::setup::{Setup, Welcome},
};

use std::time::Duration;

const SEARCH: &str = "messages/search";
const SEND: &str = "messages/send";

/// After which a search would be made, and after which the mail would be sent again.
const SEARCHED: Duration = Duration::from_mins(3);
const SENT_AGAIN: Duration = Duration::from_mins(31);

/// The two functions, with one table of records.
struct Both {
    welcome: Welcome,
    inbound: Running<Vendors>,
    /// The metadata of the welcome.
    metadata: Value,
}

impl Both {
    /// The welcome was sent, or was not, and nobody has heard of it.
    async fn in_doubt(is_sent: bool) -> Self {
        let mut welcome = Setup::queued().await.start().await;
        if is_sent {
            welcome.vendor.act_and_reply_next(FakeReply::HangUp);
        } else {
            welcome.vendor.reply_next(FakeReply::HangUp);
        }
        welcome.store(event_of_ory(&ann())).await;
        assert_eq!(welcome.work().await.len(), 1);
        Self::of(welcome).await
    }

    /// The welcome was answered with this.
    async fn answered(reply: FakeReply) -> Self {
        let mut welcome = Setup::queued().await.start().await;
        welcome.vendor.reply_next(reply);
        welcome.store(event_of_ory(&ann())).await;
        welcome.work().await;
        Self::of(welcome).await
    }

    async fn of(welcome: Welcome) -> Self {
        let [send] = welcome.received().try_into().unwrap();
        assert_eq!(send.method, SEND);
        let table = welcome.dynamo_db.url();
        let inbound = setup().await.var("AWS_ENDPOINT_URL_DYNAMODB", table).start().await;
        Self { welcome, inbound, metadata: send.body["message"]["metadata"].clone() }
    }

    /// Mandrill tells of the welcome.
    async fn told(&mut self, event: Value) {
        let event = with_metadata(self.metadata.clone(), event);
        self.inbound.takes(&[event]).await;
    }

    /// The record of the welcome.
    fn record(&self) -> Value {
        let items = self.welcome.dynamo_db.items(TABLE);
        let is_welcome = |item: &&Value| item["id"]["S"].as_str().unwrap().starts_with("mandrill-");
        let records: Vec<_> = items.iter().filter(is_welcome).collect();
        assert_eq!(records.len(), 1, "{records:#?}");
        records[0].clone()
    }

    /// The calls of the next delivery of the welcome, a while later.
    async fn next(&mut self, later: Duration) -> Vec<String> {
        self.welcome.let_time_pass(later);
        assert!(self.welcome.work().await.is_empty());
        self.welcome.received().into_iter().map(|call| call.method).collect()
    }
}

/// A repetition of the event that wanted the welcome.
async fn comes_again(welcome: &mut Welcome, event: Event) -> Vec<String> {
    welcome.store(event).await;
    assert!(welcome.work().await.is_empty());
    welcome.received().into_iter().map(|call| call.method).collect()
}

#[test]
fn function_that_sends_is_the_one_whose_records_are_settled() {
    assert_eq!(mandrill_welcome::NAME, shared::mandrill::SENDER);
}

#[tokio::test]
async fn every_event_about_the_mail_settles_it_without_a_search_and_a_second_mail() {
    let table = [
        ("send", "delivered"),
        ("delivered", "delivered"),
        ("soft_bounce", "delivered"),
        ("spam", "delivered"),
        ("unsub", "delivered"),
        ("hard_bounce", "rejected"),
        ("reject", "rejected"),
    ];
    for (kind, state) in table {
        let mut both = Both::in_doubt(true).await;
        both.told(event(kind, 0)).await;
        let record = both.record();
        assert_eq!(record["state"], json!({"S": state}), "{kind}");
        assert_eq!(record["vendor_id"], json!({"S": event(kind, 0)["_id"]}), "{kind}");
        for gone in ["in_doubt_since", "lease_until", "recipient_digest"] {
            assert_eq!(record.get(gone), None, "{kind}: {gone}");
        }
        assert!(both.next(SEARCHED).await.is_empty(), "{kind}");
        let again = comes_again(&mut both.welcome, event_of_ory(&ann())).await;
        assert!(again.is_empty(), "{kind}");
        assert_eq!(both.welcome.vendor.mails()["ann@example.com"], 1, "{kind}");
        let line = both.inbound.end().await.deliveries().pop().unwrap();
        assert_eq!(line["outcome"], "delivered", "{kind}: {line:#}");
        let counted = metrics(&line);
        assert_eq!(counted.contains("Rejected"), state == "rejected", "{kind}: {counted:?}");
        let deliveries = both.welcome.end().await.deliveries();
        assert_eq!(outcomes(&deliveries), ["in_doubt", "duplicate", "duplicate"], "{kind}");
    }
}

/// After an hour and more the mail that no search finds would be sent again.
#[tokio::test]
async fn event_prevents_a_second_mail_where_no_search_finds_the_first() {
    let mut searching = Both::in_doubt(true).await;
    searching.welcome.vendor.set_index_behind(true);
    assert_eq!(searching.next(SENT_AGAIN).await, [SEARCH, SEND], "without the event");

    let mut told = Both::in_doubt(true).await;
    told.welcome.vendor.set_index_behind(true);
    told.told(event("send", 0)).await;
    assert!(told.next(SENT_AGAIN).await.is_empty());
}

/// The sender is fixed some time later, and then the mail is sent: a record that was closed by the
/// reject would lose it.
#[tokio::test]
async fn reject_that_an_operator_can_fix_settles_nothing() {
    for reason in ["unsigned", "invalid-sender", "test-mode-limit", "a-new-one"] {
        let mut both = Both::in_doubt(false).await;
        let before = both.record();
        both.told(rejected(reason, 0)).await;
        assert_eq!(both.record(), before, "{reason}");
        assert_eq!(both.next(SENT_AGAIN).await, [SEARCH, SEND], "{reason}");
    }
}

#[tokio::test]
async fn record_that_is_not_in_doubt_is_left_as_it_is() {
    let sent = FakeReply::json(200, &json!([{"status": "sent", "_id": "m1"}]));
    let mut both = Both::answered(sent).await;
    let before = both.record();
    assert_eq!(before["state"], json!({"S": "delivered"}));
    for kind in ["send", "delivered", "hard_bounce", "reject"] {
        both.told(event(kind, 0)).await;
        assert_eq!(both.record(), before, "{kind}");
    }
    // Given back: nothing was sent, and the welcome is still to come.
    let unpaid = json!({"status": "error", "code": -1, "name": "PaymentRequired"});
    let mut both = Both::answered(FakeReply::json(402, &unpaid)).await;
    let before = both.record();
    both.told(event("send", 0)).await;
    assert_eq!(both.record(), before);
    assert_eq!(both.next(SEARCHED).await, [SEND]);
    assert_eq!(both.welcome.vendor.mails()["ann@example.com"], 1);
}

#[tokio::test]
async fn event_of_another_key_or_without_one_settles_nothing() {
    let mut both = Both::in_doubt(true).await;
    let before = both.record();
    let key = both.metadata["ory_key"].as_str().unwrap().to_owned();
    let other = if key.starts_with('0') { '1' } else { '0' };
    let foreign = [
        json!({}),
        json!({"ory_key": ""}),
        json!({"ory_key": key.to_uppercase()}),
        json!({"ory_key": key[1..]}),
        json!({"ory_key": format!("{key}0")}),
        json!({"ory_key": format!("{other}{}", &key[1..])}),
        json!({"ory_key": format!("mandrill-welcome#{}", &key[..24])}),
        // The same work in another deployment: staging, with a copy of the identities.
        json!({"ory_key": format!("{}{}", &key[..24], key[24..].chars().rev().collect::<String>())}),
        json!({"key": key}),
        json!({"ory_key": [key]}),
    ];
    for metadata in foreign {
        let event = with_metadata(metadata.clone(), event("delivered", 0));
        both.inbound.takes(&[event]).await;
        assert_eq!(both.record(), before, "{metadata}");
    }
    let records = both.welcome.dynamo_db.items(TABLE);
    let made = records.iter().filter(|item| item["state"] == json!({"S": "delivered"}));
    assert_eq!(made.count(), 0, "a record of nobody's work is made: {records:#?}");
    assert_eq!(both.next(SEARCHED).await, [SEARCH]);
}

/// Its records begin with another name, and lanes with that of whom they are about.
#[tokio::test]
async fn record_of_another_function_is_never_touched() {
    let mut both = Both::in_doubt(true).await;
    let record = both.record();
    let digits = record["id"]["S"].as_str().unwrap().strip_prefix("mandrill-welcome#").unwrap();
    let ids = ["segment-identify#", "mailchimp-inbound#", "relay#", "identity#", "contact#", ""];
    let others = ids.map(|id| {
        let mut other = record.clone();
        other["id"] = json!({"S": format!("{id}{digits}")});
        both.welcome.dynamo_db.put(TABLE, &other).unwrap();
        other
    });
    both.told(event("hard_bounce", 0)).await;
    for other in others {
        let id = other["id"]["S"].as_str().unwrap();
        assert_eq!(both.welcome.dynamo_db.item(TABLE, id).as_ref(), Some(&other), "{id}");
    }
    let settled = both.welcome.dynamo_db.item(TABLE, record["id"]["S"].as_str().unwrap());
    assert_eq!(settled.unwrap()["state"], json!({"S": "rejected"}));
}

#[tokio::test]
async fn event_repeated_after_it_has_settled_the_mail_changes_nothing() {
    let mut both = Both::in_doubt(true).await;
    both.told(event("send", 0)).await;
    let settled = both.record();
    for event in [event("send", 0), event("hard_bounce", 60), event("send", 0)] {
        both.told(event).await;
        assert_eq!(both.record(), settled);
    }
    let log = both.inbound.end().await.deliveries();
    assert_eq!(outcomes(&log), ["delivered", "skipped", "skipped", "skipped"]);
}

#[tokio::test]
async fn event_stays_while_the_record_cannot_be_reached() {
    let mut both = Both::in_doubt(true).await;
    both.welcome.dynamo_db.set_down(true);
    let event = with_metadata(both.metadata.clone(), event("send", 0));
    both.inbound.is_told(&[event]).await;
    assert_eq!(both.inbound.work().await.len(), 1);
    both.welcome.dynamo_db.set_down(false);
    both.inbound.sqs.make_visible(crate::common::setup::QUEUE);
    assert!(both.inbound.work().await.is_empty());
    assert_eq!(both.record()["state"], json!({"S": "delivered"}));
}
