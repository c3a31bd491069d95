//! Deliver, for Mailchimp's events: render, claim, tell Segment, record.

use async_trait::async_trait;
use serde_json::{Value, json};
use shared::{
    budget::Budget,
    deliver::{
        self, Attempts, Channel, Deliver, Delivered, EventFacts, Ledger, Rendered, Unfit, Vendor,
        render,
    },
    key::{FunctionArn, WorkKey},
    message::Message,
    outcome::Outcome,
    secrets::Cached,
    segment::{Batch, Segment},
    template::{Argument, Template},
};

use crate::event::Event;

/// Segment's name for its Mailchimp destination, in this very case.
const MAILCHIMP_DESTINATION: &str = "MailChimp";

/// What becomes of Mailchimp's events.
pub(crate) struct Inbound {
    pub(crate) template: Template,
    /// Segment, where it is told.
    pub(crate) segment: Option<Channel<Segment>>,
    pub(crate) ledger: Ledger,
}

impl deliver::Event for Event {
    fn arguments(&self) -> Vec<Argument> {
        vec![("ctx", template_argument(self))]
    }
}

/// What a template is rendered over: the event, and the identity that it belongs to.
pub fn template_argument(event: &Event) -> Value {
    json!({"event": event, "identity": null})
}

#[async_trait]
impl Deliver<Event> for Inbound {
    async fn deliver(
        &self,
        message: &Message<Event>,
        arn: &FunctionArn,
        budget: &Budget,
        attempts: Attempts,
    ) -> Delivered {
        let (call, key) = match self.prepare(message, arn).await {
            Ok(prepared) => prepared,
            Err(outcome) => return outcome.into(),
        };
        match (&self.segment, call) {
            (Some(segment), Some(call)) => {
                segment.deliver(&call, Some((&self.ledger, &key)), budget, attempts).await
            }
            _ => Outcome::Skipped { reason: "nothing to do" }.into(),
        }
    }

    fn secrets(&self) -> Vec<&Cached> {
        self.segment.iter().map(|segment| segment.key.secret()).collect()
    }

    fn overran(&self) -> bool {
        self.template.overran()
    }
}

impl Inbound {
    async fn prepare(
        &self,
        message: &Message<Event>,
        arn: &FunctionArn,
    ) -> Result<(Option<Batch>, WorkKey), Outcome> {
        let (rendered, key) = render(&self.template, message).await?;
        let vendor_key = key.for_vendor(arn);
        let facts = EventFacts { vendor_key: &vendor_key, received_at: message.received_at };
        let call = self.segment_call(rendered, &facts);
        Ok((call.map_err(|unfit| unfit.outcome(&self.template))?, key))
    }

    fn segment_call(
        &self,
        mut rendered: Rendered,
        facts: &EventFacts<'_>,
    ) -> Result<Option<Batch>, Unfit> {
        if rendered.keys().any(|name| name != "ory" && name != "segment") {
            return Err(Unfit::Rule("the result holds more than `ory` and `segment`"));
        }
        match (rendered.remove("segment"), &self.segment) {
            (Some(Value::Object(call)), Some(segment)) => {
                segment.vendor.prepare(without_echo(call)?, facts).map(Some)
            }
            (None | Some(Value::Null | Value::Object(_)), _) => Ok(None),
            (Some(_), _) => Err(Unfit::Rule("`segment` is no object")),
        }
    }
}

/// What came from Mailchimp does not go back to it by way of Segment.
fn without_echo(mut call: Rendered) -> Result<Rendered, Unfit> {
    let integrations = call.entry("integrations").or_insert_with(|| json!({}));
    let integrations = integrations.as_object_mut();
    let integrations = integrations.ok_or(Unfit::Rule("`integrations` is no object"))?;
    integrations.insert(MAILCHIMP_DESTINATION.to_owned(), json!(false));
    Ok(call)
}
