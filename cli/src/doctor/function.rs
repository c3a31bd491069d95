//! Checks that a function responds at its URL, rejects unauthenticated callers and accepts its
//! caller. No request can be mistaken for an event.

use http::{HeaderMap, Method, header::ALLOW};
use shared::{config::Endpoint, http::Response};
use url::Url;

use super::{CheckResult, Reach, reach::Answer, unexpected};

/// One of the functions.
pub(super) struct Function<'a> {
    pub(super) name: &'static str,
    /// The output with its URL.
    pub(super) output: &'static str,
    pub(super) url: Option<&'a str>,
    /// The status of the response to a GET.
    pub(super) to_get: u16,
}

/// What authenticates a caller.
pub(super) struct Credentials {
    pub(super) query: Option<(&'static str, String)>,
    pub(super) headers: HeaderMap,
}

/// `credentials`, or why there are none.
pub(super) async fn check(
    function: &Function<'_>,
    credentials: Result<Credentials, &str>,
    reach: &Reach,
) -> Vec<CheckResult> {
    let (at_url, by_key) =
        (format!("{}: URL", function.name), format!("{}: authentication", function.name));
    let Some(url) = function.url else {
        let found = format!("not checked: no output {}", function.output);
        let fix = format!("Set {}", super::stack::flag(function.output));
        return vec![CheckResult::unknown(&at_url, found, fix)];
    };
    let Some(url) = Endpoint::parse(url).map(|url| url.join("")) else {
        return vec![unexpected::url(&at_url, function.output)];
    };
    let known = async |credentials: &Credentials| {
        reach.post_nothing(with(&url, credentials), credentials.headers.clone()).await
    };
    let (got, anonymous, known) = tokio::join!(
        reach.get(url.clone(), HeaderMap::new()),
        reach.post_nothing(url.clone(), HeaderMap::new()),
        async {
            match &credentials {
                Ok(credentials) => Ok(known(credentials).await),
                Err(why) => Err(*why),
            }
        },
    );
    vec![url_finding(&at_url, function, &got), key_finding(&by_key, &anonymous, &known)]
}

fn with(url: &Url, credentials: &Credentials) -> Url {
    let mut url = url.clone();
    if let Some((name, value)) = &credentials.query {
        url.query_pairs_mut().append_pair(name, value);
    }
    url
}

fn url_finding(check: &str, function: &Function<'_>, answer: &Answer) -> CheckResult {
    let response = match answer {
        Ok(response) => response,
        Err(error) => {
            let found = shared::telemetry::chain(error);
            return CheckResult::fail(check, found, "Check that the stack still exists");
        }
    };
    match response.status {
        status if status == function.to_get && is_ours(response, status) => {
            CheckResult::pass(check, format!("responds with {status} to a GET"))
        }
        403 => CheckResult::fail(
            check,
            "403: AWS does not allow anyone to call it",
            "Deploy again and answer yes when SAM asks about functions without authorization; \
             lambda:InvokeFunctionUrl and lambda:InvokeFunction must both be allowed",
        ),
        429 => CheckResult::fail(
            check,
            "429: the function is throttled",
            "Raise the concurrency quota of the account, or the reserved concurrency of the function",
        ),
        status @ 500..=599 => CheckResult::fail(
            check,
            format!("{status}: the function does not start, or fails"),
            format!("Read its logs: sam logs --name {} --tail", resource(function)),
        ),
        status => CheckResult::fail(
            check,
            format!("responds with {status} to a GET, expected {}", function.to_get),
            format!("Check that this is the URL of {}", function.name),
        ),
    }
}

/// Any server can send a 405; the function also names the allowed methods.
fn is_ours(response: &Response, status: u16) -> bool {
    let allows = response.headers.get(ALLOW).and_then(|allow| allow.to_str().ok());
    status != 405 || allows.is_some_and(|allow| allow.contains(Method::POST.as_str()))
}

/// The function's name in `template.yaml`.
fn resource<'a>(function: &Function<'a>) -> &'a str {
    function.output.trim_end_matches("Url")
}

fn key_finding(check: &str, anonymous: &Answer, known: &Result<Answer, &str>) -> CheckResult {
    let status = |answer: &Answer| answer.as_ref().ok().map(|response| response.status);
    let known = match known {
        Ok(known) => status(known),
        Err(why) => return CheckResult::skipped(check, why),
    };
    match (status(anonymous), known) {
        (Some(401), Some(400)) => {
            CheckResult::pass(check, "the key is accepted, unauthenticated calls are rejected")
        }
        (_, Some(503)) | (Some(503), _) => CheckResult::fail(
            check,
            "503: the function has no usable key and cannot authenticate callers",
            "Put a key of at least 16 characters into the secret of the caller, and allow the role of \
             the function to read it",
        ),
        (_, Some(401)) => CheckResult::fail(
            check,
            "401: the function does not accept the key in the secret",
            "After a change, wait for SECRET_TTL_SECONDS (5 minutes) and try again. Otherwise check \
             that the secret belongs to this stack, and that WEBHOOK_API_KEY_NAME is the header name",
        ),
        (Some(400 | 200..=299), _) => CheckResult::fail(
            check,
            "an unauthenticated call was not rejected",
            "Check that this is the URL of the function",
        ),
        _ => CheckResult::unknown(check, "the response does not say", "Fix the URL first"),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::{
        super::Verdict::{Fail, Pass, Unknown},
        *,
    };

    fn answer(status: u16) -> Answer {
        answer_with(status, HeaderMap::new())
    }

    fn not_allowed(allow: &'static str) -> Answer {
        answer_with(405, HeaderMap::from_iter([(ALLOW, HeaderValue::from_static(allow))]))
    }

    #[expect(clippy::unnecessary_wraps, reason = "as a call comes back")]
    fn answer_with(status: u16, headers: HeaderMap) -> Answer {
        Ok(Response { status, headers, body: "".into() })
    }

    fn nobody() -> Answer {
        Err(shared::http::Error::NotWritten("no such host".into()))
    }

    fn function(to_get: u16) -> Function<'static> {
        Function { name: "f", output: "FUrl", url: None, to_get }
    }

    #[test]
    fn function_url_is_recognized_or_explained() {
        let table = [
            (405, not_allowed("POST"), Pass, "405"),
            (200, answer(200), Pass, "200"),
            (405, answer(405), Fail, "expected 405"),
            (405, not_allowed("GET"), Fail, "expected 405"),
            (405, answer(200), Fail, "expected 405"),
            (200, not_allowed("POST"), Fail, "expected 200"),
            (405, answer(403), Fail, "does not allow anyone"),
            (405, answer(429), Fail, "throttled"),
            (405, answer(502), Fail, "does not start"),
            (405, answer(404), Fail, "404"),
            (405, nobody(), Fail, "no such host"),
        ];
        for (to_get, answer, verdict, part) in table {
            let finding = url_finding("URL", &function(to_get), &answer);
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.found.contains(part), "{finding:?}");
        }
    }

    #[test]
    fn key_check_passes_only_if_unauthenticated_calls_are_rejected() {
        let table = [
            (answer(401), Ok(answer(400)), Pass, "is accepted"),
            (answer(401), Ok(answer(401)), Fail, "does not accept"),
            (answer(503), Ok(answer(503)), Fail, "no usable key and"),
            (answer(400), Ok(answer(400)), Fail, "not rejected"),
            (answer(200), Ok(answer(200)), Fail, "not rejected"),
            (answer(502), Ok(answer(502)), Unknown, "does not say"),
            (nobody(), Ok(nobody()), Unknown, "does not say"),
            (answer(401), Err("no usable key"), Unknown, "no usable key"),
        ];
        for (anonymous, known, verdict, part) in table {
            let finding = key_finding("key", &anonymous, &known);
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.found.contains(part), "{finding:?}");
        }
    }
}
