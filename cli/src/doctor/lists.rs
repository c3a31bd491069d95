//! Compares the lists that mailchimp-inbound accepts with those whose webhooks call it. A mistyped
//! id loses every event of its list: the function skips them with 200, and Mailchimp does not
//! retry.

use serde::Deserialize;
use url::Url;

use super::CheckResult;

const LISTS: &str = "mailchimp-inbound: lists";
pub(super) const WEBHOOKS: &str = "mailchimp-inbound: webhooks";

/// How many ids are suggested for an unknown one.
const SUGGESTIONS: usize = 3;

/// A list of the account, which Mailchimp also calls an audience.
pub(super) struct List {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) webhooks: Vec<Webhook>,
}

/// A webhook of a list. No `Debug`: the query of its URL contains the secret.
/// <https://mailchimp.com/developer/marketing/api/list-webhooks/>
#[derive(Deserialize)]
pub(super) struct Webhook {
    url: String,
    #[serde(default)]
    sources: Sources,
}

/// Whose changes a webhook reports.
#[derive(Default, Deserialize)]
struct Sources {
    /// Changes made through the API.
    #[serde(default)]
    api: bool,
}

impl List {
    fn calling<'a>(&'a self, function: &'a Url) -> impl Iterator<Item = &'a Webhook> {
        self.webhooks.iter().filter(|webhook| calls(&webhook.url, function))
    }

    fn label(&self) -> String {
        format!("{} ({})", self.id, self.name)
    }

    fn has_id(&self, id: &str) -> bool {
        self.id.eq_ignore_ascii_case(id)
    }
}

/// Compares `accepted`, the value of `MAILCHIMP_LISTS`, with the lists of the account. Like the
/// function, it ignores the case of ids. If no list is named, any list is accepted.
pub(super) fn judge(accepted: &str, function: &Url, account: &[List]) -> Vec<CheckResult> {
    let ids: Vec<_> = accepted.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    let unknown = ids.iter().filter(|id| !account.iter().any(|list| list.has_id(id)));
    let mut findings: Vec<_> = unknown.map(|id| unknown_id(id, account)).collect();
    for list in account {
        let is_named = ids.iter().any(|id| list.has_id(id));
        let is_called = list.calling(function).next().is_some();
        match (is_named, is_called) {
            (true, false) => findings.push(no_webhook(list)),
            (false, true) if !ids.is_empty() => findings.push(not_accepted(list)),
            (_, true) if list.calling(function).any(|webhook| webhook.sources.api) => {
                findings.push(echo(list));
            }
            _ => {}
        }
    }
    let calling = account.iter().filter(|list| list.calling(function).next().is_some());
    let calling: Vec<_> = calling.map(List::label).collect();
    if findings.is_empty() && calling.is_empty() {
        return vec![nobody_calls()];
    }
    if findings.is_empty() {
        return vec![CheckResult::pass(WEBHOOKS, format!("called from {}", calling.join(", ")))];
    }
    findings
}

/// Whether a webhook calls the function. The query is not compared because it contains the secret.
/// A path below the function URL counts too, since the function accepts any path
/// (docs/operations.md, "Mailchimp signing secret").
fn calls(webhook: &str, function: &Url) -> bool {
    let Ok(webhook) = Url::parse(webhook) else { return false };
    let root = function.path().trim_end_matches('/');
    let below = webhook.path().strip_prefix(root);
    webhook.host() == function.host()
        && webhook.port() == function.port()
        && below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
}

fn unknown_id(id: &str, account: &[List]) -> CheckResult {
    let mut lists: Vec<_> = account.iter().collect();
    lists.sort_by_key(|list| distance(&list.id, &id.to_ascii_lowercase()));
    let closest: Vec<_> = lists.into_iter().take(SUGGESTIONS).map(List::label).collect();
    let closest = match closest.join(", ") {
        none if none.is_empty() => "the account has no lists".to_owned(),
        some => format!("closest: {some}"),
    };
    CheckResult::fail(
        LISTS,
        format!("{id} is accepted, but the account has no such list; {closest}"),
        "Correct the id in the parameter MailchimpLists and deploy again. If the id is correct, \
         MAILCHIMP_API_KEY belongs to another account",
    )
}

fn no_webhook(list: &List) -> CheckResult {
    CheckResult::fail(
        WEBHOOKS,
        format!("{} is accepted, but has no webhook that calls the function", list.label()),
        format!("To create one: {}", make(&list.id)),
    )
}

fn not_accepted(list: &List) -> CheckResult {
    CheckResult::fail(
        WEBHOOKS,
        format!("{} calls the function, but is not accepted: its events are lost", list.label()),
        "Add the id to the parameter MailchimpLists and deploy again, or delete the webhook",
    )
}

fn echo(list: &List) -> CheckResult {
    CheckResult::fail(
        WEBHOOKS,
        format!("the webhook of {} has sources.api: true", list.label()),
        "Set sources.api to false (\"via the API\" in Mailchimp). Otherwise every change made \
         through the Mailchimp API comes back as an event",
    )
}

fn nobody_calls() -> CheckResult {
    CheckResult::fail(
        WEBHOOKS,
        "no list in the account has a webhook that calls the function",
        format!("To create one: {}", make("LIST_ID")),
    )
}

fn make(id: &str) -> String {
    format!(
        "ory-actions mailchimp-webhook --url \"$MAILCHIMP_INBOUND_URL?secret=$MAILCHIMP_SECRET\" \
         --list {id}"
    )
}

/// The number of characters to insert, delete or replace (Levenshtein distance).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<_> = other.chars().collect();
    let mut row: Vec<_> = (0..=other.len()).collect();
    for (above, letter) in one.chars().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (column, other) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::{
        super::Verdict::{self, Fail, Pass},
        *,
    };

    const FUNCTION: &str = "https://abc.lambda-url.eu-central-1.on.aws/";
    const CALLING: &str = "https://abc.lambda-url.eu-central-1.on.aws/?secret=canary";

    const UNKNOWN: &str = "a6b5da1045 is accepted, but the account has no such list; closest: \
                           a6b5da1054 (Name of a6b5da1054), c8d7fc3276";

    type Expected = &'static [(Verdict, &'static str, &'static str)];

    fn list(id: &str, webhooks: &[(&str, bool)]) -> List {
        let webhook =
            |&(url, api): &(&str, bool)| Webhook { url: url.to_owned(), sources: Sources { api } };
        let name = format!("Name of {id}");
        List { id: id.to_owned(), name, webhooks: webhooks.iter().map(webhook).collect() }
    }

    fn judged(accepted: &str, account: &[List]) -> Vec<(Verdict, &'static str, String)> {
        let findings = judge(accepted, &Url::parse(FUNCTION).unwrap(), account);
        let judged = findings.into_iter().map(|finding| {
            assert!(!format!("{finding:?}").contains("canary"), "{finding:?}");
            assert_eq!(finding.fix.is_empty(), finding.verdict == Pass, "{finding:?}");
            let check = if finding.check == LISTS { LISTS } else { WEBHOOKS };
            (finding.verdict, check, finding.found)
        });
        judged.collect()
    }

    #[test]
    fn accepted_lists_match_the_webhooks_or_differences_are_reported() {
        let well = || list("a6b5da1054", &[(CALLING, false)]);
        let other = || list("b7c6eb2165", &[(CALLING, false)]);
        let silent = || list("c8d7fc3276", &[("https://elsewhere.test/?secret=canary", true)]);
        let echoing = || list("a6b5da1054", &[(CALLING, true)]);
        let table: [(&str, Vec<List>, Expected); 15] = [
            ("a6b5da1054", vec![well()], &[(Pass, WEBHOOKS, "called from a6b5da1054 (Name")]),
            ("A6B5DA1054", vec![well(), silent()], &[(Pass, WEBHOOKS, "a6b5da1054")]),
            ("a6b5da1054, B7C6EB2165", vec![well(), other()], &[(Pass, WEBHOOKS, "b7c6eb2165")]),
            ("", vec![well(), silent()], &[(Pass, WEBHOOKS, "called from a6b5da1054 (Name")]),
            ("a6b5da1045", vec![silent(), list("a6b5da1054", &[])], &[(Fail, LISTS, UNKNOWN)]),
            (
                "a6b5da1045",
                vec![well()],
                &[(Fail, LISTS, "a6b5da1045"), (Fail, WEBHOOKS, "a6b5da1054 (Name")],
            ),
            ("a6b5da1054", vec![], &[(Fail, LISTS, "the account has no lists")]),
            (
                "a6b5da1054,c8d7fc3276",
                vec![well(), silent()],
                &[(Fail, WEBHOOKS, "c8d7fc3276 (Name of c8d7fc3276) is accepted, but has no")],
            ),
            (
                "a6b5da1054",
                vec![well(), other()],
                &[(Fail, WEBHOOKS, "b7c6eb2165 (Name of b7c6eb2165) calls the function, but")],
            ),
            ("a6b5da1054", vec![echoing()], &[(Fail, WEBHOOKS, "sources.api: true")]),
            ("", vec![echoing()], &[(Fail, WEBHOOKS, "sources.api: true")]),
            ("", vec![silent()], &[(Fail, WEBHOOKS, "no list in the account")]),
            ("", vec![], &[(Fail, WEBHOOKS, "no list in the account")]),
            (
                "a6b5da1054",
                vec![list("a6b5da1054", &[(CALLING, false), (CALLING, true)])],
                &[(Fail, WEBHOOKS, "sources.api: true")],
            ),
            (
                "a6b5da1054,d9e80d4387",
                vec![list("a6b5da1054", &[])],
                &[(Fail, LISTS, "d9e80d4387"), (Fail, WEBHOOKS, "a6b5da1054")],
            ),
        ];
        for (accepted, account, expected) in table {
            let judged = judged(accepted, &account);
            assert_eq!(judged.len(), expected.len(), "{accepted}: {judged:?}");
            for ((verdict, check, found), (wanted, about, part)) in judged.iter().zip(expected) {
                assert_eq!((verdict, check), (wanted, about), "{accepted}: {found}");
                assert!(found.contains(part), "{accepted}: {found}");
            }
        }
    }

    #[test]
    fn webhook_url_matches_by_host_and_path_and_ignores_the_query() {
        let at_root = "https://abc.test/";
        let below = "https://abc.test:8443/inbound/";
        let table = [
            (at_root, "https://abc.test", true),
            (at_root, "https://ABC.test/?secret=1", true),
            (at_root, "https://abc.test/2?secret=1", true),
            (at_root, "https://abc.test.evil.test/", false),
            (at_root, "https://abc.test:8443/", false),
            (at_root, "abc.test", false),
            (below, "https://abc.test:8443/inbound?secret=1", true),
            (below, "https://abc.test:8443/inbound/2", true),
            (below, "https://abc.test:8443/inbound2", false),
            (below, "https://abc.test:8443/", false),
        ];
        for (function, webhook, expected) in table {
            let calls = calls(webhook, &Url::parse(function).unwrap());
            assert_eq!(calls, expected, "{webhook} {function}");
        }
    }

    #[test]
    fn closest_list_ids_are_suggested_first() {
        let table = [("", "", 0), ("abc", "abc", 0), ("abc", "", 3), ("abcd", "abdc", 2)];
        for (one, other, expected) in table.into_iter().chain([("kitten", "sitting", 3)]) {
            assert_eq!((distance(one, other), distance(other, one)), (expected, expected));
        }
    }
}
