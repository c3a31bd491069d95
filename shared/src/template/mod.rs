//! Jsonnet templates: the operator, not we, decides what is sent to a vendor.
//!
//! Only this module uses the evaluator. A template is prepared once and rendered on a thread of its
//! own, with a limit on time and stack.

mod engine;
mod fault;
mod given;
mod in_place;
mod input;
mod locate;
mod output;
mod source;
mod thread;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::time::timeout;

pub use engine::Trace;
pub use fault::{Place, TemplateFault};
pub use input::Input;
pub use source::Source;
use thread::Worker;

/// How long one rendering may take. Kratos allows its own templates the same.
pub const RENDER_TIMEOUT: Duration = Duration::from_secs(1);

/// A rendering without output.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RenderError {
    /// The template called `error "cancel…"`: this event is not wanted.
    #[error("cancelled by the template")]
    Cancelled,
    /// The template has a fault.
    #[error(transparent)]
    Fault(#[from] TemplateFault),
}

/// A top-level argument of a template: its name and value.
pub type Argument = (&'static str, Input);

/// Where templates are rendered.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Rendering {
    /// Each on its own thread, with a limit on time.
    #[default]
    OnItsThread,
    /// In the caller's thread, without a limit: for simulations, whose clock must not run
    /// meanwhile.
    InPlace,
}

/// A prepared template.
pub struct Template {
    source: Source,
    trace: Trace,
    state: State,
    overran: AtomicBool,
}

enum State {
    OnItsThread(Mutex<Arc<Worker>>),
    InPlace,
}

impl Template {
    /// Parses the template and makes it ready; `std.trace` is discarded.
    ///
    /// # Errors
    /// If it does not parse.
    pub fn prepare(source: Source) -> Result<Self, TemplateFault> {
        Self::prepare_tracing(source, Trace::default())
    }

    /// The same, keeping the output of `std.trace`.
    pub fn prepare_tracing(source: Source, trace: Trace) -> Result<Self, TemplateFault> {
        let template = Self::begin_tracing(Rendering::OnItsThread, source, trace);
        template.check()?;
        Ok(template)
    }

    /// Begins to prepare the template, to be rendered as `rendering` says. The caller can do other
    /// work before [`Self::check`]; so it is shared from the beginning.
    pub fn begin(rendering: Rendering, source: Source) -> Arc<Self> {
        Arc::new(Self::begin_tracing(rendering, source, Trace::default()))
    }

    fn begin_tracing(rendering: Rendering, source: Source, trace: Trace) -> Self {
        let state = match rendering {
            Rendering::OnItsThread => {
                let worker = Worker::start(source.clone(), trace.clone());
                State::OnItsThread(Mutex::new(Arc::new(worker)))
            }
            Rendering::InPlace => State::InPlace,
        };
        Self { source, trace, state, overran: AtomicBool::new(false) }
    }

    /// Waits until the template is ready.
    ///
    /// # Errors
    /// If it does not parse.
    pub fn check(&self) -> Result<(), TemplateFault> {
        match &self.state {
            State::OnItsThread(workers) => current(workers).check(),
            State::InPlace => in_place::prepare(&self.source).map(drop),
        }
    }

    /// Renders the template over its arguments.
    ///
    /// A rendering that exceeds its time is abandoned, with its thread: nothing can stop it. The
    /// next one gets a new thread.
    pub async fn render<I: Into<Input>>(
        &self,
        arguments: Vec<(&'static str, I)>,
    ) -> Result<Value, RenderError> {
        self.render_over(arguments.into_iter().map(|(name, input)| (name, input.into())).collect())
            .await
    }

    async fn render_over(&self, arguments: Vec<Argument>) -> Result<Value, RenderError> {
        let workers = match &self.state {
            State::OnItsThread(workers) => workers,
            State::InPlace => return in_place::render(&self.source, arguments),
        };
        let worker = current(workers).clone();
        match timeout(RENDER_TIMEOUT, worker.render(arguments)).await {
            Ok(Some(result)) => result,
            Ok(None) => {
                worker.check()?;
                self.replace(workers, &worker);
                Err(self.fault("the evaluator failed").into())
            }
            Err(_) => {
                self.overran.store(true, Ordering::Relaxed);
                self.replace(workers, &worker);
                Err(self.fault("timed out").into())
            }
        }
    }

    /// The name that faults show.
    pub fn name(&self) -> &str {
        self.source.name()
    }

    /// Whether a rendering was abandoned: its thread still uses the processor, so the process
    /// should end after its answer.
    pub fn overran(&self) -> bool {
        self.overran.load(Ordering::Relaxed)
    }

    fn replace(&self, workers: &Mutex<Arc<Worker>>, broken: &Arc<Worker>) {
        let mut worker = current(workers);
        if Arc::ptr_eq(&worker, broken) {
            *worker = Arc::new(Worker::start(self.source.clone(), self.trace.clone()));
        }
    }

    fn fault(&self, kind: &'static str) -> TemplateFault {
        TemplateFault::new(self.source.name(), kind)
    }
}

fn current(workers: &Mutex<Arc<Worker>>) -> MutexGuard<'_, Arc<Worker>> {
    workers.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(code: &str) -> Template {
        Template::prepare(Source::shipped("test.jsonnet", code)).unwrap()
    }

    async fn render(code: &str, ctx: Value) -> Result<Value, RenderError> {
        template(code).render(vec![("ctx", ctx)]).await
    }

    async fn fault(code: &str) -> TemplateFault {
        match render(code, json!({"secret": "hunter2"})).await {
            Err(RenderError::Fault(fault)) => fault,
            other => panic!("{code}: {other:?}"),
        }
    }

    #[tokio::test]
    async fn values_round_trip_through_the_evaluator() {
        let ctx = json!({
            "int": 9_007_199_254_740_991_u64, "negative": -1, "float": 1.5, "minus": -1.5,
            "text": "ä \u{1F600} \"quoted\"\n", "null": null, "bool": true, "list": [1, [2], {}],
            "object": {"nested": {"deep": 0}}, "empty": {},
        });
        assert_eq!(render("function(ctx) ctx", ctx.clone()).await.unwrap(), ctx);
    }

    #[tokio::test]
    async fn integers_stay_integers() {
        let result = render("function(ctx) ctx { n: ctx.n + 1 }", json!({"n": 41})).await.unwrap();
        assert_eq!(result.to_string(), r#"{"n":42}"#);
    }

    /// As in every Jsonnet, Ory's included: ids are texts.
    #[tokio::test]
    async fn number_is_a_double() {
        let table = [
            ("9007199254740992", "9007199254740992"),
            ("9007199254740993", "9007199254740992"),
            ("-9007199254740993", "-9007199254740992"),
            ("18446744073709551615", "18446744073709552000"),
            ("123456789012345678901234567890", "123456789012345680000000000000"),
            ("0.1", "0.1"),
            ("5e-324", "5e-324"),
            ("1e308", "1e308"),
        ];
        for (given, rendered) in table {
            let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            let result = render("function(ctx) ctx.n", json!({"n": number(given)})).await.unwrap();
            assert_eq!(result.as_f64(), number(rendered).as_f64(), "{given}");
            assert_eq!(number(&result.to_string()), result, "{given}: {result} is read again");
        }
        assert!(serde_json::from_str::<Value>("1e309").is_err(), "it never gets here");
    }

    #[tokio::test]
    async fn cancel_is_detected_like_kratos() {
        for text in ["cancel", "cancelled: no consent", "cancel it"] {
            let code = format!("function(ctx) error \"{text}\"");
            assert!(
                matches!(render(&code, json!({})).await, Err(RenderError::Cancelled)),
                "{text}"
            );
            let nested = format!("function(ctx) {{ a: [{{ b: error \"{text}\" }}] }}");
            assert!(matches!(render(&nested, json!({})).await, Err(RenderError::Cancelled)));
        }
        for text in ["Cancel", "please cancel", ""] {
            let code = format!("function(ctx) error \"{text}\"");
            assert!(matches!(render(&code, json!({})).await, Err(RenderError::Fault(_))), "{text}");
        }
    }

    #[tokio::test]
    async fn only_an_error_statement_cancels() {
        let assertion = fault("function(ctx) assert false : 'cancel'; {}").await;
        assert_eq!(assertion.kind(), "assertion failed");
    }

    #[tokio::test]
    async fn template_fault_has_position_and_kind_and_redacts_values() {
        let table = [
            ("function(ctx) {\n  a: ctx.missing\n}", "no such field", 2),
            ("function(ctx)\n\n  error ctx.secret", "explicit error", 3),
            ("function(ctx) {\n a: ctx[ctx.secret] }", "no such field", 2),
            ("function(ctx) {\n a: 1 + std.parseInt(ctx.secret) }", "runtime error", 2),
            ("function(ctx) {\n a: ctx.secret.x }", "not indexable", 2),
            ("function(ctx) {\n assert ctx.secret == '' : ctx.secret }", "assertion failed", 2),
            ("function(ctx) local f(x) = 1 + f(x); f(1)", "stack overflow", 1),
            ("function(ctx) {\n a: import 'x' }", "import", 2),
            ("function(ctx) std.extVar('x')", "external variable", 1),
        ];
        for (code, kind, entry) in table {
            let fault = fault(code).await;
            assert_eq!(fault.kind(), kind, "{code}");
            let place = fault.place().unwrap_or_else(|| panic!("{code} has no place"));
            assert_eq!((fault.file(), place.line), ("test.jsonnet", entry), "{code}");
            for shown in [fault.to_string(), format!("{fault:?}")] {
                assert!(!shown.contains("hunter2"), "{shown}");
            }
        }
    }

    #[tokio::test]
    async fn invalid_template_is_not_prepared() {
        let table = [
            ("function(ctx) {", 1),
            ("function(ctx)\n  { a: undefined_name }", 2),
            ("function(ctx)\n  { a: 1,, }", 2),
        ];
        for (code, line) in table {
            let fault = Template::prepare(Source::shipped("t.jsonnet", code)).err().unwrap();
            assert_eq!(fault.place().map(|place| place.line), Some(line), "{code}: {fault}");
        }
    }

    #[tokio::test]
    async fn wrong_function_signature_is_a_template_fault() {
        fault("function(ctx, other) ctx").await;
        fault("function(context) { a: context }").await;
        fault("function(ctx) function(x) x").await;
    }

    #[tokio::test]
    async fn runaway_template_times_out_and_the_next_request_is_served() {
        let template = template(
            "function(ctx) if ctx.run then std.foldl(function(a, b) a + b, std.range(1, 1e9), 0)
             else { ok: true }",
        );
        let run = |run: bool| template.render(vec![("ctx", json!({"run": run}))]);
        assert_eq!(run(false).await.unwrap(), json!({"ok": true}));
        match run(true).await {
            Err(RenderError::Fault(fault)) => assert_eq!(fault.kind(), "timed out"),
            other => panic!("{other:?}"),
        }
        assert!(template.overran());
        assert_eq!(run(false).await.unwrap(), json!({"ok": true}));
    }

    #[tokio::test]
    async fn panicking_evaluator_is_replaced() {
        let code = "function(ctx) if ctx.go then '%.99999999999d' % 1 else 1";
        let template = template(code);
        let go = |go: bool| template.render(vec![("ctx", json!({"go": go}))]);
        match go(true).await {
            Err(RenderError::Fault(fault)) => assert_eq!(fault.kind(), "the evaluator failed"),
            other => panic!("{other:?}"),
        }
        assert_eq!(go(false).await.unwrap(), json!(1));
    }

    #[tokio::test]
    async fn traces_are_kept_only_if_requested() {
        let code = "function(ctx) std.trace('seen ' + ctx.x, {})";
        let trace = Trace::collecting();
        let source = Source::shipped("t.jsonnet", code);
        let tracing = Template::prepare_tracing(source, trace.clone()).unwrap();
        tracing.render(vec![("ctx", json!({"x": "y"}))]).await.unwrap();
        assert_eq!(trace.take(), ["seen y"]);
    }
}
