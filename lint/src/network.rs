//! Which addresses Kratos may call.

use serde_json::Value;
use url::{Host, Url};

use crate::{Configuration, Kind};

/// What a configuration says about private addresses.
#[derive(Debug)]
pub(crate) struct Network {
    kind: Kind,
    is_closed: bool,
    exceptions: Vec<String>,
}

/// From where an address can be reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reach {
    /// Only from the same machine.
    Machine,
    /// Only from a private network.
    Network,
    /// From the internet.
    Internet,
    /// From nowhere, as far as Kratos is concerned: it never calls such an address.
    Nowhere,
}

/// Suffixes of names that resolve only in a private network.
const INSIDE: [&str; 5] = [".local", ".internal", ".svc", ".lan", ".home.arpa"];

impl Network {
    /// Reads it from a configuration.
    pub(crate) fn of(configuration: &Configuration) -> Self {
        let at = |key| configuration.at(&["clients", "http", key]);
        let exceptions = at("private_ip_exception_urls").and_then(Value::as_array);
        let texts = exceptions.into_iter().flatten().filter_map(Value::as_str);
        Self {
            kind: configuration.kind,
            is_closed: at("disallow_private_ip_ranges").and_then(Value::as_bool).unwrap_or(false),
            exceptions: texts.map(str::to_owned).collect(),
        }
    }

    /// Why Kratos refuses to call a URL, if it does.
    pub(crate) fn refusal(&self, text: &str, url: &Url) -> Option<&'static str> {
        let reach = reach(url);
        if reach == Reach::Nowhere {
            return Some("Kratos never calls this address, whatever the configuration says.");
        }
        let without_query = text.split(['?', '#']).next().unwrap_or_default();
        let is_exception = self.exceptions.iter().any(|glob| matches(glob, without_query));
        if reach == Reach::Internet || is_exception {
            return None;
        }
        match self.kind {
            kind if kind.is_network() => Some("Ory Network cannot reach a private address."),
            _ if self.is_closed => Some("`clients.http.disallow_private_ip_ranges` is set."),
            _ => None,
        }
    }
}

/// From where a URL can be reached, as far as its host shows.
///
/// Source: ory/kratos `oryx/ipx/ssrf.go` for the addresses that are never called.
pub(crate) fn reach(url: &Url) -> Reach {
    match url.host() {
        Some(Host::Domain("localhost" | "host.docker.internal")) => Reach::Machine,
        Some(Host::Domain(name)) if !name.contains('.') => Reach::Network,
        Some(Host::Domain(name)) if INSIDE.iter().any(|end| name.ends_with(end)) => Reach::Network,
        Some(Host::Ipv4(address)) if address.is_loopback() => Reach::Machine,
        Some(Host::Ipv4(address)) if address.is_private() || address.is_link_local() => {
            Reach::Network
        }
        Some(Host::Ipv4(address)) => match address.octets() {
            [0, ..] | [100, 64..=127, ..] => Reach::Nowhere,
            _ => Reach::Internet,
        },
        Some(Host::Ipv6(address)) if address.is_loopback() => Reach::Machine,
        Some(Host::Ipv6(address)) if address.is_unique_local() => Reach::Network,
        Some(Host::Ipv6(address)) if address.is_unspecified() => Reach::Nowhere,
        Some(Host::Ipv6(address)) if address.is_unicast_link_local() => Reach::Nowhere,
        _ => Reach::Internet,
    }
}

/// Whether a pattern of `private_ip_exception_urls` matches a URL: `*` and `?` match anything but
/// `.` and `/`, `**` matches anything. A pattern with more than that counts as a match, since it
/// may be one.
///
/// Source: ory/kratos `oryx/httpx/ssrf.go`, which uses github.com/gobwas/glob.
fn matches(pattern: &str, text: &str) -> bool {
    if pattern.contains(['[', '{', '\\']) {
        return true;
    }
    let text: Vec<char> = text.chars().collect();
    // Where in the text the pattern so far may end.
    let mut ends = vec![false; text.len() + 1];
    ends[0] = true;
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let is_any = rest.starts_with("**");
        rest = if is_any { rest.trim_start_matches('*') } else { &rest[first.len_utf8()..] };
        let may_pass = |letter: char| is_any || !['.', '/'].contains(&letter);
        if first == '*' {
            for at in 0..text.len() {
                ends[at + 1] |= ends[at] && may_pass(text[at]);
            }
            continue;
        }
        for at in (0..text.len()).rev() {
            let is_same = if first == '?' { may_pass(text[at]) } else { text[at] == first };
            ends[at + 1] = ends[at] && is_same;
        }
        ends[0] = false;
    }
    ends[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_tells_from_where_it_is_reached() {
        use Reach::{Internet, Machine, Network, Nowhere};
        let table = [
            ("http://localhost:80/", Machine),
            ("http://host.docker.internal/", Machine),
            ("http://127.0.0.5/", Machine),
            ("http://[::1]/", Machine),
            ("http://app:8080/", Network),
            ("http://app.default.svc.cluster.local/", Network),
            ("http://10.1.2.3/", Network),
            ("http://172.31.0.1/", Network),
            ("http://169.254.1.1/", Network),
            ("http://[fd00::1]/", Network),
            ("http://0.0.0.0/", Nowhere),
            ("http://100.64.0.1/", Nowhere),
            ("http://[::]/", Nowhere),
            ("http://[fe80::1]/", Nowhere),
            ("http://100.128.0.1/", Internet),
            ("http://172.32.0.1/", Internet),
            ("http://internal.example.com/", Internet),
            ("https://example.com/", Internet),
            ("http://[2001:4860:4860::8888]/", Internet),
        ];
        for (url, expected) in table {
            assert_eq!(reach(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn exceptions_are_globs_over_the_url() {
        let table = [
            ("http://app:8080/hook", "http://app:8080/hook", true),
            ("http://app:8080/hook", "http://app:8080/hooks", false),
            ("http://app:8080/*", "http://app:8080/hook", true),
            ("http://app:8080/*", "http://app:8080/a/b", false),
            ("http://app:8080/**", "http://app:8080/a/b", true),
            ("http://*.internal/", "http://app.internal/", true),
            ("http://*.internal/", "http://a.b.internal/", false),
            ("http://app-?/", "http://app-1/", true),
            ("http://app-?/", "http://app-/", false),
            ("**", "http://a.b/c", true),
            ("*", "", true),
            ("", "http://a/", false),
            ("http://{app,other}/", "http://third/", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
