//! The list of identities, as Kratos pages it: sorted by id, and each page begins after the last id
//! of the one before (ory/kratos `persistence/sql/identity/persister_identity.go`, `ListIdentities`).

use std::collections::BTreeMap;

use http::HeaderValue;
use serde_json::Value;

use super::shown;
use crate::server::FakeReply;

/// The most identities of a page, and how many there are if nobody says.
const MOST: usize = 500;
const USUAL: usize = 250;

/// The token of the first page.
const FIRST: &str = "00000000-0000-0000-0000-000000000000";

/// The values of the parameter that chooses how old a read may be.
const CONSISTENCIES: [&str; 2] = ["eventual", "strong"];

/// Which page.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageRequest<'a> {
    pub(super) size: usize,
    /// It is after this id.
    pub(super) after: &'a str,
}

impl<'a> PageRequest<'a> {
    /// Reads the query of a list; what is wrong with it.
    pub(super) fn read(query: &'a [(String, String)]) -> Result<Self, &'static str> {
        let mut page = Self { size: USUAL, after: FIRST };
        for (name, value) in query {
            match name.as_str() {
                "page_size" => page.size = value.parse().map_err(|_| "no page size")?,
                "page_token" if is_id(value) => page.after = value,
                "page_token" => return Err("The page token is invalid"),
                "consistency" if CONSISTENCIES.contains(&value.as_str()) => {}
                _ => return Err("unknown query parameters"),
            }
        }
        Ok(page)
    }

    /// Whether it is the first one.
    pub(super) fn is_first(&self) -> bool {
        self.after == FIRST
    }
}

fn is_id(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.bytes().all(|one| one == b'-' || one.is_ascii_hexdigit())
}

/// What happens to the identities between two pages.
type Change = Box<dyn FnMut(&mut BTreeMap<String, Value>) + Send>;

/// How lists behave.
#[derive(Default)]
pub(super) struct Lists {
    /// The most identities of a page, if fewer than usual.
    pub(super) most: Option<usize>,
    /// What is said about the rate: the calls that are left, and for how many seconds.
    pub(super) rate: Option<(u32, u32)>,
    pub(super) after_each: Option<Change>,
}

impl Lists {
    /// A page; the identities may change after it.
    pub(super) fn page(
        &mut self,
        asked: &PageRequest<'_>,
        identities: &mut BTreeMap<String, Value>,
    ) -> FakeReply {
        let size = asked.size.clamp(1, self.most.unwrap_or(MOST));
        let mut rest = identities.iter().filter(|(id, _)| id.as_str() > asked.after);
        let page: Vec<_> = rest.by_ref().take(size).collect();
        let last = page.last().map_or(FIRST, |(id, _)| id);
        let link = |token: &str, relation: &str| {
            format!("</admin/identities?page_size={size}&page_token={token}>; rel=\"{relation}\"")
        };
        let next = rest.next().map(|_| link(last, "next"));
        let links: Vec<_> = [link(FIRST, "first")].into_iter().chain(next).collect();
        let reply = FakeReply::json(200, &page.iter().map(|(_, one)| shown(one)).collect());
        let reply = with_header(reply, "link", &links.join(","));
        if let Some(change) = &mut self.after_each {
            change(identities);
        }
        match self.rate {
            Some(rate) => with_rate(reply, rate),
            None => reply,
        }
    }
}

/// Ory Network's answer to too many calls: how many seconds to wait.
pub fn too_many_calls(seconds: u32) -> FakeReply {
    let body = serde_json::json!({"error": {"code": 429, "status": "Too Many Requests"}});
    with_rate(FakeReply::json(429, &body), (0, seconds))
}

fn with_rate(reply: FakeReply, (remaining, reset): (u32, u32)) -> FakeReply {
    let reply = with_header(reply, "x-ratelimit-remaining", &remaining.to_string());
    with_header(reply, "x-ratelimit-reset", &reset.to_string())
}

fn with_header(reply: FakeReply, name: &'static str, value: &str) -> FakeReply {
    match (reply, HeaderValue::from_str(value)) {
        (FakeReply::Answer(mut answer), Ok(value)) => {
            answer.headers_mut().insert(name, value);
            FakeReply::Answer(answer)
        }
        (reply, _) => reply,
    }
}
