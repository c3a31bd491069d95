//! URLs of a ctx, without possible tokens.

use serde_json::Value;

/// The only query parameters that are kept. They name a campaign and are never secret.
const KEPT_QUERY_PREFIX: &str = "utm_";

/// What ends a pair of a query: `&` and `;` (HTML 4.01, B.2.2), and a second `?`, which begins the
/// query of an unencoded URL inside this one.
const PAIR_ENDS: [char; 3] = ['&', ';', '?'];

/// Sanitizes a text, or each text in a list or an object.
pub(super) fn sanitize_urls(value: &mut Value) {
    match value {
        Value::String(url) => *url = sanitized(url),
        Value::Array(values) => values.iter_mut().for_each(sanitize_urls),
        Value::Object(fields) => fields.values_mut().for_each(sanitize_urls),
        _ => {}
    }
}

/// Removes the user information, the fragment and all of the query but `utm_*` from a URL. Works on
/// the text, so that a relative or broken URL cannot keep a token.
fn sanitized(url: &str) -> String {
    let without_fragment = url.split('#').next().unwrap_or_default();
    let (location, query) = without_fragment.split_once('?').unwrap_or((without_fragment, ""));
    let location = without_user(location);
    let pairs = query.split(PAIR_ENDS).filter(|pair| pair.starts_with(KEPT_QUERY_PREFIX));
    let kept: Vec<_> = pairs.collect();
    if kept.is_empty() { location } else { format!("{location}?{}", kept.join("&")) }
}

/// RFC 3986, 3.2.1: `user:password@` stands between `//` and the host.
fn without_user(location: &str) -> String {
    let Some((scheme, rest)) = location.split_once("//") else { return location.to_owned() };
    let end = rest.find(['/', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}//{host}{path}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn sanitized_url_keeps_only_location_and_campaign() {
        let table = [
            ("https://example.com/a", "https://example.com/a"),
            ("https://example.com/a?", "https://example.com/a"),
            ("https://example.com/a?token=t", "https://example.com/a"),
            ("https://example.com/a?utm_source=ad;token=t", "https://example.com/a?utm_source=ad"),
            (
                "https://example.com/a?utm_source=ad&amp;token=t",
                "https://example.com/a?utm_source=ad",
            ),
            ("https://example.com/a?utm_source=b?token=t", "https://example.com/a?utm_source=b"),
            ("/a?token=t;utm_source=ad&utm_medium=mail", "/a?utm_source=ad&utm_medium=mail"),
            ("?token=t", ""),
            ("https://example.com/#/a?token=t", "https://example.com/"),
            ("https://example.com/a?utm_source=ad#t", "https://example.com/a?utm_source=ad"),
            ("https://ann:pass@example.com/a", "https://example.com/a"),
            ("https://ann:p@ss@example.com", "https://example.com"),
            ("//ann:pass@example.com/a", "//example.com/a"),
            ("https://example.com/@ann", "https://example.com/@ann"),
            ("not a URL", "not a URL"),
        ];
        for (url, expected) in table {
            assert_eq!(sanitized(url), expected, "{url}");
        }
    }

    #[test]
    fn urls_in_lists_and_objects_are_sanitized() {
        let mut urls = json!([["/a?b=c"], {"d": "/e#f"}, 5, null]);
        sanitize_urls(&mut urls);
        assert_eq!(urls, json!([["/a"], {"d": "/e"}, 5, null]));
    }

    proptest! {
        #[test]
        fn sanitizing_a_url_twice_changes_nothing(url in "[a-z:/?#&;=@_%\\\\]{0,24}|(utm_[a-z=]{1,4}[?&;#]){0,4}") {
            let once = sanitized(&url);
            prop_assert_eq!(sanitized(&once), once);
        }
    }
}
