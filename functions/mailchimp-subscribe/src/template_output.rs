//! The output of the template, checked.

use std::{collections::BTreeMap, fmt, net::IpAddr};

use serde_json::{Map, Value};
use shared::{
    ctx::{as_address, timestamp},
    deliver::Rendered,
};
use time::format_description::well_known::Rfc3339;

/// The merge field with the identity's id, by which `mailchimp-inbound` knows the person. The
/// function sets it.
pub(crate) const ORY_ID: &str = "ORY_ID";

/// What a template may give at the top, and of a member.
const KEYS: [&str; 5] = ["member", "consent", "tags", "ip_signup", "timestamp_signup"];
const MEMBER_KEYS: [&str; 5] =
    ["email_address", "merge_fields", "interests", "language", "marketing_permissions"];

/// The fields that would set a state: that is the function's.
const STATES: [&str; 2] = ["status", "status_if_new"];

/// A checked output.
#[derive(Clone, PartialEq)]
pub struct TemplateOutput {
    /// The address of the contact.
    pub address: String,
    /// Whether the person wants the campaigns; `None`: that is not known.
    pub consent: Option<bool>,
    /// The fields of the contact, without its address.
    pub fields: Map<String, Value>,
    /// The tags, each with whether the contact has it.
    pub tags: BTreeMap<String, bool>,
    /// The evidence of the opt-in.
    pub signup: Map<String, Value>,
}

impl fmt::Debug for TemplateOutput {
    /// Personal data is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a contact with consent {:?} and {} tags", self.consent, self.tags.len())
    }
}

impl TemplateOutput {
    /// Checks the template's output.
    ///
    /// # Errors
    /// The broken rule.
    pub fn read(mut rendered: Rendered) -> Result<Self, &'static str> {
        let states = |fields: &Map<_, _>| STATES.iter().any(|key| fields.contains_key(*key));
        let Some(Value::Object(mut member)) = rendered.remove("member") else {
            return Err("the template output has no `member`");
        };
        if states(&rendered) || states(&member) {
            return Err("the template sets a `status`, which the function decides");
        }
        if rendered.keys().any(|key| !KEYS.contains(&key.as_str())) {
            return Err("the template output has an unknown key");
        }
        let address = address(member.remove("email_address"))?;
        check_member(&member)?;
        Ok(Self {
            address,
            consent: consent(rendered.get("consent"))?,
            fields: member,
            tags: tags(rendered.remove("tags"))?,
            signup: signup(&rendered)?,
        })
    }
}

fn address(value: Option<Value>) -> Result<String, &'static str> {
    match value {
        Some(Value::String(text)) if as_address(&text) == Some(&text) => Ok(text),
        _ => Err("`email_address` is not one address"),
    }
}

fn check_member(member: &Map<String, Value>) -> Result<(), &'static str> {
    if member.keys().any(|key| !MEMBER_KEYS.contains(&key.as_str())) {
        return Err("`member` has an unknown key");
    }
    let is_good = |key: &str, is_good: fn(&Value) -> bool| member.get(key).is_none_or(is_good);
    if !is_good("merge_fields", Value::is_object) {
        Err("`merge_fields` is not an object")
    } else if member.get("merge_fields").is_some_and(|fields| fields.get(ORY_ID).is_some()) {
        Err("the template sets the merge field `ORY_ID`, which is the function's")
    } else if !is_good("interests", are_flags) {
        Err("`interests` is not an object of true and false")
    } else if !is_good("language", Value::is_string) {
        Err("`language` is not a string")
    } else if !is_good("marketing_permissions", are_permissions) {
        Err("`marketing_permissions` is not a list of ids with `enabled`")
    } else {
        Ok(())
    }
}

fn are_flags(value: &Value) -> bool {
    value.as_object().is_some_and(|flags| flags.values().all(Value::is_boolean))
}

fn are_permissions(value: &Value) -> bool {
    let is_permission =
        |one: &Value| one["marketing_permission_id"].is_string() && one["enabled"].is_boolean();
    value.as_array().is_some_and(|all| all.iter().all(is_permission))
}

fn consent(value: Option<&Value>) -> Result<Option<bool>, &'static str> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(consent)) => Ok(Some(*consent)),
        Some(_) => Err("`consent` is not true, false or null"),
    }
}

fn tags(value: Option<Value>) -> Result<BTreeMap<String, bool>, &'static str> {
    let wrong = "`tags` is not an object of true and false";
    match value {
        None | Some(Value::Null) => Ok(BTreeMap::new()),
        Some(Value::Object(tags)) => {
            let flag = |(name, value): (String, Value)| {
                value.as_bool().filter(|_| !name.trim().is_empty()).map(|flag| (name, flag))
            };
            tags.into_iter().map(flag).collect::<Option<_>>().ok_or(wrong)
        }
        Some(_) => Err(wrong),
    }
}

/// Mailchimp refuses a call with an invalid one, and a client may have made it up: such a value is
/// left out.
fn signup(rendered: &Rendered) -> Result<Map<String, Value>, &'static str> {
    let ip = optional_text(rendered.get("ip_signup"), "`ip_signup` is not a string")?;
    let ip = ip.and_then(|ip| ip.trim().parse::<IpAddr>().ok()).map(|ip| ip.to_string());
    let time = rendered.get("timestamp_signup");
    let time = optional_text(time, "`timestamp_signup` is not a string")?;
    let time =
        time.and_then(timestamp).and_then(|time| time.truncate_to_second().format(&Rfc3339).ok());
    let given = [("ip_signup", ip), ("timestamp_signup", time)];
    Ok(given.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into()))).collect())
}

fn optional_text<'v>(
    value: Option<&'v Value>,
    wrong: &'static str,
) -> Result<Option<&'v str>, &'static str> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(wrong),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(output: &Value) -> Result<TemplateOutput, &'static str> {
        TemplateOutput::read(output.as_object().unwrap().clone())
    }

    fn ann() -> Value {
        json!({"email_address": "ann@example.com"})
    }

    #[test]
    fn complete_output_is_read() {
        let member = json!({
            "email_address": "Ann@example.com",
            "merge_fields": {"FNAME": "Ann", "ADDRESS": {"city": "Bonn"}},
            "interests": {"9143cf3bd1": true},
            "language": "de",
            "marketing_permissions": [{"marketing_permission_id": "p", "enabled": true}],
        });
        let output = read(&json!({
            "member": member, "consent": true, "tags": {"ory": true, "old": false},
            "ip_signup": "203.0.113.7", "timestamp_signup": "2026-01-31T11:19:37.096674+01:00",
        }))
        .unwrap();
        assert_eq!((output.address.as_str(), output.consent), ("Ann@example.com", Some(true)));
        assert_eq!(output.tags, BTreeMap::from([("old".into(), false), ("ory".into(), true)]));
        assert_eq!(output.fields["merge_fields"], member["merge_fields"]);
        assert!(output.fields.get("email_address").is_none());
        let signup =
            json!({"ip_signup": "203.0.113.7", "timestamp_signup": "2026-01-31T11:19:37+01:00"});
        assert_eq!(Value::Object(output.signup), signup);
    }

    #[test]
    fn only_an_address_is_required() {
        for consent in
            [json!({"member": ann()}), json!({"member": ann(), "consent": null, "tags": null})]
        {
            let output = read(&consent).unwrap();
            assert_eq!((output.consent, output.tags.len(), output.fields.len()), (None, 0, 0));
        }
    }

    #[test]
    fn broken_rule_is_named() {
        let with = |key: &str, value: Value| {
            let mut output = json!({"member": ann(), "consent": true});
            output[key] = value;
            output
        };
        let member = |key: &str, value: Value| {
            let mut member = ann();
            member[key] = value;
            json!({"member": member})
        };
        let table = [
            (json!({}), "no `member`"),
            (json!({"member": "ann@example.com"}), "no `member`"),
            (json!({"member": {}}), "not one address"),
            (member("email_address", json!("ann")), "not one address"),
            (member("email_address", json!(" ann@example.com")), "not one address"),
            (member("email_address", json!("a@example.com,b@example.com")), "not one address"),
            (member("status", json!("subscribed")), "sets a `status`"),
            (member("status_if_new", json!("subscribed")), "sets a `status`"),
            (with("status", json!("subscribed")), "sets a `status`"),
            (with("concent", json!(true)), "an unknown key"),
            (member("vip", json!(true)), "an unknown key"),
            (with("consent", json!("true")), "`consent`"),
            (with("tags", json!(["a"])), "`tags`"),
            (with("tags", json!({"a": "active"})), "`tags`"),
            (with("tags", json!({" ": true})), "`tags`"),
            (member("merge_fields", json!([])), "`merge_fields`"),
            (member("merge_fields", json!({"ORY_ID": "x"})), "`ORY_ID`"),
            (member("interests", json!({"a": 1})), "`interests`"),
            (member("language", json!(5)), "`language`"),
            (member("marketing_permissions", json!({})), "`marketing_permissions`"),
            (
                member("marketing_permissions", json!([{"enabled": true}])),
                "`marketing_permissions`",
            ),
            (with("ip_signup", json!(["203.0.113.7"])), "`ip_signup`"),
            (with("timestamp_signup", json!(5)), "`timestamp_signup`"),
        ];
        for (output, part) in table {
            let rule = read(&output).unwrap_err();
            assert!(rule.contains(part), "{output}: {rule}");
        }
    }

    #[test]
    fn evidence_that_mailchimp_would_refuse_is_left_out() {
        for (key, value) in [
            ("ip_signup", "203.0.113.7, 10.0.0.1"),
            ("ip_signup", "unknown"),
            ("ip_signup", ""),
            ("timestamp_signup", "0001-01-01T00:00:00Z"),
            ("timestamp_signup", "yesterday"),
        ] {
            let mut output = json!({"member": ann()});
            output[key] = json!(value);
            assert!(read(&output).unwrap().signup.is_empty(), "{key} {value}");
        }
        let output = read(&json!({"member": ann(), "ip_signup": " 2001:DB8::1 "})).unwrap();
        assert_eq!(output.signup["ip_signup"], "2001:db8::1");
    }

    proptest! {
        #[test]
        fn any_output_is_read_or_refused(
            keys in prop::collection::vec(prop::sample::select(KEYS.iter().chain(&MEMBER_KEYS).chain(&STATES).copied().collect::<Vec<_>>()), 0..6),
            value in prop::sample::select(vec![json!(null), json!(true), json!("x"), json!({}), json!([]), json!(5)]),
        ) {
            let mut output = json!({"member": ann()});
            for key in keys {
                output[key] = value.clone();
            }
            let has_state = output.get("status").is_some() || output.get("status_if_new").is_some();
            prop_assert!(!(has_state && read(&output).is_ok()));
        }
    }
}
