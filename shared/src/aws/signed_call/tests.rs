use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use aws_config::Region;
use aws_credential_types::Credentials;
use serde_json::{Value, json};

use super::*;
use crate::{http::Error, telemetry::chain};

/// What AWS does with one call.
#[derive(Clone, Copy)]
enum Aws {
    Answers(u16, &'static str),
    HangsUp,
    Hangs,
}

const DONE: Aws = Aws::Answers(200, r#"{"MessageId":"1"}"#);
const THROTTLED: Aws = Aws::Answers(400, r#"{"__type":"com.amazonaws.sqs#RequestThrottled"}"#);
const BROKEN: Aws = Aws::Answers(500, r#"{"__type":"InternalFailure"}"#);
const REFUSED: Aws = Aws::Answers(400, r#"{"__type":"ValidationException","message":"hunter2"}"#);

/// A client whose calls end as the script says, and that notes them.
#[derive(Default)]
struct Scripted {
    script: Mutex<VecDeque<Aws>>,
    calls: Mutex<Vec<(Request, Instant)>>,
}

#[async_trait]
impl Http for Scripted {
    async fn send(&self, request: Request) -> Result<Response, Error> {
        let next = self.script.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap();
        let timeout = request.timeout;
        self.calls.lock().unwrap().push((request, Instant::now()));
        match next {
            Aws::Answers(status, body) => {
                Ok(Response { status, headers: HeaderMap::new(), body: body.into() })
            }
            Aws::HangsUp => Err(Error::MaybeWritten("hung up".into())),
            Aws::Hangs => {
                sleep(timeout).await;
                Err(Error::MaybeWritten("timed out".into()))
            }
        }
    }
}

fn sdk() -> SdkConfig {
    let key = Credentials::new("AKIDEXAMPLE", "hunter2", Some("token".to_owned()), None, "test");
    SdkConfig::builder()
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(key))
        .build()
}

fn client(sdk: &SdkConfig, script: &[Aws]) -> (Arc<Scripted>, SignedCalls) {
    let http = Arc::new(Scripted {
        script: Mutex::new(script.iter().copied().collect()),
        ..Scripted::default()
    });
    (http.clone(), SignedCalls::new(sdk, http, &Service::SQS, None))
}

async fn send(client: &SignedCalls) -> Result<Value, CallError> {
    client.call("SendMessage", &json!({"MessageBody": "hello"})).await
}

/// What comes of the script, after how many calls.
async fn outcome(script: &[Aws]) -> (Result<Value, CallError>, usize) {
    let (http, client) = client(&sdk(), script);
    let outcome = send(&client).await;
    let calls = http.calls.lock().unwrap().len();
    (outcome, calls)
}

#[tokio::test(start_paused = true)]
async fn call_is_a_signed_post_of_json() {
    let (http, client) = client(&sdk(), &[DONE]);
    assert_eq!(send(&client).await.unwrap(), json!({"MessageId": "1"}));
    let (request, _) = http.calls.lock().unwrap().pop().unwrap();
    assert_eq!(request.method, Method::POST);
    assert_eq!(request.url.as_str(), "https://sqs.eu-central-1.amazonaws.com/");
    assert_eq!(request.headers["content-type"], "application/x-amz-json-1.0");
    assert_eq!(request.headers["x-amz-target"], "AmazonSQS.SendMessage");
    assert_eq!(request.headers["x-amz-security-token"], "token");
    assert_eq!(request.body, r#"{"MessageBody":"hello"}"#);
    let authorization = request.headers["authorization"].to_str().unwrap();
    let (credential, rest) = authorization.split_once(", ").unwrap();
    let day = &request.headers["x-amz-date"].to_str().unwrap()[..8];
    let scope = format!("{day}/eu-central-1/sqs/aws4_request");
    assert_eq!(credential, format!("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}"));
    let signed = "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,";
    assert!(rest.starts_with(signed), "{rest}");
}

#[tokio::test(start_paused = true)]
async fn secrets_manager_is_called_by_the_newer_protocol() {
    let (http, client) = client(&sdk(), &[DONE]);
    let client = SignedCalls { service: &Service::SECRETS_MANAGER, ..client };
    client.call::<Value>("GetSecretValue", &json!({"SecretId": "s"})).await.unwrap();
    let (request, _) = http.calls.lock().unwrap().pop().unwrap();
    assert_eq!(request.headers["content-type"], "application/x-amz-json-1.1");
    assert_eq!(request.headers["x-amz-target"], "secretsmanager.GetSecretValue");
    let authorization = request.headers["authorization"].to_str().unwrap();
    assert!(authorization.contains("/eu-central-1/secretsmanager/aws4_request"));
}

#[tokio::test(start_paused = true)]
async fn failure_that_may_pass_is_tried_once_more() {
    for passing in [THROTTLED, BROKEN, Aws::HangsUp, Aws::Answers(429, ""), Aws::Hangs] {
        let (outcome, calls) = outcome(&[passing, DONE]).await;
        assert!(outcome.is_ok() && calls == 2, "{outcome:?}");
        let (outcome, calls) = self::outcome(&[passing, passing, DONE]).await;
        assert!(outcome.is_err() && calls == 2, "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn definite_failure_is_not_tried_again() {
    for definite in [REFUSED, Aws::Answers(200, "<html>"), Aws::Answers(307, "")] {
        let (outcome, calls) = outcome(&[definite, DONE]).await;
        assert!(outcome.is_err() && calls == 1, "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn answer_without_a_body_is_an_empty_output() {
    let (outcome, _) = outcome(&[Aws::Answers(200, "")]).await;
    assert_eq!(outcome.unwrap(), json!({}));
}

#[tokio::test(start_paused = true)]
async fn attempt_takes_a_second_and_the_call_two() {
    let (http, client) = client(&sdk(), &[Aws::Hangs, Aws::Hangs, DONE]);
    let began = Instant::now();
    assert!(matches!(send(&client).await, Err(CallError::Unanswered(_))));
    assert!(began.elapsed() > ATTEMPT && began.elapsed() <= OPERATION, "{:?}", began.elapsed());
    let calls = http.calls.lock().unwrap();
    let [(first, _), (second, at)] = &calls[..] else { panic!("{} calls", calls.len()) };
    assert_eq!(first.timeout, ATTEMPT);
    assert_eq!(second.timeout + (*at - began), OPERATION);
}

#[tokio::test(start_paused = true)]
async fn pause_between_attempts_is_short() {
    let (_, client) = client(&sdk(), &[THROTTLED, DONE]);
    let began = Instant::now();
    send(&client).await.unwrap();
    assert!(!began.elapsed().is_zero() && began.elapsed() <= PAUSE + Duration::from_millis(1));
}

#[tokio::test(start_paused = true)]
async fn limits_are_those_of_the_configuration() {
    let long = Duration::from_secs(30);
    let times = TimeoutConfig::builder().operation_timeout(long).operation_attempt_timeout(long);
    let retries = RetryConfig::standard().with_max_attempts(1);
    let sdk = sdk().into_builder().timeout_config(times.build()).retry_config(retries).build();
    let (http, client) = client(&sdk, &[THROTTLED, DONE]);
    assert!(send(&client).await.is_err());
    let calls = http.calls.lock().unwrap();
    assert_eq!(calls.iter().map(|(request, _)| request.timeout).collect::<Vec<_>>(), [long]);
}

#[tokio::test(start_paused = true)]
async fn error_shows_the_status_and_the_name_only() {
    let lie = Aws::Answers(200, r#"{"MessageId":"hunter2""#);
    let quoting = Aws::Answers(400, r#"{"__type":"the name: hunter2","message":"hunter2"}"#);
    for (failing, shown) in [
        (REFUSED, "AWS answered 400: ValidationException"),
        (quoting, "AWS answered 400: unnamed"),
        (lie, "the answer of AWS cannot be read"),
    ] {
        let (outcome, _) = outcome(&[failing]).await;
        let error = outcome.unwrap_err();
        assert_eq!(chain(&error), shown);
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_credentials_or_a_region_nothing_is_called() {
    let mut nowhere = sdk().into_builder().endpoint_url("http://localhost:1");
    nowhere.set_region(None);
    for sdk in [
        SdkConfig::builder().region(Region::from_static("eu-central-1")).build(),
        nowhere.build(),
        SdkConfig::builder().build(),
    ] {
        let (http, client) = client(&sdk, &[]);
        assert!(matches!(send(&client).await, Err(CallError::Unsendable(_))));
        assert!(http.calls.lock().unwrap().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn trace_of_lambda_is_passed_on() {
    let (http, client) = client(&sdk(), &[DONE, DONE]);
    let in_lambda = |name: &str| match name {
        IN_LAMBDA => Some("mandrill-welcome".to_owned()),
        TRACE_VARIABLE => Some("Root=1-0-0;Sampled=1".to_owned()),
        _ => None,
    };
    let client = SignedCalls { variable: in_lambda, ..client };
    send(&client).await.unwrap();
    let client = SignedCalls { variable: |_| None, ..client };
    send(&client).await.unwrap();
    let calls = http.calls.lock().unwrap();
    let traces: Vec<_> = calls.iter().map(|(request, _)| request.headers.get(TRACE)).collect();
    assert_eq!(traces, [Some(&HeaderValue::from_static("Root=1-0-0;Sampled=1")), None]);
}
