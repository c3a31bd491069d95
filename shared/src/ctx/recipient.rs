//! The one address to write to.
//!
//! Kratos loads an identity's addresses by their row ids, which are random, so their order in
//! `verifiable_addresses` means nothing and nothing here depends on it (ory/kratos#2515 shows an
//! identity with two).

use serde_json::Value;

/// The longest address that SMTP takes, in bytes (RFC 5321, 4.5.3.1.3, without the brackets).
const LONGEST_ADDRESS: usize = 254;

/// Characters that would turn an address into a list, a name or a quoted text. Quoted local parts
/// are legal and rare; those of unknown people are not worth the risk.
const NOT_IN_AN_ADDRESS: &str = ",;<>\"\\()[]";

/// The address to write to, for an identity, in this order:
///
/// 1. `traits.email`, where it is one of the identity's verifiable addresses;
/// 2. a verified address;
/// 3. an address that is not verified;
/// 4. `traits.email`.
///
/// Only addresses of kind email count, and only if they are a single address. Of several of one
/// kind the smallest text is used, so that each function uses the same one for each event.
pub(super) fn recipient(identity: &Value) -> Option<&str> {
    let in_traits = identity["traits"]["email"].as_str().and_then(as_address);
    let addresses = || identity["verifiable_addresses"].as_array().into_iter().flatten();
    let emails = || addresses().filter_map(|address| Some((email(address)?, address)));
    in_traits
        .filter(|wanted| emails().any(|(email, _)| is_same(email, wanted)))
        .or_else(|| emails().filter(|(_, address)| address["verified"] == true).map(first).min())
        .or_else(|| emails().map(first).min())
        .or(in_traits)
}

/// The text if it is a single address, without the space around it, which Kratos trims as well.
pub fn as_address(text: &str) -> Option<&str> {
    let text = text.trim();
    let (local, domain) = text.split_once('@')?;
    let is_unfit = |letter: char| {
        letter.is_control() || letter.is_whitespace() || NOT_IN_AN_ADDRESS.contains(letter)
    };
    let is_address = !local.is_empty()
        && !domain.is_empty()
        && !domain.contains('@')
        && text.len() <= LONGEST_ADDRESS
        && !text.contains(is_unfit);
    is_address.then_some(text)
}

/// An address of kind email; one without a kind counts as one.
fn email(address: &Value) -> Option<&str> {
    let via = &address["via"];
    let is_email = via.is_null() || via == "email";
    is_email.then(|| address["value"].as_str().and_then(as_address)).flatten()
}

/// Kratos keeps addresses in lower case, and traits as they were typed
/// (ory/kratos, `schema/extension/verification.go`).
fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn first<'v>((email, _): (&'v str, &Value)) -> &'v str {
    email
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn address(value: &str, via: &str, verified: bool) -> Value {
        json!({"value": value, "via": via, "verified": verified})
    }

    #[test]
    fn recipient_does_not_depend_on_address_order() {
        let ann = "ann@example.com";
        let old = "old@work.example.com";
        let both = json!([address(old, "email", false), address(ann, "email", true)]);
        let table = [
            // The two of ory/kratos#2515.
            (
                json!({"traits": {"primary_email": ann, "secondary_emails": [old]}, "verifiable_addresses": both}),
                Some(ann),
            ),
            (
                json!({"traits": {"email": ann, "backup_email": old}, "verifiable_addresses": both}),
                Some(ann),
            ),
            // The trait comes first, though another is verified; case is ignored.
            (json!({"traits": {"email": old}, "verifiable_addresses": both}), Some(old)),
            (
                json!({"traits": {"email": " OLD@work.example.com "}, "verifiable_addresses": both}),
                Some("OLD@work.example.com"),
            ),
            // A trait that is none of them comes last.
            (
                json!({"traits": {"email": "other@example.com"}, "verifiable_addresses": both}),
                Some(ann),
            ),
            (
                json!({"traits": {"email": "other@example.com"}, "verifiable_addresses": [address(old, "email", false)]}),
                Some(old),
            ),
            (json!({"traits": {"email": "other@example.com"}}), Some("other@example.com")),
            // A phone first.
            (
                json!({"traits": {"phone": "+491"}, "verifiable_addresses": [address("+491", "sms", true), address(ann, "email", false)]}),
                Some(ann),
            ),
            (
                json!({"traits": {"email": ann}, "verifiable_addresses": [address("+491", "sms", true)]}),
                Some(ann),
            ),
            (
                json!({"traits": {"phone": "+491"}, "verifiable_addresses": [address("+491", "sms", true)]}),
                None,
            ),
            // Of two equal ones, always the same one.
            (
                json!({"verifiable_addresses": [address("b@example.com", "email", true), address(ann, "email", true)]}),
                Some(ann),
            ),
            (
                json!({"verifiable_addresses": [address("b@example.com", "email", false), address(ann, "email", false)]}),
                Some(ann),
            ),
            // Addresses from a custom forwarding template.
            (json!({"verifiable_addresses": [{"value": ann}]}), Some(ann)),
            (json!({"traits": {"email": ann}, "verifiable_addresses": "x"}), Some(ann)),
            (
                json!({"traits": {"email": ann}, "verifiable_addresses": ["x", null, {}, {"value": 5}]}),
                Some(ann),
            ),
            (json!({}), None),
            (json!(null), None),
        ];
        for (identity, expected) in table {
            assert_eq!(recipient(&identity), expected, "{identity}");
        }
    }

    #[test]
    fn invalid_address_is_never_a_recipient() {
        let long = format!("{}@example.com", "x".repeat(243));
        let none = [
            "",
            " ",
            "ann",
            "@",
            "ann@",
            "@example.com",
            "a@b@example.com",
            "ann@example.com,eve@example.com",
            "ann@example.com;eve@example.com",
            "Ann <ann@example.com>",
            "ann@example.com\r\nBcc: eve@example.com",
            "ann@exa\u{0}mple.com",
            "ann@exa\u{85}mple.com",
            "ann lee@example.com",
            "ann@exam\u{a0}ple.com",
            "\"ann\"@example.com",
            "ann\\@example.com",
            &long,
        ];
        for text in none {
            let verified = json!([address(text, "email", true)]);
            let identity = json!({"traits": {"email": text}, "verifiable_addresses": verified});
            assert_eq!(recipient(&identity), None, "{text:?}");
            // Nor does it keep another from being found.
            let both =
                json!([address(text, "email", true), address("ann@example.com", "email", false)]);
            let identity = json!({"traits": {"email": text}, "verifiable_addresses": both});
            assert_eq!(recipient(&identity), Some("ann@example.com"), "{text:?}");
        }
        assert_eq!(as_address(&long[1..]), Some(&long[1..]));
    }

    fn addresses() -> impl Strategy<Value = Vec<Value>> {
        let value = prop::sample::select(vec!["a@x", "b@x", "C@x", "d@x", "+491", "x,y@z", ""]);
        let via = prop::sample::select(vec!["email", "sms"]);
        let one = (value, via, any::<bool>())
            .prop_map(|(value, via, verified)| address(value, via, verified));
        prop::collection::vec(one, 0..6)
    }

    proptest! {
        #[test]
        fn address_order_is_ignored(
            (addresses, other_order) in addresses().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
            trait_email in prop::option::of(prop::sample::select(vec!["a@x", "B@x", "c@x", "e@x", "no"])),
        ) {
            let identity = |all: &[Value]| json!({"traits": {"email": trait_email}, "verifiable_addresses": all});
            let (one, other) = (identity(&addresses), identity(&other_order));
            prop_assert_eq!(recipient(&one), recipient(&other));
        }

        #[test]
        fn recipient_is_the_best_address_of_the_identity(
            addresses in addresses(),
        ) {
            let identity = json!({"verifiable_addresses": addresses});
            let emails = |verified: Option<bool>| {
                let wanted = addresses.iter().filter(|one| {
                    one["via"] == "email" && one["value"].as_str().is_some_and(|text| text.len() == 3)
                        && verified.is_none_or(|verified| one["verified"] == verified)
                });
                wanted.map(|one| one["value"].as_str().unwrap()).collect::<Vec<_>>()
            };
            match recipient(&identity) {
                None => prop_assert!(emails(None).is_empty()),
                Some(found) if emails(Some(true)).is_empty() => prop_assert!(emails(None).contains(&found)),
                Some(found) => prop_assert!(emails(Some(true)).contains(&found)),
            }
        }
    }
}
