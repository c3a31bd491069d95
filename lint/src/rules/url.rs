//! The URL of the call, and whether others can listen.

use url::{Host, Url};

use crate::{Example, Findings, Rule, Severity, hook::Hook};

/// An invalid URL.
pub(crate) static NO_URL: Rule = Rule {
    name: "no-url",
    severity: Severity::Error,
    title: "A webhook has no usable URL",
    description: "Kratos has nothing to call: it rejects the configuration, or every call fails.",
    help: "Write the full URL, including `https://`.",
    example: Some(Example::config("url: example.com/webhook", "url: https://example.com/webhook")),
    source: "ory/kratos embedx/config.schema.json, selfServiceWebHook; ory/kratos \
             request/builder.go",
};

/// An unencrypted call over the internet.
pub(crate) static PLAIN_HTTP: Rule = Rule {
    name: "plain-http",
    severity: Severity::Error,
    title: "A webhook or a template uses `http://` over the internet",
    description: "The API key and the personal data of the webhook cross the internet unencrypted. \
                  A template that is fetched this way can be changed in transit.",
    help: "Use `https://`.",
    example: Some(Example::config("url: http://example.com/", "url: https://example.com/")),
    source: "ory/kratos request/auth.go; ory/kratos oryx/fetcher/fetcher.go",
};

/// An unencrypted call in a private network.
pub(crate) static PLAIN_HTTP_INSIDE: Rule = Rule {
    name: "plain-http-inside",
    severity: Severity::Warning,
    title: "A webhook uses `http://` in a private network",
    description: "The API key and the personal data of the webhook cross your network unencrypted.",
    help: "Use `https://`, unless you trust everyone in that network.",
    example: Some(Example::config(
        "url: http://welcome.internal/",
        "url: https://welcome.internal/",
    )),
    source: "ory/kratos request/auth.go",
};

/// Suffixes of names that resolve only in a private network.
const INSIDE: [&str; 5] = [".local", ".internal", ".svc", ".lan", ".home.arpa"];

/// Checks the URL of the call and that of the template.
pub(crate) fn check(hook: &Hook, found: &mut Findings) {
    let Some(web) = &hook.web else { return };
    match Url::parse(&web.url) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            plain(&url, hook.part("url"), found);
        }
        _ => found.add(&NO_URL, hook.part("url"), ""),
    }
    if let Some(Ok(url)) = web.body.as_deref().map(Url::parse) {
        plain(&url, hook.part("body"), found);
    }
}

fn plain(url: &Url, path: String, found: &mut Findings) {
    if url.scheme() != "http" {
        return;
    }
    match place_of(url) {
        Reach::Machine => {}
        Reach::Network => found.add(&PLAIN_HTTP_INSIDE, path, ""),
        Reach::Internet => found.add(&PLAIN_HTTP, path, ""),
    }
}

enum Reach {
    Machine,
    Network,
    Internet,
}

fn place_of(url: &Url) -> Reach {
    match url.host() {
        Some(Host::Domain("localhost" | "host.docker.internal")) => Reach::Machine,
        Some(Host::Domain(name)) if !name.contains('.') => Reach::Network,
        Some(Host::Domain(name)) if INSIDE.iter().any(|end| name.ends_with(end)) => Reach::Network,
        Some(Host::Ipv4(address)) if address.is_loopback() => Reach::Machine,
        Some(Host::Ipv6(address)) if address.is_loopback() => Reach::Machine,
        Some(Host::Ipv4(address)) if address.is_private() || address.is_link_local() => {
            Reach::Network
        }
        Some(Host::Ipv6(address)) if address.is_unique_local() => Reach::Network,
        _ => Reach::Internet,
    }
}
