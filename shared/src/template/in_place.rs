//! Rendering in the caller's own thread, each template prepared once per thread.

use std::{cell::RefCell, collections::HashMap, mem::ManuallyDrop, rc::Rc};

use serde_json::Value;

use super::{Argument, RenderError, Source, TemplateFault, Trace, engine::Engine};

thread_local! {
    /// Never dropped: at the end of a thread the evaluator's own store may already be gone.
    static PREPARED: ManuallyDrop<RefCell<HashMap<String, Rc<Engine>>>> = ManuallyDrop::default();
}

/// Parses the template, if this thread has not yet.
pub(super) fn prepare(source: &Source) -> Result<Rc<Engine>, TemplateFault> {
    PREPARED.with(|prepared| {
        let mut prepared = prepared.borrow_mut();
        if let Some(engine) = prepared.get(source.code()) {
            return Ok(engine.clone());
        }
        let engine = Rc::new(Engine::prepare(source, Trace::default())?);
        prepared.insert(source.code().to_owned(), engine.clone());
        Ok(engine)
    })
}

/// Renders the template.
pub(super) fn render(source: &Source, arguments: Vec<Argument>) -> Result<Value, RenderError> {
    let rendered = prepare(source)?.render(arguments);
    Engine::tidy();
    rendered
}
