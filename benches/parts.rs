//! The parts of a request, without I/O: `cargo bench -p benchmark`.
#![expect(clippy::expect_used, reason = "a measurement that cannot go on is of no use")]

use std::{hint::black_box, sync::Arc};

use async_trait::async_trait;
use criterion::{Criterion, criterion_group, criterion_main};
use fakes::WEBHOOK_KEY;
use http::HeaderMap;
use integration::Event;
use mailchimp_inbound::form;
use mandrill_welcome::{Mail, SAMPLE_SENDER};
use ory_actions::up::samples::{SAMPLES, Sample};
use serde_json::{Value, json};
use shared::{
    clock::SystemClock,
    config::Environment,
    ctx::Ctx,
    function::{Function, Invocation},
    http::{Error, Http, Request, Response},
    idempotency::MemoryStore,
    key::FunctionArn,
    lambda::LAMBDA_TIMEOUT,
    queue::{MemoryQueue, Rules},
    secrets::MemorySecrets,
    settings::Ports,
    telemetry::Sink,
    template::{Rendering, Source, Template},
};
use time::OffsetDateTime;
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

const MANDRILL_KEY: &str = "the-mandrill-key";
const SENT: &[u8] = br#"[{"email":"ann@example.com","status":"sent","_id":"0123456789abcdef0123456789abcdef","reject_reason":null,"queued_reason":null}]"#;

/// A queue that nothing is received from.
const RULES: Rules = Rules { visibility_timeout: LAMBDA_TIMEOUT, max_receives: 1 };

/// A vendor that accepts every call at once.
struct Willing;

#[async_trait]
impl Http for Willing {
    async fn send(&self, request: Request) -> Result<Response, Error> {
        black_box(request);
        Ok(Response { status: 200, headers: HeaderMap::new(), body: SENT.into() })
    }
}

fn sample(file: &str) -> &'static Sample {
    SAMPLES.iter().find(|sample| sample.file == file).expect("it is there")
}

fn body(file: &str) -> Vec<u8> {
    sample(file).event().and_then(|event| event.body()).expect("a sample is an event")
}

fn ctx() -> Value {
    let body: Value = serde_json::from_slice(&body("registration.json")).expect("it is JSON");
    body["ctx"].clone()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime starts")
}

/// The function over ports without I/O. Its records are kept, so each event is a new one.
fn function() -> Arc<dyn Function> {
    let secrets = MemorySecrets::default();
    secrets.put("webhook", WEBHOOK_KEY);
    secrets.put("mandrill", MANDRILL_KEY);
    let ports = Ports {
        secrets: Arc::new(secrets),
        queues: Arc::new(|_| Arc::new(MemoryQueue::new(RULES, Arc::new(SystemClock)))),
        tables: Arc::new(|_| Arc::new(MemoryStore::default())),
        http: Arc::new(Willing),
        public_http: Arc::new(Willing),
        clock: Arc::new(SystemClock),
        event_log: Sink::Nowhere,
        rendering: Rendering::OnItsThread,
    };
    let env = Environment::of([
        ("WEBHOOK_SECRET_ID", "webhook"),
        ("MANDRILL_SECRET_ID", "mandrill"),
        ("FROM_EMAIL", SAMPLE_SENDER),
    ]);
    mandrill_welcome::build(&env, &ports).expect("its variables are set")
}

fn event(mut ctx: Value) -> Value {
    ctx["identity"]["id"] = Uuid::from_u128(fastrand::u128(..)).to_string().into();
    let trigger = Uuid::from_u128(fastrand::u128(..)).to_string();
    Event::of_ory(&ctx, &trigger).header("authorization", WEBHOOK_KEY).into()
}

fn envelope_to_reply(criterion: &mut Criterion) {
    let (runtime, function, ctx) = (runtime(), function(), ctx());
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:mandrill-welcome";
    let invocation = Invocation {
        arn: FunctionArn::new(arn),
        ends: OffsetDateTime::now_utc() + LAMBDA_TIMEOUT * 1_000,
    };
    criterion.bench_function("envelope to reply", |bencher| {
        bencher.iter_batched(
            || event(ctx.clone()).into(),
            |event| runtime.block_on(function.accept(event, &invocation)),
            criterion::BatchSize::SmallInput,
        );
    });
}

fn decoding(criterion: &mut Criterion) {
    let form = body("mailchimp-subscribe.json");
    criterion.bench_function("form", |bencher| bencher.iter(|| form::decode(black_box(&form))));
    let ctx = json!({ "ctx": ctx() }).to_string();
    criterion.bench_function("ctx decoded and sanitized", |bencher| {
        bencher.iter(|| Ctx::decode(black_box(ctx.as_bytes())).map(Ctx::sanitize));
    });
}

fn rendering(criterion: &mut Criterion) {
    let runtime = runtime();
    for source in [mandrill_welcome::shipped_template(), segment_identify::shipped_template()] {
        let name = format!("render {}", source.name());
        for (how, rendering) in
            [("on its thread", Rendering::OnItsThread), ("in place", Rendering::InPlace)]
        {
            let template = prepared(&source, rendering);
            let ctx = Ctx::decode(ctx().to_string().as_bytes()).expect("a ctx");
            let ctx = ctx.sanitize().for_template(&Mail::sample().for_shipped_template());
            criterion.bench_function(&format!("{name} {how}"), |bencher| {
                bencher.iter_batched(
                    || ctx.clone(),
                    |ctx| runtime.block_on(template.render(vec![("ctx", ctx)])),
                    criterion::BatchSize::SmallInput,
                );
            });
        }
    }
}

fn prepared(source: &Source, rendering: Rendering) -> Arc<Template> {
    let template = Template::begin(rendering, source.clone());
    template.check().expect("a shipped template parses");
    template
}

fn outcome(criterion: &mut Criterion) {
    let refused = br#"{"status":"error","code":-1,"name":"Invalid_Key","message":"no"}"#;
    for (what, status, body) in [("sent", 200, SENT), ("refused", 401, refused)] {
        let answer = Response { status, headers: HeaderMap::new(), body: body.into() };
        criterion.bench_function(&format!("outcome, {what}"), |bencher| {
            bencher.iter(|| mandrill_welcome::classify(black_box(&answer)));
        });
    }
}

criterion_group!(parts, envelope_to_reply, decoding, rendering, outcome);
criterion_main!(parts);
