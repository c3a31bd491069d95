//! The evaluator, jrsonnet. Only this file uses it, and `given`, `output` and `locate`, which
//! convert its input and output and read its errors.

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
};

use jrsonnet_evaluator::{
    Error, IStr, PreparedSnippet, State, Val, apply_tla, error::ErrorKind, function::CallLocation,
    rustc_hash::FxHashMap, tla::TlaArg, trace::PathResolver,
};
use jrsonnet_gcmodule::{Acyclic, collect_thread_cycles};
use jrsonnet_stdlib::{ContextInitializer, TracePrinter};
use serde_json::Value;

use super::{Argument, RenderError, Source, TemplateFault, given::given, locate, output::json};

/// Evaluation frames, as many as the evaluator of Kratos has, and within the thread's stack.
const MAX_FRAMES: usize = 500;

/// Kratos' rule: an `error` whose text starts with this cancels the webhook
/// (ory/kratos, `request/builder.go`).
const CANCEL: &str = "cancel";

/// Where `std.trace` goes: nowhere, or into a list for the template's author.
#[derive(Clone, Default)]
pub struct Trace(Option<Arc<Mutex<Vec<String>>>>);

impl Trace {
    /// Keeps what is traced.
    pub fn collecting() -> Self {
        Self(Some(Arc::default()))
    }

    /// What has been traced since the last call.
    pub fn take(&self) -> Vec<String> {
        let lines =
            self.0.as_ref().map(|lines| lines.lock().unwrap_or_else(PoisonError::into_inner));
        lines.map(|mut lines| std::mem::take(&mut *lines)).unwrap_or_default()
    }
}

#[derive(Acyclic)]
struct Printer(Trace);

impl TracePrinter for Printer {
    fn print_trace(&self, _at: CallLocation<'_>, text: IStr) {
        if let Some(lines) = &self.0.0 {
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_string());
        }
    }
}

/// One prepared template, bound to its thread.
pub(super) struct Engine {
    source: Source,
    state: State,
    snippet: PreparedSnippet,
    evaluated: Evaluated,
}

/// The value of the template's text, mostly a function. Jsonnet is pure, so one evaluation serves
/// all renderings, until one fails: a failed part would keep failing, though the next event may be
/// fine.
enum Evaluated {
    /// For an author who wants to see each trace of each rendering.
    Anew,
    Once(RefCell<Option<Val>>),
}

impl Engine {
    pub(super) fn prepare(source: &Source, trace: Trace) -> Result<Self, TemplateFault> {
        let evaluated =
            if trace.0.is_some() { Evaluated::Anew } else { Evaluated::Once(RefCell::default()) };
        let stdlib = ContextInitializer::new(PathResolver::FileName);
        stdlib.settings_mut().trace_printer = Rc::new(Printer(trace));
        let mut builder = State::builder();
        builder.context_initializer(stdlib);
        let state = builder.build();
        let snippet = {
            let _entered = state.enter();
            state
                .prepare_snippet(source.name(), source.code())
                .map_err(|error| fault(source, &error))?
        };
        Ok(Self { source: source.clone(), state, snippet, evaluated })
    }

    /// Frees what renderings have left behind: the evaluator's values are reference-counted, with
    /// cycles.
    pub(super) fn tidy() {
        collect_thread_cycles();
    }

    pub(super) fn render(&self, arguments: Vec<Argument>) -> Result<Value, RenderError> {
        let _entered = self.state.enter();
        let _limited = jrsonnet_evaluator::stack::limit_stack_depth(MAX_FRAMES);
        let output = self.output(&arguments).map_err(|error| {
            self.forget_evaluation();
            self.failure(&error)
        })?;
        Ok(output.ok_or_else(|| TemplateFault::new(self.source.name(), "its output is no JSON"))?)
    }

    /// `None` if it nests too deep.
    fn output(&self, arguments: &[Argument]) -> Result<Option<Value>, Error> {
        let mut values = FxHashMap::default();
        for (name, input) in arguments {
            values.insert(IStr::from(*name), TlaArg::Val(given(input)?));
        }
        // Fields are lazy: much of the template, a cancel too, runs only when the output is read.
        json(&apply(&values, self.evaluate()?)?)
    }

    fn evaluate(&self) -> Result<Val, Error> {
        let Evaluated::Once(kept) = &self.evaluated else {
            return self.state.evaluate_prepared_snippet(&self.snippet);
        };
        let mut kept = kept.borrow_mut();
        if let Some(template) = &*kept {
            return Ok(template.clone());
        }
        let template = self.state.evaluate_prepared_snippet(&self.snippet)?;
        Ok(kept.insert(template).clone())
    }

    fn forget_evaluation(&self) {
        if let Evaluated::Once(kept) = &self.evaluated {
            kept.take();
        }
    }

    fn failure(&self, error: &Error) -> RenderError {
        match error.error() {
            ErrorKind::RuntimeError(text)
                if is_error_statement(error) && text.starts_with(CANCEL) =>
            {
                RenderError::Cancelled
            }
            _ => fault(&self.source, error).into(),
        }
    }
}

/// Calls the template. The evaluator replaces `function(ctx) ctx` with a function of its own, which
/// has lost the name of its parameter.
fn apply(arguments: &FxHashMap<IStr, TlaArg>, template: Val) -> Result<Val, Error> {
    match (&template, arguments.values().next()) {
        (Val::Func(function), Some(only)) if function.is_identity() && arguments.len() == 1 => {
            only.evaluate_tailstrict()
        }
        _ => apply_tla(arguments, template),
    }
}

/// Distinguishes `error "…"` in a template from the same kind of error raised by the library.
fn is_error_statement(error: &Error) -> bool {
    error.trace().0.first().is_some_and(|frame| frame.desc == "error statement")
}

fn fault(source: &Source, error: &Error) -> TemplateFault {
    TemplateFault::new(source.name(), kind(error))
        .at(locate::place(source, error))
        .explained(explanation(error))
}

fn explanation(error: &Error) -> String {
    error.error().to_string()
}

/// A name for the kind of error, without values: the evaluator's own messages quote them.
fn kind(error: &Error) -> &'static str {
    match error.error() {
        ErrorKind::RuntimeError(_) if is_error_statement(error) => "explicit error",
        ErrorKind::RuntimeError(_) => "runtime error",
        ErrorKind::NoSuchField(..) => "no such field",
        ErrorKind::AssertionFailed(_) => "assertion failed",
        ErrorKind::StackOverflow => "stack overflow",
        ErrorKind::InfiniteRecursionDetected => "infinite recursion",
        ErrorKind::ArrayBoundsError(..) | ErrorKind::StringBoundsError(..) => "out of bounds",
        ErrorKind::DivisionByZero => "division by zero",
        ErrorKind::UndefinedExternalVariable(_) => "external variable",
        ErrorKind::ImportSyntaxError { .. } => "syntax error",
        ErrorKind::StaticAnalysisError(_) => "static error",
        ErrorKind::CantIndexInto(_)
        | ErrorKind::ValueIsNotIndexable(_)
        | ErrorKind::ValueIndexMustBeTypeGot(..)
        | ErrorKind::AttemptedIndexAnArrayWithString(_) => "not indexable",
        ErrorKind::OnlyFunctionsCanBeCalledGot(_)
        | ErrorKind::UnknownFunctionParameter(_)
        | ErrorKind::BindingParameterASecondTime(_)
        | ErrorKind::TooManyArgsFunctionHas(..)
        | ErrorKind::FunctionParameterNotBoundInCall(..) => "wrong call",
        ErrorKind::ImportFileNotFound(..)
        | ErrorKind::ResolvedFileNotFound(_)
        | ErrorKind::ImportIsADirectory(_)
        | ErrorKind::ImportNotSupported(..)
        | ErrorKind::CantImportFromVirtualFile => "import",
        ErrorKind::TypeMismatch(..)
        | ErrorKind::TypeError(_)
        | ErrorKind::FieldMustBeStringGot(_)
        | ErrorKind::UnaryOperatorDoesNotOperateOnType(..)
        | ErrorKind::BinaryOperatorDoesNotOperateOnValues(..) => "wrong type",
        _ => "evaluation error",
    }
}

#[cfg(test)]
mod tests {
    use jrsonnet_gcmodule::count_thread_tracked;
    use serde_json::json;

    use super::*;

    #[test]
    fn failed_values_are_reevaluated_in_the_next_rendering() {
        // `shared` may be asked for first where too few frames are left for it.
        let code = "local down(n, bottom) = if n == 0 then bottom else 0 + down(n - 1, bottom);
                    local shared = down(100, 3);
                    function(ctx) down(ctx.depth, shared)";
        let engine = Engine::prepare(&Source::shipped("t", code), Trace::default()).unwrap();
        let render = |depth: usize| engine.render(vec![("ctx", json!({"depth": depth}).into())]);
        assert!(render(MAX_FRAMES - 50).is_err());
        assert_eq!(render(1).unwrap(), json!(3));
    }

    #[test]
    fn thousand_renderings_leak_no_memory() {
        let code =
            "function(ctx) local o = { a: ctx.x, b: self.a, c: { d: $.b } }; o { e: super.b }";
        let engine = Engine::prepare(&Source::shipped("t", code), Trace::default()).unwrap();
        let render =
            || engine.render(vec![("ctx", json!({"x": ["some", {"nested": "value"}]}).into())]);
        render().unwrap();
        Engine::tidy();
        let after_one = count_thread_tracked();
        for _ in 0..1_000 {
            render().unwrap();
            Engine::tidy();
        }
        assert_eq!(count_thread_tracked(), after_one);
    }
}
