//! Who is added by a backfill, and that nothing else becomes of anybody by it.

use fakes::mailchimp::{Act, Status};
use serde_json::json;

use super::{Before, WORDS};
use crate::{
    common::ory::event_of,
    mailchimp_subscribe::{
        mailchimp_replies::problem,
        setup::{Setup, answered},
        world::{ID, OLD},
    },
};

const NOBODY_NEW: &str = "skipped: no contact, and no fresh opt-in";

#[tokio::test]
async fn verified_people_with_consent_are_added_as_the_operator_says() {
    for (add_as, status) in WORDS {
        for opt_in in ["list", "confirm", "trust"] {
            for double_opt_in in [false, true] {
                let setup = Setup::queued().await.var("OPT_IN", opt_in);
                let mut people = Before::of(setup).await;
                people.ann.audience(|audience| audience.double_optin = double_opt_in);
                people.backfill(Some(add_as)).await;
                assert_eq!(people.ann.contacts(), [(OLD, status)], "{opt_in} {double_opt_in}");
                let member = people.ann.audience(|audience| audience.member(OLD).unwrap().clone());
                assert_eq!(member.merge_fields["ORY_ID"], ID);
                let mails = people.ann.audience(|audience| audience.confirmation_mails(OLD));
                assert_eq!(mails, usize::from(status == "pending"));
            }
        }
    }
}

#[tokio::test]
async fn nobody_is_added_without_the_operators_word() {
    let mut people = Before::start().await;
    people.backfill(None).await;
    assert_eq!(people.ann.contacts(), []);
    assert_eq!(people.ann.outcomes().await, [NOBODY_NEW]);
}

#[tokio::test]
async fn nobody_is_added_by_a_webhook() {
    let mut people = Before::start().await;
    for (add_as, word) in WORDS {
        let mut ctx = people.list(Some(add_as)).event.as_value().clone();
        assert_eq!(ctx["hook"]["add_as"], word);
        let trigger = format!("0000000{}-2222-4222-8222-0000000000c9", word.len());
        people.ann.play(event_of(&trigger, &ctx)).await;
        ctx["hook"]["flow"] = json!("login");
        people.ann.play(event_of(&format!("1{}", &trigger[1..]), &ctx)).await;
    }
    assert_eq!(people.ann.contacts(), []);
}

#[tokio::test]
async fn nobody_is_added_who_is_not_verified_or_has_not_consented() {
    for (add_as, _) in WORDS {
        for (consent, is_verified) in
            [(json!(true), false), (json!(false), true), (json!(null), true)]
        {
            let mut people = Before::start().await;
            people.changes(consent.clone(), is_verified);
            people.backfill(Some(add_as)).await;
            assert_eq!(people.ann.contacts(), [], "{consent} {is_verified}");
            let methods = people.ann.function.methods();
            assert!(methods.iter().all(|method| method == "GET"), "{methods:?}");
        }
    }
}

/// Whatever the operator says, and with the fields that are written without a word, too.
#[tokio::test]
async fn contact_keeps_its_state() {
    let all = ["subscribed", "pending", "transactional", "unsubscribed", "cleaned", "archived"];
    let statuses = [
        Status::Subscribed,
        Status::Pending,
        Status::Transactional,
        Status::Unsubscribed,
        Status::Cleaned,
        Status::Archived,
    ];
    for (word, status) in all.into_iter().zip(statuses) {
        let mut methods = Vec::new();
        for add_as in [None].into_iter().chain(WORDS.map(|(add_as, _)| Some(add_as))) {
            let mut people = Before::start().await;
            people.ann.put_contact(OLD, status);
            let mails =
                |people: &Before| people.ann.audience(|audience| audience.confirmation_mails(OLD));
            let before = mails(&people);
            people.backfill(add_as).await;
            assert_eq!(people.ann.contacts(), [(OLD, word)], "{add_as:?}");
            assert_eq!(mails(&people), before, "{word} {add_as:?}");
            methods.push(people.ann.function.methods());
        }
        assert!(methods.iter().all(|one| *one == methods[0]), "{word}: {methods:?}");
    }
}

/// Ory says yes since, and nobody knows who has said that.
#[tokio::test]
async fn nobody_is_added_who_has_said_no_to_the_function() {
    let mut people = Before::start().await;
    people.ann.settings(false).await;
    for (add_as, _) in WORDS {
        people.changes(json!(true), true);
        people.backfill(None).await;
        people.backfill(Some(add_as)).await;
        assert_eq!(people.ann.contacts(), []);
    }
    // The person says yes.
    people.ann.consent = json!(false);
    people.ann.settings(true).await;
    assert_eq!(people.ann.contacts(), [(OLD, "subscribed")]);
}

#[tokio::test]
async fn nobody_is_added_who_has_had_a_contact() {
    for (add_as, _) in WORDS {
        let mut people = Before::start().await;
        people.ann.subscribe().await;
        people.ann.function.vendor.act(OLD, Act::AdminForgets).unwrap();
        people.changes(json!(true), true);
        people.backfill(Some(add_as)).await;
        let methods = people.ann.function.methods();
        assert!(methods.iter().all(|method| method == "GET"), "{methods:?}");
        assert_eq!(people.ann.contacts(), []);
    }
}

/// Who has opted out is not asked either, by this run or by another one.
#[tokio::test]
async fn refusal_for_compliance_is_final() {
    for (first, _) in WORDS {
        let mut people = Before::start().await;
        let refused = || answered(problem(400, "Member In Compliance State"));
        people.ann.function.answer_writes([refused(), refused()]);
        people.backfill(Some(first)).await;
        assert_eq!(people.ann.function.methods(), ["GET", "GET", "PUT"]);
        for (add_as, _) in WORDS {
            people.backfill(Some(add_as)).await;
            people.changes(json!(true), true);
            people.backfill(Some(add_as)).await;
        }
        let methods = people.ann.function.methods();
        assert!(methods.iter().all(|method| method == "GET"), "{methods:?}");
        assert_eq!(people.ann.contacts(), []);
        let line = &people.ann.function.end().await.deliveries()[0];
        assert_eq!((&line["outcome"], &line["cause"]), (&json!("rejected"), &json!("compliance")));
        assert_eq!((&line["Compliance"], &line["Rejected"]), (&json!(1.0), &json!(1.0)));
    }
}

/// Such tags start no automation for thousands of people at once.
#[tokio::test]
async fn tags_of_those_who_are_added_are_marked_as_a_synchronization() {
    let code = "function(ctx) {
        member: { email_address: ctx.recipient }, consent: true, tags: { ory: true },
    }";
    let mut people = Before::of(Setup::queued().await.template(code)).await;
    people.backfill(Some(WORDS[0].0)).await;
    assert_eq!(people.ann.contacts(), [(OLD, "subscribed")]);
    let calls = people.ann.function.received();
    assert_eq!(calls.last().unwrap().body["is_syncing"], true);
}
