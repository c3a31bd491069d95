//! Checks that each secret contains a key for the right product.

use secrecy::SecretString;
use serde_json::json;
use shared::{
    auth::AuthError,
    secrets::{KeyField, KeyProblem, Product, SecretError},
    telemetry::chain,
};

use super::{CheckResult, Reach, stack::flag};

const PREVIOUS_SERVES: &str =
    "the current version is a placeholder, empty or too short; the previous version is in use";

/// Which setting names a secret, and what the secret contains.
pub(super) struct Slot<'a, F = &'static str> {
    pub(super) check: &'static str,
    /// The output that names it.
    pub(super) output: &'static str,
    pub(super) id: Option<&'a str>,
    pub(super) field: F,
}

/// The value of a secret if it is usable, and the findings about it.
pub(super) type Read = (Option<SecretString>, CheckResult);

/// The API key of a vendor.
pub(super) async fn vendor<F: Copy + Into<KeyField>>(
    reach: &Reach,
    slot: &Slot<'_, F>,
    product: Product,
) -> Read {
    let Some(id) = slot.id else { return (None, unnamed(slot)) };
    match reach.api_key(id, slot.field, product).get().await {
        Ok(key) => (Some(key), CheckResult::pass(slot.check, "has a key")),
        Err(problem) => (None, of_vendor(slot, id, &problem)),
    }
}

/// What a caller presents or signs with: the newest usable version.
pub(super) async fn caller(reach: &Reach, slot: &Slot<'_>) -> Read {
    let Some(id) = slot.id else { return (None, unnamed(slot)) };
    let secret = reach.known_secret(id, slot.field);
    match secret.versions().await {
        Ok(mut versions) => {
            let finding = match secret.is_current_fit().await {
                Ok(false) => CheckResult::fail(slot.check, PREVIOUS_SERVES, fill_in(slot, id)),
                _ => CheckResult::pass(slot.check, "has a key"),
            };
            (Some(versions.swap_remove(0)), finding)
        }
        Err(problem) => (None, of_caller(slot, id, &problem)),
    }
}

fn unnamed<F>(slot: &Slot<'_, F>) -> CheckResult {
    let found = format!("not checked: no output {}", slot.output);
    CheckResult::unknown(slot.check, found, format!("Set {}", flag(slot.output)))
}

fn of_vendor<F: Copy + Into<KeyField>>(
    slot: &Slot<'_, F>,
    id: &str,
    problem: &KeyProblem,
) -> CheckResult {
    match problem {
        KeyProblem::Unreachable(error) => unread(slot, id, error),
        KeyProblem::Refused(reason) => refused(slot, id, reason),
        _ => CheckResult::fail(slot.check, problem.to_string(), fill_in(slot, id)),
    }
}

fn of_caller(slot: &Slot<'_>, id: &str, problem: &AuthError) -> CheckResult {
    match problem {
        AuthError::Unreadable(SecretError::Refused(reason)) => refused(slot, id, reason),
        AuthError::Unreadable(error) => unread(slot, id, error),
        _ => CheckResult::fail(slot.check, problem.to_string(), fill_in(slot, id)),
    }
}

/// The command that puts a key there.
pub(super) fn fill_in<F: Copy + Into<KeyField>>(slot: &Slot<'_, F>, id: &str) -> String {
    let secret = match slot.field.into() {
        KeyField::One(name) => json!({name: "YOUR-KEY"}),
        KeyField::Basic => json!({"username": "YOUR-USER-NAME", "password": "YOUR-PASSWORD"}),
    };
    format!("aws secretsmanager put-secret-value --secret-id {id} --secret-string '{secret}'")
}

fn refused<F>(slot: &Slot<'_, F>, id: &str, reason: &str) -> CheckResult {
    let fix = match reason {
        "ResourceNotFoundException" => {
            format!("Check that {id} is in this account and region, and deploy the stack again")
        }
        "AccessDeniedException" => {
            format!("Allow your own credentials to read it: secretsmanager:GetSecretValue on {id}")
        }
        _ => format!("Try it manually: aws secretsmanager get-secret-value --secret-id {id}"),
    };
    CheckResult::fail(slot.check, format!("Secrets Manager rejected the call: {reason}"), fix)
}

fn unread<F>(slot: &Slot<'_, F>, id: &str, error: &SecretError) -> CheckResult {
    let fix = format!(
        "Check your AWS credentials (aws sts get-caller-identity), and that AWS_REGION is set. After \
         an SSO sign-in: eval \"$(aws configure export-credentials --format env)\". The secret is \
         {id}"
    );
    CheckResult::fail(slot.check, chain(error), fix)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use secrecy::ExposeSecret;
    use shared::{http::Client, secrets::MemorySecrets};

    use super::{
        super::{Subscriptions, Tables, Topics, Verdict},
        *,
    };

    const KEY: &str = "canary-0123456789";

    /// No key is in a topic or a table.
    struct Nobody;

    #[async_trait::async_trait]
    impl Tables for Nobody {
        async fn look(&self, _: &str) -> Result<(), String> {
            Err("nobody asks".to_owned())
        }
    }

    #[async_trait::async_trait]
    impl Topics for Nobody {
        async fn subscriptions(&self, _: &str) -> Result<Subscriptions, String> {
            Err("nobody asks".to_owned())
        }
    }

    fn slot(id: Option<&str>) -> Slot<'_> {
        Slot { check: "the key", output: "MandrillSecretId", id, field: "api_key" }
    }

    fn reach(secret: &str) -> (Reach, Arc<MemorySecrets>) {
        let secrets = Arc::new(MemorySecrets::default());
        secrets.put("s", secret);
        let http = Arc::new(Client::new().unwrap());
        let nobody = Arc::new(Nobody);
        let reach =
            Reach { secrets: secrets.clone(), topics: nobody.clone(), tables: nobody, http };
        (reach, secrets)
    }

    #[tokio::test]
    async fn unusable_secret_is_reported_with_its_value_redacted() {
        let table = [
            (r#"{"api_key":"canary-0123456789"}"#, Verdict::Pass, "has a key"),
            (r#"{"api_key":"replace-me"}"#, Verdict::Fail, "placeholder"),
            (r#"{"api_key":"YOUR-KEY"}"#, Verdict::Fail, "placeholder"),
            (r#"{"write_key":"canary"}"#, Verdict::Fail, "has no `api_key`"),
            (r#"{"api_key":"canary-us6"}"#, Verdict::Fail, "a Mailchimp Marketing key"),
            (r#"{"api_key":"ory_pat_canary"}"#, Verdict::Fail, "an Ory token"),
        ];
        for (secret, verdict, part) in table {
            let (reach, _) = reach(secret);
            let (key, finding) = vendor(&reach, &slot(Some("s")), Product::Mandrill).await;
            assert_eq!(key.is_some(), verdict == Verdict::Pass);
            assert_eq!(finding.verdict, verdict, "{secret}");
            assert!(finding.found.contains(part), "{finding:?}");
            assert_eq!(finding.fix.contains("put-secret-value"), verdict == Verdict::Fail);
            assert!(!format!("{finding:?}").contains("canary"), "{finding:?}");
        }
    }

    #[tokio::test]
    async fn webhook_secret_is_the_newest_usable_version() {
        let (reach, secrets) = reach(KEY);
        secrets.put("s", "short");
        let (key, finding) = caller(&reach, &slot(Some("s"))).await;
        assert_eq!(key.unwrap().expose_secret(), KEY);
        assert_eq!((finding.verdict, &*finding.found), (Verdict::Fail, PREVIOUS_SERVES));
        secrets.put("s", KEY);
        let (_, finding) = caller(&reach, &slot(Some("s"))).await;
        assert_eq!(finding.verdict, Verdict::Pass);
        secrets.put("s", "short");
        secrets.put("s", "replace-me");
        let (key, finding) = caller(&reach, &slot(Some("s"))).await;
        assert!(key.is_none());
        assert!(finding.found.contains("placeholder"), "{finding:?}");
    }

    #[tokio::test]
    async fn unavailable_secret_is_reported_with_a_fix() {
        let (reach, secrets) = reach(KEY);
        let found = async |id| {
            let as_vendor = vendor(&reach, &slot(id), Product::Mandrill).await.1;
            assert_eq!(caller(&reach, &slot(id)).await.1, as_vendor);
            as_vendor
        };
        let unnamed = found(None).await;
        assert_eq!(unnamed.verdict, Verdict::Unknown);
        assert!(unnamed.fix.contains("--mandrill-secret-id"), "{unnamed:?}");
        secrets.set_down(true);
        let down = found(Some("s")).await;
        assert_eq!(down.verdict, Verdict::Fail);
        assert!(down.fix.contains("aws sts get-caller-identity"), "{down:?}");
    }
}
