//! A function answers at its URL, turns strangers away and knows its caller. Nothing is sent that
//! it could take for an event.

use http::{HeaderMap, Method, header::ALLOW};
use shared::{config::Endpoint, http::Response};
use url::Url;

use super::{Finding, Reach, reach::Answer, told};

/// One of the functions.
pub(super) struct Function<'a> {
    pub(super) name: &'static str,
    /// The output that tells its URL.
    pub(super) output: &'static str,
    pub(super) url: Option<&'a str>,
    /// What a GET brings.
    pub(super) to_get: u16,
}

/// What tells a function who calls.
pub(super) struct Credentials {
    pub(super) query: Option<(&'static str, String)>,
    pub(super) headers: HeaderMap,
}

/// `credentials`, or why there are none.
pub(super) async fn check(
    function: &Function<'_>,
    credentials: Result<Credentials, &str>,
    reach: &Reach,
) -> Vec<Finding> {
    let (at_url, by_key) =
        (format!("{}: URL", function.name), format!("{}: caller's key", function.name));
    let Some(url) = function.url else {
        let found = format!("not looked at: no output {}", function.output);
        let mend = format!("Name it by {}", super::stack::flag(function.output));
        return vec![Finding::unsure(&at_url, found, mend)];
    };
    let Some(url) = Endpoint::parse(url).map(|url| url.join("")) else {
        return vec![told::unfit_url(&at_url, function.output)];
    };
    let known = async |credentials: &Credentials| {
        reach.post_nothing(with(&url, credentials), credentials.headers.clone()).await
    };
    let (got, stranger, known) = tokio::join!(
        reach.get(url.clone(), HeaderMap::new()),
        reach.post_nothing(url.clone(), HeaderMap::new()),
        async {
            match &credentials {
                Ok(credentials) => Ok(known(credentials).await),
                Err(why) => Err(*why),
            }
        },
    );
    vec![url_finding(&at_url, function, &got), key_finding(&by_key, &stranger, &known)]
}

fn with(url: &Url, credentials: &Credentials) -> Url {
    let mut url = url.clone();
    if let Some((name, value)) = &credentials.query {
        url.query_pairs_mut().append_pair(name, value);
    }
    url
}

fn url_finding(check: &str, function: &Function<'_>, answer: &Answer) -> Finding {
    let response = match answer {
        Ok(response) => response,
        Err(error) => {
            let found = shared::telemetry::chain(error);
            return Finding::mend(check, found, "Look whether the stack is still there");
        }
    };
    match response.status {
        status if status == function.to_get && is_ours(response, status) => {
            Finding::good(check, format!("answers {status} to a GET"))
        }
        403 => Finding::mend(
            check,
            "403: AWS lets nobody call it",
            "Deploy again and answer yes where SAM asks whether the function may lack \
             authorization; both lambda:InvokeFunctionUrl and lambda:InvokeFunction must be allowed",
        ),
        429 => Finding::mend(
            check,
            "429: it is throttled",
            "Raise the account's concurrency, or the function's reserved one",
        ),
        status @ 500..=599 => Finding::mend(
            check,
            format!("{status}: it does not start, or fails"),
            format!("Read its log: sam logs --name {} --tail", resource(function)),
        ),
        status => Finding::mend(
            check,
            format!("answers {status} to a GET, wanted {}", function.to_get),
            format!("Look whether this is the URL of {}", function.name),
        ),
    }
}

/// A 405 comes from anywhere; ours says what is allowed.
fn is_ours(response: &Response, status: u16) -> bool {
    let allows = response.headers.get(ALLOW).and_then(|allow| allow.to_str().ok());
    status != 405 || allows.is_some_and(|allow| allow.contains(Method::POST.as_str()))
}

/// The function's name in `template.yaml`.
fn resource<'a>(function: &Function<'a>) -> &'a str {
    function.output.trim_end_matches("Url")
}

fn key_finding(check: &str, stranger: &Answer, known: &Result<Answer, &str>) -> Finding {
    let status = |answer: &Answer| answer.as_ref().ok().map(|response| response.status);
    let known = match known {
        Ok(known) => status(known),
        Err(why) => return Finding::skipped(check, why),
    };
    match (status(stranger), known) {
        (Some(401), Some(400)) => Finding::good(check, "taken, and strangers are turned away"),
        (_, Some(503)) | (Some(503), _) => Finding::mend(
            check,
            "503: the function knows no key, and authenticates nobody",
            "Put a key of 16 characters or more into the caller's secret, and let the function's \
             role read it",
        ),
        (_, Some(401)) => Finding::mend(
            check,
            "401: the function wants another key than the secret's",
            "After a change wait for SECRET_TTL_SECONDS (5 minutes) and try again; else look \
             whether the secret is this stack's, and WEBHOOK_API_KEY_NAME the header's name",
        ),
        (Some(400 | 200..=299), _) => Finding::mend(
            check,
            "a stranger was not turned away",
            "Look whether this is the function's own URL",
        ),
        _ => Finding::unsure(check, "the function does not tell", "Mend its URL first"),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::{
        super::Verdict::{Good, Mend, Unsure},
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
            (405, not_allowed("POST"), Good, "405"),
            (200, answer(200), Good, "200"),
            (405, answer(405), Mend, "wanted 405"),
            (405, not_allowed("GET"), Mend, "wanted 405"),
            (405, answer(200), Mend, "wanted 405"),
            (200, not_allowed("POST"), Mend, "wanted 200"),
            (405, answer(403), Mend, "AWS lets nobody"),
            (405, answer(429), Mend, "throttled"),
            (405, answer(502), Mend, "does not start"),
            (405, answer(404), Mend, "404"),
            (405, nobody(), Mend, "no such host"),
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
            (answer(401), Ok(answer(400)), Good, "taken"),
            (answer(401), Ok(answer(401)), Mend, "another key"),
            (answer(503), Ok(answer(503)), Mend, "knows no key"),
            (answer(400), Ok(answer(400)), Mend, "a stranger"),
            (answer(200), Ok(answer(200)), Mend, "a stranger"),
            (answer(502), Ok(answer(502)), Unsure, "does not tell"),
            (nobody(), Ok(nobody()), Unsure, "does not tell"),
            (answer(401), Err("no usable key"), Unsure, "no usable key"),
        ];
        for (stranger, known, verdict, part) in table {
            let finding = key_finding("key", &stranger, &known);
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.found.contains(part), "{finding:?}");
        }
    }
}
