//! What `mailchimp-subscribe` would do with an event: it depends on the contact in Mailchimp, so each
//! state of one is shown.

use mailchimp_subscribe::{
    consent::{Decision, Said, Status},
    preview::{Preview, preview},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::{
    ctx::SanitizedCtx,
    mailchimp::member_hash,
    template::{RenderError, Template},
};

use super::rendering::Shown;

/// The output of the template, the decision for each state of the contact, and the call for somebody
/// who is no contact yet.
pub(super) async fn contact(template: &Template, ctx: Value) -> Result<Vec<Shown>, RenderError> {
    let output = template.render(vec![("ctx", ctx.clone())]).await?;
    let mut shown = vec![Shown { to: Some("template output".to_owned()), body: output }];
    let Ok(event) = SanitizedCtx::deserialize(&ctx) else { return Ok(shown) };
    let single = preview(template, ctx.clone(), &event, false).await?;
    let double = preview(template, ctx, &event, true).await?;
    shown.push(Shown { to: Some("decision".to_owned()), body: decision(&single, &double) });
    shown.extend(single.created.map(put));
    Ok(shown)
}

fn decision(single: &Preview, double: &Preview) -> Value {
    let decisions = single.decisions.iter().zip(&double.decisions);
    let by_state = decisions.map(|((state, single), (_, double))| {
        let (one, other) = (words(*single), words(*double));
        let both = if one == other { one } else { format!("{one}; with double opt-in {other}") };
        (state.map_or("no contact", Status::word).to_owned(), both.into())
    });
    json!({
        "person_says": said(single.said),
        "address_verified": single.is_verified,
        "by_state_of_the_contact": by_state.collect::<Map<_, _>>(),
    })
}

fn said(said: Said) -> &'static str {
    match said {
        Said::Yes => "yes, just now: a fresh opt-in",
        Said::YesBefore => "yes, at some time before: no fresh opt-in",
        Said::Backfilled(_) => {
            "yes, at some time before: a backfill adds people who are no contacts"
        }
        Said::No => "no, just now: consent is withdrawn",
        Said::Nothing => "nothing about consent",
    }
}

fn words(decision: Decision) -> String {
    match decision {
        Decision::Create(status) | Decision::Set(status) => status.word().to_owned(),
        Decision::Revive => Status::Pending.word().to_owned(),
        Decision::Fields => "fields only".to_owned(),
        Decision::Nothing(reason) => format!("nothing: {reason}"),
        Decision::Bounces => "rejected: the address bounces".to_owned(),
    }
}

fn put(body: Map<String, Value>) -> Shown {
    let address = body.get("email_address").and_then(Value::as_str);
    let hash = member_hash(address.unwrap_or_default());
    let to = format!("PUT lists/LIST-ID/members/{hash}, if there is no contact");
    Shown { to: Some(to), body: Value::Object(body) }
}
