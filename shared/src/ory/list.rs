//! The list of all identities, page by page.
//!
//! Ory sorts by id and continues after the last one of a page: whoever is there throughout is listed
//! once, and somebody who comes or goes meanwhile moves nobody else.
//! <https://www.ory.com/docs/guides/api-rest-pagination>; ory/kratos
//! `persistence/sql/identity/persister_identity.go`, `ListIdentities`.

use http::{HeaderMap, header::LINK};
use serde_json::Value;
use url::{Url, form_urlencoded};

use crate::http::{MAX_ANSWER_BYTES, Response};

/// The name of the parameter with the token of a page.
const PAGE_TOKEN: &str = "page_token";

/// Reads on Ory Network that are some seconds old, and cost its database the least. Others ignore it:
/// ory/kratos `oryx/crdbx/staleness.go`.
const CONSISTENCY: (&str, &str) = ("consistency", "eventual");

/// Which page.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PageRequest {
    /// The most identities that it may have. Ory has a limit of its own, which may be lower.
    pub size: u32,
    /// Ory's token; `None` for the first page.
    pub token: Option<PageToken>,
}

/// What Ory says of where a page begins. Ory asks clients to take it as it is.
#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(transparent)]
pub struct PageToken(String);

impl PageToken {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PageRequest {
    pub(super) fn add_to(&self, url: &mut Url) {
        let mut query = url.query_pairs_mut();
        query.append_pair("page_size", &self.size.to_string());
        query.append_pair(CONSISTENCY.0, CONSISTENCY.1);
        if let Some(token) = &self.token {
            query.append_pair(PAGE_TOKEN, token.as_str());
        }
    }
}

/// A page of identities, as Ory returns them.
pub struct Page {
    /// The identities, without their credentials.
    pub identities: Vec<Value>,
    /// The page after it; `None` for the last.
    pub next: Option<PageToken>,
}

/// An answer is no page.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoPage {
    /// There is more of it than is read. A smaller page fits.
    #[error("Ory's answer is larger than {MAX_ANSWER_BYTES} bytes")]
    CutOff {
        /// The page after it.
        next: Option<PageToken>,
    },
    /// Without the header, nobody knows whether there are more pages.
    #[error("Ory's answer has no Link header, so there is no way to the next page")]
    NoLink,
    /// The body is no list.
    #[error("Ory's answer is not a list of identities")]
    NoList,
}

/// The page in an answer with the status 200.
///
/// # Errors
/// Why there is none.
pub fn page(answer: &Response) -> Result<Page, NoPage> {
    let next = next(&answer.headers);
    if answer.body.len() >= MAX_ANSWER_BYTES {
        return Err(NoPage::CutOff { next });
    }
    match serde_json::from_slice(&answer.body) {
        Ok(Value::Array(_)) if !answer.headers.contains_key(LINK) => Err(NoPage::NoLink),
        Ok(Value::Array(mut identities)) => {
            // Nobody needs them, and they should not be passed on.
            identities.iter_mut().filter_map(Value::as_object_mut).for_each(|identity| {
                identity.remove("credentials");
            });
            Ok(Page { identities, next })
        }
        _ => Err(NoPage::NoList),
    }
}

/// The token in the link to the next page. The rest of the link is not followed: it could lead to
/// another host.
fn next(headers: &HeaderMap) -> Option<PageToken> {
    let lines = headers.get_all(LINK).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(links).find(Link::is_next).and_then(|link| link.token())
}

/// A link of a `Link` header (RFC 8288): `<target>; name=value; …`.
struct Link<'a> {
    target: &'a str,
    parameters: Vec<&'a str>,
}

impl Link<'_> {
    fn is_next(&self) -> bool {
        let pairs = self.parameters.iter().filter_map(|one| one.split_once('='));
        let mut relations = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("rel"));
        relations.next().is_some_and(|(_, value)| {
            let mut words = value.trim().trim_matches('"').split_ascii_whitespace();
            words.any(|word| word.eq_ignore_ascii_case("next"))
        })
    }

    fn token(&self) -> Option<PageToken> {
        let (_, query) = self.target.split_once('?')?;
        let query = query.split('#').next().unwrap_or_default();
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let (_, token) = pairs.find(|(name, token)| name == PAGE_TOKEN && !token.is_empty())?;
        Some(PageToken(token.into_owned()))
    }
}

/// The links of a header line. A comma separates two of them, unless it is in a target or in quotes.
fn links(line: &str) -> Vec<Link<'_>> {
    let mut links = Vec::new();
    let mut rest = line;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((target, after)) = after.split_once('>') else { break };
        let end = unquoted(after, ',').next().unwrap_or(after.len());
        let (parameters, others) = after.split_at(end);
        links.push(Link { target, parameters: split(parameters) });
        rest = others;
    }
    links
}

fn split(parameters: &str) -> Vec<&str> {
    let mut from = 0;
    let ends = unquoted(parameters, ';').chain([parameters.len()]);
    ends.map(|end| &parameters[std::mem::replace(&mut from, (end + 1).min(parameters.len()))..end])
        .collect()
}

/// Where this character is outside of quotes.
fn unquoted(text: &str, wanted: char) -> impl Iterator<Item = usize> + '_ {
    let mut is_quoted = false;
    text.char_indices().filter_map(move |(at, one)| {
        is_quoted ^= one == '"';
        (one == wanted && !is_quoted).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const ID: &str = "30f8507f-40e6-44b9-924f-5f814e3f072e";

    fn answer(link: Option<&str>, body: &str) -> Response {
        let mut headers = HeaderMap::new();
        if let Some(link) = link {
            headers.insert(LINK, HeaderValue::from_str(link).unwrap());
        }
        Response { status: 200, headers, body: body.to_owned().into() }
    }

    fn next_of(link: &str) -> Option<String> {
        next(&answer(Some(link), "[]").headers).map(|PageToken(token)| token)
    }

    #[test]
    fn next_page_is_that_of_the_link_header() {
        let first = "</admin/identities?page_size=100&page_token=00000000>; rel=\"first\"";
        let next = format!("</admin/identities?page_size=100&page_token={ID}>; rel=\"next\"");
        let absolute = format!("<http://127.0.0.1:4434/identities?page_token={ID}>; rel=\"next\"");
        let table = [
            (format!("{first},{next}"), Some(ID)),
            (format!("{next} , {first}"), Some(ID)),
            (absolute, Some(ID)),
            (format!("<?page_token={ID}#x>;rel=next"), Some(ID)),
            (format!("<?page_token={ID}>; title=\"a, b; <c>\"; REL=\"prev Next\""), Some(ID)),
            (format!("<?a=,&page_token={ID}>; rel=next"), Some(ID)),
            ("<?page_token=a%2Bb%2F%3D>; rel=next".to_owned(), Some("a+b/=")),
            (first.to_owned(), None),
            (format!("<?page_token={ID}>; rel=\"nextish\""), None),
            (format!("<?page_token={ID}>; title=\"rel=next\""), None),
            (format!("<?page_token={ID}"), None),
            ("<?page_token=>; rel=next".to_owned(), None),
            ("</admin/identities>; rel=next".to_owned(), None),
            (String::new(), None),
        ];
        for (link, expected) in table {
            assert_eq!(next_of(&link).as_deref(), expected, "{link}");
        }
    }

    #[test]
    fn links_may_come_in_several_header_lines() {
        let mut headers = answer(Some("<?page_token=a>; rel=first"), "[]").headers;
        headers.append(LINK, HeaderValue::from_static("<?page_token=b>; rel=next"));
        assert_eq!(next(&headers), Some(PageToken("b".to_owned())));
    }

    #[test]
    fn page_is_a_list_with_links() {
        let first = Some("<?page_token=a>; rel=first");
        let found = page(&answer(first, r#"[{"id":"x","credentials":{}},5]"#)).unwrap();
        assert_eq!((found.identities, found.next), (vec![json!({"id": "x"}), json!(5)], None));
        let refused = |link, body: &str| page(&answer(link, body)).err();
        for body in ["{}", "null", "", "<html>", r#"[{"id":"x"#] {
            assert_eq!(refused(first, body), Some(NoPage::NoList), "{body}");
        }
        assert_eq!(refused(None, "[]"), Some(NoPage::NoLink));
        let huge = format!("[\"{}\"]", "x".repeat(MAX_ANSWER_BYTES));
        let next = Some(PageToken("b".to_owned()));
        let cut_off = Some(NoPage::CutOff { next });
        assert_eq!(refused(Some("<?page_token=b>; rel=next"), &huge), cut_off);
    }

    #[test]
    fn page_is_asked_for_by_size_and_token() {
        let asked = |token: Option<&str>| {
            let mut url = Url::parse("https://ory.example/admin/identities").unwrap();
            let token = token.map(|token| PageToken(token.to_owned()));
            PageRequest { size: 250, token }.add_to(&mut url);
            url.query().unwrap_or_default().to_owned()
        };
        assert_eq!(asked(None), "page_size=250&consistency=eventual");
        assert_eq!(asked(Some("a+b")), "page_size=250&consistency=eventual&page_token=a%2Bb");
    }

    /// The relation and the token of a link.
    fn link() -> impl Strategy<Value = (String, String)> {
        let relation = prop::sample::select(vec!["first", "next", "prev", "last"]);
        (relation.prop_map(str::to_owned), "[ -~]{1,40}")
    }

    proptest! {
        /// As Kratos writes it, whatever the token.
        #[test]
        fn token_of_the_first_link_to_a_next_page_is_found(
            links in prop::collection::vec(link(), 0..5),
            between in prop::sample::select(vec![",", ", ", " ,  "]),
        ) {
            let written = links.iter().map(|(relation, token)| {
                let mut query = form_urlencoded::Serializer::new(String::new());
                query.append_pair("page_size", "5").append_pair("page_token", token);
                format!("</admin/identities?{}>; rel=\"{relation}\"", query.finish())
            });
            let header = written.collect::<Vec<_>>().join(between);
            let expected = links.iter().find(|(relation, _)| relation == "next");
            let expected = expected.map(|(_, token)| token.clone());
            prop_assert_eq!(next_of(&header), expected);
        }

        #[test]
        fn any_header_is_read(link in "([ -~]|\\PC|[<>;,\"=]){0,60}") {
            let Ok(value) = HeaderValue::from_str(&link) else { return Ok(()) };
            next(&HeaderMap::from_iter([(LINK, value)]));
        }
    }
}
