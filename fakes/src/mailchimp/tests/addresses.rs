//! How paths name a contact, which addresses are taken, and how a contact moves.

use super::*;

#[test]
fn hashes_of_mailchimps_guide() {
    // The first one is from Mailchimp's old guide.
    for (address, hash) in [
        ("Urist.McVankab@freddiesjokes.com", "62eeb292278cc15f5817cb78f7790b08"),
        ("Jane.Doe+ory@Example.com", "a85cc85cf017f4f8b28d079eea82d74e"),
    ] {
        assert_eq!(hash_of(address), hash);
    }
}

#[test]
fn path_names_a_contact_in_three_ways() {
    let mut desk = Desk::new();
    desk.list().put_member("Ann+a@Example.com", Status::Subscribed, NOW);
    let id = desk.list().members()[0].contact_id.clone();
    let hash = hash_of("ann+a@example.com");
    assert_ne!(id, hash);
    for who in [&hash, &id, "Ann+a@Example.com", "ann%2Ba%40example.com"] {
        for (method, body) in [
            ("GET", Value::Null),
            ("PATCH", json!({"language": "de"})),
            ("PUT", json!({"email_address": "ann+a@example.com", "status_if_new": "pending"})),
        ] {
            let (status, answer) = desk.of_list(method, &format!("members/{who}"), body);
            assert_eq!((status, &answer["contact_id"]), (200, &json!(id)), "{method} {who}");
        }
        let tags = json!({"tags": [{"name": "a", "status": "active"}]});
        assert_eq!(desk.of_list("POST", &format!("members/{who}/tags"), tags).0, 204);
    }
    assert_eq!(desk.list().members().len(), 1);
    assert_eq!(desk.of_list("DELETE", &format!("members/{id}"), Value::Null).0, 204);
}

#[test]
fn upsert_under_another_path_creates_nobody() {
    let mut desk = Desk::with(Status::Subscribed);
    let put = |desk: &mut Desk, address: &str| {
        let body = json!({"email_address": address, "status_if_new": "subscribed"});
        desk.of_list("PUT", "members/0123456789abcdef0123456789abcdef", body)
    };
    assert_eq!(title(&put(&mut desk, BOB)), "Resource Not Found");
    assert_eq!(title(&put(&mut desk, ANN)), "Member Exists");
    assert_eq!(desk.list().members().len(), 1);
}

#[test]
fn only_a_subscribed_contact_moves() {
    use Status::{Archived, Cleaned, Pending, Subscribed, Transactional, Unsubscribed};
    for (status, moves) in [
        (Subscribed, true),
        (Pending, false),
        (Unsubscribed, false),
        (Cleaned, false),
        (Transactional, false),
        (Archived, false),
    ] {
        for moving in [Moving::Subscribed, Moving::Any] {
            let mut desk = Desk::with(status);
            desk.list().moving = moving;
            let id = desk.ann().contact_id.clone();
            let answer = desk.of_ann("PATCH", json!({"email_address": BOB}));
            if !moves && moving == Moving::Subscribed {
                assert_eq!(answer.1["errors"][0]["field"], "email address", "{status:?}");
                let message = answer.1["errors"][0]["message"].as_str().unwrap();
                assert!(message.contains(&format!("\"{}.\"", status.word())), "{message}");
                continue;
            }
            assert_eq!((answer.0, &answer.1["contact_id"]), (200, &json!(id)), "{answer:?}");
            assert_eq!(answer.1["id"], hash_of(BOB));
            assert_eq!(desk.of_ann("GET", Value::Null).0, 404);
            let moved = desk.list().chronicle_of(BOB).last().unwrap();
            assert_eq!(moved.what, What::MovedFrom(ANN.to_owned()));
        }
    }
}

#[test]
fn nobody_moves_to_an_address_in_the_list() {
    for (status, word) in [
        (Status::Subscribed, "Subscribed"),
        (Status::Archived, "Deleted"),
        (Status::Transactional, "Non-Subscribed"),
    ] {
        for method in ["PATCH", "PUT"] {
            let mut desk = Desk::with(Status::Subscribed);
            desk.list().put_member(BOB, status, NOW);
            let body = json!({"email_address": "Bob@example.com", "status": "subscribed"});
            let answer = desk.of_ann(method, body);
            let message =
                format!("\"Bob@example.com\" is already in this list with a status of \"{word}\".");
            assert_eq!(title(&answer), "Invalid Resource");
            assert_eq!(
                answer.1["errors"][0],
                json!({"field": "email address", "message": message})
            );
        }
    }
    let mut desk = Desk::with(Status::Subscribed);
    desk.list().put_member(BOB, Status::Subscribed, NOW);
    let path = format!("members/{}/actions/delete-permanent", hash_of(BOB));
    desk.of_list("POST", &path, Value::Null);
    let answer = desk.of_ann("PATCH", json!({"email_address": BOB}));
    assert_eq!(title(&answer), "Forgotten Email Not Subscribed");
}

#[test]
fn other_letters_of_an_address_are_no_move() {
    let mut desk = Desk::with(Status::Unsubscribed);
    let answer = desk.of_ann("PATCH", json!({"email_address": "ANN@EXAMPLE.COM"}));
    assert_eq!((answer.0, desk.list().chronicle().len()), (200, 0));
}

#[test]
fn distrusted_address_is_not_signed_up() {
    let table = [
        (Distrust::LooksFake, "looks fake or invalid, please enter a real email address."),
        (Distrust::TooManySignUps, "has signed up to a lot of lists very recently"),
    ];
    for (distrust, part) in table {
        let refused = |answer: (u16, Value)| {
            assert_eq!(title(&answer), "Invalid Resource");
            assert!(answer.1["detail"].as_str().unwrap().contains(part), "{answer:?}");
        };
        let mut desk = Desk::new();
        assert_eq!(desk.put_ann(json!({"status_if_new": "subscribed"})).0, 200);
        let mut desk = Desk::new();
        desk.list().set_distrust("ANN@", Some(distrust));
        refused(desk.put_ann(json!({"status_if_new": "transactional"})));
        desk.list().put_member(ANN, Status::Archived, NOW);
        refused(desk.put_ann(json!({"status": "subscribed"})));
        desk.list().put_member(BOB, Status::Subscribed, NOW);
        let path = format!("members/{}", hash_of(BOB));
        refused(desk.of_list("PATCH", &path, json!({"email_address": "ann@other.example"})));
        // Who is in the list is not checked again.
        assert_eq!(desk.of_ann("PATCH", json!({"language": "de"})).0, 200);
        desk.list().set_distrust("ANN@", None);
        assert_eq!(desk.put_ann(json!({"status": "subscribed"})).0, 200);
    }
}

#[test]
fn invalid_address_is_refused() {
    for address in ["", "ann", "ann@", "@example.com", "ann@example", "a b@example.com"] {
        let body = json!({"email_address": address, "status": "pending"});
        let answer = Desk::new().of_list("POST", "members", body);
        assert_eq!(title(&answer), "Invalid Resource", "{address}");
    }
}
