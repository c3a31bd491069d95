//! Restricts the console to a browser on this machine, on the page of the console. The server
//! listens on loopback, but any page that is open in the browser could call it.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header::CONTENT_TYPE, header::HOST};

/// Whether a request comes from the page of the console, or from no page.
pub(super) fn admits(request: &Request<Bytes>) -> bool {
    is_loopback(text(request.headers(), HOST.as_str()))
        && matches!(text(request.headers(), "sec-fetch-site"), "" | "none" | "same-origin")
        && (matches!(*request.method(), Method::GET | Method::HEAD) || is_json(request.headers()))
}

/// Another name could point here by DNS rebinding, which would let a foreign page in.
fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    ["127.0.0.1", "localhost"].contains(&name)
}

/// A form on another page cannot send JSON.
fn is_json(headers: &HeaderMap) -> bool {
    text(headers, CONTENT_TYPE.as_str()) == "application/json"
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: Method, headers: &[(&str, &str)]) -> Request<Bytes> {
        let mut request = Request::builder().method(method).uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Bytes::new()).unwrap()
    }

    #[test]
    fn only_the_local_console_page_is_allowed() {
        type Row = (Method, &'static [(&'static str, &'static str)], bool);
        const HERE: (&str, &str) = ("host", "127.0.0.1:9000");
        const JSON: (&str, &str) = ("content-type", "application/json");
        let rows: [Row; 11] = [
            (Method::GET, &[HERE], true),
            (Method::HEAD, &[HERE], true),
            (Method::HEAD, &[HERE, ("sec-fetch-site", "cross-site")], false),
            (Method::GET, &[("host", "localhost:9000")], true),
            (Method::GET, &[("host", "evil.example:9000")], false),
            (Method::GET, &[("host", "127.0.0.1.evil.example")], false),
            (Method::GET, &[], false),
            (Method::GET, &[HERE, ("sec-fetch-site", "cross-site")], false),
            (Method::POST, &[HERE, JSON, ("sec-fetch-site", "same-origin")], true),
            (Method::POST, &[HERE, JSON, ("sec-fetch-site", "same-site")], false),
            (Method::POST, &[HERE, ("content-type", "text/plain")], false),
        ];
        for (method, headers, admitted) in rows {
            assert_eq!(admits(&request(method, headers)), admitted, "{headers:?}");
        }
    }
}
