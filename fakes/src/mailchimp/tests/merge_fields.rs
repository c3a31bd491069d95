//! Merge fields, and the other fields of a contact.

use super::*;

#[test]
fn values_of_each_type() {
    let table = [
        ("text", json!("Ann"), Some(json!("Ann"))),
        ("text", json!(3), Some(json!("3"))),
        ("text", json!("é".repeat(200)), Some(json!("é".repeat(127)))),
        ("text", json!(["a"]), None),
        ("number", json!("3"), Some(json!(3))),
        ("number", json!("three"), None),
        ("date", json!("12/31/2026"), Some(json!("12/31/2026"))),
        ("date", json!("2026-12-31"), Some(json!("2026-12-31"))),
        ("date", json!("31 December 2026"), None),
        ("date", json!("2026-12-31T00:00:00Z"), None),
        ("birthday", json!("12/31"), Some(json!("12/31"))),
        ("birthday", json!("31/12"), None),
        ("url", json!("https://example.com"), Some(json!("https://example.com"))),
        ("url", json!("example"), None),
        ("zip", json!("12345"), Some(json!("12345"))),
        ("zip", json!("1234"), None),
        ("dropdown", json!("red"), Some(json!("red"))),
        ("dropdown", json!("blue"), None),
        ("address", json!({"addr1": "1 Street", "city": "Town"}), None),
        ("date", json!(""), Some(json!(""))),
        ("date", Value::Null, Some(json!(""))),
    ];
    for (kind, value, kept) in table {
        let mut desk = Desk::with(Status::Subscribed);
        let choices = vec!["red".to_owned()];
        desk.list().put_merge_field(MergeField { choices, ..MergeField::new("FIELD", kind) });
        let answer = desk.of_ann("PATCH", json!({"merge_fields": {"FIELD": value}}));
        let context = format!("{kind} {value}");
        if let Some(kept) = kept {
            assert_eq!(answer.1["merge_fields"]["FIELD"], kept, "{context}");
        } else {
            assert_eq!(answer.1["detail"], "Your merge fields were invalid.", "{context}");
            assert_eq!(answer.1["errors"][0]["field"], "FIELD");
        }
    }
}

#[test]
fn required_field_is_needed_even_if_not_sent() {
    let mut desk = Desk::with(Status::Subscribed);
    desk.list().put_merge_field(MergeField::new("LNAME", "text").required());
    desk.list().put_merge_field(MergeField::new("ADDRESS", "address").required());
    let errors = json!([
        {"field": "LNAME", "message": "Please enter a value"},
        {"field": "ADDRESS", "message": "Please enter a complete address"},
    ]);
    for body in [json!({"language": "de"}), json!({"merge_fields": {"LNAME": "", "FNAME": "Ann"}})]
    {
        let answer = desk.of_ann("PATCH", body);
        assert_eq!((title(&answer), &answer.1["errors"]), ("Invalid Resource", &errors));
    }
    assert_eq!(desk.of_ann("PATCH", json!({"status": "unsubscribed"})).0, 400);
    let path = format!("members/{}?skip_merge_validation=true", hash_of(ANN));
    assert_eq!(desk.of_list("PATCH", &path, json!({"status": "unsubscribed"})).0, 200);
    desk.ann();
    let mut desk = Desk::with(Status::Subscribed);
    desk.list().put_merge_field(MergeField::new("BORN", "date"));
    let bad = json!({"merge_fields": {"BORN": "yesterday"}});
    assert_eq!(desk.of_list("PATCH", &path, bad).0, 200);
}

#[test]
fn refused_value_leaves_all_as_it_was() {
    let mut desk = Desk::with(Status::Subscribed);
    desk.list().put_merge_field(MergeField::new("BORN", "date"));
    let body = json!({
        "email_address": BOB, "status": "unsubscribed", "language": "de",
        "merge_fields": {"FNAME": "Ann", "BORN": "yesterday"},
    });
    assert_eq!(desk.of_ann("PATCH", body).0, 400);
    let ann = desk.ann();
    assert_eq!((ann.status, ann.merge_fields.len(), ann.details.len()), (Status::Subscribed, 0, 0));
}

#[test]
fn unknown_tag_is_ignored() {
    let mut desk = Desk::with(Status::Subscribed);
    let (status, answer) = desk.of_ann("PATCH", json!({"merge_fields": {"ORY_ID": "1"}}));
    assert_eq!((status, &answer["merge_fields"]["ORY_ID"]), (200, &Value::Null));
    desk.list().put_merge_field(MergeField::new("ORY_ID", "text"));
    let (_, answer) = desk.of_ann("PATCH", json!({"merge_fields": {"ORY_ID": "1"}}));
    assert_eq!(answer["merge_fields"]["ORY_ID"], "1");
}

#[test]
fn definitions_are_listed_ten_at_a_time_and_made_once() {
    let mut desk = Desk::new();
    let field = json!({"tag": "ORY_ID", "name": "Ory identity", "type": "text", "public": false});
    for number in 0..7 {
        desk.list().put_merge_field(MergeField::new(&format!("FIELD{number}"), "text"));
    }
    let (status, made) = desk.of_list("POST", "merge-fields", field.clone());
    assert_eq!((status, &made["public"], &made["required"]), (200, &json!(false), &json!(false)));
    let again = desk.of_list("POST", "merge-fields", field.clone());
    assert!(again.1["detail"].as_str().unwrap().contains("\"ORY_ID\" already exists"), "{again:?}");
    let tags = |desk: &mut Desk, query: &str| {
        let (_, page) = desk.of_list("GET", &format!("merge-fields{query}"), Value::Null);
        assert_eq!(page["total_items"], 12);
        page["merge_fields"].as_array().unwrap().len()
    };
    assert_eq!(tags(&mut desk, ""), 10);
    assert_eq!(tags(&mut desk, "?count=1000"), 12);
    assert_eq!(tags(&mut desk, "?offset=11&count=5&fields=total_items,merge_fields.tag"), 1);
    let path = format!("merge-fields/{}", made["merge_id"]);
    let (_, changed) = desk.of_list("PATCH", &path, json!({"name": "Id", "public": true}));
    let shown = ["tag", "name", "public", "required"].map(|name| changed[name].clone());
    assert_eq!(shown, [json!("ORY_ID"), json!("Id"), json!(true), json!(false)]);
    assert_eq!(desk.of_list("PATCH", &path, json!({"public": false})).0, 400);
    assert_eq!(desk.of_list("PATCH", "merge-fields/99", json!({"name": "Id"})).0, 404);
    for (name, value) in
        [("tag", json!("ELEVENCHARS")), ("name", json!("")), ("type", json!("uuid"))]
    {
        let mut unfit = field.clone();
        unfit[name] = value;
        let answer = desk.of_list("POST", "merge-fields", unfit);
        assert_eq!(answer.1["errors"][0]["field"], name);
    }
}

#[test]
fn tags_have_a_call_of_their_own() {
    let mut desk = Desk::with(Status::Subscribed);
    desk.of_ann("PATCH", json!({"tags": ["a"]}));
    desk.put_ann(json!({"status_if_new": "pending", "tags": ["a"]}));
    assert!(desk.ann().tags.is_empty());
    let path = format!("members/{}/tags", hash_of(ANN));
    let tag = |name: &str, status: &str| json!({"name": name, "status": status});
    for (tags, after) in [
        (json!([tag("a", "active"), tag("b", "active")]), vec!["a", "b"]),
        (json!([tag("a", "active")]), vec!["b", "a"]),
        (json!([tag("b", "inactive"), tag("unknown", "inactive")]), vec!["a"]),
    ] {
        let body = json!({"tags": tags, "is_syncing": true});
        assert_eq!(desk.of_list("POST", &path, body).0, 204);
        assert_eq!(desk.ann().tags, after);
    }
    for bad in [json!([tag("a", "on")]), json!([tag("", "active")]), json!("a")] {
        assert_eq!(desk.of_list("POST", &path, json!({"tags": bad})).0, 400);
    }
    let nobody = format!("members/{}/tags", hash_of(BOB));
    assert_eq!(desk.of_list("POST", &nobody, json!({"tags": []})).0, 404);
}

#[test]
fn evidence_of_consent_is_validated() {
    let table = [
        ("ip_signup", json!("192.0.2.7"), true),
        ("ip_signup", json!("2001:db8::1"), true),
        ("ip_signup", json!("192.0.2"), false),
        ("ip_opt", json!("265.265.265.265"), false),
        ("timestamp_signup", json!("2026-01-31T11:19:37Z"), true),
        ("timestamp_signup", json!("2026-01-31T11:19:37.123+01:00"), true),
        ("timestamp_opt", json!("2026-01-31 11:19"), true),
        ("timestamp_opt", json!("2026-01-31 11:19:37 Europe/Berlin"), true),
        ("timestamp_opt", json!("2026-01-31"), false),
        ("timestamp_opt", json!("yesterday"), false),
        ("language", json!("de"), true),
        ("language", json!(1), false),
        ("vip", json!(true), true),
        ("vip", json!("true"), false),
        ("consent", json!(true), false),
    ];
    for (field, value, is_taken) in table {
        let mut desk = Desk::with(Status::Subscribed);
        let (status, answer) = desk.of_ann("PATCH", json!({field: value}));
        assert_eq!(status, if is_taken { 200 } else { 400 }, "{field} {value}");
        let shown = if is_taken { &answer[field] } else { &answer["errors"][0]["field"] };
        assert_eq!(*shown, if is_taken { value } else { json!(field) });
    }
}

#[test]
fn groups_and_permissions_are_those_of_the_audience() {
    let mut desk = Desk::with(Status::Subscribed);
    let (_, list) = desk.call("GET", &format!("lists/{LIST_ID}"), Value::Null);
    assert_eq!(list["marketing_permissions"], false);
    desk.list().put_interest("1a2b3c4d5e", "News");
    desk.list().put_interest("2a2b3c4d5e", "Offers");
    desk.list().put_permission("9f8e7d6c5b", "Email");
    let (_, list) = desk.call("GET", &format!("lists/{LIST_ID}"), Value::Null);
    assert_eq!(list["marketing_permissions"], true);
    desk.of_ann("PATCH", json!({"interests": {"1a2b3c4d5e": true}}));
    let permission = |id: &str| json!([{"marketing_permission_id": id, "enabled": true}]);
    let (_, ann) = desk.of_ann("PATCH", json!({"marketing_permissions": permission("9f8e7d6c5b")}));
    assert_eq!(ann["interests"], json!({"1a2b3c4d5e": true, "2a2b3c4d5e": false}));
    assert_eq!(ann["marketing_permissions"][0]["enabled"], true);
    assert_eq!(ann["marketing_permissions"][0]["text"], "Email");
    for body in [
        json!({"interests": {"unknown": true}}),
        json!({"marketing_permissions": permission("unknown")}),
    ] {
        assert_eq!(title(&desk.of_ann("PATCH", body)), "Invalid Resource");
    }
}
