//! Checks a `REPLY_TEMPLATE`: one that fails stops sign-ups, and one that does not parse stops the
//! function.

use serde_json::{Value, json};
use shared::{
    ctx::{Ctx, SanitizedCtx},
    reply::Reply,
    template::{RenderError, Source, Template, TemplateFault},
};

use crate::{
    render::rendering::{Subject, argument},
    up::samples::{SAMPLES, Sample},
};

/// The fault with the first sample event that has one.
pub(super) async fn fault(
    subject: Subject,
    source: &Source,
) -> Option<(&'static str, TemplateFault)> {
    let template = match Template::prepare(source.clone()) {
        Ok(template) => template,
        Err(fault) => return Some((SAMPLES[0].file, fault)),
    };
    for sample in samples(subject) {
        let body = sample.event().and_then(|event| event.body()).unwrap_or_default();
        let event = Ctx::decode(&body).map(Ctx::sanitize);
        let (Ok(event), Ok(ctx)) = (event, argument(subject, &body)) else { continue };
        for outcome in outcomes(&event) {
            if let Err(fault) = reply(&template, &event, ctx.clone(), outcome).await {
                return Some((sample.file, fault));
            }
        }
    }
    None
}

/// Those of the function, also those before an identity is saved: replies are mostly for them.
fn samples(subject: Subject) -> impl Iterator<Item = &'static Sample> {
    let name = Subject::ALL.iter().find(|(_, one)| *one == subject).map_or("", |(name, _)| name);
    SAMPLES.iter().filter(move |sample| sample.function == name)
}

/// What a template can be told of the event, as in the answers of the function.
fn outcomes(event: &SanitizedCtx) -> Vec<Value> {
    let id = "00000000-0000-4000-8000-000000000000";
    let skipped = json!({"status": "skipped", "reason": "the identity is not saved yet"});
    if event.is_before_save() {
        return vec![skipped];
    }
    vec![
        skipped,
        json!({"status": "accepted", "id": id}),
        json!({"status": "delivered", "id": id, "vendor": {}}),
        json!({"status": "rejected", "id": id, "reason": "hard-bounce"}),
    ]
}

async fn reply(
    template: &Template,
    event: &SanitizedCtx,
    ctx: Value,
    outcome: Value,
) -> Result<(), TemplateFault> {
    match template.render(vec![("ctx", ctx), ("outcome", outcome)]).await {
        Ok(result) => match Reply::build(&result, event) {
            Ok(_) => Ok(()),
            Err(rule) => Err(TemplateFault::new(template.name(), rule.name())),
        },
        // It is answered as if nothing were to be said.
        Err(RenderError::Cancelled) => Ok(()),
        Err(RenderError::Fault(fault)) => Err(fault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn found(code: &str) -> Option<&'static str> {
        let source = Source::shipped("reply.jsonnet", code);
        fault(Subject::Mandrill, &source).await.map(|(event, _)| event)
    }

    #[tokio::test]
    async fn reply_that_breaks_a_rule_or_fails_is_found() {
        assert_eq!(found("function(ctx, outcome) null").await, None);
        assert!(found("function(ctx, outcome) {").await.is_some(), "does not parse");
        assert!(found("function(ctx, outcome) outcome.id").await.is_some(), "fails");
        assert!(found("function(ctx, outcome) { messages: [] }").await.is_some(), "no message");
        let of_logins = "function(ctx, outcome) if ctx.flow.id == ctx.missing then null";
        assert!(found(of_logins).await.is_some());
    }
}
