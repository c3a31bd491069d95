//! `mailchimp-audience`, on audiences that are ready and on those that are not.

use fakes::{FakeMailchimp, mailchimp::MergeField};
use serde_json::json;

use crate::world::{Done, MAILCHIMP_KEY, MANDRILL_KEY, run};

async fn mailchimp() -> FakeMailchimp {
    FakeMailchimp::start(0, MAILCHIMP_KEY).await.unwrap()
}

/// What the program says of the audience, with this key.
async fn run_with(key: &str, mailchimp: &FakeMailchimp, arguments: &[&str]) -> Done {
    let url = mailchimp.url();
    let environment = [("MAILCHIMP_URL", url.as_str()), ("MAILCHIMP_API_KEY", key)];
    let always = ["mailchimp-audience", "--list", "a6b5da1054"];
    run(&[&always, arguments].concat(), &environment).await
}

fn is_private(mailchimp: &FakeMailchimp) -> Option<bool> {
    mailchimp.audience(|list| list.merge_field("ORY_ID").map(|field| !field.is_public))
}

fn writes(mailchimp: &FakeMailchimp) -> Vec<String> {
    let writes = mailchimp.take_received().into_iter().filter(|call| call.method != "GET");
    writes.map(|call| format!("{} {}", call.method, call.body)).collect()
}

#[tokio::test]
async fn nothing_is_changed_without_apply() {
    let mailchimp = mailchimp().await;
    let done = run_with(MAILCHIMP_KEY, &mailchimp, &[]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.stdout.starts_with("Audience a6b5da1054 (Newsletter)\n"), "{done:?}");
    assert!(done.stdout.contains("ORY_ID          missing."), "{done:?}");
    let call = format!("POST {}/lists/a6b5da1054/merge-fields\n", mailchimp.url());
    assert!(done.stdout.contains(&call), "{done:?}");
    assert!(done.stderr.contains("Nothing was changed"), "{done:?}");
    assert!(writes(&mailchimp).is_empty());
}

#[tokio::test]
async fn merge_field_is_made_once() {
    let mailchimp = mailchimp().await;
    let done = run_with(MAILCHIMP_KEY, &mailchimp, &["--apply", "--yes"]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert!(done.stdout.ends_with("ORY_ID is there, and not public.\n"), "{done:?}");
    let field = json!({"tag": "ORY_ID", "name": "Ory identity", "type": "text", "public": false});
    assert_eq!(writes(&mailchimp), [format!("POST {field}")]);
    assert_eq!(is_private(&mailchimp), Some(true));
    let again = run_with(MAILCHIMP_KEY, &mailchimp, &["--apply", "--yes"]).await;
    assert_eq!(again.status, Some(0), "{again:?}");
    assert!(writes(&mailchimp).is_empty());
}

#[tokio::test]
async fn public_merge_field_is_made_private() {
    let mailchimp = mailchimp().await;
    mailchimp.audience(|list| list.put_merge_field(MergeField::new("ORY_ID", "text")));
    let done = run_with(MAILCHIMP_KEY, &mailchimp, &[]).await;
    assert_eq!((done.status, is_private(&mailchimp)), (Some(1), Some(false)), "{done:?}");
    let done = run_with(MAILCHIMP_KEY, &mailchimp, &["--apply", "--yes"]).await;
    assert_eq!((done.status, is_private(&mailchimp)), (Some(0), Some(true)), "{done:?}");
}

#[tokio::test]
async fn merge_field_of_another_type_is_left_alone() {
    let mailchimp = mailchimp().await;
    mailchimp.audience(|list| list.put_merge_field(MergeField::new("ORY_ID", "number")));
    let done = run_with(MAILCHIMP_KEY, &mailchimp, &["--apply", "--yes"]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.stdout.contains("delete the field"), "{done:?}");
    assert!(writes(&mailchimp).is_empty());
}

#[tokio::test]
async fn without_a_terminal_nothing_is_changed_unless_yes_is_said() {
    let mailchimp = mailchimp().await;
    let done = run_with(MAILCHIMP_KEY, &mailchimp, &["--apply"]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.stderr.contains("--yes"), "{done:?}");
    assert!(writes(&mailchimp).is_empty());
}

#[tokio::test]
async fn unusable_key_is_explained() {
    let mailchimp = mailchimp().await;
    let table = [
        ("", 2, "MAILCHIMP_API_KEY is not set"),
        (MANDRILL_KEY, 2, "not a Mailchimp Marketing API key"),
        ("canary-another-us6", 1, "Mailchimp rejects the key: 401"),
    ];
    for (key, status, part) in table {
        let done = run_with(key, &mailchimp, &["--apply", "--yes"]).await;
        assert_eq!(done.status, Some(status), "{done:?}");
        assert!(done.stderr.contains(part), "{done:?}");
        assert!(done.stdout.is_empty(), "{done:?}");
    }
    assert!(writes(&mailchimp).is_empty());
}
