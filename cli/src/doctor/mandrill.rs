//! Checks that Mandrill accepts the key, signs for the sending domain, and allows the key to
//! search.

use mandrill_welcome::NO_SENDER;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::{config::Endpoint, secrets::Product};

use super::{
    CheckResult, Reach, Sender,
    keys::{self, Slot},
    reach::Answer,
    stack::Stack,
    unexpected,
};
use crate::mandrill_webhook::DEFAULT_URL;

pub(super) const KEY: &str = "Mandrill: secret";
const PING: &str = "Mandrill: API key";
const DOMAIN: &str = "Mandrill: sending domain";
const SEARCH: &str = "Mandrill: search permission";

/// Reserved domains: no address at these exists. RFC 2606.
const RESERVED: [&str; 4] = ["example", "example.com", "example.net", "example.org"];

/// All checks of Mandrill; `sender` is the sender address of the welcome.
pub(super) async fn check(stack: &Stack, sender: &Sender, reach: &Reach) -> Vec<CheckResult> {
    let id = stack.mandrill_secret_id.as_deref();
    let slot = Slot { check: KEY, output: "MandrillSecretId", id, field: "api_key" };
    let (key, secret) = keys::vendor(reach, &slot, Product::Mandrill).await;
    let url = stack.mandrill_url.as_deref().unwrap_or(DEFAULT_URL);
    let rest = match (key, Endpoint::parse(url)) {
        (None, _) => [PING, DOMAIN, SEARCH].map(|check| match sender {
            Sender::NotSet if check == DOMAIN => no_sender(),
            _ => CheckResult::skipped(check, "no usable key"),
        }),
        (_, None) => [PING, DOMAIN, SEARCH].map(|check| unexpected::url(check, "MandrillUrl")),
        (Some(key), Some(api)) => {
            let call = async |method, fields| {
                reach.post_json(api.join(method), &with_key(fields, &key)).await
            };
            let search = json!({"query": "\"ory-actions doctor\"", "limit": 1});
            let (ping, domains, search) = tokio::join!(
                call("users/ping2", json!({})),
                call("senders/domains", json!({})),
                call("messages/search", search),
            );
            [ping_finding(&ping), domain_finding(sender, &domains), search_finding(&search)]
        }
    };
    [vec![secret], rest.into()].concat()
}

pub(super) fn with_key(fields: Value, key: &SecretString) -> Value {
    let mut body: Map<_, _> = fields.as_object().cloned().unwrap_or_default();
    body.insert("key".to_owned(), key.expose_secret().into());
    body.into()
}

fn ping_finding(answer: &Answer) -> CheckResult {
    match answer {
        Ok(answer) if answer.status == 200 => CheckResult::pass(PING, "accepted"),
        Ok(answer) if answer.status == 401 => CheckResult::fail(
            PING,
            format!("rejected: {}", error_name(&answer.body)),
            "Create a key in Mandrill (Settings, SMTP & API Info) and put it into the secret. If it is \
             restricted to IP addresses or methods, allow this call",
        ),
        other => unexpected::response(PING, other),
    }
}

fn search_finding(answer: &Answer) -> CheckResult {
    match answer {
        Ok(answer) if answer.status == 200 => CheckResult::pass(SEARCH, "allowed"),
        Ok(answer) if answer.status == 401 => CheckResult::fail(
            SEARCH,
            format!("rejected: {}", error_name(&answer.body)),
            "Allow the key to call messages/search: after a call without a response, the email is \
             looked up before it is resent",
        ),
        Ok(answer) if answer.status == 429 => CheckResult::unknown(
            SEARCH,
            "too many searches",
            "Try again in a minute; Mandrill allows 20 searches per minute",
        ),
        other => unexpected::response(SEARCH, other),
    }
}

/// A sending domain as Mandrill reports it.
#[derive(Deserialize)]
struct Listed {
    domain: String,
    #[serde(default)]
    valid_signing: bool,
    verified_at: Option<String>,
    #[serde(default)]
    spf: Record,
    #[serde(default)]
    dkim: Record,
}

#[derive(Default, Deserialize)]
struct Record {
    #[serde(default)]
    valid: bool,
}

impl Listed {
    fn missing(&self) -> String {
        let parts = [
            (self.spf.valid, "no valid SPF record"),
            (self.dkim.valid, "no valid DKIM record"),
            (self.verified_at.is_some(), "not verified"),
        ];
        let missing: Vec<_> =
            parts.iter().filter(|(holds, _)| !holds).map(|(_, part)| *part).collect();
        if missing.is_empty() { "not valid for signing".to_owned() } else { missing.join(", ") }
    }
}

fn domain_finding(sender: &Sender, answer: &Answer) -> CheckResult {
    let sender = match sender {
        Sender::Address(sender) => sender,
        Sender::NotSet => return no_sender(),
        Sender::Unknown(why) => {
            return CheckResult::unknown(
                DOMAIN,
                why,
                "Check in Mandrill that its domain is verified",
            );
        }
    };
    let name = sender.rsplit_once('@').map_or(sender.as_str(), |(_, domain)| domain);
    let rows: Vec<Listed> = match answer {
        Ok(answer) if answer.status == 200 => match serde_json::from_slice(&answer.body) {
            Ok(rows) => rows,
            Err(_) => {
                return CheckResult::unknown(
                    DOMAIN,
                    "Mandrill did not return its list of domains",
                    "",
                );
            }
        },
        Ok(answer) if answer.status == 401 => {
            let found = format!("rejected: {}", error_name(&answer.body));
            return CheckResult::unknown(
                DOMAIN,
                found,
                "Check it in Mandrill: Settings, Domains, Sending Domains",
            );
        }
        other => return unexpected::response(DOMAIN, other),
    };
    match rows.iter().find(|row| row.domain.eq_ignore_ascii_case(name)) {
        Some(row) if row.valid_signing => CheckResult::pass(DOMAIN, format!("{name} is verified")),
        Some(row) => CheckResult::fail(
            DOMAIN,
            format!("{name}: {}", row.missing()),
            "Mandrill, Settings, Domains: set the DNS records shown there and verify the domain. \
             Until then, Mandrill rejects emails as unsigned",
        ),
        None if is_reserved(name) => CheckResult::fail(
            DOMAIN,
            format!("the sender is {sender}, an address at a reserved example domain"),
            "Deploy with the parameter FromEmail set to your address. If the deployed template is \
             another one, set --welcome-template",
        ),
        None => CheckResult::fail(
            DOMAIN,
            format!("Mandrill does not have the domain {name}"),
            "Mandrill, Settings, Domains: add the domain, set the DNS records and verify it. Until \
             then, Mandrill rejects emails as unsigned",
        ),
    }
}

/// The function renders nothing and blocks all its events.
fn no_sender() -> CheckResult {
    CheckResult::fail(
        DOMAIN,
        NO_SENDER,
        "Deploy with the parameter FromEmail set to your address. If the deployed template is \
             another one, set --welcome-template",
    )
}

fn is_reserved(domain: &str) -> bool {
    RESERVED.iter().any(|one| domain == *one || domain.ends_with(&format!(".{one}")))
}

/// The name that Mandrill gives an error. Its text is not repeated: it could contain anything.
pub(super) fn error_name(body: &[u8]) -> String {
    let error: Value = serde_json::from_slice(body).unwrap_or_default();
    let name = error["name"].as_str().filter(|name| name.len() < 40);
    name.unwrap_or("without a name").to_owned()
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use shared::http::Response;

    use super::{
        super::Verdict::{self, Fail, Pass, Unknown},
        *,
    };

    fn answer(status: u16, body: &Value) -> Response {
        Response { status, headers: HeaderMap::new(), body: body.to_string().into() }
    }

    fn domain(valid: bool, spf: bool, dkim: bool, verified_at: Option<&str>) -> Value {
        json!([{
            "domain": "shop.test", "valid_signing": valid, "verified_at": verified_at,
            "spf": {"valid": spf, "error": null}, "dkim": {"valid": dkim, "error": null},
        }])
    }

    #[test]
    fn sending_domain_is_reported_with_its_missing_records() {
        let refused = json!({"name": "Invalid_Key"});
        let table: [(&str, Response, Verdict, &str); 9] = [
            ("me@shop.test", answer(200, &domain(true, true, true, Some("t"))), Pass, "verified"),
            ("me@Shop.Test", answer(200, &domain(true, true, true, Some("t"))), Pass, "verified"),
            ("me@shop.test", answer(200, &domain(false, true, true, None)), Fail, "not verified"),
            (
                "me@shop.test",
                answer(200, &domain(false, false, false, Some("t"))),
                Fail,
                "no valid SPF record, no valid DKIM record",
            ),
            ("me@other.test", answer(200, &domain(true, true, true, None)), Fail, "does not have"),
            ("me@example.com", answer(200, &json!([])), Fail, "reserved example domain"),
            ("me@shop.test", answer(200, &json!({"a": 1})), Unknown, "did not return its list"),
            ("me@shop.test", answer(401, &refused), Unknown, "Invalid_Key"),
            ("me@shop.test", answer(500, &json!("?")), Unknown, "500"),
        ];
        for (sender, answer, verdict, part) in table {
            let finding = domain_finding(&Sender::Address(sender.to_owned()), &Ok(answer));
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.found.contains(part), "{finding:?}");
        }
        let none = Sender::Unknown("no sender".to_owned());
        let unknown = domain_finding(&none, &Ok(answer(200, &json!([]))));
        assert_eq!((unknown.verdict, unknown.found.as_str()), (Unknown, "no sender"));
        let not_set = domain_finding(&Sender::NotSet, &Ok(answer(200, &json!([]))));
        assert_eq!(not_set.verdict, Fail);
        assert!(not_set.found.contains("FROM_EMAIL is not set"), "{not_set:?}");
        assert!(not_set.fix.contains("FromEmail"), "{not_set:?}");
    }

    #[test]
    fn key_is_accepted_refused_or_unknown() {
        let refused = json!({"name": "Invalid_Key", "message": "Invalid API key canary"});
        let table = [(200, Pass), (401, Fail), (500, Unknown), (429, Unknown)];
        for (status, verdict) in table {
            let answer = Ok(answer(status, &refused));
            for finding in [ping_finding(&answer), search_finding(&answer)] {
                assert_eq!(finding.verdict, verdict, "{finding:?}");
                assert!(!format!("{finding:?}").contains("canary"));
            }
        }
    }
}
