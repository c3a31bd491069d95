//! What a call to Ory or Segment must not be, whoever makes it.

use serde_json::Value;
use uuid::Uuid;

use crate::{judge::Wrong, network::Call, patch::is_allowed, world::World};

impl World {
    /// A patch is for a person whom its event may mean, where patches may be, and says what its
    /// event says.
    pub(crate) fn check_patch(&self, call: &Call) {
        let event = call.work.events[0];
        let planned = &self.plan.events[event];
        if let Some(mail) = &planned.mail {
            return self.check_mail_patch(call, planned, mail);
        }
        let Some(sent) = &planned.mailchimp else { return };
        let id = call.path.rsplit('/').next().unwrap_or_default();
        let of = format!("{} ({}), {id} by sandbox {}", planned.address, planned.key, call.sandbox);
        let person = self.plan.people.iter().position(|person| person.id.to_string() == id);
        if person.and_then(|person| self.weight(event, person)).is_none() {
            self.condemn(Wrong::SomebodyElse, format_args!("{of}"));
        }
        let operations: Vec<_> = call.body.as_array().into_iter().flatten().collect();
        if !operations.iter().all(|operation| is_allowed(operation)) {
            self.condemn(Wrong::Outside, format_args!("{of}: {}", call.body));
        }
        if operations.is_empty() {
            self.condemn(Wrong::Echo, format_args!("{of}"));
        }
        let mut said = operations.iter().filter_map(|operation| operation["value"].as_bool());
        if said.any(|said| Some(said) != sent.kind.consent()) {
            self.condemn(Wrong::Contrary, format_args!("{of}: {}", call.body));
        }
    }

    /// A patch that changed nothing, though nobody else wrote the identity since it was read.
    pub(crate) fn check_echo(&self, id: Uuid, call: &Call) {
        if !self.was_written_since(id, call.work.began) {
            self.condemn(Wrong::Echo, format_args!("{id}: {}", call.body));
        }
    }

    /// Nothing goes back to Mailchimp.
    pub(crate) fn check_spares_mailchimp(&self, event: &Value) {
        if event["integrations"]["MailChimp"] != false {
            self.condemn(Wrong::BackToMailchimp, format_args!("{event}"));
        }
    }
}
