use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, from_value, json, to_value};
use uuid::uuid;

use super::*;
use crate::{form, samples};

fn decoded(body: &str) -> Result<Decoded, EventError> {
    read(&form::decode(body.as_bytes()).expect(body))
}

fn event(body: &str) -> Event {
    match decoded(body) {
        Ok(Decoded::Event(event)) => event,
        other => panic!("{body}: {other:?}"),
    }
}

/// What a template sees of a sample.
fn seen(name: &str) -> Value {
    to_value(samples::event(name)).expect(name)
}

fn data(name: &str) -> Value {
    seen(name)["data"].take()
}

#[test]
fn documented_subscribe_parses() {
    assert_eq!(
        seen("subscribe"),
        json!({
            "type": "subscribe",
            "fired_at": "2009-03-26T21:35:57Z",
            "data": {
                "id": "8a25ff1d98",
                "list_id": "a6b5da1054",
                "email": "api@example.com",
                "email_type": "html",
                "merges": {
                    "EMAIL": "api@example.com",
                    "FNAME": "Mailchimp",
                    "LNAME": "API",
                    "INTERESTS": "Group1,Group2",
                },
                "interests": ["Group1", "Group2"],
            },
        })
    );
}

#[test]
fn documented_unsubscribe_parses_with_its_second_reason() {
    assert_eq!(
        seen("unsubscribe"),
        json!({
            "type": "unsubscribe",
            "fired_at": "2009-03-26T21:40:57Z",
            "data": {
                "action": "unsub",
                "reason": "hard",
                "id": "8a25ff1d98",
                "list_id": "a6b5da1054",
                "email": "api+unsub@example.com",
                "email_type": "html",
                "campaign_id": "cb398d21d2",
                "merges": {
                    "EMAIL": "api+unsub@example.com",
                    "FNAME": "Mailchimp",
                    "LNAME": "API",
                    "INTERESTS": "Group1,Group2",
                },
                "interests": ["Group1", "Group2"],
            },
        })
    );
}

#[test]
fn documented_profile_parses() {
    assert_eq!(
        seen("profile"),
        json!({
            "type": "profile",
            "fired_at": "2009-03-26T21:31:21Z",
            "data": {
                "id": "8a25ff1d98",
                "list_id": "a6b5da1054",
                "email": "api@example.com",
                "email_type": "html",
                "merges": {
                    "EMAIL": "api@example.com",
                    "FNAME": "Mailchimp",
                    "LNAME": "API",
                    "INTERESTS": "Group1,Group2",
                },
                "interests": ["Group1", "Group2"],
            },
        })
    );
}

#[test]
fn documented_upemail_parses() {
    assert_eq!(
        seen("upemail"),
        json!({
            "type": "upemail",
            "fired_at": "2009-03-26T22:15:09Z",
            "data": {
                "list_id": "a6b5da1054",
                "new_id": "51da8c3259",
                "new_email": "api+new@example.com",
                "old_email": "api+old@example.com",
            },
        })
    );
}

#[test]
fn documented_cleaned_parses() {
    assert_eq!(
        seen("cleaned"),
        json!({
            "type": "cleaned",
            "fired_at": "2009-03-26T22:01:00Z",
            "data": {
                "list_id": "a6b5da1054",
                "campaign_id": "4fjk2ma9xd",
                "reason": "hard",
                "email": "api+cleaned@example.com",
            },
        })
    );
}

#[test]
fn documented_campaign_parses_with_and_without_its_empty_reason() {
    let campaign = json!({
        "type": "campaign",
        "fired_at": "2009-03-26T21:31:21Z",
        "data": {
            "id": "5aa2102003",
            "subject": "Test Campaign Subject",
            "status": "sent",
            "list_id": "a6b5da1054",
        },
    });
    assert_eq!(seen("campaign"), campaign);
    assert_eq!(seen("campaign-without-reason"), campaign);
}

#[test]
fn postal_address_drops_its_empty_parts() {
    assert_eq!(
        data("address-parts")["merges"]["ADDRESS"],
        json!({
            "addr1": "1 Example Street",
            "city": "Exampletown",
            "state": "EX",
            "zip": "00001",
            "country": "GB",
        })
    );
    let text = event(
        "type=profile&fired_at=2026-02-03 08:15:00&data[list_id]=l&data[email]=e\
         &data[merges][ADDRESS]=1 Example Street",
    );
    assert_eq!(to_value(text).expect("a text")["data"]["merges"]["ADDRESS"], "1 Example Street");
}

#[test]
fn web_id_stays_a_string() {
    assert_eq!(data("address-parts")["web_id"], "1362500348");
}

#[test]
fn interests_are_split_and_the_merge_field_stays_raw() {
    let data = data("interests-escaped-comma");
    assert_eq!(data["interests"], json!(["News", "Bread, butter and jam", "Events"]));
    assert_eq!(data["merges"]["INTERESTS"], "News, Bread\\, butter and jam, Events");
}

#[test]
fn groupings_keep_their_indexes_in_any_order() {
    assert_eq!(
        data("groupings")["merges"]["GROUPINGS"],
        json!({
            "0": {"id": "8", "unique_id": "a1b2c3d4e5", "name": "Topics", "groups": "News"},
            "1": {"id": "12", "name": "Places"},
        })
    );
}

#[test]
fn unsubscribe_without_an_action_is_unsub() {
    assert_eq!(data("unsubscribe-without-action")["action"], "unsub");
    assert_eq!(data("unsubscribe-delete")["action"], "delete");
}

#[test]
fn unknown_words_are_kept_without_errors() {
    let body = "type=unsubscribe&fired_at=2026-02-03 08:15:00&data[list_id]=l&data[email]=e";
    let table = [
        ("", Action::Unsub, None),
        ("&data[action]=&data[reason]=", Action::Unsub, None),
        ("&data[action][x]=y&data[reason][x]=y", Action::Unsub, None),
        ("&data[action]=delete&data[reason]=abuse", Action::Delete, Some(Reason::Abuse)),
        (
            "&data[action]=archive&data[reason]=bored",
            Action::Other("archive".to_owned()),
            Some(Reason::Other("bored".to_owned())),
        ),
    ];
    for (more, action, reason) in table {
        let Data::Unsubscribe(data) = event(&format!("{body}{more}")).data else {
            panic!("{more}: another type");
        };
        assert_eq!((data.action, data.reason), (action, reason), "{more}");
    }
}

#[test]
fn form_encoding_style_does_not_matter() {
    assert_eq!(seen("raw-brackets"), seen("space-as-percent20"));
    assert_eq!(data("raw-brackets")["merges"]["FNAME"], "Ada Augusta");
    assert_eq!(seen("type-last")["type"], "subscribe");
    assert_eq!(data("plus-address")["email"], "ada+news@example.com");
}

#[test]
fn empty_values_are_absent() {
    assert_eq!(
        data("empty-values"),
        json!({
            "list_id": "a6b5da1054",
            "email": "ada@example.com",
            "email_type": "html",
            "merges": {"EMAIL": "ada@example.com"},
            "interests": [],
        })
    );
}

#[test]
fn repeated_name_keeps_the_last_value() {
    let data = data("duplicate-keys");
    assert_eq!(data["ip_opt"], "192.0.2.11");
    assert_eq!(data["merges"]["FNAME"], "Augusta");
}

#[test]
fn unknown_types_are_accepted_without_fields() {
    let unknown = |kind: &str| Decoded::Unknown { kind: kind.to_owned() };
    assert_eq!(samples::decoded("sms-subscribe"), unknown("sms_subscribe"));
    assert_eq!(samples::decoded("pending"), unknown("pending"));
    for kind in ["sms_unsubscribe", "upsms", "sms_campaign", "Subscribe"] {
        assert_eq!(decoded(&format!("type={kind}")), Ok(unknown(kind)));
    }
    let long = "x".repeat(MAX_KIND_BYTES + 1);
    for kind in ["ada@example.com", "a%0Ab", "é", &long] {
        assert_eq!(decoded(&format!("type={kind}")), Ok(unknown("(not a word)")));
    }
}

#[test]
fn undocumented_fields_are_kept() {
    let event = event(
        "type=cleaned&fired_at=2026-02-03 08:15:00&data[list_id]=l&data[email]=e\
         &data[type]=t&data[fired_at]=f&data[merges][A][B]=c&data[empty]=",
    );
    let value = to_value(&event).expect("a value");
    assert_eq!(value["type"], "cleaned");
    assert_eq!(
        value["data"],
        json!({"list_id": "l", "email": "e", "type": "t", "fired_at": "f", "merges": {"A": {"B": "c"}}})
    );
    assert_eq!(from_value::<Event>(value).expect("an event"), event);
}

#[test]
fn derived_fields_override_form_fields_of_the_same_name() {
    let event = event(
        "type=profile&fired_at=2026-02-03 08:15:00&data[list_id]=l&data[email]=e\
         &data[interests]=theirs&data[merges]=odd",
    );
    assert_eq!(
        to_value(event).expect("a value")["data"],
        json!({"list_id": "l", "email": "e", "merges": {}, "interests": []})
    );
}

/// For each type, the minimum of a valid event.
const LEAST: [(&str, &[&str]); 6] = [
    ("subscribe", &["data[list_id]", "data[email]"]),
    ("unsubscribe", &["data[list_id]", "data[email]"]),
    ("profile", &["data[list_id]", "data[email]"]),
    ("upemail", &["data[list_id]", "data[old_email]", "data[new_email]"]),
    ("cleaned", &["data[list_id]", "data[email]"]),
    ("campaign", &["data[list_id]", "data[id]"]),
];

#[test]
fn each_missing_required_field_is_named() {
    for (kind, required) in LEAST {
        let pairs = [format!("type={kind}"), "fired_at=2026-02-03+08:15:00".to_owned()];
        let pairs: Vec<String> =
            pairs.into_iter().chain(required.iter().map(|field| format!("{field}=x"))).collect();
        assert_eq!(event(&pairs.join("&")).kind(), kind);

        for (index, pair) in pairs.iter().enumerate() {
            let (field, _) = pair.split_once('=').expect("a pair");
            let missing = Err(EventError::Missing { field: field.to_owned() });
            let mut without = pairs.clone();
            for bad in [String::new(), format!("{field}="), format!("{field}[x]=y")] {
                without[index] = bad;
                assert_eq!(decoded(&without.join("&")), missing, "{kind}");
            }
        }
    }
}

#[test]
fn invalid_time_is_an_error_without_its_value() {
    let error = decoded("type=cleaned&fired_at=ada@example.com&data[list_id]=l&data[email]=e")
        .expect_err("no time");
    assert!(matches!(error, EventError::FiredAt(_)));
    assert!(!format!("{error} {error:?}").contains("ada"));
}

#[test]
fn event_names_its_person_and_subject() {
    let table = [
        ("subscribe", "subscribe", &["api@example.com"][..]),
        ("unsubscribe", "unsubscribe", &["api+unsub@example.com"]),
        ("profile", "profile", &["api@example.com"]),
        ("upemail", "upemail", &["api+old@example.com", "api+new@example.com"]),
        ("cleaned", "cleaned", &["api+cleaned@example.com"]),
        ("campaign", "campaign", &[]),
    ];
    for (name, kind, addresses) in table {
        let event = samples::event(name);
        assert_eq!(event.kind(), kind);
        assert_eq!(event.list_id(), "a6b5da1054");
        assert_eq!(event.addresses(), addresses);
        assert_eq!(event.address(), addresses.first().copied());
        assert_eq!(event.named(), None);
        assert!(!event.is_forgotten());
    }
    let claimed = Named::Claimed(uuid!("3f2b8c1e-5d4a-4f6b-9a7c-0e1d2c3b4a59"));
    assert_eq!(samples::event("ory-id").named(), Some(claimed));
}

#[test]
fn forgotten_address_is_recognized_in_any_case_and_position() {
    assert!(samples::event("forgotten").is_forgotten());
    let upemail = |new: &str| {
        event(&format!(
            "type=upemail&fired_at=2026-02-03 08:15:00&data[list_id]=l\
             &data[old_email]=e&data[new_email]={new}"
        ))
    };
    assert!(upemail("x@Forgotten.Mailchimp.com").is_forgotten());
    assert!(!upemail("x@forgotten.mailchimp.com.example.com").is_forgotten());
    assert!(!upemail("x@notforgotten.mailchimp.com").is_forgotten());
}

#[test]
fn every_sample_survives_the_queue_and_debug_redacts_it() {
    for name in samples::names() {
        let Decoded::Event(event) = samples::decoded(&name) else {
            continue;
        };
        let stored = serde_json::to_string(&event).expect(&name);
        assert!(serde_json::from_str::<Event>(&stored).expect(&name) == event, "{name}");
        let (debug, data) = (format!("{event:?}"), format!("{:?}", event.data));
        assert_eq!(
            debug,
            format!("Event {{ type: {:?}, list_id: \"a6b5da1054\", .. }}", event.kind())
        );
        assert_eq!(
            data.to_lowercase(),
            format!("{} {{ list_id: \"a6b5da1054\", .. }}", event.kind())
        );
    }
    let Data::Subscribe(subscribe) = samples::event("subscribe").data else {
        panic!("a subscribe")
    };
    assert_eq!(format!("{:?}", subscribe.contact.merges), "Merges(4 fields)");
}

/// Forms that look like events: known names in any shape, with meaningful and meaningless values.
fn bodies() -> impl Strategy<Value = String> {
    let names = select(vec![
        "type",
        "fired_at",
        "data",
        "data[list_id]",
        "data[email]",
        "data[old_email]",
        "data[new_email]",
        "data[new_id]",
        "data[id]",
        "data[action]",
        "data[reason]",
        "data[ip_opt]",
        "data[web_id]",
        "data[interests]",
        "data[other]",
        "data[type]",
        "data[merges]",
        "data[merges][INTERESTS]",
        "data[merges][ADDRESS]",
        "data[merges][GROUPINGS][0]",
        "data[merges][ORY_ID]",
    ]);
    let shapes =
        prop_oneof![8 => Just(""), 1 => Just("[x]"), 1 => Just("[]"), 1 => Just("[unsub]")];
    let values = prop_oneof![Just(String::new()), "[a-z\\\\, ]{1,12}"];
    let pairs =
        (names, shapes, values).prop_map(|(name, shape, value)| format!("{name}{shape}={value}"));
    let kind = select(LEAST.map(|(kind, _)| kind).to_vec());
    (kind, vec(pairs, 0..20)).prop_map(|(kind, pairs)| {
        format!(
            "type={kind}&fired_at=2026-02-03 08:15:00&data[list_id]=l&data[email]=e&data[id]=i\
             &data[old_email]=o&data[new_email]=n&{}",
            pairs.join("&")
        )
    })
}

fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.values().any(holds_null),
        _ => false,
    }
}

proptest! {
    #[test]
    fn parsed_event_survives_the_queue_without_nulls(body in bodies()) {
        if let Ok(Decoded::Event(event)) = decoded(&body) {
            let value = to_value(&event).expect("a value");
            prop_assert!(!holds_null(&value));
            prop_assert_eq!(from_value::<Event>(value).expect("an event"), event);
        }
    }

    #[test]
    fn any_bytes_parse_without_a_panic(body in any::<Vec<u8>>()) {
        let _ = form::decode(&body).map(|form| read(&form));
    }

    #[test]
    fn any_times_and_words_parse_without_a_panic(
        kind in select(LEAST.map(|(kind, _)| kind).to_vec()), text in any::<String>()
    ) {
        let form = json!({
            "type": kind,
            "fired_at": text,
            "data": {"list_id": text, "email": text, "id": text, "merges": {"INTERESTS": text}},
        });
        let _ = read(form.as_object().expect("an object"));
    }
}
