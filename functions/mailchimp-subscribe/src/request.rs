//! The call that writes a decision. Pure.

use serde_json::{Map, Value, json};

use crate::{
    consent::{Decision, Status},
    mailchimp::{Call, Contact, Name},
    place::Place,
    template_output::ORY_ID,
    turn::Event,
};

/// The call that writes `decision` to the contact at `place`; `None` if there is nothing to write.
pub(crate) fn request(place: &Place, decision: Decision, event: &Event) -> Option<Call> {
    let address = event.output.address.as_str();
    match (decision, &place.contact) {
        (Decision::Nothing(_) | Decision::Bounces, _)
        | (Decision::Set(_) | Decision::Fields | Decision::Revive, None) => None,
        (Decision::Create(status), _) => {
            Some(upsert(address, "status_if_new", status, place, event))
        }
        // Of an archived contact, only this changes the state.
        (Decision::Revive, Some(contact)) => {
            let address = contact.address.as_deref().unwrap_or(address);
            Some(upsert(address, "status", Status::Pending, place, event))
        }
        (Decision::Set(status), Some(contact)) => {
            let mut body = own_fields(place, event);
            set(&mut body, "status", status, event);
            Some(Call::Update(name(contact, event), body))
        }
        (Decision::Fields, Some(contact)) => {
            let mut body = own_fields(place, event);
            // Alone: a withdrawal must not fail because of the new address.
            if place.moves {
                body.insert("email_address".to_owned(), json!(address));
            }
            Some(Call::Update(name(contact, event), body))
        }
    }
}

/// The contact's name in a path: its id, as its address may change meanwhile.
pub(crate) fn name(contact: &Contact, event: &Event) -> Name {
    let address = || contact.address.as_ref().unwrap_or(&event.output.address);
    contact.id.as_deref().map_or_else(|| Name::of_address(address()), Name::of_id)
}

fn upsert(address: &str, key: &str, status: Status, place: &Place, event: &Event) -> Call {
    let mut body = own_fields(place, event);
    body.insert("email_address".to_owned(), json!(address));
    set(&mut body, key, status, event);
    Call::Upsert(Name::of_address(address), body)
}

/// The fields, if the contact is the person's.
fn own_fields(place: &Place, event: &Event) -> Map<String, Value> {
    if place.is_own { fields(event) } else { Map::new() }
}

/// An opt-in comes with its evidence.
fn set(body: &mut Map<String, Value>, key: &str, status: Status, event: &Event) {
    body.insert(key.to_owned(), json!(status.word()));
    if status.is_opt_in() {
        body.extend(event.output.signup.clone());
    }
}

/// The template's fields, and the identity's id, by which `mailchimp-inbound` knows the person.
fn fields(event: &Event) -> Map<String, Value> {
    let mut fields = event.output.fields.clone();
    let merge_fields = fields.entry("merge_fields").or_insert_with(|| json!({}));
    merge_fields[ORY_ID] = json!(event.identity.to_string());
    fields
}

#[cfg(test)]
mod tests {
    use shared::mailchimp::member_hash;
    use uuid::Uuid;

    use super::*;
    use crate::{freshness::Flow, template_output::TemplateOutput};

    const ID: &str = "00000000-0000-0000-0000-000000000007";

    fn event() -> Event {
        let output = json!({
            "member": {"email_address": "ann@new.example", "merge_fields": {"FNAME": "Ann"}},
            "consent": true, "ip_signup": "203.0.113.7",
        });
        Event {
            identity: Uuid::from_u128(7),
            flow: Flow::Registration,
            output: TemplateOutput::read(output.as_object().unwrap().clone()).unwrap(),
            is_verified: true,
            created_at: time::OffsetDateTime::UNIX_EPOCH,
        }
    }

    fn contact(status: Status) -> Contact {
        let (id, address) = (Some("c1".to_owned()), Some("ann@old.example".to_owned()));
        Contact { id, address, status, last_changed: None }
    }

    fn sent(place: &Place, decision: Decision) -> Value {
        match request(place, decision, &event()) {
            Some(Call::Upsert(name, body)) => json!({"put": name.as_str(), "body": body}),
            Some(Call::Update(name, body)) => json!({"patch": name.as_str(), "body": body}),
            _ => Value::Null,
        }
    }

    #[test]
    fn each_decision_has_its_call() {
        let nobody = Place::of_address(None, true);
        let ours = |status| Place::stays(contact(status));
        let foreign = Place::of_address(Some(contact(Status::Subscribed)), false);
        let moving = Place::at_new_address(contact(Status::Subscribed), None);
        let left = Place::at_new_address(contact(Status::Unsubscribed), None);
        let merges = json!({"FNAME": "Ann", "ORY_ID": ID});
        let (new, old) = (member_hash("ann@new.example"), member_hash("ann@old.example"));
        let table = [
            (
                &nobody,
                Decision::Create(Status::Pending),
                json!({"put": new, "body": {
                    "email_address": "ann@new.example", "status_if_new": "pending",
                    "merge_fields": merges, "ip_signup": "203.0.113.7",
                }}),
            ),
            (
                &nobody,
                Decision::Create(Status::Transactional),
                json!({"put": new, "body": {
                    "email_address": "ann@new.example", "status_if_new": "transactional",
                    "merge_fields": merges,
                }}),
            ),
            (
                &ours(Status::Archived),
                Decision::Revive,
                json!({"put": old, "body": {
                    "email_address": "ann@old.example", "status": "pending",
                    "merge_fields": merges, "ip_signup": "203.0.113.7",
                }}),
            ),
            (
                &ours(Status::Unsubscribed),
                Decision::Set(Status::Pending),
                json!({"patch": "c1", "body": {
                    "status": "pending", "merge_fields": merges, "ip_signup": "203.0.113.7",
                }}),
            ),
            (
                &ours(Status::Subscribed),
                Decision::Set(Status::Unsubscribed),
                json!({"patch": "c1", "body": {"status": "unsubscribed", "merge_fields": merges}}),
            ),
            (
                &ours(Status::Subscribed),
                Decision::Fields,
                json!({"patch": "c1", "body": {"merge_fields": merges}}),
            ),
            (
                &moving,
                Decision::Fields,
                json!({"patch": "c1", "body": {
                    "email_address": "ann@new.example", "merge_fields": merges,
                }}),
            ),
            // A withdrawal is written alone; the contact moves with the next event.
            (
                &moving,
                Decision::Set(Status::Unsubscribed),
                json!({"patch": "c1", "body": {"status": "unsubscribed", "merge_fields": merges}}),
            ),
            (
                &left,
                Decision::Create(Status::Unsubscribed),
                json!({"put": new, "body": {
                    "email_address": "ann@new.example", "status_if_new": "unsubscribed",
                    "merge_fields": merges,
                }}),
            ),
            (
                &foreign,
                Decision::Set(Status::Unsubscribed),
                json!({"patch": "c1", "body": {"status": "unsubscribed"}}),
            ),
            (&ours(Status::Cleaned), Decision::Bounces, Value::Null),
            (&nobody, Decision::Nothing("x"), Value::Null),
        ];
        for (place, decision, expected) in table {
            assert_eq!(sent(place, decision), expected, "{decision:?}");
        }
    }
}
