//! What the function would do with an event, for each state of the contact, without a call: for the
//! operator who writes a template.

use serde_json::{Map, Value};
use shared::{
    backfill::is_run,
    ctx::SanitizedCtx,
    template::{RenderError, Template, TemplateFault},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    consent::{Decision, Rules, Said, Statement, Status},
    deliver::{before_the_change, is_verified},
    freshness::{Earlier, Flow, said},
    mailchimp::{Call, Contact},
    place::Place,
    record::ContactRecord,
    request::request,
    template_output::TemplateOutput,
    turn::Event,
};

/// What would be done.
pub struct Preview {
    /// What the person says.
    pub said: Said,
    /// Whether the address is verified.
    pub is_verified: bool,
    /// The contact of the address before (`None`: there is none), and what would be done.
    pub decisions: Vec<(Option<Status>, Decision)>,
    /// The address and the fields of the request that would make a contact, if there is none yet.
    pub created: Option<Map<String, Value>>,
}

/// What would be done with an event of somebody of whom nothing is known yet, with the default rules.
///
/// # Errors
/// The template cancels, or its output breaks a rule.
pub async fn preview(
    template: &Template,
    ctx: Value,
    event: &SanitizedCtx,
    double_opt_in: bool,
) -> Result<Preview, RenderError> {
    let output = output(template, ctx).await?;
    let flow = flow(template, event).await;
    let record = ContactRecord::default();
    let is_verified = is_verified(event.identity(), &output.address);
    let statement = Statement { said: said(flow, output.consent, &record), is_verified };
    let decide = |place: &Place| {
        let now = OffsetDateTime::now_utc();
        place.decide(statement, now, &record, Rules::default(), double_opt_in)
    };
    let states = [None].into_iter().chain(Status::ALL.map(Some));
    let decisions = states.map(|state| (state, decide(&place(state, is_verified)))).collect();
    let nobody = place(None, is_verified);
    let identity = event.identity()["id"].as_str().and_then(|id| Uuid::try_parse(id).ok());
    let identity = identity.unwrap_or_default();
    let created_at = OffsetDateTime::UNIX_EPOCH;
    let made = Event { identity, flow, output, is_verified, created_at };
    let created = match request(&nobody, decide(&nobody), &made) {
        Some(Call::Upsert(_, body)) => Some(body),
        _ => None,
    };
    Ok(Preview { said: statement.said, is_verified, decisions, created })
}

/// The contact of the address, in a state.
fn place(state: Option<Status>, is_verified: bool) -> Place {
    let (id, address, last_changed) = (None, None, None);
    let contact = state.map(|status| Contact { id, address, status, last_changed });
    Place::of_address(contact, is_verified)
}

async fn output(template: &Template, ctx: Value) -> Result<TemplateOutput, RenderError> {
    let fault = |rule| TemplateFault::new(template.name(), rule);
    match template.render(vec![("ctx", ctx)]).await? {
        Value::Object(rendered) => Ok(TemplateOutput::read(rendered).map_err(fault)?),
        _ => Err(fault("the template output is not an object").into()),
    }
}

async fn flow(template: &Template, event: &SanitizedCtx) -> Flow {
    let hook = event.hook();
    match hook.flow.as_deref() {
        Some("registration") => Flow::Registration,
        Some("verification") => Flow::Verification,
        Some("settings") => Flow::Settings(match before_the_change(event) {
            Some(ctx) => match output(template, ctx).await {
                Ok(output) => Earlier::Consent(output.consent),
                Err(_) => Earlier::Unknown,
            },
            None => Earlier::Unknown,
        }),
        Some(flow) if is_run(flow) => Flow::Run(hook.add_as),
        _ => Flow::Other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::{
        ctx::{Ctx, TemplateSettings},
        template::Rendering,
    };

    use super::*;
    use crate::{consent::WAITS, place::NOT_OWN, shipped_template};

    async fn of(flow: &str, is_verified: bool, consent: [Value; 2]) -> Preview {
        let [before, now] = consent;
        let traits =
            |consent| json!({"email": "ann@example.com", "consent": {"newsletter": consent}});
        let body = json!({
            "hook": {"flow": flow, "when": "after_save"},
            "identity": {
                "id": "00000000-0000-0000-0000-000000000007", "traits": traits(now),
                "verifiable_addresses": [{"value": "ann@example.com", "verified": is_verified}],
            },
            "session": {"identity": {"traits": traits(before)}},
        });
        let event = Ctx::decode(body.to_string().as_bytes()).unwrap().sanitize();
        let ctx = event.for_template(&TemplateSettings::default());
        let template = Template::begin(Rendering::InPlace, shipped_template());
        preview(&template, ctx, &event, false).await.unwrap()
    }

    #[tokio::test]
    async fn each_state_of_the_contact_has_its_decision() {
        let preview = of("registration", true, [json!(null), json!(true)]).await;
        assert_eq!((preview.said, preview.is_verified), (Said::Yes, true));
        let expected = [
            (None, Decision::Create(Status::Subscribed)),
            (Some(Status::Subscribed), Decision::Fields),
            (Some(Status::Pending), Decision::Fields),
            (Some(Status::Transactional), Decision::Set(Status::Subscribed)),
            (Some(Status::Unsubscribed), Decision::Set(Status::Pending)),
            (Some(Status::Cleaned), Decision::Bounces),
            (Some(Status::Archived), Decision::Revive),
        ];
        assert_eq!(preview.decisions, expected);
        let created = preview.created.unwrap();
        assert_eq!(created["status_if_new"], "subscribed");
        assert_eq!(created["merge_fields"]["ORY_ID"], "00000000-0000-0000-0000-000000000007");
    }

    #[tokio::test]
    async fn unverified_opt_in_waits_and_touches_no_contact() {
        let preview = of("registration", false, [json!(null), json!(true)]).await;
        assert_eq!(preview.decisions[0], (None, Decision::Nothing(WAITS)));
        assert_eq!(preview.decisions[1].1, Decision::Nothing(NOT_OWN));
        assert_eq!(preview.created, None);
    }

    #[tokio::test]
    async fn settings_are_compared_with_the_traits_before() {
        for (before, now, said) in [
            (json!(false), json!(true), Said::Yes),
            (json!(true), json!(true), Said::YesBefore),
            (json!(true), json!(false), Said::No),
            (json!(null), json!(false), Said::Nothing),
        ] {
            let preview = of("settings", true, [before.clone(), now.clone()]).await;
            assert_eq!(preview.said, said, "{before} {now}");
        }
    }
}
