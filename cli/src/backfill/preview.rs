//! What a run would do: who would be sent, and what the template makes of them. Nothing is sent.

use std::fmt::Write as _;

use mailchimp_subscribe::TemplateOutput;
use serde_json::Value;
use shared::{
    config::{ConfigError, Environment},
    ctx::{AddAs, TemplateSettings},
    ory::Identity,
    template::{RenderError, Source, Template, TemplateFault},
};

use super::{
    counts::{Counts, grouped},
    filter::Filter,
    going::NotDone,
    job::{Job, name},
    listing::{Listed, Listing},
    shown::Shown,
};
use crate::{
    output::wrapped,
    render::rendering::{Shown as Call, Subject, calls_of},
};

/// How many calls are shown.
const SHOWN: usize = 3;

/// The template of the function, and what it reads besides the event.
pub(super) struct Rendering {
    subject: Subject,
    template: Template,
    settings: TemplateSettings,
}

/// A template cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoRendering {
    #[error(transparent)]
    Fault(#[from] TemplateFault),
    #[error("the function's variable {0}")]
    Variable(#[from] ConfigError),
}

impl Rendering {
    /// Prepares the template, with the settings of the function.
    pub(super) fn prepare(
        subject: Subject,
        source: Source,
        env: &Environment,
    ) -> Result<Self, NoRendering> {
        let settings = match subject {
            Subject::Mandrill => mandrill_welcome::Mail::from_env(env)?.for_own_template(),
            _ => TemplateSettings::default(),
        };
        Ok(Self { subject, template: Template::prepare(source)?, settings })
    }

    /// Whether the function would add the person as a contact: consent is true, and the address is
    /// verified.
    fn is_opted_in(&self, output: Value, identity: &Value) -> bool {
        let (Subject::Subscribe, Value::Object(output)) = (self.subject, output) else {
            return false;
        };
        let Ok(output) = TemplateOutput::read(output) else { return false };
        let identity = Identity::read(identity.clone());
        let is_verified = identity.is_some_and(|identity| identity.has_verified(&output.address));
        output.consent == Some(true) && is_verified
    }
}

/// What a run would do.
#[derive(Default)]
pub(super) struct Preview {
    /// Who would be sent.
    pub(super) counts: Counts,
    /// How many the function would add as contacts.
    pub(super) opted_in: u64,
    cancelled: u64,
    faults: u64,
    /// The first identity for which the template fails.
    first_fault: Option<(String, TemplateFault)>,
    /// The first calls, with the data of people.
    calls: Vec<(String, Vec<Call>)>,
}

/// What a preview works with.
pub(super) struct Looking<'a> {
    pub(super) job: Job,
    pub(super) filter: &'a Filter,
    pub(super) listing: Listing,
    /// `None` if the template is not on this machine.
    pub(super) rendering: Option<&'a Rendering>,
    pub(super) max_message_bytes: usize,
}

impl Looking<'_> {
    /// Lists all identities, and renders the template over each that would be sent.
    pub(super) async fn at_all(mut self) -> Result<Preview, NotDone> {
        let mut preview = Preview::default();
        let mut shown = Shown::new(0, None);
        let mut token = None;
        loop {
            let waiting = |wait| shown.wait_for_ory(wait);
            let next = match self.listing.page(token.as_ref(), &waiting).await? {
                Listed::Page(page) => {
                    for identity in &page.identities {
                        self.at(identity, &mut preview, &shown).await?;
                    }
                    let last = page.identities.last().and_then(|last| last["id"].as_str());
                    shown.at(&preview.counts, last.and_then(|id| id.parse().ok()));
                    page.next
                }
                Listed::Unread(next) => {
                    preview.counts.listed += 1;
                    preview.counts.unfit += 1;
                    next
                }
            };
            token = Some(match next {
                Some(next) => next,
                None => return Ok(preview),
            });
        }
    }

    async fn at(
        &self,
        identity: &Value,
        preview: &mut Preview,
        shown: &Shown,
    ) -> Result<(), NotDone> {
        preview.counts.listed += 1;
        if let Some(why) = self.filter.leaves_out(identity).await? {
            preview.counts.leave_out(why);
        } else if let Err(unfit) = self.job.entry(identity, self.max_message_bytes) {
            preview.counts.unfit += 1;
            shown.name(name(identity), unfit);
        } else {
            preview.counts.sent += 1;
            self.render(identity, preview).await;
        }
        Ok(())
    }

    async fn render(&self, identity: &Value, preview: &mut Preview) {
        let (Some(rendering), Ok(message)) = (self.rendering, self.job.message(identity)) else {
            return;
        };
        let ctx = message.event.for_template(&rendering.settings);
        let id = || name(identity).to_owned();
        let rendered = if preview.calls.len() < SHOWN {
            let Rendering { subject, template, .. } = rendering;
            let calls = calls_of(*subject, template, ctx.clone(), message.received_at);
            calls.await.map(|calls| preview.calls.push((id(), calls)))
        } else {
            Ok(())
        };
        let rendered = match rendered {
            Ok(()) => rendering.template.render(vec![("ctx", ctx)]).await,
            Err(error) => Err(error),
        };
        match rendered {
            Ok(output) => {
                preview.opted_in += u64::from(rendering.is_opted_in(output, identity));
            }
            Err(RenderError::Cancelled) => preview.cancelled += 1,
            Err(RenderError::Fault(fault)) => {
                preview.faults += 1;
                preview.first_fault.get_or_insert_with(|| (id(), fault));
            }
        }
    }
}

/// How many people the flags of `backfill` would add.
pub(super) fn added(add_as: AddAs, opted_in: u64) -> String {
    let people = match opted_in {
        1 => "1 person".to_owned(),
        several => format!("{} people", grouped(several)),
    };
    match add_as {
        AddAs::Subscribed => {
            format!("{people} would be added as subscribed if they are no contacts yet")
        }
        AddAs::Pending => format!(
            "{people} would be added as pending if they are no contacts yet: Mailchimp would ask each \
             by mail"
        ),
    }
}

impl Preview {
    /// In the words of a person, without data of people.
    pub(super) fn described(&self, job: &Job, rendering: Option<&Rendering>) -> String {
        let Counts { listed, sent, .. } = self.counts;
        let mut text =
            format!("{} of {} identities would be sent.", grouped(sent), grouped(listed));
        let mut add = |count: u64, what: &str| {
            let label = format!("{:>11} ", grouped(count));
            let _ = write!(text, "\n{}", wrapped(&label, what));
        };
        for (count, reason) in self.counts.reasons() {
            add(count, reason);
        }
        if self.cancelled > 0 {
            add(self.cancelled, "would be sent, and the template cancels them");
        }
        if let Some((id, fault)) = &self.first_fault {
            let what = format!("would be sent, and the template fails: {fault}; first for {id}");
            add(self.faults, &what);
        }
        match rendering.map(|rendering| rendering.subject) {
            None => text += "\nThe template is not on this machine, so nothing was rendered.",
            Some(Subject::Subscribe) => {
                let added = match job.add_as {
                    Some(add_as) => added(add_as, self.opted_in),
                    None => format!(
                        "{} have consent and a verified address. Those of them who are no contacts \
                         yet are not added without --consent-in-ory-is-proof or --confirm",
                        grouped(self.opted_in)
                    ),
                };
                let _ = write!(text, "\n{}.", wrapped("", &added));
            }
            Some(_) => {}
        }
        text
    }

    /// The first calls, as the vendor would get them, with the data of people.
    pub(super) fn calls(&self) -> String {
        let mut text = String::new();
        for (id, calls) in &self.calls {
            let _ = write!(text, "\nidentity {id}");
            for call in calls {
                let to = call.to.as_deref().unwrap_or_default();
                let _ = write!(text, "\n{to}\n{:#}", call.body);
            }
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::{backfill::Run, template::Source};

    use super::*;

    const JOB: Job = Job { function: "mailchimp-subscribe", run: Run::Backfill, add_as: None };

    #[test]
    fn people_with_consent_and_a_verified_address_are_opted_in() {
        let source = Source::shipped("t.jsonnet", "function(ctx) ctx");
        let env = Environment::default();
        let rendering = Rendering::prepare(Subject::Subscribe, source, &env).unwrap();
        let identity = json!({
            "id": "0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10",
            "verifiable_addresses": [
                {"value": "ann@example.com", "verified": true},
                {"value": "ben@example.com", "verified": false},
            ],
        });
        let table = [
            ("ann@example.com", json!(true), true),
            ("ben@example.com", json!(true), false),
            ("eve@example.com", json!(true), false),
            ("ann@example.com", json!(false), false),
            ("ann@example.com", json!(null), false),
            ("ann", json!(true), false),
        ];
        for (address, consent, expected) in table {
            let output = json!({"member": {"email_address": address}, "consent": consent});
            let is_opted_in = rendering.is_opted_in(output.clone(), &identity);
            assert_eq!(is_opted_in, expected, "{output}");
        }
    }

    #[test]
    fn counts_are_told_by_reason() {
        let counts = Counts { listed: 1300, sent: 1234, other_schema: 66, ..Counts::default() };
        let fault = TemplateFault::new("t.jsonnet", "timed out");
        let preview = Preview {
            counts,
            cancelled: 5,
            faults: 2,
            first_fault: Some(("ID".to_owned(), fault)),
            ..Preview::default()
        };
        let expected = "\
1,234 of 1,300 identities would be sent. \
66 of another schema \
5 would be sent, and the template cancels them \
2 would be sent, and the template fails: template fault: t.jsonnet: timed out; first for ID \
The template is not on this machine, so nothing was rendered.";
        let described = preview.described(&JOB, None);
        // Lines are as long as the terminal is wide.
        let words: Vec<_> = described.split_whitespace().collect();
        assert_eq!(words.join(" "), expected);
        assert!(described.contains("\n         66 of another schema\n"), "{described}");
    }

    #[test]
    fn number_of_people_who_would_be_added_is_told() {
        let one = "1 person would be added as subscribed if they are no contacts yet";
        assert_eq!(added(AddAs::Subscribed, 1), one);
        let asked = "1,000 people would be added as pending if they are no contacts yet: Mailchimp \
                     would ask each by mail";
        assert_eq!(added(AddAs::Pending, 1000), asked);
    }
}
