use proptest::prelude::*;
use serde_json::json;
use time::macros::datetime;

use super::*;

fn one(event: &Value) -> Option<MailEvent> {
    let events = read(json!([event]).to_string().as_bytes()).unwrap();
    assert_eq!(events.stored.len() + events.skipped, 1);
    events.stored.into_iter().next()
}

fn bounce() -> Value {
    json!({
        "event": "hard_bounce", "_id": "7761629", "ts": 1_461_095_246,
        "msg": {
            "ts": 1_461_095_211, "_id": "7761629", "state": "bounced", "email": "ann@example.com",
            "subject": "a-subject", "sender": "a-sender", "tags": ["a-tag"], "diag": "smtp;550 a-diag",
            "bounce_description": "bad_mailbox", "bgtools_code": 10, "opens": [{"ip": "an-ip"}],
            "metadata": {
                "ory_key": "0123456789abcdef0123456789abcdef",
                "ory_identity": "3f2b8c1e-5d4a-4f6b-9a7c-0e1d2c3b4a59", "campaign": "a-campaign",
            },
        },
        "ip": "127.0.0.1", "user_agent": "an-agent",
    })
}

#[test]
fn only_what_is_needed_of_an_event_is_stored() {
    let event = one(&bounce()).unwrap();
    let expected = json!({
        "event": "hard_bounce", "_id": "7761629", "ts": 1_461_095_246,
        "msg": {
            "email": "ann@example.com", "state": "bounced", "bounce_description": "bad_mailbox",
            "ory_key": "0123456789abcdef0123456789abcdef",
            "ory_identity": "3f2b8c1e-5d4a-4f6b-9a7c-0e1d2c3b4a59",
        },
    });
    assert_eq!(json!(event), expected);
    assert_eq!(serde_json::from_value::<MailEvent>(expected).unwrap(), event);
    assert_eq!(event.occurred_at(), datetime!(2016-04-19 19:47:26 UTC));
    assert_eq!(event.for_template()["fired_at"], "2016-04-19T19:47:26Z");
}

#[test]
fn every_kind_of_event_is_stored_or_skipped() {
    // The kind; whether it is stored with our key, and without; the state that it shows.
    let table = [
        ("send", true, false, Some(State::Delivered)),
        ("delivered", true, true, Some(State::Delivered)),
        ("hard_bounce", true, true, Some(State::Rejected)),
        ("soft_bounce", true, false, Some(State::Delivered)),
        ("reject", true, true, Some(State::Rejected)),
        ("spam", true, true, Some(State::Delivered)),
        ("unsub", true, true, Some(State::Delivered)),
        ("deferral", false, false, None),
        ("open", false, false, None),
        ("click", false, false, None),
        ("inbound", false, false, None),
        ("Send", false, false, None),
    ];
    for (kind, with_key, without_key, state) in table {
        let mut event = bounce();
        event["event"] = json!(kind);
        let ours = one(&event);
        assert_eq!(ours.is_some(), with_key, "{kind}");
        assert_eq!(ours.map(|event| event.event.state()), state, "{kind}");
        event["msg"]["metadata"] = json!([]);
        assert_eq!(one(&event).is_some(), without_key, "{kind}");
    }
}

#[test]
fn event_without_id_or_time_or_of_another_form_is_skipped() {
    for name in ["event", "_id", "ts"] {
        let mut event = bounce();
        event.as_object_mut().unwrap().remove(name);
        assert_eq!(one(&event), None, "{name}");
    }
    let sync = json!({"type": "denylist", "action": "add", "reject": {"email": "ann@example.com"}});
    for event in [sync, json!(null), json!(5), json!([]), json!({}), json!("hard_bounce")] {
        assert_eq!(one(&event), None, "{event}");
    }
}

#[test]
fn missing_or_odd_mail_leaves_its_fields_out() {
    for msg in [json!(null), json!({}), json!([]), json!({"email": 5, "metadata": "x"})] {
        let mut event = bounce();
        event["msg"] = msg;
        assert_eq!(json!(one(&event).unwrap().msg), json!({}), "{event}");
    }
    let mut event = bounce();
    event["msg"]["email"] = json!("a".repeat(MAX_ADDRESS_BYTES + 1));
    event["msg"]["metadata"]["ory_identity"] = json!("not-a-uuid");
    let event = one(&event).unwrap();
    assert_eq!((event.msg.email.clone(), event.named()), (None, None));
}

#[test]
fn reason_of_a_reject_is_read_in_both_forms() {
    for reject in [json!({"reason": "hard-bounce", "last_event_at": "x"}), json!("hard-bounce")] {
        let mut event = bounce();
        event["msg"]["reject"] = reject;
        assert_eq!(one(&event).unwrap().msg.reject_reason.as_deref(), Some("hard-bounce"));
    }
}

#[test]
fn event_is_recognized_by_mail_kind_and_time() {
    let id = |change: fn(&mut Value)| {
        let mut event = bounce();
        change(&mut event);
        one(&event).unwrap().event_id()
    };
    let same = id(|_| {});
    assert_eq!(id(|event| event["msg"]["state"] = json!("x")), same);
    assert_ne!(id(|event| event["_id"] = json!("other")), same);
    assert_ne!(id(|event| event["ts"] = json!(1)), same);
    assert_ne!(id(|event| event["event"] = json!("reject")), same);
}

#[test]
fn debug_shows_no_personal_data() {
    assert_eq!(format!("{:?}", one(&bounce()).unwrap()), "MailEvent { event: HardBounce, .. }");
}

#[test]
fn list_with_bytes_that_are_no_text_is_read() {
    let mut list = json!([bounce()]).to_string().into_bytes();
    let at = list.windows(9).position(|window| window == b"a-subject").unwrap();
    list[at] = 0xff;
    assert_eq!(read(&list).unwrap().stored.len(), 1);
}

#[test]
fn anything_but_a_list_is_an_error() {
    for list in ["", "{}", "null", "[", "[{]", "x"] {
        assert_eq!(read(list.as_bytes()), Err(EventsError), "{list}");
    }
    assert_eq!(read(b"[]"), Ok(Events::default()));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(list: Vec<u8>) {
        let _ = read(&list);
    }

    #[test]
    fn every_event_of_a_list_is_stored_or_counted(kinds in prop::collection::vec("send|open|spam|x", 0..20)) {
        let list = kinds.iter().map(|kind| {
            let mut event = bounce();
            event["event"] = json!(kind);
            event
        });
        let events = read(list.collect::<Value>().to_string().as_bytes()).unwrap();
        prop_assert_eq!(events.stored.len() + events.skipped, kinds.len());
    }
}
