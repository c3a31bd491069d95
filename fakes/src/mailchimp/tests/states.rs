//! The states of a contact: who takes it from which to which.

use Status::{Archived, Cleaned, Pending, Subscribed, Transactional, Unsubscribed};

use super::*;

const ALL: [Status; 6] = [Subscribed, Pending, Unsubscribed, Cleaned, Transactional, Archived];
const COMPLIANCE: &str = "Member In Compliance State";

#[test]
fn status_that_the_api_sets() {
    // From, wanted, then the state after it; `None` is a refusal.
    let table = [
        (Subscribed, "pending", Some(Pending)),
        (Subscribed, "unsubscribed", Some(Unsubscribed)),
        (Subscribed, "cleaned", Some(Cleaned)),
        (Subscribed, "transactional", Some(Transactional)),
        (Pending, "subscribed", Some(Subscribed)),
        (Pending, "unsubscribed", Some(Unsubscribed)),
        (Unsubscribed, "subscribed", None),
        (Unsubscribed, "pending", Some(Pending)),
        (Unsubscribed, "transactional", None),
        (Cleaned, "subscribed", None),
        (Cleaned, "pending", None),
        (Cleaned, "transactional", None),
        (Cleaned, "unsubscribed", Some(Unsubscribed)),
        (Transactional, "subscribed", Some(Subscribed)),
        (Transactional, "pending", Some(Pending)),
        (Archived, "subscribed", Some(Subscribed)),
        (Archived, "pending", Some(Pending)),
        (Archived, "unsubscribed", Some(Unsubscribed)),
    ];
    for (from, wanted, after) in table {
        for method in ["PUT", "PATCH"] {
            // A PATCH cannot make a contact transactional, see below.
            if method == "PATCH" && wanted == "transactional" {
                continue;
            }
            let mut desk = Desk::with(from);
            let answer = desk.of_ann(method, json!({"email_address": ANN, "status": wanted}));
            let context = format!("{method}: {from:?}, {wanted}: {answer:?}");
            assert_eq!(title(&answer), if after.is_some() { "" } else { COMPLIANCE }, "{context}");
            assert_eq!(desk.status(), Some(after.unwrap_or(from)), "{context}");
            if after.is_some() {
                assert_eq!((answer.0, &answer.1["status"]), (200, &json!(wanted)));
            }
        }
    }
}

#[test]
fn same_status_changes_nothing() {
    for status in ALL.into_iter().filter(|status| *status != Archived) {
        let mut desk = Desk::with(status);
        assert_eq!(desk.put_ann(json!({"status": status.word()})).0, 200, "{status:?}");
        assert_eq!(desk.list().chronicle(), [], "{status:?}");
    }
}

#[test]
fn unknown_status_is_refused() {
    for (method, status) in
        [("PUT", "archived"), ("PATCH", "archived"), ("PATCH", "transactional"), ("PUT", "")]
    {
        let mut desk = Desk::with(Subscribed);
        let answer = desk.of_ann(method, json!({"email_address": ANN, "status": status}));
        assert_eq!(answer.1["errors"][0]["field"], "status", "{method} {status}: {answer:?}");
    }
}

#[test]
fn resubscribing_is_a_matter_of_the_switch() {
    use Resubscribing::{Allowed, Refused, RefusedToThePerson};
    let by_person = |desk: &mut Desk| desk.list().act(ANN, Act::Unsubscribes, NOW).unwrap();
    let by_api = |desk: &mut Desk| _ = desk.of_ann("PATCH", json!({"status": "unsubscribed"}));
    let bounces = |desk: &mut Desk| desk.list().act(ANN, Act::Bounces, NOW).unwrap();
    let table: [(Resubscribing, [bool; 3]); 3] = [
        (Refused, [false, false, false]),
        (RefusedToThePerson, [false, true, false]),
        (Allowed, [true, true, true]),
    ];
    for (switch, allowed) in table {
        for (way, is_allowed) in [by_person, by_api, bounces].into_iter().zip(allowed) {
            let mut desk = Desk::with(Subscribed);
            desk.list().resubscribing = switch;
            way(&mut desk);
            let answer = desk.of_ann("PATCH", json!({"status": "subscribed"}));
            assert_eq!(title(&answer).is_empty(), is_allowed, "{switch:?}: {answer:?}");
        }
    }
}

#[test]
fn status_if_new_counts_only_for_a_new_contact() {
    for from in ALL {
        let mut desk = Desk::with(from);
        let body = json!({"status_if_new": "subscribed", "merge_fields": {"FNAME": "Ann"}});
        let (status, answer) = desk.put_ann(body);
        assert_eq!((status, &answer["status"]), (200, &json!(from.word())));
        assert_eq!(desk.ann().merge_fields["FNAME"], "Ann");
    }
    for (body, status) in [
        (json!({"status_if_new": "subscribed"}), Subscribed),
        (json!({"status_if_new": "pending", "status": "subscribed"}), Pending),
        (json!({"status": "unsubscribed"}), Unsubscribed),
        (json!({"status_if_new": "transactional"}), Transactional),
    ] {
        let mut desk = Desk::new();
        assert_eq!(desk.put_ann(body).0, 200);
        assert_eq!(desk.status(), Some(status));
    }
    assert_eq!(Desk::new().put_ann(json!({})).1["errors"][0]["field"], "status_if_new");
}

#[test]
fn double_opt_in_does_not_bind_the_api() {
    let mut desk = Desk::new();
    desk.list().double_optin = true;
    desk.put_ann(json!({"status_if_new": "subscribed"}));
    assert_eq!(desk.status(), Some(Subscribed));
    assert_eq!(desk.list().confirmation_mails(ANN), 0);
    assert_eq!(desk.list().subscribed_by_api(ANN), [NOW]);
}

#[test]
fn pending_mails_a_link_once() {
    for from in [None, Some(Subscribed), Some(Unsubscribed), Some(Transactional), Some(Archived)] {
        let mut desk = from.map_or_else(Desk::new, Desk::with);
        for _ in 0..3 {
            assert_eq!(desk.put_ann(json!({"status": "pending"})).0, 200);
            assert_eq!(desk.of_ann("PATCH", json!({"status": "pending"})).0, 200);
        }
        assert_eq!(desk.list().confirmation_mails(ANN), 1, "{from:?}");
        // Whoever leaves the state and comes back is mailed again.
        desk.of_ann("PATCH", json!({"status": "unsubscribed"}));
        desk.of_ann("PATCH", json!({"status": "pending"}));
        assert_eq!(desk.list().confirmation_mails(ANN), 2, "{from:?}");
    }
    let mut desk = Desk::with(Pending);
    desk.put_ann(json!({"status": "pending"}));
    assert_eq!(desk.list().confirmation_mails(ANN), 0);
}

#[test]
fn create_is_for_new_contacts_only() {
    let mut desk = Desk::new();
    let body = json!({"email_address": ANN, "status": "pending", "tags": ["news"]});
    let (status, answer) = desk.of_list("POST", "members", body.clone());
    assert_eq!((status, &answer["tags"][0]["name"]), (200, &json!("news")));
    for from in ALL {
        let answer = Desk::with(from).of_list("POST", "members", body.clone());
        assert_eq!(title(&answer), "Member Exists", "{from:?}");
    }
    for field in ["email_address", "status"] {
        let mut less = body.clone();
        less.as_object_mut().unwrap().remove(field);
        let answer = Desk::new().of_list("POST", "members", less);
        assert_eq!(answer.1["errors"][0]["field"], field);
    }
}

#[test]
fn removal_archives() {
    for from in ALL {
        let mut desk = Desk::with(from);
        let (status, _) = desk.of_ann("DELETE", Value::Null);
        let is_refused = [Archived, Cleaned, Pending].contains(&from);
        assert_eq!(status, if is_refused { 405 } else { 204 }, "{from:?}");
        assert_eq!(desk.status(), Some(if is_refused { from } else { Archived }));
    }
    assert_eq!(Desk::new().of_ann("DELETE", Value::Null).0, 404);
}

#[test]
fn deleted_for_good_is_refused_for_good() {
    for from in ALL {
        let mut desk = Desk::with(from);
        let id = desk.ann().contact_id.clone();
        let path = |who: &str| format!("members/{who}/actions/delete-permanent");
        for undocumented in [id.as_str(), ANN] {
            assert_eq!(desk.of_list("POST", &path(undocumented), Value::Null).0, 404);
        }
        assert_eq!(desk.of_list("POST", &path(&hash_of(ANN)), Value::Null).0, 204);
        assert_eq!(desk.of_ann("GET", Value::Null).0, 404);
        assert!(desk.list().is_forgotten("ANN@example.com"));
        for answer in [
            desk.put_ann(json!({"status_if_new": "subscribed"})),
            desk.put_ann(json!({"status": "pending"})),
            desk.of_list("POST", "members", json!({"email_address": ANN, "status": "pending"})),
        ] {
            assert_eq!(title(&answer), "Forgotten Email Not Subscribed");
        }
        assert_eq!(desk.list().chronicle_of(ANN).last().unwrap().what, What::Forgotten);
        desk.list().act(ANN, Act::SignsUp, NOW).unwrap();
        assert!(!desk.list().is_forgotten(ANN));
        assert_eq!(desk.put_ann(json!({"status_if_new": "pending"})).1["status"], "subscribed");
    }
}

#[test]
fn person_acts_between_read_and_write() {
    let mut desk = Desk::with(Subscribed);
    desk.list().before_next_write(ANN, Act::Unsubscribes);
    assert_eq!(desk.of_ann("GET", Value::Null).1["status"], "subscribed");
    let answer = desk.of_ann("PATCH", json!({"status": "subscribed"}));
    assert_eq!(title(&answer), COMPLIANCE);
    assert_eq!(desk.of_ann("GET", Value::Null).1["status"], "unsubscribed");
    desk.of_ann("PATCH", json!({"merge_fields": {}}));
    assert_eq!(desk.list().chronicle().len(), 1);
}
