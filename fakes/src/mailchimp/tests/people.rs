//! What people, admins and Mailchimp do, and what is put down of it.

use super::*;

#[test]
fn acts_in_each_state() {
    use Status::{Archived, Cleaned, Pending, Subscribed, Transactional, Unsubscribed};
    let to = |status| Some(status);
    // The states after the act, of a contact that was subscribed, pending, unsubscribed, cleaned,
    // transactional, archived; `None` where nobody can do that.
    let all = [Subscribed, Pending, Unsubscribed, Cleaned, Transactional, Archived];
    let (none, subscribed, cleaned, archived) = (None, to(Subscribed), to(Cleaned), to(Archived));
    let only_of_subscribed = |status| [to(status), none, none, none, none, none];
    let table = [
        (Act::SignsUp, [none, none, subscribed, none, subscribed, subscribed]),
        (Act::Confirms, [none, subscribed, none, none, none, none]),
        (Act::Unsubscribes, only_of_subscribed(Unsubscribed)),
        (Act::Complains, only_of_subscribed(Unsubscribed)),
        (Act::AdminUnsubscribes, only_of_subscribed(Unsubscribed)),
        (Act::Bounces, [cleaned, cleaned, none, none, cleaned, none]),
        (Act::IsCleanedForAbuse, [cleaned, none, cleaned, none, none, none]),
        (Act::AdminArchives, [archived, none, archived, none, archived, none]),
    ];
    for (act, after) in table {
        for (from, after) in all.into_iter().zip(after) {
            let mut desk = Desk::with(from);
            let done = desk.list().act(ANN, act.clone(), NOW);
            assert_eq!(done.is_ok(), after.is_some(), "{act:?} {from:?}");
            assert_eq!(desk.status(), Some(after.unwrap_or(from)), "{act:?} {from:?}");
            assert!(desk.list().subscribed_by_api(ANN).is_empty());
        }
    }
    let nobody = Desk::new().list().act(ANN, Act::Unsubscribes, NOW);
    assert_eq!(nobody, Err(CannotAct::NoContact));
}

#[test]
fn form_of_a_double_opt_in_audience_mails_a_link() {
    let mut desk = Desk::new();
    desk.list().double_optin = true;
    desk.list().act(ANN, Act::SignsUp, NOW).unwrap();
    assert_eq!((desk.status(), desk.list().confirmation_mails(ANN)), (Some(Status::Pending), 1));
}

#[test]
fn chronicle_tells_who_did_what_and_how() {
    let mut desk = Desk::new();
    desk.put_ann(json!({"status_if_new": "pending"}));
    desk.list().act(ANN, Act::Confirms, NOW).unwrap();
    desk.list().act(ANN, Act::Moves(BOB.to_owned()), NOW).unwrap();
    desk.list().act(BOB, Act::Complains, NOW).unwrap();
    desk.list().act(BOB, Act::AdminArchives, NOW).unwrap();
    let path = format!("members/{}", hash_of(BOB));
    let body = json!({"email_address": BOB, "status": "subscribed"});
    assert_eq!(desk.of_list("PUT", &path, body).0, 200);
    desk.list().act(BOB, Act::Bounces, NOW).unwrap();
    desk.list().act(BOB, Act::AdminForgets, NOW).unwrap();
    let lines: Vec<_> = desk.list().chronicle().iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "ann@example.com becomes pending (Api, PUT)",
            "ann@example.com is mailed a link to confirm (Api, PUT)",
            "ann@example.com becomes subscribed, was pending (Person, confirmation link)",
            "ann@example.com becomes bob@example.com (Person, preferences)",
            "bob@example.com becomes unsubscribed, was subscribed (Person, complaint)",
            "bob@example.com becomes archived, was unsubscribed (Admin, audience page)",
            "bob@example.com becomes subscribed, was archived (Api, PUT)",
            "bob@example.com becomes cleaned, was subscribed (Mailchimp, bounce)",
            "bob@example.com is deleted permanently (Admin, audience page)",
        ]
    );
    assert_eq!(desk.list().subscribed_by_api("Bob@Example.com"), [NOW]);
    assert_eq!(desk.list().confirmation_mails(ANN), 1);
    assert!(desk.list().chronicle().iter().all(|entry| entry.at == NOW));
}

#[test]
fn people_edit_public_fields_only() {
    for is_public in [true, false] {
        let mut desk = Desk::with(Status::Subscribed);
        desk.list().put_merge_field(MergeField { is_public, ..MergeField::new("ORY_ID", "text") });
        let fields = json!({"ORY_ID": "another", "FNAME": "Ann"});
        let fields = fields.as_object().unwrap().clone();
        desk.list().act(ANN, Act::Edits(fields.clone()), NOW).unwrap();
        let ann = desk.ann();
        assert_eq!(ann.merge_fields.contains_key("ORY_ID"), is_public);
        assert_eq!(ann.merge_fields["FNAME"], "Ann");
        desk.list().act(ANN, Act::AdminEdits(fields), NOW).unwrap();
        assert_eq!(desk.ann().merge_fields["ORY_ID"], "another");
    }
}

#[test]
fn nobody_moves_to_the_address_of_another() {
    let mut desk = Desk::with(Status::Subscribed);
    desk.list().put_member(BOB, Status::Archived, NOW);
    let moved = desk.list().act(ANN, Act::Moves(BOB.to_owned()), NOW);
    assert_eq!(moved, Err(CannotAct::AddressTaken));
}
