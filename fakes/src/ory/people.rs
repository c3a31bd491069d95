//! The initial identities.

use serde_json::{Value, json};

/// When all of them signed up.
const SIGNED_UP: &str = "2026-01-01T00:00:00Z";

/// The people in the sample events of Mailchimp and Mandrill, each with the consent in Ory before the first
/// sample is played. Ory has no identity with the plus address.
const PEOPLE: [(&str, &str, bool); 10] = [
    ("000000a1-1111-4111-8111-0000000000a1", "api@example.com", false),
    ("000000a2-1111-4111-8111-0000000000a2", "api+unsub@example.com", true),
    ("000000a3-1111-4111-8111-0000000000a3", "api+cleaned@example.com", true),
    ("000000a4-1111-4111-8111-0000000000a4", "api+old@example.com", true),
    ("000000a5-1111-4111-8111-0000000000a5", "ada@example.com", false),
    // A contact's `ORY_ID` identifies her; her address in Ory differs from the one in Mailchimp.
    ("3f2b8c1e-5d4a-4f6b-9a7c-0e1d2c3b4a59", "ada.lovelace@example.com", true),
    ("000000a7-1111-4111-8111-0000000000a7", "lou@example.com", true),
    ("000000b1-1111-4111-8111-0000000000b1", "mia@example.com", true),
    ("000000b2-1111-4111-8111-0000000000b2", "noa@example.com", true),
    ("000000b3-1111-4111-8111-0000000000b3", "pia@example.com", true),
];

/// The last change of each, before the first sample was fired: Mailchimp's own samples are from
/// 2009.
const CHANGED: &str = "2009-01-01T00:00:00Z";

/// The identities of the people in the sample events of Mailchimp and Mandrill.
pub fn people_of_the_samples() -> Vec<Value> {
    let people = PEOPLE.into_iter().map(|(id, email, newsletter)| {
        let mut person = person(id, email);
        person["traits"]["consent"] = json!({ "newsletter": newsletter });
        person["updated_at"] = json!(CHANGED);
        person
    });
    people.collect()
}

/// A person who signs in with a password and a verified address, as the admin API shows them;
/// without consent.
pub fn person(id: &str, email: &str) -> Value {
    json!({
        "id": id,
        "credentials": {"password": {
            "type": "password", "identifiers": [email.to_lowercase()], "version": 0,
            "created_at": SIGNED_UP, "updated_at": SIGNED_UP,
        }},
        "schema_id": "default",
        "schema_url": "http://127.0.0.1/schemas/ZGVmYXVsdA",
        "state": "active",
        "state_changed_at": SIGNED_UP,
        "traits": {"email": email},
        "verifiable_addresses": [{
            "id": id, "value": email.to_lowercase(), "verified": true, "via": "email",
            "status": "completed", "verified_at": SIGNED_UP,
            "created_at": SIGNED_UP, "updated_at": SIGNED_UP,
        }],
        "recovery_addresses": [{
            "id": id, "value": email.to_lowercase(), "via": "email",
            "created_at": SIGNED_UP, "updated_at": SIGNED_UP,
        }],
        "metadata_public": null,
        "metadata_admin": null,
        "created_at": SIGNED_UP,
        "updated_at": SIGNED_UP,
        "organization_id": null,
    })
}
