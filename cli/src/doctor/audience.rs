//! Checks the audience that mailchimp-subscribe writes, with the key that it uses.

use secrecy::{ExposeSecret, SecretString};
use shared::{config::Endpoint, mailchimp, secrets::Product, telemetry::chain};

use super::{CheckResult, Reach, keys, keys::Slot, stack::Stack, unexpected};
use crate::mailchimp_audience::{
    Api, ApiError, Audience, OryId, double_opt_in, ory_id, permissions, required,
};

const AUDIENCE: &str = "mailchimp-subscribe: audience";
const FIELD: &str = "mailchimp-subscribe: ORY_ID";

/// Nothing if the function is off, as it is by default.
pub(super) async fn check(stack: &Stack, reach: &Reach) -> Vec<CheckResult> {
    if stack.mailchimp_subscribe_url.is_none() {
        return Vec::new();
    }
    let slot = Slot {
        check: "mailchimp-subscribe: secret",
        output: "MailchimpSecretId",
        id: stack.mailchimp_secret_id.as_deref(),
        field: "api_key",
    };
    let (key, secret) = keys::vendor(reach, &slot, Product::Mailchimp).await;
    let findings = match key {
        Some(key) => of_account(stack, &key, reach).await,
        None => vec![no_key()],
    };
    [vec![secret], findings].concat()
}

async fn of_account(stack: &Stack, key: &SecretString, reach: &Reach) -> Vec<CheckResult> {
    let Some(list) = stack.mailchimp_list_id.as_deref() else {
        let fix = format!("Set {}", super::stack::flag("MailchimpListId"));
        return vec![CheckResult::unknown(AUDIENCE, "not checked: no output MailchimpListId", fix)];
    };
    let Some(of_key) = mailchimp::root(key.expose_secret()) else { return vec![no_key()] };
    let root = stack.mailchimp_url.as_deref().map_or(Some(of_key), Endpoint::parse);
    let Some(root) = root else { return vec![unexpected::url(AUDIENCE, "MailchimpUrl")] };
    match (Api { http: &*reach.http, root, key }).audience(list).await {
        Ok(audience) => vec![asked_for(&audience), merge_field(&audience)],
        Err(error) => vec![unread(&error)],
    }
}

fn asked_for(audience: &Audience) -> CheckResult {
    let found = format!(
        "{} ({}). Double opt-in: {} Required fields: {} GDPR fields: {}",
        audience.id,
        audience.overview.name,
        double_opt_in(audience),
        required(audience),
        permissions(audience),
    );
    CheckResult::pass(AUDIENCE, found)
}

fn merge_field(audience: &Audience) -> CheckResult {
    let state = audience.ory_id();
    let found = ory_id(&state);
    let make = format!("ory-actions mailchimp-audience --list {} --apply", audience.id);
    match state {
        OryId::Ready => CheckResult::pass(FIELD, found),
        OryId::Missing | OryId::Public(_) => CheckResult::fail(FIELD, found, make),
        OryId::OfType(_) => {
            CheckResult::fail(FIELD, found, format!("Delete it in Mailchimp, then: {make}"))
        }
    }
}

/// The check of the secret says why.
fn no_key() -> CheckResult {
    CheckResult::skipped(AUDIENCE, "no usable key")
}

fn unread(error: &ApiError) -> CheckResult {
    let found = chain(error);
    match error {
        ApiError::Key(_) => CheckResult::fail(
            AUDIENCE,
            found,
            "Check in Mailchimp (Account & billing, Extras, API keys) that the key in the secret \
             still exists, and that its user may read the audience",
        ),
        ApiError::NoAudience(_) => CheckResult::fail(
            AUDIENCE,
            found,
            "Correct the parameter MailchimpListId and deploy again. If the id is correct, the key \
             in the secret belongs to another account",
        ),
        ApiError::Refused(..) | ApiError::Unexpected(_) => {
            CheckResult::unknown(AUDIENCE, found, "Try again later")
        }
        ApiError::Unreachable(_) => {
            CheckResult::unknown(AUDIENCE, found, "Check that this machine can reach the internet")
        }
    }
}
