//! What Mailchimp reports to webhooks.

use super::*;

const HOOK: &str = "https://example.com/mailchimp?secret=s";

/// An audience with a webhook, in which Ann has an identity.
fn desk(status: Status) -> Desk {
    let mut desk = Desk::with(status);
    let list = desk.list();
    list.put_webhook(HOOK);
    list.put_merge_field(MergeField { is_public: false, ..MergeField::new("ORY_ID", "text") });
    let body = json!({"merge_fields": {"FNAME": "Ann", "ORY_ID": "00000001-1111-4111"}});
    assert_eq!(desk.of_ann("PATCH", body).0, 200);
    desk
}

fn fields(sent: &SentWebhook) -> Vec<(String, String)> {
    assert_eq!(sent.url, HOOK);
    url::form_urlencoded::parse(sent.body.as_bytes()).into_owned().collect()
}

fn value<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The one report of an act.
fn reported(status: Status, act: Act) -> Vec<(String, String)> {
    let mut desk = desk(status);
    desk.list().act(ANN, act, NOW).unwrap();
    let sent = desk.list().take_webhooks();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(desk.list().take_webhooks().is_empty());
    fields(&sent[0])
}

#[test]
fn acts_that_concern_consent() {
    let table = [
        (Status::Pending, Act::Confirms, "subscribe", None, None),
        (Status::Unsubscribed, Act::SignsUp, "subscribe", None, None),
        (Status::Subscribed, Act::Unsubscribes, "unsubscribe", Some("unsub"), Some("manual")),
        (Status::Subscribed, Act::AdminUnsubscribes, "unsubscribe", Some("unsub"), Some("manual")),
        (Status::Subscribed, Act::Complains, "unsubscribe", Some("unsub"), Some("abuse")),
        (Status::Subscribed, Act::AdminArchives, "unsubscribe", Some("delete"), Some("manual")),
        (Status::Subscribed, Act::Bounces, "cleaned", None, Some("hard")),
        (Status::Subscribed, Act::IsCleanedForAbuse, "cleaned", None, Some("abuse")),
    ];
    for (status, act, event, action, reason) in table {
        let fields = reported(status, act);
        let of = |name: &str| value(&fields, name);
        assert_eq!((of("type"), of("fired_at")), (Some(event), Some("2026-02-03 08:30:00")));
        assert_eq!((of("data[action]"), of("data[reason]")), (action, reason), "{event}");
        assert_eq!((of("data[list_id]"), of("data[email]")), (Some(LIST_ID), Some(ANN)));
        // A cleaned address has neither id nor merge fields.
        let is_contact = event != "cleaned";
        assert_eq!(of("data[id]").map(str::len), is_contact.then_some(10));
        assert_eq!(of("data[merges][EMAIL]"), is_contact.then_some(ANN));
        assert_eq!(of("data[merges][FNAME]"), is_contact.then_some("Ann"));
        assert_eq!(of("data[merges][LNAME]"), is_contact.then_some(""));
        assert_eq!(of("data[merges][ORY_ID]"), is_contact.then_some("00000001-1111-4111"));
    }
}

#[test]
fn form_is_encoded_as_captured() {
    let mut desk = desk(Status::Subscribed);
    let address = json!({"addr1": "1 Street", "city": "Town", "state": "X", "zip": "1"});
    let fields = json!({"ADDRESS": address});
    desk.list().act(ANN, Act::Edits(fields.as_object().unwrap().clone()), NOW).unwrap();
    let [sent] = desk.list().take_webhooks().try_into().unwrap();
    assert_eq!(sent.event, "profile");
    let begin = "type=profile&fired_at=2026-02-03+08%3A30%3A00&data%5Bid%5D=";
    assert!(sent.body.starts_with(begin), "{}", sent.body);
    let part = "&data%5Bmerges%5D%5BADDRESS%5D%5Baddr1%5D=1+Street&";
    assert!(sent.body.contains(part), "{}", sent.body);
}

#[test]
fn move_is_reported_as_such_and_as_a_profile() {
    let mut desk = desk(Status::Subscribed);
    desk.list().act(ANN, Act::Moves(BOB.to_owned()), NOW).unwrap();
    let [upemail, profile] = desk.list().take_webhooks().try_into().unwrap();
    assert_eq!((upemail.event, profile.event), ("upemail", "profile"));
    let names: Vec<_> = fields(&upemail).into_iter().map(|(name, _)| name).collect();
    let expected =
        ["type", "fired_at", "data[list_id]", "data[new_id]", "data[new_email]", "data[old_email]"];
    assert_eq!(names, expected);
    assert_eq!(value(&fields(&upemail), "data[old_email]"), Some(ANN));
    assert_eq!(value(&fields(&upemail), "data[new_email]"), Some(BOB));
    assert_eq!(value(&fields(&profile), "data[email]"), Some(BOB));
    let new_id = value(&fields(&upemail), "data[new_id]").map(str::to_owned);
    assert_eq!(value(&fields(&profile), "data[id]").map(str::to_owned), new_id);
}

#[test]
fn own_writes_stay_quiet_unless_the_webhook_wants_them() {
    let writes: [(Status, Value, &[&str]); 7] = [
        (Status::Transactional, json!({"status": "subscribed"}), &["subscribe"]),
        (Status::Transactional, json!({"status": "pending"}), &[]),
        (Status::Subscribed, json!({"status": "unsubscribed"}), &["unsubscribe"]),
        (Status::Pending, json!({"status": "unsubscribed"}), &[]),
        (Status::Subscribed, json!({"email_address": BOB}), &["upemail", "profile"]),
        (Status::Subscribed, json!({"merge_fields": {"FNAME": "A"}}), &["profile"]),
        (Status::Subscribed, json!({"language": "de"}), &[]),
    ];
    for (status, body, events) in writes {
        let mut desk = desk(status);
        let mut hook = json!({
            "url": "https://example.com/all",
            "events": {"subscribe": true, "unsubscribe": true, "profile": true, "upemail": true,
                "cleaned": true, "campaign": false},
            "sources": {"user": false, "admin": false, "api": true},
        });
        assert_eq!(desk.of_list("POST", "webhooks", hook.take()).0, 200);
        assert_eq!(desk.of_ann("PATCH", body.clone()).0, 200);
        let sent = desk.list().take_webhooks();
        assert!(sent.iter().all(|sent| sent.url == "https://example.com/all"), "{body}");
        assert_eq!(sent.iter().map(|sent| sent.event).collect::<Vec<_>>(), events, "{body}");
    }
}

#[test]
fn forgotten_contact_is_reported_without_its_address() {
    let fields = reported(Status::Subscribed, Act::AdminForgets);
    assert_eq!(value(&fields, "data[action]"), Some("delete"));
    let address = value(&fields, "data[email]").unwrap();
    assert!(address.ends_with("@forgotten.mailchimp.com"), "{address}");
    assert_eq!(value(&fields, "data[merges][FNAME]"), Some(""));
}

#[test]
fn webhook_names_each_event_and_source() {
    let hook = json!({
        "url": HOOK,
        "events": {"subscribe": true, "unsubscribe": false, "profile": false, "upemail": false,
            "cleaned": false, "campaign": false},
        "sources": {"user": true, "admin": false, "api": false},
    });
    let mut desk = Desk::with(Status::Subscribed);
    for part in ["events", "sources"] {
        let mut less = hook.clone();
        less[part].as_object_mut().unwrap().retain(|_, is_wanted| *is_wanted == true);
        assert_eq!(desk.of_list("POST", "webhooks", less).1["errors"][0]["field"], part);
    }
    let (status, made) = desk.of_list("POST", "webhooks", hook.clone());
    assert_eq!((status, made["signing_secret"].is_string()), (200, true));
    let (_, all) = desk.of_list("GET", "webhooks", Value::Null);
    assert_eq!(all["webhooks"][0]["url"], HOOK);
    assert_eq!(all["webhooks"][0]["signing_secret"], Value::Null);
    // Another query makes no other webhook.
    let mut other = hook.clone();
    other["url"] = json!("https://example.com/mailchimp?secret=t");
    assert_eq!(desk.of_list("POST", "webhooks", other.clone()).0, 400);
    // It was not for unsubscribes, nor for admins.
    desk.list().act(ANN, Act::Unsubscribes, NOW).unwrap();
    assert!(desk.list().take_webhooks().is_empty());
    desk.list().act(ANN, Act::SignsUp, NOW).unwrap();
    assert_eq!(desk.list().take_webhooks().len(), 1);
    let path = format!("webhooks/{}", made["id"].as_str().unwrap());
    assert_eq!(desk.of_list("PATCH", &path, other.clone()).1["url"], other["url"]);
    assert_eq!(desk.of_list("DELETE", &path, Value::Null).0, 204);
    assert_eq!(desk.of_list("DELETE", &path, Value::Null).0, 404);
}

#[test]
fn reports_are_signed() {
    // The digest is by `openssl dgst -sha256 -hmac test-signing-secret` over `1718000000.` and the body.
    let sent = SentWebhook {
        url: HOOK.to_owned(),
        event: "upemail",
        body: "type=upemail&fired_at=2009-03-26+22%3A15%3A09&data%5Blist_id%5D=a6b5da1054\
               &data%5Bnew_id%5D=51da8c3259&data%5Bnew_email%5D=api%2Bnew%40mailchimp.com\
               &data%5Bold_email%5D=api%2Bold%40mailchimp.com"
            .to_owned(),
        signing_secret: "test-signing-secret".to_owned(),
    };
    let at = OffsetDateTime::from_unix_timestamp(1_718_000_000).unwrap();
    assert_eq!(
        sent.signature(at),
        "t=1718000000,v1=4616a4ec946e84fbfbc18cd54bd3e168e27169fda38cc360befeb2d6eded8aba"
    );
    let mut desk = Desk::with(Status::Subscribed);
    let secret = desk.list().put_webhook(HOOK);
    desk.list().act(ANN, Act::Unsubscribes, NOW).unwrap();
    assert_eq!(desk.list().take_webhooks()[0].signing_secret, secret);
}
