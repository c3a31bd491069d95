//! Every shipped template over every sample, in this process.

use std::process;

use ory_actions::{
    render::rendering::{Subject, argument},
    up::samples::SAMPLES,
};
use serde_json::Value;
use shared::template::{RenderError, Template};

use crate::curve::Curve;

/// Renders so many times.
pub(crate) async fn soak(times: u64) -> Curve {
    let cases = cases();
    let mut curve = Curve::of(process::id(), times);
    let mut rendered = 0;
    for (time, (template, ctx)) in (1..=times).zip(cases.iter().cycle()) {
        match template.render(vec![("ctx", ctx.clone())]).await {
            Ok(_) => rendered += 1,
            Err(RenderError::Cancelled) => {}
            Err(RenderError::Fault(fault)) => panic!("{fault}"),
        }
        curve.done(time);
    }
    assert!(rendered > times / 2, "only {rendered} came to anything");
    curve
}

/// The templates, each with what it is rendered over.
fn cases() -> Vec<(&'static Template, Value)> {
    let mut cases = Vec::new();
    let functions = [
        mandrill_welcome::NAME,
        segment_identify::NAME,
        mailchimp_inbound::NAME,
        mailchimp_subscribe::NAME,
    ];
    for name in functions {
        let subject = Subject::named(name).expect("one of ours");
        let shipped = subject.shipped_template().expect("each function ships one");
        let template = Template::prepare(shipped);
        let template: &_ = Box::leak(Box::new(template.expect("a shipped template parses")));
        let samples = SAMPLES.iter().filter(|sample| sample.function == name);
        let bodies = samples.filter_map(|sample| sample.event().ok()?.body().ok());
        let arguments = bodies.filter_map(|body| argument(subject, &body).ok());
        let before = cases.len();
        cases.extend(arguments.map(|argument| (template, argument)));
        assert!(cases.len() > before, "{name} has samples");
    }
    cases
}
