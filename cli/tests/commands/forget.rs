//! `forget`, on a person of whom a deployed stack has something everywhere.

use std::{
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use fakes::{
    FakeMessage, MailchimpCall,
    mailchimp::{LIST_ID, Status},
    ory::person,
    server::FakeReply,
};
use serde_json::{Value, json};
use tokio::{process::Command, time::sleep};

use crate::{
    deployment::{ADDRESS, ANN, BEN, Deployment, EARLIER, QUEUE, dead, welcome},
    letters::about,
    logs::Mood,
};

fn status(deployment: &Deployment, address: &str) -> Option<Status> {
    deployment.mailchimp.audience(|list| list.member(address).map(|member| member.status))
}

/// The methods of the calls of Mailchimp that may change something, and what they are about.
fn writes(deployment: &Deployment) -> Vec<String> {
    let calls = deployment.mailchimp.take_received().into_iter().filter(MailchimpCall::is_write);
    calls.map(|call| format!("{} {}", call.method, call.body["status"])).collect()
}

#[tokio::test]
async fn everything_of_the_person_is_erased_and_nothing_of_others() {
    let deployment = Deployment::start().await;
    let done = deployment.forget(&["--yes"]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert!(deployment.is_marked());
    assert_eq!(deployment.events(QUEUE), [2]);
    assert_eq!(deployment.events(&dead("mandrill-welcome")), [2]);
    assert!(deployment.events(&dead("mailchimp-inbound")).is_empty());
    assert_eq!(deployment.events(&dead("mandrill-inbound")), [6]);
    assert!(deployment.are_visible());
    assert_eq!(status(&deployment, ADDRESS), Some(Status::Archived));
    assert_eq!(status(&deployment, "canary-ben@shop.test"), Some(Status::Subscribed));
    assert_eq!(deployment.records(), [format!("identity#{BEN}"), welcome(BEN)]);
    let told = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        &*format!("Erased: {ANN}"),
        "segment-identify: 1 of 2 messages deleted",
        "the event source mapping was paused, and is enabled again",
        "mandrill-welcome: 1 of 2 deleted",
        "mailchimp-inbound: 1 of 1 deleted",
        "mandrill-inbound: 1 of 2 deleted",
        "contacts: 1 archived, 1 archived before",
        "mandrill-welcome: deleted",
        "mailchimp-inbound: deleted",
        "for up to 35 days",
        &format!("for the user id {ANN}"),
    ] {
        assert!(told.contains(part), "{part}\n{}", done.stdout);
    }
}

#[tokio::test]
async fn lane_is_erased_where_only_mandrill_writes_to_the_identity() {
    let deployment = Deployment::start().await;
    deployment.write_outputs(&["MandrillWelcomeFunction", "MandrillInboundFunction"]);
    let done = deployment.forget(&["--yes", "--keep-identity"]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert_eq!(deployment.events(&dead("mandrill-inbound")), [6]);
    assert!(done.stdout.contains("mandrill-inbound: deleted"), "{done:?}");
    assert!(!deployment.records().contains(&format!("identity#{ANN}")));
}

#[tokio::test]
async fn complaint_is_found_by_whom_the_log_says_it_was_about() {
    let deployment = Deployment::start().await;
    // A mail for Ben, to an address that was Ann's: the complaint applies to both.
    deployment.log(6, ANN);
    let done = deployment.forget(&["--yes"]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert!(deployment.events(&dead("mandrill-inbound")).is_empty());
}

/// What is made by a delivery that does not know the mark could not be erased.
#[tokio::test]
async fn mark_is_there_before_anything_is_changed() {
    let deployment = Deployment::start().await;
    let marked = Arc::new(Mutex::new(Vec::new()));
    let (seen, table) = (marked.clone(), deployment.dynamo_db.clone());
    deployment.mailchimp.set_faults(move |call| {
        let mark = shared::idempotency::erased_mark(ANN);
        let is_marked = table.item(crate::deployment::TABLE, &mark).is_some();
        seen.lock().unwrap().extend(call.is_write().then_some(is_marked));
        None
    });
    let done = deployment.forget(&["--yes"]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert_eq!(*marked.lock().unwrap(), [true]);
    let history = deployment.mapping(|mapping| mapping.history.clone());
    // It was paused when the mark was there, and enabled when all were given back.
    let [(false, true, _), (true, _, true)] = history[..] else { panic!("{history:?}") };
}

#[tokio::test]
async fn nothing_is_changed_without_the_mark() {
    let deployment = Deployment::start().await;
    let before = deployment.everything();
    deployment.dynamo_db.forbid("UpdateItem");
    let done = deployment.forget(&["--yes"]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.stderr.contains("the mark cannot be written, so nothing was erased"), "{done:?}");
    assert_eq!(deployment.everything(), before);
}

/// What is changed, and why the person is not erased then.
type Doubt = (fn(&Deployment), &'static str);

#[tokio::test]
async fn person_is_not_erased_while_ory_may_have_the_identity() {
    let doubts: [Doubt; 5] = [
        (
            |deployment| {
                deployment.ory.put_identity(person(&ANN.to_string(), "canary@shop.test"));
            },
            "Ory still has the identity",
        ),
        (|deployment| deployment.ory.set_token(Some("another")), "rejected the API key"),
        (
            |deployment| {
                deployment.ory.reply_always(Some(FakeReply::text(404, "text/plain", "no")));
            },
            "check ORY_URL",
        ),
        (|deployment| deployment.no_setting("mailchimp-inbound", "ORY_URL"), "ORY_URL is not set"),
        (|deployment| deployment.write_outputs(&["SegmentIdentifyFunction"]), "ORY_URL is not set"),
    ];
    for (change, because) in doubts {
        let deployment = Deployment::start().await;
        change(&deployment);
        let before = deployment.everything();
        let done = deployment.forget(&["--yes"]).await;
        assert_eq!(done.status, Some(1), "{done:?}");
        let told = done.stderr;
        assert!(told.contains(because) && told.contains("--keep-identity"), "{told}");
        assert_eq!(deployment.everything(), before);
        let done = deployment.forget(&["--yes", "--keep-identity"]).await;
        assert_eq!(done.status, Some(0), "{done:?}");
        assert!(done.stdout.contains("may still have the identity"), "{done:?}");
        assert_eq!(deployment.events(QUEUE), [2]);
    }
}

#[tokio::test]
async fn ory_may_be_named_by_hand_with_a_token_from_the_environment() {
    let mut deployment = Deployment::start().await;
    deployment.no_setting("mailchimp-inbound", "ORY_URL");
    let url = deployment.ory.url();
    let done = deployment.forget(&["--dry-run", "--ory-url", &url]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    deployment.variable("ORY_ACCESS_TOKEN", "ory_pat_canary");
    let done = deployment.forget(&["--dry-run", "--ory-url", &url]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    deployment.variable("ORY_URL", &url);
    let done = deployment.forget(&["--dry-run"]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
}

/// Another Ory must not learn it.
#[tokio::test]
async fn token_of_the_stack_is_sent_to_the_ory_of_the_stack_only() {
    let deployment = Deployment::start().await;
    let done = deployment.forget(&["--dry-run", "--ory-url", &deployment.ory.url()]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    let tokens = deployment.ory.take_received().into_iter().map(|call| call.token);
    assert!(tokens.clone().count() > 0 && tokens.clone().all(|token| token.is_none()));
}

#[tokio::test]
async fn dry_run_says_what_it_found_and_changes_nothing() {
    let deployment = Deployment::start().await;
    let before = deployment.everything();
    let done = deployment.forget(&["--dry-run"]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert_eq!(deployment.everything(), before);
    assert!(writes(&deployment).is_empty());
    assert_eq!(deployment.dynamo_db.calls_of("UpdateItem"), 0);
    let contact =
        deployment.mailchimp.audience(|list| list.member(ADDRESS).unwrap().contact_id.clone());
    let told = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        &*format!("To erase: {ANN}"),
        "segment-identify: pauses the event source mapping, and searches the queue, which has about 2 \
         messages",
        "mandrill-welcome: deletes 1 of 2",
        "mailchimp-inbound: deletes 1 of 1",
        &format!("archives in the audience {LIST_ID}: "),
        &contact,
        &format!("mailchimp-inbound: deletes identity#{ANN}"),
        &format!("mandrill-welcome: deletes {}", welcome(ANN)),
    ] {
        assert!(told.contains(part), "{part}\n{}", done.stdout);
    }
    let done = deployment.forget(&["--dry-run", "--format", "json"]).await;
    let plan: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(plan["identity_id"], ANN.to_string());
    assert_eq!(plan["plan"][0]["part"], "mark");
}

#[tokio::test]
async fn without_a_terminal_nothing_is_changed_unless_yes_is_said() {
    let deployment = Deployment::start().await;
    let before = deployment.everything();
    let done = deployment.forget(&[]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.stderr.contains("--yes"), "{done:?}");
    assert_eq!(deployment.everything(), before);
}

#[tokio::test]
async fn account_for_programs_is_all_that_is_on_standard_output() {
    let deployment = Deployment::start().await;
    let done = deployment.forget(&["--yes", "--format", "json"]).await;
    let account: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(account["identity_id"], ANN.to_string());
    assert_eq!(account["is_done"], json!(true));
    let steps = account["steps"].as_array().unwrap();
    let parts: Vec<_> = steps.iter().map(|step| step["part"].as_str().unwrap()).collect();
    let letters = ["dead letters"; 5];
    let first = ["mark", "queue", "queue"];
    let last = ["Mailchimp", "records", "records", "records"];
    assert_eq!(parts, [&first[..], &letters, &last].concat());
    assert!(!account["out_of_reach"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn contact_is_erased_from_any_state() {
    use Status::{Archived, Cleaned, Pending, Subscribed, Transactional, Unsubscribed};
    let table: [(Status, Status, &[&str]); 6] = [
        (Subscribed, Archived, &["DELETE null"]),
        (Unsubscribed, Archived, &["DELETE null"]),
        (Transactional, Archived, &["DELETE null"]),
        (Pending, Archived, &[r#"PATCH "unsubscribed""#, "DELETE null"]),
        (Archived, Archived, &[]),
        (Cleaned, Cleaned, &[]),
    ];
    for (before, after, expected) in table {
        let deployment = Deployment::start().await;
        deployment.put_contacts(before);
        let done = deployment.forget(&["--yes"]).await;
        assert_eq!(done.status, Some(0), "{before:?} {done:?}");
        assert_eq!(status(&deployment, ADDRESS), Some(after), "{before:?}");
        assert_eq!(writes(&deployment), expected, "{before:?}");

        deployment.put_contacts(before);
        let done = deployment.forget(&["--yes", "--permanent"]).await;
        assert_eq!(done.status, Some(0), "{before:?} {done:?}");
        assert!(done.stdout.contains("2 deleted for good"), "{done:?}");
        let forgotten = [ADDRESS, EARLIER]
            .map(|address| deployment.mailchimp.audience(|list| list.is_forgotten(address)));
        assert_eq!(forgotten, [true, true], "{before:?}");
        assert_eq!(writes(&deployment), ["POST null", "POST null"], "{before:?}");
        assert!(!deployment.records().contains(&format!("contact#{ANN}")));
    }
}

#[tokio::test]
async fn contact_is_found_by_a_second_run_after_mailchimp_was_down() {
    let deployment = Deployment::start().await;
    deployment.mailchimp.reply_always(Some(FakeReply::HangUp));
    let done = deployment.forget(&["--yes"]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.stdout.starts_with("To erase: "), "{done:?}");
    assert!(done.stdout.contains("\nNot all is erased: "), "{done:?}");
    assert!(done.stdout.contains("0 of 2 contacts are done"), "{done:?}");
    // The rest is done all the same, and nobody is kept from the lane.
    assert_eq!(deployment.events(QUEUE), [2]);
    let contact = format!("contact#{ANN}");
    assert_eq!(deployment.records(), [contact, format!("identity#{BEN}"), welcome(BEN)]);
    deployment.mailchimp.reply_always(None);
    let done = deployment.forget(&["--yes"]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert_eq!(status(&deployment, ADDRESS), Some(Status::Archived));
    assert_eq!(deployment.records(), [format!("identity#{BEN}"), welcome(BEN)]);
}

#[tokio::test]
async fn second_run_says_that_all_was_gone() {
    let deployment = Deployment::start().await;
    deployment.forget(&["--yes"]).await;
    let before = deployment.records();
    let done = deployment.forget(&["--yes"]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    let told = done.stdout;
    for part in [
        "segment-identify: 0 of 1 messages deleted",
        "mandrill-welcome: 0 of 1 deleted",
        "no contact is known here",
        "mailchimp-subscribe: there was none",
        "mandrill-welcome: there was none",
        "mailchimp-inbound: there was none",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert_eq!(deployment.records(), before);
}

#[tokio::test]
async fn mapping_is_enabled_again_whatever_became_of_the_search() {
    let deployment = Deployment::start().await;
    deployment.sqs.forbid("DeleteMessage");
    let done = deployment.forget(&["--yes"]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.stdout.contains("DeleteMessage: "), "{done:?}");
    let set: Vec<_> = deployment.mapping(|it| it.history.iter().map(|it| it.0).collect());
    assert_eq!(set, [false, true]);
    assert!(deployment.are_visible());
    assert_eq!(deployment.events(QUEUE), [1, 2]);
    // The other steps are taken.
    assert_eq!(status(&deployment, ADDRESS), Some(Status::Archived));
}

#[tokio::test]
async fn mapping_that_was_disabled_stays_disabled() {
    let deployment = Deployment::start().await;
    deployment.mapping(|mapping| mapping.state = "Disabled");
    let done = deployment.forget(&["--yes"]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert!(deployment.mapping(|mapping| mapping.history.is_empty()));
    assert_eq!(deployment.events(QUEUE), [2]);
    let told = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("was disabled before, and stays so"), "{told}");
    assert!(told.contains("aws lambda update-event-source-mapping --uuid "), "{told}");
}

#[tokio::test]
async fn change_of_the_mapping_waits_for_another_one() {
    let deployment = Deployment::start().await;
    deployment.mapping(|mapping| mapping.busy = 1);
    let done = deployment.forget(&["--yes"]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    let set: Vec<_> = deployment.mapping(|it| it.history.iter().map(|it| it.0).collect());
    assert_eq!(set, [false, true]);
}

#[tokio::test]
async fn mapping_that_cannot_be_enabled_is_told_of() {
    let deployment = Deployment::start().await;
    deployment.mapping(|mapping| mapping.is_locked = true);
    let done = deployment.forget(&["--yes"]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    let told = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        told.contains("LEFT: segment-identify: the event source mapping is still disabled"),
        "{told}"
    );
    // In one piece.
    let command = |line: &str| line.contains("aws lambda update") && line.ends_with("--enabled");
    assert!(done.stdout.lines().any(command), "{done:?}");
}

#[tokio::test]
async fn messages_that_are_hidden_are_told_of() {
    let deployment = Deployment::start().await;
    deployment.sqs.receive(QUEUE, 1);
    let done = deployment.forget(&["--yes", "--wait", "0"]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    let told = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        told.contains("LEFT: segment-identify: 0 of 1 messages deleted; about 1 could not"),
        "{told}"
    );
    assert_eq!(deployment.events(QUEUE), [1, 2]);
    deployment.sqs.make_visible(QUEUE);
    let done = deployment.forget(&["--yes"]).await;
    assert_eq!((done.status, deployment.events(QUEUE)), (Some(0), vec![2]), "{done:?}");
}

#[tokio::test]
async fn letter_that_nobody_can_assign_is_left_and_told_of() {
    let deployment = Deployment::start().await;
    deployment.put(&dead("mailchimp-inbound"), 4, json!({"data": {"email": ADDRESS}}));
    let done = deployment.forget(&["--yes"]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    let told = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        told.contains("LEFT: mailchimp-inbound: 1 of 2 deleted; neither 1 of the others"),
        "{told}"
    );
    assert_eq!(deployment.events(&dead("mailchimp-inbound")), [4]);
}

#[tokio::test]
async fn nothing_is_changed_where_the_letters_cannot_be_assigned_at_all() {
    let deployment = Deployment::start().await;
    let before = deployment.everything();
    deployment.logs.set_mood(Mood::Forbidding);
    let done = deployment.forget(&["--yes"]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.stderr.contains("StartQuery: AccessDeniedException"), "{done:?}");
    assert_eq!(deployment.everything(), before);
}

/// Without them, it would find nothing, and say that all is erased.
#[tokio::test]
async fn settings_that_cannot_be_read_are_not_taken_for_none() {
    let deployment = Deployment::start().await;
    deployment.hide_settings();
    let done = deployment.forget(&["--yes", "--keep-identity"]).await;
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.stderr.contains("check its KMS key"), "{done:?}");
}

#[tokio::test]
async fn function_that_is_off_is_passed_over() {
    let deployment = Deployment::start().await;
    deployment.write_outputs(&["SegmentIdentifyFunction"]);
    let done = deployment.forget(&["--yes", "--keep-identity"]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert_eq!(deployment.events(QUEUE), [2]);
    assert!(!deployment.is_marked());
    assert!(done.stdout.contains("no function has a table of records"), "{done:?}");
    assert_eq!(status(&deployment, ADDRESS), Some(Status::Subscribed));
    deployment.put(QUEUE, 1, about(ANN));
    deployment.write_outputs(&["MailchimpSubscribeFunction"]);
    let done = deployment.forget(&["--yes", "--keep-identity"]).await;
    assert_eq!(done.status, Some(0), "{done:?}");
    assert_eq!(deployment.events(QUEUE), [2, 1]);
    assert_eq!(status(&deployment, ADDRESS), Some(Status::Archived));
}

/// It waits for a hidden message then, and holds the others.
#[cfg(unix)]
#[tokio::test]
async fn after_a_signal_the_mapping_is_enabled_and_the_messages_are_given_back() {
    for signal in ["-INT", "-TERM"] {
        let deployment = Deployment::start().await;
        let hidden = deployment.sqs.receive(QUEUE, 1).pop().unwrap();
        let mut command = deployment.forgetting(&["--yes", "--wait", "60"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = command.spawn().unwrap();
        let is_held = || deployment.sqs.messages(QUEUE).iter().all(FakeMessage::is_hidden);
        while !is_held() {
            sleep(Duration::from_millis(10)).await;
        }
        let id = program.id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().await.unwrap().success());
        let output = program.wait_with_output().await.unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(told.contains("interrupted"), "{told}");
        assert_eq!(deployment.mapping(|mapping| mapping.state), "Enabling");
        let messages = deployment.sqs.messages(QUEUE);
        let still_hidden = messages.iter().filter(|message| message.is_hidden());
        assert_eq!(still_hidden.map(|one| &one.id).collect::<Vec<_>>(), [&hidden.id]);
        // What would have come after it is not done.
        assert_eq!(status(&deployment, ADDRESS), Some(Status::Subscribed));
    }
}

/// Lambda refuses a second change for as long as the first one is under way.
#[cfg(unix)]
#[tokio::test]
async fn after_a_signal_during_the_pause_the_mapping_is_enabled() {
    let deployment = Deployment::start().await;
    deployment.mapping(|mapping| mapping.is_stuck = true);
    let mut command = deployment.forgetting(&["--yes"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let program = command.spawn().unwrap();
    while deployment.mapping(|mapping| mapping.history.is_empty()) {
        sleep(Duration::from_millis(10)).await;
    }
    deployment.mapping(|mapping| mapping.busy = 1);
    let id = program.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().await.unwrap().success());
    let output = program.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(deployment.mapping(|mapping| mapping.state), "Enabling");
    assert_eq!(deployment.events(QUEUE), [1, 2]);
}
