//! The page itself, and the headers that isolate it.

use bytes::Bytes;
use fakes::server::FakeReply;
use http::{Response, response::Builder};

/// The page loads only from this server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// A mail is untrusted HTML: it runs nothing, loads nothing and navigates nowhere.
const POLICY_OF_MAILS: &str =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

/// A script of the page.
macro_rules! script {
    ($name:literal) => {
        (concat!("/console/", $name), "text/javascript", include_str!(concat!("page/", $name)))
    };
}

/// The path, the content type and the text of each file.
const FILES: [(&str, &str, &str); 11] = [
    ("/", "text/html", include_str!("page/index.html")),
    ("/console/style.css", "text/css", include_str!("page/style.css")),
    script!("console.js"),
    script!("dom.js"),
    script!("editor.js"),
    script!("event.js"),
    script!("faults.js"),
    script!("list.js"),
    script!("mails.js"),
    script!("newsletter.js"),
    script!("parts.js"),
];

/// A file of the page, by its path.
pub(super) fn file(path: &str) -> Option<FakeReply> {
    let (_, kind, text) = FILES.iter().find(|(name, ..)| *name == path)?;
    Some(answer(kind, POLICY, *text))
}

/// The HTML of a mail.
pub(super) fn mail(html: &str) -> FakeReply {
    answer("text/html", POLICY_OF_MAILS, html.to_owned())
}

/// An answer whose content type the browser must not guess.
pub(super) fn careful(status: u16) -> Builder {
    Response::builder()
        .status(status)
        .header("cache-control", "no-store")
        .header("cross-origin-resource-policy", "same-origin")
        .header("referrer-policy", "no-referrer")
        .header("x-content-type-options", "nosniff")
}

fn answer(kind: &str, policy: &str, body: impl Into<Bytes>) -> FakeReply {
    let response = careful(200)
        .header("content-type", format!("{kind}; charset=utf-8"))
        .header("content-security-policy", policy);
    FakeReply::Answer(response.body(body.into()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(reply: Option<FakeReply>, name: &str) -> String {
        let Some(FakeReply::Answer(response)) = reply else { panic!("{reply:?}") };
        response.headers()[name].to_str().unwrap().to_owned()
    }

    #[test]
    fn content_security_policy_allows_only_this_server() {
        for (path, ..) in FILES {
            let policy = header(file(path), "content-security-policy");
            assert!(policy.starts_with("default-src 'none';"), "{path}: {policy}");
            for (_, sources) in policy.split("; ").filter_map(|part| part.split_once(' ')) {
                assert!(["'none'", "'self'"].contains(&sources), "{path}: {policy}");
            }
            assert_eq!(header(file(path), "x-content-type-options"), "nosniff");
        }
        assert!(file("/console/mail/1").is_none());
    }

    #[test]
    fn mail_preview_runs_no_script_and_loads_nothing() {
        let policy = header(Some(mail("<script>alert(1)</script>")), "content-security-policy");
        assert!(policy.starts_with("sandbox; default-src 'none';"), "{policy}");
        assert!(!policy.contains("script-src") && !policy.contains("allow-"), "{policy}");
    }
}
