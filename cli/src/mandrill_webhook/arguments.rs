//! Validates the arguments of the command.

use mandrill_inbound::event::Kind;
use shared::config::Endpoint;
use url::{Host, Url};

/// The events that mandrill-inbound reads; it skips all others.
pub(super) const EVENTS: [Kind; 7] = [
    Kind::Send,
    Kind::Delivered,
    Kind::HardBounce,
    Kind::SoftBounce,
    Kind::Reject,
    Kind::Spam,
    Kind::Unsub,
];

/// Those that the shipped template and the records of mandrill-welcome need.
pub(crate) const DEFAULT_EVENTS: [&str; 5] = ["send", "delivered", "hard_bounce", "reject", "spam"];

/// The host that stands for the URL until the function has one.
const PLACEHOLDER: &str = "replace-me.invalid";

/// Why the URL is rejected. No message repeats it: it may hold a password.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("--url: not a URL")]
    NoUrl,
    #[error("--url: expected https")]
    NotHttps,
    #[error("--url: a placeholder; the stack output MandrillInboundUrl is the URL of the function")]
    Placeholder,
    #[error("--url: Mandrill signs the URL as it is entered; remove spaces and everything after #")]
    Strange,
}

/// The URL as it was typed: each character of it is signed.
pub(super) fn fit_url(text: &str) -> Result<&str, Unfit> {
    let url = Url::parse(text).map_err(|_| Unfit::NoUrl)?;
    if url.fragment().is_some() || text.contains(char::is_whitespace) {
        return Err(Unfit::Strange);
    }
    if is_placeholder_url(&url) {
        return Err(Unfit::Placeholder);
    }
    let origin = url.origin().ascii_serialization();
    Endpoint::parse(&origin).map(|_| text).ok_or(Unfit::NotHttps)
}

/// Whether the URL is not filled in yet.
pub(crate) fn is_placeholder_url(url: &Url) -> bool {
    url.host() == Some(Host::Domain(PLACEHOLDER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_is_kept_as_it_was_typed_or_refused() {
        for fit in [
            "https://abc.lambda-url.eu-central-1.on.aws/",
            "https://ABC.lambda-url.eu-central-1.on.aws",
            "https://user:word@a.test/?secret=s3cret",
            "http://127.0.0.1:9000/lambda-url/mandrill-inbound/",
        ] {
            assert_eq!(fit_url(fit), Ok(fit));
        }
        let table = [
            ("abc", Unfit::NoUrl),
            ("http://a.test/", Unfit::NotHttps),
            ("ftp://a.test/", Unfit::NotHttps),
            ("https://replace-me.invalid/", Unfit::Placeholder),
            ("https://a.test/#here", Unfit::Strange),
            (" https://a.test/", Unfit::Strange),
        ];
        for (url, unfit) in table {
            assert_eq!(fit_url(url), Err(unfit), "{url}");
        }
    }

    #[test]
    fn default_events_are_some_that_the_function_reads() {
        for event in DEFAULT_EVENTS {
            assert!(EVENTS.iter().any(|kind| kind.word() == event), "{event}");
        }
    }
}
