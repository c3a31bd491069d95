//! Webhooks that call `mailchimp-subscribe`, recognized by its name in the URL.

use url::Url;

use crate::{
    Example, Findings, Rule, Severity,
    hook::Hook,
    kratos::{Flow, Method, Moment},
    template::{Path, Reading, Step},
};

/// The name of the function.
const NAME: &str = "mailchimp-subscribe";

/// A webhook after which nothing has changed.
pub(crate) static IN_VAIN: Rule = Rule {
    name: "subscribe-in-vain",
    severity: Severity::Warning,
    title: "A webhook calls mailchimp-subscribe where it does nothing",
    description: "A recovery, and settings of any method but `profile`, change neither consent nor \
                  traits. Before an identity is saved, the function skips the event.",
    help: "Remove the webhook. `ory-actions action mailchimp-subscribe` prints those for \
           verification, settings and registration.",
    example: Some(Example::flows(
        r"
            settings:
              after:
                password:
                  hooks:
                    - hook: web_hook
                      config: {url: https://mailchimp-subscribe.example.com/, method: POST}
        ",
        r"
            settings:
              after:
                profile:
                  hooks:
                    - hook: web_hook
                      config: {url: https://mailchimp-subscribe.example.com/, method: POST}
        ",
    )),
    source: "functions/mailchimp-subscribe/README.md; docs/kratos.md (id-before-saving, hidden-fields)",
};

/// A template without what the function decides by.
pub(crate) static LACKS_FIELD: Rule = Rule {
    name: "subscribe-lacks-field",
    severity: Severity::Warning,
    title: "A template does not send what mailchimp-subscribe decides by",
    description: "Without `hook`, no opt-in is fresh, and nobody is subscribed. Without \
                  `identity.verifiable_addresses`, no address is verified. Without \
                  `identity.updated_at`, a late event can undo a newer one. Without \
                  `session.identity.traits`, a change of settings gives and withdraws no consent.",
    help: "Use the forwarding template that `ory-actions action mailchimp-subscribe` prints.",
    example: None,
    source: "functions/mailchimp-subscribe/README.md; docs/kratos.md (earlier-identity)",
};

/// What the function reads of every event.
const OF_EVERY_EVENT: [&[&str]; 2] =
    [&["identity", "updated_at"], &["identity", "verifiable_addresses"]];

/// What it reads of a change of settings.
const BEFORE_A_CHANGE: &[&str] = &["session", "identity", "traits"];

/// Checks a webhook that calls the function.
pub(crate) fn check(hook: &Hook, found: &mut Findings) {
    let Some(web) = hook.web.as_ref().filter(|web| is_function(web.url())) else { return };
    if let Some(why) = in_vain(hook) {
        found.add(&IN_VAIN, &hook.path, why);
        return;
    }
    let Some(reading) = hook.reading.as_ref().filter(|_| web.body.is_some()) else { return };
    let missing = missing(reading, hook.list.flow());
    if !missing.is_empty() {
        let missing = format!("The template does not send {}.", missing.join(", "));
        found.add(&LACKS_FIELD, hook.part("body"), missing);
    }
}

/// Whether a URL names the function: in a label of its host, or in its path.
fn is_function(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let in_host = url.host_str().is_some_and(|host| host.split('.').any(|label| label == NAME));
    in_host || url.path_segments().is_some_and(|mut segments| segments.any(|one| one == NAME))
}

fn in_vain(hook: &Hook) -> Option<&'static str> {
    match (hook.list.flow(), hook.list.method(), hook.place().moment()) {
        (_, _, Some(Moment::Start | Moment::BeforeSave)) => {
            Some("Ory calls before the identity is saved.")
        }
        (Flow::Recovery, ..) => Some("A recovery changes no traits."),
        (Flow::Settings, Some(method), _) if method != Method::Profile => {
            Some("Only `profile` changes traits.")
        }
        _ => None,
    }
}

fn missing(reading: &Reading, flow: Flow) -> Vec<String> {
    let before = (flow == Flow::Settings).then_some(BEFORE_A_CHANGE);
    let wanted = OF_EVERY_EVENT.into_iter().chain(before);
    let fields = wanted.filter(|keys| !sends(reading, keys));
    let tag = reading.tags.is_empty().then(|| "`hook`".to_owned());
    tag.into_iter().chain(fields.map(|keys| format!("`{}`", keys.join(".")))).collect()
}

/// Whether a template sends a part of ctx, or more.
fn sends(reading: &Reading, keys: &[&str]) -> bool {
    let covers = |path: &Path| {
        let steps = path.steps();
        let is_there = |(step, key): (&Step, &&str)| match step {
            Step::Key(name) => name == key,
            Step::Some => true,
            Step::But(names) => names.iter().all(|name| name != key),
        };
        steps.len() <= keys.len() && steps.iter().zip(keys).all(is_there)
    };
    // A part that is read with a computed key, or walked through, may be sent.
    let reads = reading.reads.iter().any(|read| read.path.is(keys));
    reads || reading.forwards.iter().any(|forward| covers(&forward.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_is_recognized_by_its_name_in_the_url() {
        let table = [
            ("https://mailchimp-subscribe.example.com/", true),
            ("https://hooks.example.com/lambda-url/mailchimp-subscribe/", true),
            ("https://example.com/?to=mailchimp-subscribe", false),
            ("https://not-mailchimp-subscribe.example.com/", false),
            ("https://abc.lambda-url.eu-central-1.on.aws/", false),
            ("mailchimp-subscribe", false),
        ];
        for (url, expected) in table {
            assert_eq!(is_function(url), expected, "{url}");
        }
    }
}
