//! `backfill` and `reconcile`, over an Ory and a queue.

use std::{process::Stdio, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use fakes::{
    ory::{person, too_many_calls},
    server::FakeReply,
};
use serde_json::{Value, json};
use shared::ctx::AddAs;
use tokio::{process::Command, time::sleep};

use crate::people::{FAST, People, QUEUE, TOKEN, id, ids, numbered};

const SEGMENT: &str = "segment-identify";
const SUBSCRIBE: &str = "mailchimp-subscribe";
const WELCOME: &str = "mandrill-welcome";
const RELAY: &str = "relay";
const PERSON_OF_SUBSCRIBE: u32 = 4;

fn encoded(template: &str) -> String {
    format!("base64://{}", STANDARD.encode(template))
}

#[tokio::test]
async fn everybody_is_sent_once_as_the_message_that_accept_stores() {
    let people = People::of(SEGMENT, 600).await;
    let done = people.backfill(&[]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert!(done.stdout.contains("\n600 of 600 identities were sent, in "), "{done:?}");
    assert_eq!(done.stderr, "");
    assert_eq!(people.event_ids(), people.expected_event_ids(None));
    let messages = people.messages();
    assert_eq!(messages.len(), 600);
    let message = &messages[0];
    assert_eq!(message["function"], SEGMENT);
    assert_eq!(message["event"]["hook"]["flow"], "backfill");
    assert_eq!(message["received_at"], message["event"]["identity"]["updated_at"]);
    let text = message.to_string();
    assert!(!text.contains("credentials") && !text.contains("metadata_admin"), "{text}");
    assert_eq!(people.sqs.calls_of("SendMessageBatch"), 60);
    let state = people.state();
    assert_eq!((&state["counts"]["sent"], &state["sent_of_page"]), (&json!(600), &json!([])));
    assert!(state["finished_at"].is_string());
}

#[tokio::test]
async fn second_run_sends_the_same_events() {
    let people = People::of(SEGMENT, 30).await;
    people.backfill(&[]).await;
    let first = people.event_ids();
    people.take();
    assert_eq!(people.backfill(&[]).await.status, Some(0));
    assert_eq!(people.event_ids(), first);
}

#[tokio::test]
async fn token_is_the_one_in_the_environment_or_in_the_secret() {
    let mut people = People::of(SEGMENT, 3).await;
    people.ory.set_token(Some("ory_pat_canary-2"));
    let refused = people.backfill(&[]).await;
    assert_eq!(refused.status, Some(1), "{refused:?}");
    for part in ["does not accept the token (401)", "the secret ory-actions/ory", "--resume"] {
        assert!(refused.stderr.replace('\n', " ").contains(part), "{part} {refused:?}");
    }
    people.variable("ORY_ACCESS_TOKEN", "ory_pat_canary-2");
    assert_eq!(people.backfill(&["--resume"]).await.status, Some(0));
    assert_eq!(people.take(), ids(0..3));

    let mut people = People::of(SEGMENT, 3).await;
    people.secrets.put("other", "YOUR-ORY-TOKEN");
    let placeholder = people.backfill(&["--ory-secret", "other"]).await;
    assert_eq!(placeholder.status, Some(1));
    let told = "no token for Ory from the secret other: the secret is still a placeholder";
    assert!(placeholder.stderr.contains(told), "{placeholder:?}");
    // A self-hosted Ory.
    people.ory.set_token(None);
    people.set("ORY_SECRET_ID", "");
    people.set("ORY_URL", "");
    let url = people.ory.url();
    people.variable("ORY_URL", &url);
    assert_eq!(people.backfill(&["--resume"]).await.status, Some(0));
    let tokens = people.ory.take_received().into_iter().map(|call| call.token);
    assert_eq!(tokens.collect::<Vec<_>>(), [None]);
}

#[tokio::test]
async fn filters_choose_who_is_sent() {
    let people = People::of(SEGMENT, 20).await;
    for number in 0..20 {
        let mut one = numbered(number);
        one["updated_at"] = json!(format!("2026-01-{:02}T12:00:00Z", number + 1));
        one["schema_id"] = json!(if number < 5 { "employee" } else { "customer" });
        one["state"] = json!(if number == 7 { "inactive" } else { "active" });
        people.ory.put_identity(one);
    }
    let table: [(&[&str], Vec<u32>); 6] = [
        (&["--since", "2026-01-19"], vec![18, 19]),
        (&["--since", "2026-01-19T12:00:01Z"], vec![19]),
        (&["--schema", "employee"], vec![0, 1, 2, 3, 4]),
        (&["--state", "inactive"], vec![7]),
        (&["--where", "std.startsWith(identity.traits.email, 'person-1@')"], vec![1]),
        (
            &[
                "--schema",
                "customer",
                "--where",
                "function(identity) identity.updated_at < '2026-01-08'",
            ],
            vec![5, 6],
        ),
    ];
    for (filters, expected) in table {
        let done = people.backfill(filters).await;
        assert_eq!(done.status, Some(0), "{done:?}");
        let sent = format!("{} of 20 identities were sent", expected.len());
        assert!(done.stdout.contains(&sent), "{filters:?} {done:?}");
        assert_eq!(people.take(), ids(expected), "{filters:?}");
    }
}

#[tokio::test]
async fn condition_that_fails_is_shown_with_its_place_and_nobody_is_sent() {
    let people = People::of(SEGMENT, 3).await;
    let done = people.backfill(&["--where", "identity.traits.name == 'Ann'"]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    let shown =
        "--where: no such field: name\n  function(identity) identity.traits.name == 'Ann'\n";
    assert!(done.stderr.contains(shown), "{done:?}");
    let done = people.backfill(&["--where", "identity."]).await;
    assert_eq!(done.status, Some(2), "{done:?}");
    assert!(people.take().is_empty());
}

#[tokio::test]
async fn identity_that_cannot_be_sent_is_named_and_the_others_are_sent() {
    let people = People::of(SEGMENT, 5).await;
    let mut timeless = numbered(1);
    timeless["updated_at"] = json!("0001-01-01T00:00:00Z");
    people.ory.put_identity(timeless);
    let mut huge = numbered(2);
    huge["traits"]["name"] = json!("x".repeat(3000));
    people.ory.put_identity(huge);
    people.sqs.set_max_message_bytes(3000);
    let done = people.backfill(&[]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert!(done.stdout.contains("3 of 5 identities were sent"), "{done:?}");
    assert!(done.stdout.contains("2 cannot be sent"), "{done:?}");
    let timeless = format!("note: identity {}: an identity has no `updated_at`\n", id(1));
    let huge = format!("note: identity {}: its message of ", id(2));
    assert!(done.stderr.contains(&timeless) && done.stderr.contains(&huge), "{done:?}");
    assert_eq!(people.take(), ids([0, 3, 4]));
}

#[tokio::test]
async fn dry_run_counts_and_shows_the_first_calls_and_sends_nothing() {
    let people = People::of(SEGMENT, 20).await;
    people.set(
        "TEMPLATE",
        &encoded(
            "function(ctx) if ctx.hook.flow == 'backfill' && ctx.identity.traits.email == \
         'person-3@example.com' then error 'cancel' else \
         { userId: ctx.identity.id, traits: { email: ctx.recipient } }",
        ),
    );
    let where_ = "identity.traits.email != 'person-5@example.com'";
    let done = people.run("backfill", &["--dry-run", "--where", where_]).await;
    assert_eq!((done.status, done.stderr.as_str()), (Some(0), ""), "{done:?}");
    for part in [
        "19 of 20 identities would be sent.",
        "\n          1 for which --where is false",
        "\n          1 would be sent, and the template cancels them",
    ] {
        assert!(done.stdout.contains(part), "{part}\n{}", done.stdout);
    }
    assert_eq!(done.stdout.matches("\nPOST identify\n").count(), 3, "{}", done.stdout);
    // The age of the data.
    assert!(done.stdout.contains("\"timestamp\": \"2026-01-01T00:00:00.000Z\""), "{}", done.stdout);
    assert_eq!(done.stdout.matches("\nidentity ").count(), 3, "{}", done.stdout);
    assert!(people.take().is_empty());
    assert_eq!(people.state(), Value::Null);
    assert_eq!(people.sqs.calls_of("SendMessageBatch"), 0);
}

#[tokio::test]
async fn dry_run_of_mailchimp_subscribe_counts_who_would_be_added() {
    let people = People::of(SUBSCRIBE, 10).await;
    let mut unverified = numbered(PERSON_OF_SUBSCRIBE);
    unverified["verifiable_addresses"][0]["verified"] = json!(false);
    people.ory.put_identity(unverified);
    let table: [(&[&str], &str); 3] = [
        (
            &[],
            "4 have consent and a verified address. Those of them who are no contacts yet are not",
        ),
        (
            &["--consent-in-ory-is-proof"],
            "4 people would be added as subscribed if they are no contacts yet",
        ),
        (&["--confirm"], "4 people would be added as pending if they are no contacts yet"),
    ];
    for (flags, told) in table {
        let done = people.run("backfill", &[&["--dry-run"], flags].concat()).await;
        assert_eq!(done.status, Some(0), "{done:?}");
        let words: Vec<_> = done.stdout.split_whitespace().collect();
        assert!(words.join(" ").contains(told), "{told}\n{}", done.stdout);
    }
    assert!(people.take().is_empty());
}

#[tokio::test]
async fn people_are_added_only_if_that_is_said_and_the_number_is_told_first() {
    for (flag, word, add_as) in [
        ("--consent-in-ory-is-proof", "subscribed", AddAs::Subscribed),
        ("--confirm", "pending", AddAs::Pending),
    ] {
        let people = People::of(SUBSCRIBE, 10).await;
        let asked = people.run("backfill", &[flag]).await;
        assert_eq!(asked.status, Some(1), "{asked:?}");
        let told = format!("5 people would be added as {word} if they are no contacts yet");
        assert!(asked.stdout.contains(&told), "{asked:?}");
        assert!(asked.stderr.contains("--yes"), "{asked:?}");
        assert_eq!((people.take(), people.state()), (vec![], Value::Null));

        assert_eq!(people.backfill(&[flag]).await.status, Some(0));
        assert_eq!(people.event_ids(), people.expected_event_ids(Some(add_as)));
        let hooks = people.messages().into_iter().map(|message| message["event"]["hook"].clone());
        assert!(hooks.into_iter().all(|hook| hook["add_as"] == word));
    }
    let people = People::of(SUBSCRIBE, 2).await;
    people.backfill(&[]).await;
    assert!(people.messages()[0]["event"]["hook"].get("add_as").is_none());
}

#[tokio::test]
async fn without_a_terminal_nothing_is_sent_unless_yes_is_said() {
    let people = People::of(SEGMENT, 3).await;
    for command in [&["backfill"][..], &["reconcile", "--since", "2020-01-01"]] {
        let done = people.run(command[0], &command[1..]).await;
        assert_eq!(done.status, Some(1), "{done:?}");
        assert!(done.stderr.contains("--yes"), "{done:?}");
        for part in
            ["sends the identities of http", "to the queue ory-actions-queue", "100 a second"]
        {
            assert!(done.stdout.contains(part), "{part} {done:?}");
        }
    }
    assert_eq!((people.take(), people.state()), (vec![], Value::Null));
}

/// The handler, variables of the function, arguments, and what is said.
type Refused<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str], &'a str);

/// Before anything is listed.
#[tokio::test]
async fn run_that_cannot_be_right_is_refused() {
    const IGNORES: &str = "function(ctx) { userId: ctx.identity.id }";
    let ignores = encoded(IGNORES);
    let file = "file:///opt/identify.jsonnet";
    let hubspot = ("RELAY_PRESET", "hubspot");
    let slack = [("RELAY_PRESET", "slack"), ("RECORDS_TABLE", "records")];
    let table: [Refused<'_>; 23] = [
        ("mailchimp-inbound", &[], &[], "mailchimp-inbound takes no identities"),
        ("mandrill-inbound", &[], &[], "mandrill-inbound takes no identities"),
        ("bootstrap", &[], &[], "none of the functions that Ory calls"),
        (WELCOME, &[], &[], "nothing would be sent"),
        (WELCOME, &[], &["--dry-run"], "nothing would be sent"),
        (WELCOME, &[], &["--allow-template"], "nothing would be sent"),
        (RELAY, &[hubspot], &[], "add --may-repeat"),
        (RELAY, &[hubspot, ("ON_IN_DOUBT", "hold")], &[], "add --may-repeat"),
        (RELAY, &slack, &[], "nothing would be sent"),
        (RELAY, &slack[..1], &["--may-repeat"], "nothing would be sent"),
        (RELAY, &[hubspot, ("TEMPLATE", &ignores)], &["--may-repeat"], "does not look at"),
        (SEGMENT, &[("TEMPLATE", &ignores)], &[], "does not look at ctx.hook.flow"),
        (SEGMENT, &[("TEMPLATE", &encoded("function(ctx) {"))], &[], "cannot be told"),
        (SEGMENT, &[("TEMPLATE", file)], &[], file),
        (SEGMENT, &[], &["--template", "x.jsonnet"], "--template is for"),
        (SEGMENT, &[], &["--confirm"], "are for mailchimp-subscribe, not for segment-identify"),
        (SEGMENT, &[], &["--consent-in-ory-is-proof"], "are for mailchimp-subscribe"),
        (
            SUBSCRIBE,
            &[("TEMPLATE", file)],
            &["--confirm", "--allow-template"],
            "give it with --template",
        ),
        (SEGMENT, &[("QUEUE_URL", "")], &[], "QUEUE_URL is not set"),
        (SEGMENT, &[("ORY_URL", "")], &[], "--ory-url"),
        (SEGMENT, &[], &["--ory-url", "http://ory.example"], "wanted an https URL"),
        (SEGMENT, &[], &["--resume"], "there is no run to resume"),
        (SEGMENT, &[], &["--confirm", "--consent-in-ory-is-proof"], "cannot be used with"),
    ];
    for (handler, variables, arguments, told) in table {
        let handler: &'static str = handler.to_owned().leak();
        let people = People::of(handler, 1).await;
        for (name, value) in variables {
            people.set(name, value);
        }
        let done = people.run("backfill", &[arguments, &["--yes"]].concat()).await;
        assert_eq!(done.status, Some(2), "{arguments:?} {done:?}");
        assert!(done.stderr.replace('\n', " ").contains(told), "{told}: {done:?}");
        assert_eq!(people.sqs.calls() + people.ory.take_received().len(), 0, "{done:?}");
        assert_eq!(people.state(), Value::Null);
    }
    let people = People::of(SEGMENT, 1).await;
    for arguments in [
        &["--since", "yesterday"][..],
        &["--rate", "0"],
        &["--state", "asleep"],
        &["--dry-run", "--resume"],
    ] {
        assert_eq!(people.run("backfill", arguments).await.status, Some(2), "{arguments:?}");
    }
    let reconcile = people.run("reconcile", &["--confirm", "--yes"]).await;
    assert_eq!(reconcile.status, Some(2), "{reconcile:?}");
}

#[tokio::test]
async fn relay_is_sent_to_if_it_holds_or_may_repeat() {
    let people = People::of(RELAY, 3).await;
    people.set("RELAY_PRESET", "hubspot");
    let preview = people.run("backfill", &["--may-repeat", "--dry-run"]).await;
    assert_eq!(preview.status, Some(0), "{preview:?}");
    let call = "POST https://api.hubapi.com/crm/objects/2026-03/contacts/batch/upsert";
    assert_eq!(preview.stdout.matches(call).count(), 3, "{preview:?}");
    assert_eq!(people.backfill(&["--may-repeat"]).await.status, Some(0));
    let messages = people.messages();
    assert!(messages.iter().all(|message| message["function"] == RELAY));
    assert_eq!(people.take(), ids(0..3));

    people.set("ON_IN_DOUBT", "hold");
    people.set("RECORDS_TABLE", "records");
    let asked = people.run("backfill", &[]).await;
    assert!(asked.stdout.contains("2 a second"), "{asked:?}");
    assert_eq!(people.backfill(&[]).await.status, Some(0));
    assert_eq!(people.take(), ids(0..3));

    people.set("RELAY_PRESET", "slack");
    people.set("TEMPLATE", &encoded("function(ctx) if ctx.hook.flow == 'backfill' then {}"));
    assert_eq!(people.backfill(&[]).await.status, Some(0));
    assert_eq!(people.take(), ids(0..3));
}

#[tokio::test]
async fn template_that_ignores_the_flow_is_sent_to_only_if_that_is_allowed() {
    let people = People::of(WELCOME, 3).await;
    people.set("TEMPLATE", &encoded("function(ctx) { message: { subject: 'x' } }"));
    assert_eq!(people.backfill(&[]).await.status, Some(2));
    assert_eq!(people.backfill(&["--allow-template"]).await.status, Some(0));
    assert_eq!(people.take(), ids(0..3));

    people.set("TEMPLATE", "file:///opt/welcome.jsonnet");
    let file = people.file("own.jsonnet");
    std::fs::write(&file, "function(ctx) if ctx.hook.flow == 'backfill' then {}").unwrap();
    assert_eq!(people.backfill(&["--template", "own.jsonnet"]).await.status, Some(0));
    assert_eq!(people.take(), ids(0..3));
    let unseen = people.run("backfill", &["--allow-template", "--dry-run"]).await;
    assert!(unseen.stdout.contains("The template is not on this machine"), "{unseen:?}");
}

#[tokio::test]
async fn lambda_that_does_not_know_the_function_fails_the_command() {
    let people = People::of(SEGMENT, 1).await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_ory-actions"));
    command.args(["backfill", "no-function", "--yes"]).env_clear().envs(people.environment());
    let done = crate::world::done(command).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.stderr.contains("GetFunctionConfiguration: ResourceNotFound"), "{done:?}");
}

#[tokio::test]
async fn limits_and_outages_of_ory_are_waited_for() {
    let people = People::of(SEGMENT, 60).await;
    people.ory.set_page_limit(20);
    people.ory.set_rate(0, 0);
    people.ory.reply_next(too_many_calls(0));
    people.ory.reply_next(FakeReply::text(503, "text/html", "<html>"));
    people.ory.reply_next(FakeReply::HangUp);
    let done = people.backfill(&[]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert_eq!(people.take(), ids(0..60));
    assert_eq!(people.ory.take_received().len(), 6);
}

#[tokio::test]
async fn what_ory_refuses_is_explained() {
    let table = [
        (403, "does not accept the token (403)"),
        (404, "there is no list of identities at http"),
        (302, "Ory answered 302"),
        (200, "not a list of identities"),
    ];
    for (status, told) in table {
        let people = People::of(SEGMENT, 3).await;
        people.ory.reply_next(FakeReply::json(status, &json!({})));
        let done = people.backfill(&[]).await;
        assert_eq!(done.status, Some(1), "{done:?}");
        assert!(done.stderr.replace('\n', " ").contains(told), "{done:?}");
        assert!(done.stderr.contains("--resume"), "{done:?}");
        // The URL or the token is corrected.
        assert_eq!(people.backfill(&["--resume"]).await.status, Some(0));
        assert_eq!(people.take(), ids(0..3));
    }
}

#[tokio::test]
async fn entries_that_sqs_did_not_take_are_sent_again() {
    let people = People::of(SEGMENT, 40).await;
    people.sqs.fail_next_entries(13);
    let done = people.backfill(&[]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert_eq!(people.take(), ids(0..40));
}

#[tokio::test]
async fn queue_that_refuses_ends_the_run_and_it_is_gone_on_with() {
    let people = People::of(SEGMENT, 30).await;
    people.sqs.forbid("SendMessageBatch");
    let done = people.backfill(&[]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    let told = "cannot send to the queue: SendMessageBatch: AccessDeniedException";
    assert!(done.stderr.contains(told), "{done:?}");
    assert_eq!(people.sqs.calls_of("SendMessageBatch"), 1);
    let unfinished = people.backfill(&[]).await;
    assert_eq!(unfinished.status, Some(2), "{unfinished:?}");
    assert!(unfinished.stderr.contains("an unfinished run is there"), "{unfinished:?}");
    let other = people.backfill(&["--resume", "--schema", "customer"]).await;
    assert_eq!(other.status, Some(2), "{other:?}");
    assert!(other.stderr.contains("--schema: nothing there, customer here"), "{other:?}");
}

#[tokio::test]
async fn finished_run_is_not_resumed_and_may_be_repeated() {
    let people = People::of(SEGMENT, 3).await;
    people.backfill(&[]).await;
    people.take();
    let done = people.backfill(&["--resume"]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert!(done.stdout.starts_with("The run is finished.\n3 of 3 identities"), "{done:?}");
    assert!(people.take().is_empty());
    let elsewhere = people.backfill(&["--state-file", "other.json", "--resume"]).await;
    assert_eq!(elsewhere.status, Some(2), "{elsewhere:?}");
    people.backfill(&["--state-file", "other.json"]).await;
    assert_eq!(people.take(), ids(0..3));
    assert!(people.file("other.json").is_file());
}

#[tokio::test]
async fn nobody_who_was_there_throughout_is_missed_while_the_list_changes() {
    let people = People::of(SEGMENT, 100).await;
    people.ory.set_page_limit(9);
    let mut step = 0;
    people.ory.change_after_each_page(move |identities| {
        step += 1;
        let new = 1000 + step;
        identities.insert(id(new), person(&id(new), "new@example.com"));
        identities.remove(&id(step));
        let changed = identities.get_mut(&id(50 + step)).unwrap();
        changed["traits"]["name"] = json!({"first": "Ann"});
        changed["updated_at"] = json!("2026-02-01T00:00:00Z");
    });
    assert_eq!(people.backfill(&[]).await.status, Some(0));
    let sent = people.take();
    let mut once = sent.clone();
    once.dedup();
    assert_eq!(sent, once);
    let there_throughout = ids((0..1).chain(20..100));
    assert!(there_throughout.iter().all(|id| sent.contains(id)));
}

#[tokio::test]
async fn reconcile_sends_those_that_changed_since_the_run_before() {
    let people = People::of(SEGMENT, 30).await;
    let first = people.run("reconcile", &[&FAST[..], &["--yes"]].concat()).await;
    assert_eq!(first.status, Some(2), "{first:?}");
    assert!(first.stderr.contains("Give --since once"), "{first:?}");
    people.backfill(&[]).await;
    people.take();
    let started_at = people.state()["started_at"].as_str().unwrap().to_owned();

    let reconcile = [&FAST[..], &["--yes", "--resume"]].concat();
    let done = people.run("reconcile", &reconcile).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert!(done.stdout.contains("which: changed since "), "{done:?}");
    assert!(done.stdout.contains("0 of 30 identities were sent"), "{done:?}");
    assert!(done.stdout.contains("30 did not change since then"), "{done:?}");

    for (number, at) in [(3, started_at.as_str()), (4, "2030-01-01T00:00:00Z"), (31, &started_at)] {
        let mut changed = numbered(number);
        changed["updated_at"] = json!(at);
        people.ory.put_identity(changed);
    }
    let done = people.run("reconcile", &reconcile).await;
    assert!(done.stdout.contains("3 of 31 identities were sent"), "{done:?}");
    assert!(people.messages().iter().all(|one| one["event"]["hook"]["flow"] == "reconcile"));
    // The event ids are those of a backfill of the same state.
    assert!(people.event_ids().is_subset(&people.expected_event_ids(None)));
    assert_eq!(people.take(), ids([3, 4, 31]));

    let other = people.run("reconcile", &[&reconcile[..], &["--schema", "x"]].concat()).await;
    assert_eq!(other.status, Some(2), "{other:?}");
    assert!(other.stderr.replace('\n', " ").contains("--schema: nothing there, x here"));
    // They changed less than a minute before this run.
    let dry = people.run("reconcile", &["--dry-run"]).await;
    assert!(dry.stdout.starts_with("3 of 31 identities would be sent."), "{dry:?}");
}

/// Kills the program at random moments, and starts it again, until the run is finished.
#[tokio::test]
async fn killed_at_any_moment_nobody_is_lost_and_each_is_one_event() {
    const BATCH: usize = 10;
    let people = People::of(SEGMENT, 400).await;
    people.ory.set_page_limit(37);
    people.sqs.set_delay(Duration::from_millis(4));
    let mut random = fastrand::Rng::with_seed(11);
    let mut kills = 0;
    while people.state()["finished_at"].is_null() && kills < 60 {
        let is_begun = !people.state().is_null();
        let resume = if is_begun { &["--resume"][..] } else { &[] };
        let arguments = [&FAST[..], &["--yes"], resume].concat();
        let mut command = people.command("backfill", &arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut program = command.spawn().unwrap();
        sleep(Duration::from_millis(random.u64(20..200))).await;
        if program.try_wait().unwrap().is_none() {
            program.kill().await.unwrap();
            kills += 1;
        }
    }
    if people.state()["finished_at"].is_null() {
        assert_eq!(people.backfill(&["--resume"]).await.status, Some(0));
    }
    assert!(kills > 3, "{kills}");
    assert_eq!(people.event_ids(), people.expected_event_ids(None));
    let messages = people.messages().len();
    assert!(messages <= 400 + kills * BATCH, "{messages} messages, {kills} kills");
    assert_eq!(people.state()["counts"]["sent"], 400);
}

/// With one message a second, it waits most of the time.
#[cfg(unix)]
#[tokio::test]
async fn after_ctrl_c_or_sigterm_the_run_is_saved_and_says_how_to_go_on() {
    for signal in ["-INT", "-TERM"] {
        let people = People::of(SEGMENT, 50).await;
        let mut command = people.command("backfill", &["--rate", "1", "--yes"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = command.spawn().unwrap();
        while people.sqs.messages(QUEUE).is_empty() || people.state()["sent_of_page"] == json!([]) {
            sleep(Duration::from_millis(10)).await;
        }
        let process = program.id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &process]).status().await.unwrap().success());
        let output = program.wait_with_output().await.unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let told = String::from_utf8(output.stderr).unwrap().replace('\n', " ");
        for part in ["identities were sent so far", "error: interrupted"] {
            assert!(told.contains(part), "{part}: {told}");
        }
        let expected = "To go on: ory-actions backfill welcome --rate 1 --yes --resume ";
        assert!(told.contains(expected), "{told}");
        let sent = people.sqs.messages(QUEUE).len();
        assert_eq!(people.state()["sent_of_page"].as_array().unwrap().len(), sent);
        assert_eq!(people.backfill(&["--resume"]).await.status, Some(0));
        assert_eq!(people.take(), ids(0..50));
    }
}

#[tokio::test]
async fn secret_token_is_in_no_output_and_no_file() {
    let people = People::of(SEGMENT, 3).await;
    people.backfill(&[]).await;
    assert!(!people.state().to_string().contains(TOKEN));
    // `done` looks at what was printed.
    people.run("backfill", &["--dry-run"]).await;
}

/// The most memory that a run of so many people has had, in bytes.
#[cfg(target_os = "linux")]
async fn peak_of(count: u32) -> u64 {
    let people = People::of(SEGMENT, count).await;
    let mut command = people.command("backfill", &[&FAST[..], &["--yes"]].concat());
    let mut program = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", program.id().unwrap());
    let mut peak = 0;
    while program.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(kilobytes.unwrap_or(0_u64) * 1024);
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(people.messages().len(), count as usize);
    peak
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn memory_does_not_grow_with_the_number_of_people() {
    const MARGIN: u64 = 4 * 1024 * 1024;
    let [few, many] = [peak_of(300).await, peak_of(4000).await];
    assert!(many < few + MARGIN, "{few} {many}");
}

/// A shell runs them as they stand. What a person would answer is given.
#[cfg(unix)]
#[tokio::test]
async fn documented_commands_do_what_the_page_says() {
    let people = People::of(SEGMENT, 12).await;
    let page = std::fs::read_to_string("../docs/backfill.md").unwrap();
    let blocks = page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let script = format!("exec {} \"$@\" --yes", env!("CARGO_BIN_EXE_ory-actions"));
    crate::readme::program(&people.file(""), "ory-actions", &script);
    let mut run = 0;
    for block in blocks {
        if block.contains("backfill \"$FUNCTION\" --resume") {
            std::fs::remove_file(people.file("ory-actions-backfill-welcome.json")).unwrap();
            people.ory.reply_next(FakeReply::json(404, &json!({})));
            assert_eq!(people.backfill(&[]).await.status, Some(1));
        }
        let mut shell = Command::new("/bin/sh");
        shell.args(["-euc", &block.replace("--yes", "")]).current_dir(people.file(""));
        shell.env_clear().envs(people.environment()).env("FUNCTION", "welcome");
        shell.env("PATH", format!("{}:/usr/bin:/bin", people.file("").display()));
        let done = crate::world::done(shell).await;
        assert_eq!(done.status, Some(0), "{block}: {done:?}");
        run += block.matches("ory-actions ").count();
        people.take();
    }
    assert_eq!(
        run,
        page.matches("\nory-actions ").count() + page.matches("\n  ory-actions ").count()
    );
    assert!(run >= 8, "{run}");
}
