//! `dead-letters`, on a function that could not deliver.

use std::{process::Stdio, time::Duration};

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::{process::Command, time::sleep};
use uuid::Uuid;

use crate::{
    letters::{BLOCKED, DEAD, Letters, QUEUE, about, event_id},
    logs::Mood,
};

const ANN: Uuid = Uuid::from_u128(0xA1);
const BEN: Uuid = Uuid::from_u128(0xB2);

/// Two of Ann and one of Ben; the key was wrong for the first and the last.
async fn three() -> Letters {
    let letters = Letters::start().await;
    letters.put(1 << 100, about(ANN), Some(BLOCKED));
    letters.put(2 << 100, about(ANN), Some("Mandrill answered 500"));
    letters.put(3 << 100, about(BEN), Some(BLOCKED));
    letters
}

fn numbers(events: &[u128]) -> Vec<u128> {
    events.iter().map(|event| event << 100).collect()
}

#[tokio::test]
async fn list_has_a_row_for_each_and_gives_all_back() {
    let letters = three().await;
    let done = letters.run("list", &[]).await;
    assert_eq!((done.status, done.stderr.as_str()), (Some(0), ""), "{done:?}");
    let row = format!("│ {} ┆ 2026-01-02 03:04 ┆ 100", &event_id(1 << 100).to_string()[..13]);
    assert!(done.stdout.contains(&row), "{row}\n{}", done.stdout);
    assert!(done.stdout.ends_with("\n\n3 dead letters.\n"), "{}", done.stdout);
    assert!(letters.are_visible());
    let received = letters.sqs.messages(DEAD);
    assert!(received.iter().all(|message| message.receive_count == 1));
}

#[tokio::test]
async fn list_reads_all_and_each_once() {
    let letters = Letters::start().await;
    for number in 0..25 {
        letters.put(number << 100, about(ANN), None);
    }
    let done = letters.run("list", &["--format", "json"]).await;
    let listed: Vec<Value> = serde_json::from_str(&done.stdout).unwrap();
    let mut ids: Vec<_> = listed.iter().map(|one| one["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    let expected = (0..25).map(|number: u128| event_id(number << 100).to_string());
    assert_eq!(ids, expected.collect::<Vec<_>>());
    assert!(letters.are_visible());
}

#[tokio::test]
async fn cause_is_that_of_the_last_attempt() {
    let letters = three().await;
    letters.log(1 << 100, "2026-01-02T20:00:00Z", "earlier", None);
    letters.log(1 << 100, "2026-01-05T20:00:00Z", "later", None);
    letters.log(1 << 100, "2026-01-04T20:00:00Z", "between", None);
    let done = letters.run("list", &["--format", "json", "--cause", "LATER"]).await;
    let listed: Vec<Value> = serde_json::from_str(&done.stdout).unwrap();
    let [one] = &listed[..] else { panic!("{done:?}") };
    assert_eq!(one["cause"], "blocked: later");
    assert_eq!(one["last_attempt_at"], "2026-01-05T20:00:00Z");
}

#[tokio::test]
async fn function_without_dead_letters_has_nothing_to_list_or_to_do() {
    let letters = Letters::start().await;
    let table: [(&str, &[&str], &str); 4] = [
        ("list", &[], "No dead letters.\n"),
        ("list", &["--format", "json"], "[]\n"),
        ("redrive", &["--all", "--yes"], "No dead letter fits; nothing was done.\n"),
        ("delete", &["--all"], "No dead letter fits; nothing was done.\n"),
    ];
    for (command, arguments, expected) in table {
        let done = letters.run(command, arguments).await;
        assert_eq!((done.status, done.stdout.as_str()), (Some(0), expected), "{done:?}");
    }
}

#[tokio::test]
async fn show_prints_values_only_if_they_are_asked_for() {
    let letters = Letters::start().await;
    let event = json!({"identity": {"id": ANN, "traits": {"name": "Ann Lee"}}});
    letters.put(1 << 100, event, Some(BLOCKED));
    let beginning = &event_id(1 << 100).to_string()[..13];
    let without = letters.run("show", &[beginning]).await;
    assert_eq!(without.status, Some(0), "{without:?}");
    for part in [&ANN.to_string(), BLOCKED, r#""name": "text""#, "number 100"] {
        assert!(without.stdout.contains(part), "{part}\n{}", without.stdout);
    }
    assert!(!without.stdout.contains("Ann Lee"), "{}", without.stdout);
    assert!(without.stderr.contains("--with-personal-data"), "{without:?}");
    let with = letters.run("show", &[beginning, "--with-personal-data"]).await;
    assert!(with.stdout.contains(r#""name": "Ann Lee""#), "{with:?}");
    assert_eq!(with.stderr, "");
    assert!(letters.are_visible());
}

#[tokio::test]
async fn event_that_is_not_there_is_an_error() {
    let letters = three().await;
    for (command, arguments) in
        [("show", &["ffffffff"][..]), ("delete", &["--event", "ffffffff", "--yes"])]
    {
        let done = letters.run(command, arguments).await;
        assert_eq!(done.status, Some(1), "{done:?}");
        assert!(done.stderr.contains("no dead letter of the event ffffffff"), "{done:?}");
    }
    assert!(letters.are_visible());
}

#[tokio::test]
async fn chosen_ones_are_changed_and_the_others_are_given_back() {
    let event = event_id(2 << 100).to_string();
    let ann = ANN.to_string();
    let table: [(&[&str], &[u128]); 4] = [
        (&["--identity", &ann], &[1, 2]),
        (&["--cause", "API key"], &[1, 3]),
        (&["--event", &event[..13]], &[2]),
        (&["--all"], &[1, 2, 3]),
    ];
    for (choice, chosen) in table {
        for command in ["redrive", "delete"] {
            let letters = three().await;
            let bodies = letters.sqs.messages(DEAD);
            let done = letters.run(command, &[choice, &["--yes"]].concat()).await;
            assert_eq!(done.status, Some(0), "{choice:?} {done:?}");
            let count = format!("{} of 3 dead letters", chosen.len());
            assert!(done.stdout.contains(&count), "{done:?}");
            let left: Vec<_> = [1, 2, 3].into_iter().filter(|one| !chosen.contains(one)).collect();
            assert_eq!(letters.in_queue(DEAD), numbers(&left), "{command} {choice:?}");
            let sent = if command == "redrive" { numbers(chosen) } else { Vec::new() };
            assert_eq!(letters.in_queue(QUEUE), sent, "{command} {choice:?}");
            assert!(letters.are_visible());
            let is_known = |body: &String| bodies.iter().any(|message| message.body == *body);
            assert!(letters.sqs.messages(QUEUE).iter().all(|message| is_known(&message.body)));
        }
    }
}

#[tokio::test]
async fn word_that_nothing_arrived_goes_with_the_chosen_ones_of_a_relay_that_holds() {
    for settings in [
        &[("RELAY_PRESET", "slack")][..],
        &[("RELAY_PRESET", "hubspot"), ("ON_IN_DOUBT", "hold")],
        &[("RELAY_PRESET", "file:///opt/own.json")],
    ] {
        let letters = three().await;
        letters.relay(settings);
        let before = letters.sqs.messages(DEAD);
        let started = OffsetDateTime::now_utc();
        let event = event_id(2 << 100).to_string();
        let done = letters.run("redrive", &["--event", &event, "--not-sent", "--yes"]).await;
        assert_eq!((done.status, done.stderr.as_str()), (Some(0), ""), "{done:?}");
        assert!(done.stdout.contains("calls that are held in doubt"), "{done:?}");
        assert_eq!(letters.in_queue(DEAD), numbers(&[1, 3]));
        let [sent] = &letters.sqs.messages(QUEUE)[..] else { panic!("{done:?}") };
        let mut sent: Value = serde_json::from_str(&sent.body).unwrap();
        let time = sent.as_object_mut().unwrap().remove("not_sent_before").unwrap();
        let time = OffsetDateTime::parse(time.as_str().unwrap(), &Rfc3339).unwrap();
        // A header has whole seconds.
        let second = time::Duration::SECOND;
        assert!(time >= started - second && time <= OffsetDateTime::now_utc(), "{time}");
        let is_it = |body: &str| serde_json::from_str::<Value>(body).unwrap() == sent;
        assert!(before.iter().any(|message| is_it(&message.body)), "nothing else is changed");
    }
}

#[tokio::test]
async fn message_stays_one_that_sqs_takes_and_one_that_cannot_be_read_is_left_as_it_is() {
    let letters = Letters::start().await;
    letters.relay(&[("RELAY_PRESET", "slack")]);
    letters.sqs.put(DEAD, "not JSON");
    let name = json!({"identity": {"traits": {"name": "a\u{ffff}b"}}});
    let escaped = |event: &Value| event.to_string().replace('\u{ffff}', "\\uffff");
    letters.put(1 << 100, name.clone(), None);
    let done = letters.run("redrive", &["--all", "--not-sent", "--yes"]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    let mut sent: Vec<_> = letters.sqs.messages(QUEUE).into_iter().map(|one| one.body).collect();
    sent.sort();
    assert_eq!(sent[0], "not JSON");
    assert!(sent[1].contains("\\uffff") && sent[1].contains("not_sent_before"), "{}", sent[1]);
    assert!(sent[1].contains(&escaped(&name)), "{}", sent[1]);
}

#[tokio::test]
async fn word_that_nothing_arrived_is_refused_where_it_has_no_meaning() {
    type Row<'a> = (Option<&'a [(&'a str, &'a str)]>, &'a str);
    let table: [Row<'_>; 3] = [
        (None, "mandrill-welcome holds none"),
        (Some(&[("RELAY_PRESET", "hubspot")]), "This one repeats them"),
        (Some(&[("RELAY_PRESET", "slack"), ("ON_IN_DOUBT", "repeat")]), "This one repeats them"),
    ];
    for (settings, told) in table {
        let letters = three().await;
        if let Some(settings) = settings {
            letters.relay(settings);
        }
        let done = letters.run("redrive", &["--all", "--not-sent", "--yes"]).await;
        assert_eq!(done.status, Some(2), "{done:?}");
        let words: Vec<_> = done.stderr.split_whitespace().collect();
        assert!(words.join(" ").contains(told), "{done:?}");
        assert_eq!(letters.sqs.calls(), 0);
    }
    let letters = three().await;
    let deleted = letters.run("delete", &["--all", "--not-sent", "--yes"]).await;
    assert_eq!(deleted.status, Some(2), "{deleted:?}");
}

#[tokio::test]
async fn identity_that_only_the_log_knows_is_found_and_others_are_told_of() {
    let letters = Letters::start().await;
    let from_mailchimp = || json!({"type": "unsubscribe", "data": {"email": "canary@example.com"}});
    letters.put(1 << 100, from_mailchimp(), None);
    letters.log(1 << 100, "2026-01-03T03:00:00Z", "Ory answered 503", Some(ANN));
    letters.put(2 << 100, from_mailchimp(), Some("Ory answered 503"));
    let done = letters.run("delete", &["--identity", &ANN.to_string(), "--yes"]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert_eq!(letters.in_queue(DEAD), numbers(&[2]));
    assert!(done.stderr.contains("1 of the 2 dead letters may belong here"), "{done:?}");
}

#[tokio::test]
async fn message_that_cannot_be_read_is_listed_and_redriven_by_its_id() {
    let letters = three().await;
    let foreign = ["canary", r#"{"version":2,"function":"mandrill-welcome","event":"canary"}"#];
    for body in foreign {
        letters.sqs.put(DEAD, body);
    }
    let done = letters.run("list", &["--format", "json", "--cause", "the message"]).await;
    let listed: Vec<Value> = serde_json::from_str(&done.stdout).unwrap();
    let causes: Vec<_> = listed.iter().map(|one| one["cause"].as_str().unwrap()).collect();
    let newer = "the message is of version 2, and this code reads version 1";
    assert_eq!(causes, ["the message cannot be parsed", newer]);
    let id = letters.sqs.messages(DEAD).pop().unwrap().id;
    assert_eq!(listed[1]["id"], id.as_str());
    let done = letters.run("redrive", &["--event", &id, "--yes"]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    let [sent] = &letters.sqs.messages(QUEUE)[..] else { panic!("{done:?}") };
    assert_eq!(sent.body, foreign[1]);
    assert_eq!(letters.sqs.messages(DEAD).len(), 4);
}

#[tokio::test]
async fn without_a_terminal_nothing_is_changed_unless_yes_is_said() {
    let letters = three().await;
    for command in ["redrive", "delete"] {
        let done = letters.run(command, &["--all"]).await;
        assert_eq!(done.status, Some(1), "{done:?}");
        assert!(done.stderr.contains("--yes"), "{done:?}");
        assert_eq!(letters.in_queue(DEAD), numbers(&[1, 2, 3]));
        assert!(letters.in_queue(QUEUE).is_empty() && letters.are_visible());
    }
}

#[tokio::test]
async fn nothing_is_changed_unless_it_is_said_what() {
    let letters = three().await;
    for arguments in [&["--yes"][..], &["--all", "--cause", "key"], &["--identity", "ann"]] {
        for command in ["redrive", "delete"] {
            let done = letters.run(command, arguments).await;
            assert_eq!(done.status, Some(2), "{done:?}");
        }
    }
    assert_eq!(letters.sqs.calls(), 0);
}

#[tokio::test]
async fn letter_is_deleted_only_once_it_was_sent() {
    for (refused, in_queue) in [("SendMessage", &[][..]), ("DeleteMessage", &[1, 2, 3])] {
        let letters = three().await;
        letters.sqs.forbid(refused);
        let done = letters.run("redrive", &["--all", "--yes"]).await;
        assert_eq!(done.status, Some(1), "{done:?}");
        let told = format!("0 of 3 were done, and the others are still dead letters: {refused}: ");
        assert!(done.stderr.contains(&told), "{done:?}");
        assert_eq!(letters.in_queue(DEAD), numbers(&[1, 2, 3]));
        assert!(letters.in_queue(QUEUE).iter().all(|one| numbers(in_queue).contains(one)));
        assert!(letters.are_visible());
    }
}

#[tokio::test]
async fn letters_that_cannot_be_given_back_are_told_of() {
    let letters = three().await;
    letters.sqs.forbid("ChangeMessageVisibility");
    let done = letters.run("list", &[]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    let told = done.stderr.replace('\n', " ");
    assert!(told.contains("3 dead letters stay hidden for 10 minutes: "), "{done:?}");
}

#[tokio::test]
async fn letters_that_somebody_else_reads_are_told_of() {
    let letters = three().await;
    letters.sqs.receive(DEAD, 2);
    let done = letters.run("list", &[]).await;
    assert!(done.stdout.ends_with("\n1 dead letter.\n"), "{done:?}");
    assert!(done.stderr.contains("SQS counts about 2 more"), "{done:?}");
}

#[tokio::test]
async fn without_the_log_causes_are_unknown_and_nothing_is_chosen_by_them() {
    let letters = three().await;
    letters.logs.set_mood(Mood::Forbidding);
    let done = letters.run("list", &[]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert!(done.stdout.contains("not in the log"), "{done:?}");
    assert!(done.stderr.contains("StartQuery: AccessDeniedException"), "{done:?}");
    for choice in [["--cause", "key"], ["--identity", &ANN.to_string()]] {
        let done = letters.run("delete", &[&choice[..], &["--yes"]].concat()).await;
        assert_eq!(done.status, Some(1), "{done:?}");
    }
    assert_eq!(letters.in_queue(DEAD), numbers(&[1, 2, 3]));
    assert!(letters.are_visible());
    // Neither needs a cause.
    let done = letters.run("redrive", &["--all", "--yes"]).await;
    assert_eq!((done.status, done.stderr.as_str()), (Some(0), ""), "{done:?}");
}

#[tokio::test]
async fn function_without_a_queue_is_explained() {
    let letters = Letters::start().await;
    letters.without_queue();
    let done = letters.run("list", &[]).await;
    assert_eq!(done.status, Some(1));
    assert!(done.stderr.contains("has no queue: QUEUE_URL is not set"), "{done:?}");
}

/// It waits for the log then, and holds all.
#[cfg(unix)]
#[tokio::test]
async fn after_a_signal_all_are_given_back() {
    for signal in ["-INT", "-TERM"] {
        let letters = three().await;
        letters.logs.set_mood(Mood::Hanging);
        let mut command = Command::new(env!("CARGO_BIN_EXE_ory-actions"));
        command.args(["dead-letters", "list", "welcome"]).env_clear().envs(letters.environment());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = command.spawn().unwrap();
        while letters.sqs.calls_of("ReceiveMessage") < 2 {
            sleep(Duration::from_millis(10)).await;
        }
        assert!(!letters.are_visible());
        let id = program.id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().await.unwrap().success());
        let output = program.wait_with_output().await.unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(String::from_utf8(output.stderr).unwrap().contains("interrupted; 0 were done"));
        assert!(letters.are_visible());
    }
}
