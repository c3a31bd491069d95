//! The headers that a template or a preset may set.

use http::{HeaderMap, HeaderName, HeaderValue};

/// What a template may set for every vendor; a preset may admit more by name.
pub(crate) const FOR_TEMPLATES: [&str; 3] = ["accept", "accept-language", "content-type"];

/// What neither a template nor a preset sets: it authenticates, frames the message, names the host, or
/// means something to a server in between.
const FORBIDDEN: [&str; 21] = [
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "origin",
    "proxy-authorization",
    "proxy-connection",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
];

/// Families of such headers.
const FORBIDDEN_PREFIXES: [&str; 5] = ["proxy-", "sec-", "webhook-", "x-amz-", "x-forwarded-"];

/// The longest value, in bytes.
const MAX_VALUE_BYTES: usize = 1000;

/// A header name that a preset may set, or admit for templates; `None` if it may not.
pub(crate) fn settable(name: &str) -> Option<HeaderName> {
    let name = HeaderName::try_from(name).ok()?;
    let is_forbidden = FORBIDDEN.contains(&name.as_str())
        || FORBIDDEN_PREFIXES.iter().any(|prefix| name.as_str().starts_with(prefix));
    (!is_forbidden).then_some(name)
}

/// A value as it may be sent: visible ASCII and spaces, no line end.
pub(crate) fn value(text: &str) -> Option<HeaderValue> {
    let is_plain = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    (is_plain && text.len() <= MAX_VALUE_BYTES).then(|| HeaderValue::try_from(text).ok()).flatten()
}

/// Adds the headers of a template, of which each must be admitted.
///
/// # Errors
/// The broken rule.
pub(crate) fn add<'a>(
    headers: &mut HeaderMap,
    given: impl Iterator<Item = (&'a str, &'a str)>,
    admitted: &[HeaderName],
) -> Result<(), &'static str> {
    for (name, text) in given {
        let name = settable(name)
            .filter(|name| FOR_TEMPLATES.contains(&name.as_str()) || admitted.contains(name));
        let name = name.ok_or("the template sets a header that the preset does not admit")?;
        let value = value(text).ok_or("the template sets a header to an invalid value")?;
        headers.insert(name, value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn added(name: &str, text: &str, admitted: &[&str]) -> Result<HeaderMap, &'static str> {
        let mut headers = HeaderMap::new();
        let admitted: Vec<_> = admitted.iter().filter_map(|name| settable(name)).collect();
        add(&mut headers, [(name, text)].into_iter(), &admitted).map(|()| headers)
    }

    #[test]
    fn template_sets_only_admitted_headers() {
        assert_eq!(added("Accept", "text/plain", &[]).unwrap()["accept"], "text/plain");
        assert!(added("X-Tenant", "a", &[]).is_err());
        assert_eq!(added("X-Tenant", "a", &["x-tenant"]).unwrap()["x-tenant"], "a");
    }

    #[test]
    fn no_preset_can_admit_a_header_that_authenticates_or_frames() {
        for name in [
            "Authorization",
            "COOKIE",
            "Content-Length",
            "Host",
            "Transfer-Encoding",
            "Connection",
            "Proxy-Authorization",
            "X-Amz-Security-Token",
            "X-Forwarded-Host",
            "webhook-signature",
            "Sec-WebSocket-Key",
            "a b",
            "a:",
            "",
            "ä",
        ] {
            assert_eq!(settable(name), None, "{name}");
            assert!(added(name, "x", &[name]).is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn value_is_one_line_of_visible_ascii(text in "[ -~\\t\\r\\n\\x00\\x7fä]{0,4}|a{999,1001}") {
            let plain = text.len() <= MAX_VALUE_BYTES && text.chars().all(|c| (' '..='~').contains(&c));
            prop_assert_eq!(value(&text).is_some(), plain);
        }
    }
}
