//! What a vendor would receive for an event, or where the template fails: the template output is
//! checked and completed as the function does it.

use fakes::ory::person;
use mailchimp_inbound::{
    event::{self, Decoded},
    form,
};
use mandrill_inbound::{
    event::{Events, read},
    form::Form,
};
use mandrill_welcome::Mail;
use relay::{Shipped, preview::preview};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{
    ctx::{Ctx, CtxError, SanitizedCtx, TemplateSettings},
    deliver::{EventFacts, InvalidOutput, Rendered},
    inbound::{PatchPaths, PersonEvent, TemplateOutput, template_argument},
    message::QueuedEvent,
    segment,
    template::{RenderError, Source, Template, TemplateFault, Trace},
};
use time::OffsetDateTime;

use super::subscribe;

/// A placeholder for the idempotency key of the event.
const SHOWN_IDEMPOTENCY_KEY: &str = "00000000000000000000000000000000";

/// The identity that an event of a vendor is rendered with.
const SOMEBODY: &str = "00000000-1111-4111-8111-000000000000";

/// The function whose template is rendered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Subject {
    /// `mandrill-welcome`.
    Mandrill,
    /// `segment-identify`.
    Segment,
    /// `mailchimp-inbound`.
    Mailchimp,
    /// `mailchimp-subscribe`.
    Subscribe,
    /// `mandrill-inbound`.
    MandrillInbound,
    /// `relay` with a preset.
    Relay(&'static Shipped),
    /// No function: the template output is shown unchanged.
    File,
}

impl Subject {
    /// The functions, by their names.
    pub const ALL: [(&str, Self); 5] = [
        (mandrill_welcome::NAME, Self::Mandrill),
        (segment_identify::NAME, Self::Segment),
        (mailchimp_inbound::NAME, Self::Mailchimp),
        (mailchimp_subscribe::NAME, Self::Subscribe),
        (mandrill_inbound::NAME, Self::MandrillInbound),
    ];

    /// The function of this name, if there is one; a relay is named by its preset, too:
    /// `relay:hubspot`, or `relay-hubspot` as the local stack has it.
    pub fn named(function: &str) -> Option<Self> {
        if let Some((relay::NAME, preset)) = function.split_once([':', '-']) {
            return Shipped::named(preset).map(Self::Relay);
        }
        Self::ALL.iter().find(|(name, _)| *name == function).map(|(_, subject)| *subject)
    }

    /// The template that comes with the function.
    pub fn shipped_template(self) -> Option<Source> {
        match self {
            Self::Mandrill => Some(mandrill_welcome::shipped_template()),
            Self::Segment => Some(segment_identify::shipped_template()),
            Self::Mailchimp => Some(mailchimp_inbound::shipped_template()),
            Self::Subscribe => Some(mailchimp_subscribe::shipped_template()),
            Self::MandrillInbound => Some(mandrill_inbound::shipped_template()),
            Self::Relay(shipped) => Some(shipped.source()),
            Self::File => None,
        }
    }

    /// What the templates of its function read besides an Ory event. A template file may belong to
    /// any function.
    fn template_settings(self) -> TemplateSettings {
        match self {
            Self::Mandrill | Self::File => Mail::sample().for_shipped_template(),
            Self::Segment
            | Self::Mailchimp
            | Self::Subscribe
            | Self::MandrillInbound
            | Self::Relay(_) => TemplateSettings::default(),
        }
    }
}

/// An event over which no template can be rendered.
#[derive(Debug, thiserror::Error)]
pub enum NothingToRender {
    /// It is not an event.
    #[error("{0}; it is not a form of Mailchimp or Mandrill either")]
    Unreadable(#[source] CtxError),
    /// It is a Mailchimp event of an unknown type.
    #[error("events of type {0} are skipped")]
    Skipped(String),
    /// They are events of Mandrill, none of which the function stores.
    #[error("the function skips every event in it")]
    NothingStored,
}

/// The arguments of a template: one for most bodies, one for each event in a form of Mandrill.
pub fn arguments(subject: Subject, body: &[u8]) -> Result<Vec<Value>, NothingToRender> {
    let Some(Events { stored, .. }) = of_mandrill(body) else {
        return argument(subject, body).map(|argument| vec![argument]);
    };
    let with_somebody = stored.iter().map(with_somebody);
    let arguments: Vec<_> = with_somebody.collect();
    if arguments.is_empty() { Err(NothingToRender::NothingStored) } else { Ok(arguments) }
}

/// The events in a form of Mandrill; `None` for any other body.
pub(crate) fn of_mandrill(body: &[u8]) -> Option<Events> {
    read(Form::decode(body).ok()?.events()?).ok()
}

/// The argument for an event, with an identity that has its address.
pub(crate) fn with_somebody(event: &impl PersonEvent) -> Value {
    let somebody = event.address().map(|address| person(SOMEBODY, address));
    template_argument(event, somebody.as_ref())
}

/// The argument of a template: Ory's sanitized ctx, or Mailchimp's typed event with an identity.
pub fn argument(subject: Subject, body: &[u8]) -> Result<Value, NothingToRender> {
    match Ctx::decode(body) {
        Ok(ctx) => Ok(ctx.sanitize().for_template(&subject.template_settings())),
        Err(not_ory) => match form::decode(body).map(|form| event::read(&form)) {
            Ok(Ok(Decoded::Event(event))) => Ok(with_somebody(&event)),
            Ok(Ok(Decoded::Unknown { kind })) => Err(NothingToRender::Skipped(kind)),
            _ => Err(NothingToRender::Unreadable(not_ory)),
        },
    }
}

/// A call: its destination and its body.
#[derive(Debug, PartialEq, Serialize)]
pub struct Shown {
    /// The method and the path, or what it is; none if the template belongs to no function.
    pub to: Option<String>,
    /// The body.
    pub body: Value,
}

/// Renders a template over its argument, into the calls that its function would make.
pub async fn calls(
    subject: Subject,
    source: &Source,
    ctx: Value,
    trace: Trace,
) -> Result<Vec<Shown>, RenderError> {
    let template = Template::prepare_tracing(source.clone(), trace)?;
    calls_of(subject, &template, ctx, OffsetDateTime::now_utc()).await
}

/// The same with a prepared template, for an event of this time.
pub async fn calls_of(
    subject: Subject,
    template: &Template,
    ctx: Value,
    received_at: OffsetDateTime,
) -> Result<Vec<Shown>, RenderError> {
    if subject == Subject::Subscribe {
        return subscribe::contact(template, ctx).await;
    }
    if let Subject::Relay(shipped) = subject {
        return Ok(vec![relay_call(shipped, template, ctx).await?]);
    }
    let identity_id = identity_id(&ctx);
    let result = template.render(vec![("ctx", ctx)]).await?;
    let facts = event_facts(identity_id.as_deref(), received_at);
    complete(subject, result, &facts).map_err(|unfit| match unfit {
        InvalidOutput::Rule(rule) | InvalidOutput::Blocked(rule) => {
            TemplateFault::new(template.name(), rule).into()
        }
    })
}

async fn relay_call(
    shipped: &Shipped,
    template: &Template,
    ctx: Value,
) -> Result<Shown, RenderError> {
    let unusable = |_| TemplateFault::new(shipped.name, "the preset cannot be used");
    let preview = preview(&shipped.preset().map_err(unusable)?, template, ctx).await?;
    Ok(Shown { to: Some(preview.to), body: preview.body })
}

/// The id that the function would add next to the key.
fn identity_id(ctx: &Value) -> Option<String> {
    let event = SanitizedCtx::deserialize(ctx).ok()?;
    event.identity_id().map(str::to_owned)
}

fn complete(
    subject: Subject,
    result: Value,
    facts: &EventFacts<'_>,
) -> Result<Vec<Shown>, InvalidOutput> {
    if matches!(subject, Subject::File) {
        return Ok(vec![Shown { to: None, body: result }]);
    }
    let Value::Object(mut result) = result else {
        return Err(InvalidOutput::Rule("the template output is not an object"));
    };
    result.remove("idempotency_key");
    match subject {
        Subject::Mandrill => Ok(vec![to_mandrill(result, facts)?]),
        Subject::Mailchimp => to_ory_and_segment(
            result,
            facts,
            mailchimp_inbound::PATCH_PATHS,
            mailchimp_inbound::NAME,
        ),
        Subject::MandrillInbound => {
            to_ory_and_segment(result, facts, mandrill_inbound::PATCH_PATHS, mandrill_inbound::NAME)
        }
        Subject::Segment | Subject::Subscribe | Subject::Relay(_) | Subject::File => {
            Ok(vec![to_segment(result, facts, segment_identify::NAME)?])
        }
    }
}

fn event_facts(identity_id: Option<&str>, received_at: OffsetDateTime) -> EventFacts<'_> {
    EventFacts { idempotency_key: SHOWN_IDEMPOTENCY_KEY, identity_id, received_at }
}

fn to_mandrill(result: Rendered, facts: &EventFacts<'_>) -> Result<Shown, InvalidOutput> {
    let call = mandrill_welcome::Call::prepare(result, facts).map_err(InvalidOutput::Rule)?;
    Ok(Shown { to: Some(format!("POST {}", call.method)), body: Value::Object(call.body) })
}

fn to_segment(
    result: Rendered,
    facts: &EventFacts<'_>,
    library: &str,
) -> Result<Shown, InvalidOutput> {
    let call = segment::Call::prepare(result, facts, library)?;
    Ok(Shown { to: Some(format!("POST {}", call.kind.path())), body: Value::Object(call.body) })
}

/// Both parts of the template output for an event of a vendor, in the order in which they are sent.
fn to_ory_and_segment(
    result: Rendered,
    facts: &EventFacts<'_>,
    patch_paths: &str,
    function: &str,
) -> Result<Vec<Shown>, InvalidOutput> {
    let paths = PatchPaths::parse(patch_paths).unwrap_or_default();
    let result = TemplateOutput::of(result, &paths).map_err(InvalidOutput::Rule)?;
    let mut shown = Vec::new();
    if !result.patch.is_empty() {
        let to = Some(format!("PATCH admin/identities/{SOMEBODY}"));
        shown.push(Shown { to, body: json!(result.patch) });
    }
    if let Some(call) = result.segment.map_err(InvalidOutput::Rule)? {
        shown.push(to_segment(call, facts, function)?);
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::up::samples::SAMPLES;

    /// The output of the shipped template for a sample.
    async fn rendered(file: &str) -> Result<Vec<Shown>, RenderError> {
        let sample = SAMPLES.iter().find(|sample| sample.file == file).unwrap();
        let subject = Subject::named(sample.function).unwrap();
        let source = subject.shipped_template().unwrap();
        let ctx = argument(subject, &sample.event().unwrap().body().unwrap()).unwrap();
        calls(subject, &source, ctx, Trace::default()).await
    }

    #[tokio::test]
    async fn mailchimp_event_renders_the_patch_and_the_call() {
        let [patch, call] = &rendered("mailchimp-unsubscribe.json").await.unwrap()[..] else {
            panic!("not two calls");
        };
        assert_eq!(patch.to.as_deref(), Some(&*format!("PATCH admin/identities/{SOMEBODY}")));
        assert_eq!(patch.body[0]["path"], "/traits/consent/newsletter");
        assert_eq!(call.to.as_deref(), Some("POST identify"));
        assert_eq!(call.body["userId"], SOMEBODY);
        assert_eq!(call.body["integrations"]["MailChimp"], false);

        let patch_only = rendered("mailchimp-cleaned.json").await.unwrap();
        assert_eq!(patch_only.len(), 1);
        let cancelled = rendered("mailchimp-campaign.json").await;
        assert!(matches!(cancelled, Err(RenderError::Cancelled)));
    }

    #[tokio::test]
    async fn each_event_of_mandrill_renders_the_patch_and_the_call() {
        let subject = Subject::MandrillInbound;
        let source = subject.shipped_template().unwrap();
        let arguments = |file: &str| {
            let sample = SAMPLES.iter().find(|sample| sample.file == file).unwrap();
            arguments(subject, &sample.event().unwrap().body().unwrap())
        };
        let rendered =
            async |ctx: &Value| calls(subject, &source, ctx.clone(), Trace::default()).await;
        let [bounce] = &arguments("mandrill-hard-bounce.json").unwrap()[..] else { panic!() };
        let [patch, call] = &rendered(bounce).await.unwrap()[..] else { panic!("not two calls") };
        assert_eq!(patch.to.as_deref(), Some(&*format!("PATCH admin/identities/{SOMEBODY}")));
        assert_eq!(patch.body[0]["path"], "/metadata_public/mandrill/undeliverable");
        assert_eq!(call.body["traits"], json!({"emailUndeliverable": true}));
        assert_eq!(call.body["context"]["library"]["name"], "mandrill-inbound");

        let [bounce, send] = &arguments("mandrill-several.json").unwrap()[..] else { panic!() };
        assert_eq!(rendered(bounce).await.unwrap().len(), 2);
        assert!(matches!(rendered(send).await, Err(RenderError::Cancelled)));
        let none = arguments("mandrill-empty-test.json");
        assert!(matches!(none, Err(NothingToRender::NothingStored)), "{none:?}");
    }

    #[tokio::test]
    async fn event_renders_the_contact_and_what_is_decided_about_it() {
        let subject = Subject::Subscribe;
        let rendered = async |file: &str| {
            let sample = SAMPLES.iter().find(|sample| sample.file == file).unwrap();
            let ctx = argument(subject, &sample.event().unwrap().body().unwrap()).unwrap();
            let source = subject.shipped_template().unwrap();
            calls(subject, &source, ctx, Trace::default()).await.unwrap()
        };
        let [output, decided, put] = &rendered("verification-consent.json").await[..] else {
            panic!("not three parts");
        };
        assert_eq!(output.body["member"]["email_address"], "kim@example.com");
        assert_eq!(output.body["consent"], true);
        assert_eq!(decided.body["person_says"], "yes, just now: a fresh opt-in");
        assert_eq!(decided.body["address_verified"], true);
        let by_state = &decided.body["by_state_of_the_contact"];
        assert_eq!(by_state["no contact"], "subscribed; with double opt-in pending");
        assert_eq!(by_state["subscribed"], "fields only");
        assert_eq!(by_state["unsubscribed"], "pending");
        assert!(put.to.as_ref().unwrap().starts_with("PUT lists/LIST-ID/members/"));
        assert_eq!(put.body["status_if_new"], "subscribed");

        let [_, decided] = &rendered("registration-consent.json").await[..] else {
            panic!("a contact is made");
        };
        let waits = "nothing: the opt-in waits for the verification of the address";
        assert_eq!(decided.body["by_state_of_the_contact"]["no contact"], waits);
    }

    #[tokio::test]
    async fn relay_renders_the_call_of_its_preset_without_the_secret() {
        let subject = Subject::named("relay:hubspot").unwrap();
        let sample = SAMPLES.iter().find(|sample| sample.file == "registration.json").unwrap();
        let ctx = argument(subject, &sample.event().unwrap().body().unwrap()).unwrap();
        let source = subject.shipped_template().unwrap();
        let [call] = &calls(subject, &source, ctx, Trace::default()).await.unwrap()[..] else {
            panic!("not one call");
        };
        let url = "https://api.hubapi.com/crm/objects/2026-03/contacts/batch/upsert";
        assert_eq!(call.to.as_deref(), Some(&*format!("POST {url}")));
        assert_eq!(call.body["inputs"][0]["id"], "ann@example.com");
        assert_eq!(Subject::named("relay:fax"), None);
        assert_eq!(Subject::named("relay"), None);
    }

    #[tokio::test]
    async fn relay_renders_or_cancels_every_event_of_ory() {
        for shipped in relay::SHIPPED {
            let subject = Subject::named(&format!("relay:{}", shipped.name)).unwrap();
            for sample in SAMPLES.iter().filter(|it| it.function == segment_identify::NAME) {
                let ctx = argument(subject, &sample.event().unwrap().body().unwrap()).unwrap();
                let rendered = calls(subject, &shipped.source(), ctx, Trace::default()).await;
                let is_one = match &rendered {
                    Ok(calls) => calls.len() == 1,
                    Err(fault) => matches!(fault, RenderError::Cancelled),
                };
                assert!(is_one, "{} {}: {rendered:?}", shipped.name, sample.file);
            }
        }
    }

    #[tokio::test]
    async fn ory_event_renders_the_recipient_and_the_added_fields() {
        let [mail] = &rendered("registration.json").await.unwrap()[..] else { panic!("not one") };
        let message = &mail.body["message"];
        assert_eq!(message["to"][0]["email"], "ann@example.com");
        assert_eq!(message["from_email"], "welcome@example.com");
        let metadata = json!({
            "ory_key": SHOWN_IDEMPOTENCY_KEY, "ory_identity": "00000001-1111-4111-8111-000000000001",
        });
        assert_eq!(message["metadata"], metadata);
    }
}
