//! The path of a call: what a template may write, and nothing that a server could read as another
//! path.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The longest path, in bytes. Vendors' limits for a whole URL begin at 2,000.
const MAX_BYTES: usize = 1500;

const EMPTY_SEGMENT: &str = "`path` has an empty segment";

/// What stays as it is in a segment that is encoded here: the unreserved characters of RFC 3986.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Checks a path as a template or a secret writes it; an empty one is the base path itself.
///
/// # Errors
/// The broken rule.
pub(crate) fn check(path: &str) -> Result<(), &'static str> {
    if path.len() > MAX_BYTES {
        return Err("`path` is longer than 1500 bytes");
    }
    if path.is_empty() {
        return Ok(());
    }
    let Some(segments) = path.strip_prefix('/') else {
        return Err("`path` does not begin with a slash");
    };
    if !path.bytes().all(is_path_byte) {
        return Err("`path` has a character that must be percent-encoded");
    }
    if !is_well_encoded(path) {
        return Err("`path` has a percent sign without two hexadecimal digits");
    }
    // The root alone is fine.
    if segments.is_empty() { Ok(()) } else { segments.split('/').try_for_each(check_segment) }
}

/// A path of segments, each encoded here: text of a person stays one segment.
///
/// # Errors
/// The broken rule.
pub(crate) fn of_segments(segments: &[&str]) -> Result<String, &'static str> {
    let encoded = segments.iter().map(|segment| utf8_percent_encode(segment, SEGMENT).to_string());
    let path = format!("/{}", encoded.collect::<Vec<_>>().join("/"));
    if segments.iter().any(|segment| segment.contains(['/', '\\']) || has_control(segment)) {
        return Err("a segment of `path` has a slash, a backslash or a control character");
    }
    // An empty text alone would be the root.
    if segments.contains(&"") {
        return Err(EMPTY_SEGMENT);
    }
    check(&path).map(|()| path)
}

fn check_segment(segment: &str) -> Result<(), &'static str> {
    // A server may decode more than once.
    let mut text = segment.to_owned();
    loop {
        if text.is_empty() {
            return Err(EMPTY_SEGMENT);
        }
        if text == "." || text == ".." {
            return Err("`path` has a segment of dots");
        }
        if text.contains(['/', '\\', ';']) {
            return Err("`path` has an encoded slash, a backslash or a semicolon");
        }
        if has_control(&text) {
            return Err("`path` has a control character");
        }
        let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded == text {
            return Ok(());
        }
        text = decoded;
    }
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

/// The characters of a path in RFC 3986, without the semicolon, at which some servers cut a segment.
fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,=:@%".contains(&byte)
}

fn is_well_encoded(path: &str) -> bool {
    path.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    #[test]
    fn ordinary_paths_are_admitted() {
        for path in [
            "",
            "/",
            "/users/track",
            "/crm/objects/2026-03/contacts/batch/upsert",
            "/customers/ann+tag@example.com",
            "/a/b-c_d.e~f!$&'()*,=:@",
            "/a/%C3%A4",
            "/a/...",
            "/a/..b",
            "/services/T000/B000/XXXX",
        ] {
            assert_eq!(check(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn path_that_could_be_read_as_another_is_refused() {
        for path in [
            "a",
            "//evil.example",
            "/a//b",
            "/a/",
            "/.",
            "/..",
            "/a/../b",
            "/a/./b",
            "/a/%2e%2e/b",
            "/a/%2E./b",
            "/a/.%2e",
            "/a/%252e%252e/b",
            "/a/%25252e%25252e/b",
            "/a%2fb",
            "/a%2Fb",
            "/a%252fb",
            "/a%5cb",
            "/a\\b",
            "/a;b",
            "/a%3bb",
            "/a/..;/b",
            "/a?b",
            "/a#b",
            "/a b",
            "/a\tb",
            "/a\nb",
            "/a%0d%0ab",
            "/a%00b",
            "/a%250ab",
            "/ä",
            "/a%",
            "/a%2",
            "/a%zz",
            "https://evil.example/",
            "/@evil.example/..",
        ] {
            assert!(check(path).is_err(), "{path}");
        }
        assert!(check(&format!("/{}", "a".repeat(MAX_BYTES))).is_err());
    }

    #[test]
    fn segment_is_encoded_and_stays_one() {
        assert_eq!(of_segments(&["a", "b c"]).unwrap(), "/a/b%20c");
        assert_eq!(
            of_segments(&["ann?x=1#y@ä%2f"]),
            Err("`path` has an encoded slash, a backslash or a semicolon")
        );
        assert_eq!(of_segments(&["ann?x=1#y"]).unwrap(), "/ann%3Fx%3D1%23y");
        for segments in
            [&["a", ""][..], &[""], &[".."], &["."], &["a/b"], &["a\\b"], &["a\nb"], &["%2e%2e"]]
        {
            assert!(of_segments(segments).is_err(), "{segments:?}");
        }
    }

    proptest! {
        /// The URL library reads it as it is written, and finds the same segments.
        #[test]
        fn admitted_path_is_what_a_url_library_reads(path in "/[a-z./%2e5cF;?#@ \\\\]{0,12}") {
            if check(&path).is_ok() {
                let url = Url::parse(&format!("https://example.com/base{path}")).unwrap();
                prop_assert_eq!(url.host_str(), Some("example.com"));
                let expected = format!("/base{path}");
                prop_assert_eq!(url.path(), expected.as_str());
                prop_assert!(url.query().is_none() && url.fragment().is_none());
            }
        }

        #[test]
        fn segments_of_any_text_are_refused_or_stay_in_their_place(
            segments in prop::collection::vec(any::<String>(), 1..4),
        ) {
            let texts: Vec<_> = segments.iter().map(String::as_str).collect();
            if let Ok(path) = of_segments(&texts) {
                let url = Url::parse(&format!("https://example.com{path}")).unwrap();
                let read = url.path_segments().unwrap();
                let read: Vec<_> =
                    read.map(|one| percent_decode_str(one).decode_utf8().unwrap().into_owned()).collect();
                prop_assert_eq!(read, segments);
            }
        }
    }
}
