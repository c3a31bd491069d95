//! The URL of the call, whether Kratos may call it, and whether others can listen.

use url::Url;

use crate::{
    Example, Findings, Rule, Severity,
    hook::Hook,
    network::{Network, Reach, reach},
    web_hook::WebHook,
};

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

/// An address that Kratos refuses to call.
pub(crate) static PRIVATE_ADDRESS: Rule = Rule {
    name: "private-address",
    severity: Severity::Error,
    title: "Kratos refuses to call a private address",
    description: "Every call fails with \"no route to host\" or \"no such host\", and the flow \
                  fails with it. If the response is ignored, nothing is sent. Kratos does not call private addresses if \
                  `clients.http.disallow_private_ip_ranges` is set, and Ory Network has no way to \
                  reach them.",
    help: "Call a public address. In your own Kratos, add the URL to \
           `clients.http.private_ip_exception_urls`.",
    example: Some(Example::config("url: http://0.0.0.0:9000/", "url: https://hooks.example.com/")),
    source: "docs/kratos.md (private-addresses); ory/kratos oryx/httpx/ssrf.go; ory/kratos oryx/ipx/ssrf.go",
};

/// An unencrypted call over the internet.
pub(crate) static PLAIN_HTTP: Rule = Rule {
    name: "plain-http",
    severity: Severity::Error,
    title: "A webhook or a template uses `http://` over the internet",
    description: "Everything in the request crosses the internet unencrypted. A template that is \
                  fetched this way can be changed in transit.",
    help: "Use `https://`.",
    example: Some(Example::config("url: http://example.com/", "url: https://example.com/")),
    source: "ory/kratos request/auth.go; ory/kratos oryx/fetcher/fetcher.go",
};

/// An unencrypted call in a private network.
pub(crate) static PLAIN_HTTP_INSIDE: Rule = Rule {
    name: "plain-http-inside",
    severity: Severity::Warning,
    title: "A webhook uses `http://` in a private network",
    description: "Everything in the request crosses your network unencrypted.",
    help: "Use `https://`, unless you trust everyone in that network.",
    example: Some(Example::config(
        "url: http://welcome.internal/",
        "url: https://welcome.internal/",
    )),
    source: "ory/kratos request/auth.go",
};

/// Checks the URL of the call and that of the template.
pub(crate) fn check(hook: &Hook, network: &Network, found: &mut Findings) {
    let Some(web) = &hook.web else { return };
    if let Some(text) = &web.url {
        match Url::parse(text) {
            Ok(url) if is_callable(&url) => {
                let sent = if authenticates(hook, web) {
                    "The request has a key or a password."
                } else {
                    ""
                };
                called(text, &url, network, hook.part("url"), sent, found);
            }
            _ => found.add(&NO_URL, hook.part("url"), ""),
        }
    }
    let template = web.body.as_deref().unwrap_or_default();
    if let Ok(url) = Url::parse(template)
        && is_callable(&url)
    {
        called(template, &url, network, hook.part("body"), "", found);
    }
}

/// Whether a request has credentials, as far as is known.
fn authenticates(hook: &Hook, web: &WebHook) -> bool {
    let mut names = web.headers.keys();
    web.has_auth
        || hook.unknown.has("auth")
        || names.any(|name| name.eq_ignore_ascii_case("authorization"))
}

fn is_callable(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

fn called(
    text: &str,
    url: &Url,
    network: &Network,
    path: String,
    sent: &str,
    found: &mut Findings,
) {
    if let Some(why) = network.refusal(text, url) {
        found.add(&PRIVATE_ADDRESS, path, why);
    } else if url.scheme() == "http" {
        match reach(url) {
            Reach::Machine | Reach::Nowhere => {}
            Reach::Network => found.add(&PLAIN_HTTP_INSIDE, path, sent),
            Reach::Internet => found.add(&PLAIN_HTTP, path, sent),
        }
    }
}
