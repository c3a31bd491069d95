//! Which headers of a request reach a template.
//!
//! Source: `selfservice/hook/web_hook.go`, `RemoveDisallowedHeaders`; `embedx/config.schema.json`,
//! `clients.web_hook.header_allowlist`. Before v25.4 the list was the same and could not be set.

/// What Kratos passes if the configuration has no list.
const DEFAULT: [&str; 17] = [
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Content-Length",
    "Content-Type",
    "Origin",
    "Priority",
    "Referer",
    "Sec-Ch-Ua",
    "Sec-Ch-Ua-Mobile",
    "Sec-Ch-Ua-Platform",
    "Sec-Fetch-Dest",
    "Sec-Fetch-Mode",
    "Sec-Fetch-Site",
    "Sec-Fetch-User",
    "True-Client-Ip",
    "User-Agent",
];

/// What Ory Network adds, as its documentation says. A configuration does not show whether it is
/// for Ory Network.
const OF_ORY_NETWORK: [&str; 6] = [
    "X-Forwarded-Host",
    "Ory-Base-Url-Rewrite",
    "Ory-Base-Url-Rewrite-Token",
    "X-Ory-Original-Host",
    "Ory-No-Custom-Domain-Redirect",
    "Cf-Ipcountry",
];

/// The names of the headers that may be in `ctx.request_headers`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Headers(Vec<String>);

impl Default for Headers {
    fn default() -> Self {
        Self::of(DEFAULT)
    }
}

impl Headers {
    /// Those of the list in a configuration, which replaces the default.
    pub fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        Self(names.into_iter().map(canonical).collect())
    }

    /// The names, with those that only Ory Network adds.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let network = OF_ORY_NETWORK.into_iter().filter(|name| !self.allows(name));
        self.0.iter().map(String::as_str).chain(network)
    }

    /// Whether the list contains this header.
    pub fn allows(&self, name: &str) -> bool {
        self.0.iter().any(|known| known == name)
    }
}

/// The spelling in which Go keeps a header: `X-Forwarded-For`.
///
/// Source: `CanonicalMIMEHeaderKey` of Go's package `net/textproto`.
pub fn canonical(name: &str) -> String {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !name.bytes().all(is_token) {
        return name.to_owned();
    }
    let mut begins = true;
    let spelled = name.chars().map(|letter| {
        let spelled =
            if begins { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
        begins = letter == '-';
        spelled
    });
    spelled.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_is_spelled_as_go_spells_it() {
        let table = [
            ("x-forwarded-for", "X-Forwarded-For"),
            ("USER-AGENT", "User-Agent"),
            ("sec-ch-ua", "Sec-Ch-Ua"),
            ("True-Client-IP", "True-Client-Ip"),
            ("a--b", "A--B"),
            ("not a name", "not a name"),
            ("ä-b", "ä-b"),
            ("", ""),
        ];
        for (name, spelled) in table {
            assert_eq!(canonical(name), spelled);
        }
    }

    #[test]
    fn list_of_a_configuration_replaces_the_default() {
        let own = Headers::of(["x-forwarded-for"]);
        assert!(own.allows("X-Forwarded-For") && !own.allows("User-Agent"));
        assert!(Headers::default().allows("User-Agent"));
        assert!(!Headers::default().allows("X-Forwarded-For"));
        assert!(own.names().any(|name| name == "Cf-Ipcountry"));
    }
}
