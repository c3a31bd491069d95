//! Webhooks that subscribe people at Mailchimp without a function.

use url::Url;

use crate::{Example, Findings, Rule, Severity, hook::Hook, vendor::Vendor};

/// A call of Mailchimp's endpoint for new members.
pub(crate) static MAILCHIMP_SUBSCRIBE: Rule = Rule {
    name: "mailchimp-subscribe",
    severity: Severity::Warning,
    title: "A webhook adds people to a Mailchimp audience directly",
    description: "Mailchimp answers 400 for everyone it already knows, so a person who signs up \
                  again or was imported is not updated. The call needs Mailchimp's API key in Ory's \
                  configuration. The template can check what is in `ctx`, but it sees neither the \
                  state of the member at Mailchimp nor whether a newer event came first.",
    help: "Call the function `mailchimp-subscribe`, which decides by consent and updates members.",
    example: Some(Example::config(
        "url: https://us6.api.mailchimp.com/3.0/lists/LIST/members",
        "url: https://mailchimp-subscribe.example.com/",
    )),
    source: "Mailchimp Marketing API, POST /lists/{list_id}/members; \
             functions/mailchimp-subscribe/README.md",
};

/// Checks the URL and the method of a webhook.
pub(crate) fn check(hook: &Hook, found: &mut Findings) {
    let Some(web) = &hook.web else { return };
    if web.method().eq_ignore_ascii_case("POST") && adds_a_member(web.url()) {
        // What decides is known, even if a part of the URL is not.
        let path = if hook.unknown.has("url") { hook.path.clone() } else { hook.part("url") };
        found.add(&MAILCHIMP_SUBSCRIBE, path, "");
    }
}

/// Whether a URL is `/3.0/lists/LIST/members` at Mailchimp.
fn adds_a_member(url: &str) -> bool {
    if Vendor::of_url(url) != Some(Vendor::Mailchimp) {
        return false;
    }
    let Ok(url) = Url::parse(url) else { return false };
    let segments = url.path().split('/').filter(|segment| !segment.is_empty());
    matches!(*segments.collect::<Vec<_>>(), ["3.0", "lists", _, "members"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoint_for_new_members_is_recognized() {
        let table = [
            ("https://us6.api.mailchimp.com/3.0/lists/a1/members", true),
            ("https://us6.api.mailchimp.com/3.0/lists/a1/members/?skip_merge_validation=1", true),
            ("https://us6.api.mailchimp.com/3.0/lists/{list_id}/members", true),
            ("https://us6.api.mailchimp.com/3.0/lists/a1/members/0f", false),
            ("https://us6.api.mailchimp.com/3.0/lists/a1", false),
            ("https://example.com/3.0/lists/a1/members", false),
            ("", false),
        ];
        for (url, expected) in table {
            assert_eq!(adds_a_member(url), expected, "{url}");
        }
    }
}
