//! Lists Ory's identities page by page, as fast as Ory allows and no faster.

use std::time::Duration;

use shared::{
    deliver::Api,
    http::{Error, Response},
    ory::{Call, NoPage, Ory, Page, PageRequest, PageToken, page},
    telemetry::chain,
};
use tokio::time::{Instant, sleep, sleep_until};

use super::ory::{NoToken, Token};

/// What Ory gives if it is not asked for a number; half of the most that it gives.
const PAGE_SIZE: u32 = 250;

/// A page takes a second at most, unless Ory is busy.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How often a page is asked for.
const MOST_ATTEMPTS: u32 = 10;

/// The wait before the second attempt; each later one is twice as long. All together take about two
/// minutes, more than most restarts.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// Ory's limits are for a second and for a minute
/// (<https://www.ory.com/docs/guides/project-based-rate-limits>). Whatever its answer says, there are
/// more calls then.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// In how many seconds there are more calls, and how many are left until then.
const RESET: &str = "x-ratelimit-reset";
const REMAINING: &str = "x-ratelimit-remaining";

/// Identities cannot be listed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListError {
    #[error(
        "Ory does not accept the token ({status}), which comes from {place}. It must be a project API \
         key (ory_pat_…) of this project; a workspace API key cannot read identities"
    )]
    Refused { status: u16, place: String },
    #[error(
        "there is no list of identities at {url} (404). It must be the root of the admin API, without \
         /admin: https://SLUG.projects.oryapis.com"
    )]
    NotThere { url: String },
    #[error(
        "Ory does not know the page with which the run goes on (400). Delete the state file and start \
         again: what was sent already is then sent again, and nobody notices"
    )]
    UnknownPage,
    #[error("Ory answered {0}, and no list of identities")]
    Unexpected(u16),
    #[error("Ory answered {status}, {MOST_ATTEMPTS} times in a row")]
    Busy { status: u16 },
    #[error("Ory cannot be reached: {0}")]
    Unreachable(String),
    #[error("Ory says that the next page is the one that it just gave")]
    Circle,
    #[error(transparent)]
    NoPage(#[from] NoPage),
    #[error(transparent)]
    NoToken(#[from] NoToken),
}

/// What Ory gave.
pub(super) enum Listed {
    /// A page.
    Page(Page),
    /// A page of one identity that is too large to be read, and the page after it.
    Unread(Option<PageToken>),
}

/// What an answer means.
enum Verdict {
    Page,
    /// Ask again, after the time that Ory says.
    Again(Option<Duration>),
    Stop(ListError),
}

/// The list.
pub(super) struct Listing {
    ory: Ory,
    token: Token,
    size: u32,
    /// Ory takes no call before.
    next: Instant,
}

impl Listing {
    /// The list of this Ory.
    pub(super) fn new(ory: Ory, token: Token) -> Self {
        Self { ory, token, size: PAGE_SIZE, next: Instant::now() }
    }

    /// A page; `None` is the first. `waiting` is told before a wait.
    pub(super) async fn page(
        &mut self,
        token: Option<&PageToken>,
        waiting: &(dyn Fn(Duration) + Sync),
    ) -> Result<Listed, ListError> {
        loop {
            let answer = self.answer(token, waiting).await?;
            match page(&answer) {
                Ok(page) if page.next.is_some() && page.next.as_ref() == token => {
                    return Err(ListError::Circle);
                }
                Ok(page) => return Ok(Listed::Page(page)),
                Err(NoPage::CutOff { next }) if self.size == 1 => return Ok(Listed::Unread(next)),
                Err(NoPage::CutOff { .. }) => self.size = self.size.div_ceil(2),
                Err(no_page) => return Err(no_page.into()),
            }
        }
    }

    /// An answer with the status 200.
    async fn answer(
        &mut self,
        token: Option<&PageToken>,
        waiting: &(dyn Fn(Duration) + Sync),
    ) -> Result<Response, ListError> {
        let call = Call::List(PageRequest { size: self.size, token: token.cloned() });
        let (mut attempts, mut shortest_wait) = (0, FIRST_WAIT);
        loop {
            self.wait_for_ory(waiting).await;
            let key = self.token.get().await?;
            let answer = self.ory.call(&call, &key, TIMEOUT).await;
            self.heed(&answer);
            let told = match self.verdict(&answer, token.is_some()) {
                Verdict::Page => return answer.map_err(|error| unreachable(&error)),
                Verdict::Stop(error) => return Err(error),
                Verdict::Again(told) => told,
            };
            attempts += 1;
            if attempts == MOST_ATTEMPTS {
                return Err(match answer {
                    Ok(answer) => ListError::Busy { status: answer.status },
                    Err(error) => unreachable(&error),
                });
            }
            let wait = told.unwrap_or_default().max(shortest_wait).min(LONGEST_WAIT);
            waiting(wait);
            sleep(wait).await;
            shortest_wait *= 2;
        }
    }

    async fn wait_for_ory(&self, waiting: &(dyn Fn(Duration) + Sync)) {
        let wait = self.next.saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            waiting(wait);
            sleep_until(self.next).await;
        }
    }

    /// Notes when Ory takes the next call.
    fn heed(&mut self, answer: &Result<Response, Error>) {
        let Ok(answer) = answer else { return };
        let is_used_up = answer.seconds(REMAINING).is_some_and(|left| left.is_zero());
        if let (true, Some(wait)) = (is_used_up, answer.seconds(RESET)) {
            self.next = Instant::now() + wait.min(LONGEST_WAIT);
        }
    }

    fn verdict(&self, answer: &Result<Response, Error>, is_later_page: bool) -> Verdict {
        let Ok(answer) = answer else { return Verdict::Again(None) };
        let url = || self.ory.endpoint.as_str().to_owned();
        match answer.status {
            200 => Verdict::Page,
            400 if is_later_page => Verdict::Stop(ListError::UnknownPage),
            status @ (401 | 403) => {
                Verdict::Stop(ListError::Refused { status, place: self.token.place() })
            }
            404 => Verdict::Stop(ListError::NotThere { url: url() }),
            408 | 429 | 500..=599 => {
                Verdict::Again(answer.retry_after().or_else(|| answer.seconds(RESET)))
            }
            status => Verdict::Stop(ListError::Unexpected(status)),
        }
    }
}

fn unreachable(error: &Error) -> ListError {
    ListError::Unreachable(chain(error))
}

#[cfg(test)]
mod tests {
    use std::{
        collections::VecDeque,
        sync::{Arc, Mutex},
    };

    use async_trait::async_trait;
    use http::HeaderValue;
    use secrecy::SecretString;
    use serde_json::json;
    use shared::{
        config::Endpoint,
        http::{Http, MAX_ANSWER_BYTES, Request},
    };

    use super::*;

    type Answer = Result<Response, Error>;

    /// Gives these answers, and keeps the queries.
    #[derive(Default)]
    struct Script {
        answers: Mutex<VecDeque<Answer>>,
        queries: Mutex<Vec<String>>,
    }

    #[async_trait]
    impl Http for Script {
        async fn send(&self, request: Request) -> Answer {
            self.queries.lock().unwrap().push(request.url.query().unwrap_or_default().to_owned());
            self.answers.lock().unwrap().pop_front().unwrap()
        }
    }

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Response {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()));
        Response { status, headers: headers.collect(), body: body.to_owned().into() }
    }

    fn list(headers: &[(&'static str, &str)]) -> Response {
        let link = ("link", "</admin/identities?page_token=0>; rel=\"first\"");
        answer(200, &[&[link], headers].concat(), "[]")
    }

    fn listing(answers: Vec<Answer>) -> (Listing, Arc<Script>) {
        let script = Arc::new(Script { answers: Mutex::new(answers.into()), ..Script::default() });
        let endpoint = Endpoint::parse("https://slug.projects.oryapis.com").unwrap();
        let ory = Ory { endpoint, http: script.clone() };
        let token = Token::Given(SecretString::from("ory_pat_x"));
        (Listing::new(ory, token), script)
    }

    /// What comes of these answers, how many calls were made, and how long it took.
    async fn listed(answers: Vec<Answer>) -> (Result<Listed, ListError>, usize, Duration) {
        let (mut listing, script) = listing(answers);
        let began = Instant::now();
        let listed = listing.page(None, &|_| ()).await;
        let calls = script.queries.lock().unwrap().len();
        (listed, calls, began.elapsed())
    }

    fn reset() -> Error {
        Error::MaybeWritten("connection reset".into())
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_again_after_the_time_that_ory_says() {
        let retry = |status, header, seconds| Ok(answer(status, &[(header, seconds)], ""));
        let table = [
            (retry(429, "retry-after", "7"), 7000),
            (retry(429, "x-ratelimit-reset", "41"), 41_000),
            // An hour, or a time of the day.
            (retry(429, "x-ratelimit-reset", "1769860800"), 60_000),
            (retry(429, "x-ratelimit-reset", "0"), 200),
            (Ok(answer(429, &[], "")), 200),
            (Ok(answer(408, &[], "")), 200),
            (Ok(answer(500, &[], "")), 200),
            (retry(503, "retry-after", "3"), 3000),
            (Err(reset()), 200),
        ];
        for (first, milliseconds) in table {
            let shown = format!("{first:?}");
            let (listed, calls, took) = listed(vec![first, Ok(list(&[]))]).await;
            assert!(matches!(listed, Ok(Listed::Page(_))), "{shown}");
            assert_eq!((calls, took.as_millis()), (2, milliseconds), "{shown}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_are_limited() {
        let down = || Ok(answer(503, &[], "<html>"));
        let (result, calls, took) = listed(std::iter::repeat_with(down).take(20).collect()).await;
        assert!(matches!(result, Err(ListError::Busy { status: 503 })));
        assert_eq!((calls, took.as_secs()), (10, 102));
        let gone = || Err(reset());
        let (result, calls, _) = listed(std::iter::repeat_with(gone).take(20).collect()).await;
        let Err(ListError::Unreachable(cause)) = result else { panic!("listed") };
        assert!(calls == 10 && cause.contains("connection reset"), "{cause}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_will_not_pass_is_reported_at_once_without_the_token() {
        let table = [
            (Ok(answer(401, &[], "{}")), "the variable ORY_ACCESS_TOKEN"),
            (Ok(answer(403, &[], "{}")), "(403)"),
            (Ok(answer(404, &[], "{}")), "https://slug.projects.oryapis.com/ (404)"),
            (Ok(answer(302, &[], "")), "Ory answered 302"),
            (Ok(answer(400, &[], "{}")), "Ory answered 400"),
            (Ok(answer(200, &[], "[]")), "no Link header"),
            (Ok(answer(200, &[("link", "<?page_token=a>; rel=first")], "{}")), "not a list"),
        ];
        for (first, part) in table {
            let (result, calls, _) = listed(vec![first]).await;
            let error = result.err().unwrap().to_string();
            assert!(calls == 1 && error.contains(part), "{error}");
            assert!(!error.contains("ory_pat_x"), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn next_call_waits_if_ory_says_that_none_is_left() {
        for (remaining, seconds) in [("0", 9), ("1", 0)] {
            let limits = [("x-ratelimit-remaining", remaining), ("x-ratelimit-reset", "9")];
            let (mut listing, _) = listing(vec![Ok(list(&limits)), Ok(list(&[]))]);
            let began = Instant::now();
            let told = Mutex::new(Vec::new());
            let tell = |wait: Duration| told.lock().unwrap().push(wait.as_secs());
            assert!(listing.page(None, &tell).await.is_ok());
            assert_eq!(began.elapsed(), Duration::ZERO);
            assert!(listing.page(None, &tell).await.is_ok());
            assert_eq!(began.elapsed().as_secs(), seconds);
            let expected = if seconds == 0 { vec![] } else { vec![seconds] };
            assert_eq!(*told.lock().unwrap(), expected);
        }
    }

    /// A page that is too large to be read is asked for again, smaller, and so are later ones.
    #[tokio::test(start_paused = true)]
    async fn page_that_is_too_large_is_halved() {
        let link = [("link", "<?page_token=b>; rel=next")];
        let huge = || Ok(answer(200, &link, &"x".repeat(MAX_ANSWER_BYTES)));
        let (mut listing, script) =
            listing(vec![huge(), huge(), Ok(list(&[])), Ok(list(&[])), huge()]);
        for _ in 0..2 {
            assert!(matches!(listing.page(None, &|_| ()).await, Ok(Listed::Page(_))));
        }
        let queries = script.queries.lock().unwrap().clone();
        let sizes = queries.iter().map(|query| query.split_once('&').unwrap().0);
        let expected = [250, 125, 63, 63].map(|size| format!("page_size={size}"));
        assert_eq!(sizes.collect::<Vec<_>>(), expected);
        listing.size = 1;
        let Ok(Listed::Unread(Some(next))) = listing.page(None, &|_| ()).await else {
            panic!("read")
        };
        assert_eq!(json!(next), "b");
    }

    #[tokio::test(start_paused = true)]
    async fn page_that_leads_to_itself_is_no_endless_list() {
        let (mut listing, _) =
            listing(vec![Ok(answer(200, &[("link", "<?page_token=a>; rel=next")], "[]"))]);
        let token: PageToken = serde_json::from_value(json!("a")).unwrap();
        let result = listing.page(Some(&token), &|_| ()).await;
        assert!(matches!(result, Err(ListError::Circle)));
    }

    #[tokio::test(start_paused = true)]
    async fn unknown_page_of_an_earlier_run_is_explained() {
        let (mut listing, _) = listing(vec![Ok(answer(400, &[], "{}"))]);
        let token: PageToken = serde_json::from_value(json!("a")).unwrap();
        let result = listing.page(Some(&token), &|_| ()).await;
        assert!(matches!(result, Err(ListError::UnknownPage)));
    }
}
