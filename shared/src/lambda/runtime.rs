//! Starts a function and runs it.

use std::{process::ExitCode, sync::Arc, time::Duration};

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlResponse;
use futures_util::{FutureExt, future::BoxFuture};
use lambda_runtime::{
    Context, LambdaEvent, LambdaInvocation, Runtime,
    tower::{Layer, Service, service_fn},
};
use serde::Serialize;
use serde_json::Value;
use time::{OffsetDateTime, macros::datetime};

use super::StartError;
use crate::{
    aws::Aws,
    config::Environment,
    envelope::RawEvent,
    function::{Function, Invocation},
    http::Client,
    key::FunctionArn,
    queue,
    settings::Ports,
    telemetry::{LogLevel, Sink, chain, start_logging},
    version,
};

/// Lambda gives the end of an invocation as a time; cargo-lambda's emulator gives a constant, which
/// read as a time is in 1970.
const EMULATED: OffsetDateTime = datetime!(2000-01-01 00:00 UTC);

impl Invocation {
    /// What `context` says of a function that Lambda lets run for `timeout`.
    fn of(context: &Context, timeout: Duration) -> Self {
        let arn = FunctionArn::new(&context.invoked_function_arn);
        let deadline = OffsetDateTime::from(context.deadline());
        let ends = if deadline > EMULATED { deadline } else { OffsetDateTime::now_utc() + timeout };
        Self { arn, ends }
    }
}

/// The `main` of a function: builds it from the environment and serves until Lambda ends it.
/// `function_crate` is the crate whose diagnostics are logged, `CARGO_CRATE_NAME`; `timeout` is how
/// long Lambda lets the function run, as `template.yaml` has it.
pub async fn main<B>(function_crate: &str, timeout: Duration, build: B) -> ExitCode
where
    B: FnOnce(&Environment, &Ports) -> Result<Arc<dyn Function>, StartError>,
{
    let env = Environment::of_process();
    start_logging(LogLevel::from_env(&env).unwrap_or(LogLevel::Info), function_crate);
    log_version();
    match serve(&env, timeout, build).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = chain(&error), "the function did not start");
            ExitCode::FAILURE
        }
    }
}

/// Once per process, so that the log tells which release handled an event.
fn log_version() {
    let (version, commit) = (version::VERSION, version::commit());
    tracing::info!(version, commit, architecture = version::ARCHITECTURE, "start");
}

async fn serve<B>(env: &Environment, timeout: Duration, build: B) -> Result<(), StartError>
where
    B: FnOnce(&Environment, &Ports) -> Result<Arc<dyn Function>, StartError>,
{
    let client = Client::new()?;
    let aws = Aws::in_function(&client);
    let function = build(env, &Ports::on_aws(&aws, client, Sink::Stdout))?;
    env.required("AWS_LAMBDA_RUNTIME_API", "").map_err(|_| StartError::NotInLambda)?;
    function.warm().await?;
    let handler = service_fn({
        let function = function.clone();
        move |event: LambdaEvent<RawEvent>| {
            let function = function.clone();
            async move {
                let invocation = Invocation::of(&event.context, timeout);
                Ok::<_, lambda_runtime::Error>(answer(&*function, event.payload, &invocation).await)
            }
        }
    });
    let runtime = Runtime::new(handler).layer(EndLayer(function));
    // Waking the future that the scheduler blocks on costs a system call each time; waking a task
    // of its own costs none.
    match tokio::spawn(runtime.run()).await {
        Ok(ended) => ended.map_err(StartError::Runtime),
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}

/// The answer to Lambda.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Url(LambdaFunctionUrlResponse),
    Queue(Value),
}

/// One binary serves both: its URL and its queue.
async fn answer(function: &dyn Function, event: RawEvent, invocation: &Invocation) -> Answer {
    match queue::received(&event) {
        Some(received) => {
            Answer::Queue(queue::acknowledge(function.deliver(received, invocation).await))
        }
        None => Answer::Url(function.accept(event, invocation).await.into_lambda()),
    }
}

/// Ends the process after an answer, if the function asks for it. The runtime's service posts the
/// answer, so a layer around it is the first place where it is surely sent.
struct EndLayer(Arc<dyn Function>);

impl<S> Layer<S> for EndLayer {
    type Service = EndService<S>;

    fn layer(&self, inner: S) -> EndService<S> {
        EndService { inner, function: self.0.clone() }
    }
}

struct EndService<S> {
    inner: S,
    function: Arc<dyn Function>,
}

impl<S> Service<LambdaInvocation> for EndService<S>
where
    S: Service<LambdaInvocation, Response = ()>,
    S::Future: Send + 'static,
{
    type Response = ();
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<(), S::Error>>;

    fn poll_ready(
        &mut self,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let posted = self.inner.call(invocation);
        let function = self.function.clone();
        async move {
            let result = posted.await;
            if function.must_end() {
                tracing::warn!("a rendering was abandoned; exiting");
                std::process::exit(1);
            }
            result
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn emulated_deadline_is_the_timeout_of_the_function() {
        let timeout = Duration::from_mins(1);
        let mut context = Context::default();
        for emulated in [0, 600_000] {
            context.deadline = emulated;
            let left = Invocation::of(&context, timeout).ends - OffsetDateTime::now_utc();
            assert!((59..=60).contains(&left.whole_seconds()), "{emulated}: {left}");
        }
        let soon = SystemTime::now() + Duration::from_secs(7);
        let soon = soon.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        context.deadline = u64::try_from(soon.as_millis()).unwrap();
        let left = Invocation::of(&context, timeout).ends - OffsetDateTime::now_utc();
        assert!((6..=7).contains(&left.whole_seconds()), "{left}");
    }
}
