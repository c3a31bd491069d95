//! Keys, paths, pages and fields.

use super::*;

#[test]
fn key_is_checked_first() {
    let table = [
        (Some(KEY), false, 200, ""),
        (None, false, 401, "API Key Missing"),
        (Some("another-us6"), false, 401, "API Key Invalid"),
        (Some(KEY), true, 403, "User Disabled"),
    ];
    for (key, is_disabled, status, word) in table {
        let mut account = Account::new(KEY);
        account.is_disabled = is_disabled;
        let call = MailchimpCall {
            method: Method::GET,
            path: "/3.0/ping".to_owned(),
            query: Vec::new(),
            key: key.map(str::to_owned),
            body: Value::Null,
        };
        let answer = account.answer(&call, NOW);
        assert_eq!((answer.status, title(&(answer.status, answer.json()))), (status, word));
    }
}

#[test]
fn what_is_not_known_is_refused() {
    let ann = hash_of(ANN);
    let list = format!("lists/{LIST_ID}");
    let member = format!("{list}/members/{ann}");
    let table = [
        ("GET", "ping".to_owned(), 200),
        ("GET", "lists".to_owned(), 200),
        ("GET", list.clone(), 200),
        ("GET", member.clone(), 200),
        ("GET", "lists/unknown".to_owned(), 404),
        ("GET", format!("lists/unknown/members/{ann}"), 404),
        ("GET", format!("{list}/members/{}", hash_of(BOB)), 404),
        ("GET", format!("{list}/segments"), 404),
        ("GET", "campaigns".to_owned(), 404),
        ("POST", member.clone(), 405),
        ("DELETE", list.clone(), 405),
        ("GET", format!("{member}?exclude_fields=_links"), 400),
        ("GET", format!("{list}/merge-fields?count=1001"), 400),
        ("GET", format!("{list}/merge-fields?count=all"), 400),
    ];
    for (method, path, expected) in table {
        let answer = Desk::with(Status::Subscribed).call(method, &path, Value::Null);
        assert_eq!(answer.0, expected, "{method} {path}: {answer:?}");
    }
    let no_json = Desk::with(Status::Subscribed).of_ann("PATCH", Value::Null);
    assert_eq!(title(&no_json), "JSON Parse Exception");
}

#[test]
fn fields_of_an_answer_can_be_named() {
    let mut desk = Desk::with(Status::Subscribed);
    let path = format!("members/{}?fields=status,merge_fields.FNAME", hash_of(ANN));
    let shown = json!({"status": "subscribed", "merge_fields": {"FNAME": ""}});
    assert_eq!(desk.of_list("GET", &path, Value::Null), (200, shown));
    desk.0.audience("b7c6eb2165").double_optin = true;
    let (_, lists) = desk.call("GET", "lists?fields=lists.id,lists.double_optin", Value::Null);
    assert_eq!(
        lists,
        json!({"lists": [
            {"id": LIST_ID, "double_optin": false}, {"id": "b7c6eb2165", "double_optin": true},
        ]})
    );
    assert_eq!(desk.call("GET", "lists?count=1", Value::Null).1["total_items"], 2);
    desk.0.remove_audience(LIST_ID);
    assert_eq!(desk.of_ann("GET", Value::Null).0, 404);
}

#[test]
fn calls_are_shown_in_a_line() {
    let request = |method: &str, path: &str, body: Value| {
        let request = Request::builder().method(method).uri(path);
        MailchimpCall::read(&request.body(body.to_string().into()).unwrap()).to_string()
    };
    let member = format!("/3.0/lists/{LIST_ID}/members/{}", hash_of(ANN));
    let table = [
        ("GET", format!("{member}?fields=status"), Value::Null, "GET members"),
        (
            "PUT",
            member.clone(),
            json!({"email_address": ANN, "status_if_new": "pending"}),
            "PUT members ann@example.com pending",
        ),
        ("POST", format!("{member}/tags"), Value::Null, "POST members/tags"),
        ("GET", format!("/3.0/lists/{LIST_ID}"), Value::Null, "GET lists/a6b5da1054"),
        ("GET", "/3.0/ping".to_owned(), Value::Null, "GET ping"),
    ];
    for (method, path, body, line) in table {
        assert_eq!(request(method, &path, body), format!("Mailchimp: {line}"));
    }
}
