//! Creating and changing a contact by the API.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    Audience, By, Cause, Member, Status, What,
    body::{Verb, Wanted},
    member::{hash_of, timestamp},
    status::may_become,
};
use crate::mailchimp::answer::Problem;

/// A call about one contact.
pub(super) struct Write {
    pub(super) verb: Verb,
    pub(super) skips_validation: bool,
    pub(super) now: OffsetDateTime,
}

impl Write {
    fn cause(&self) -> Cause {
        Cause { by: By::Api, how: self.verb.word(), at: self.now }
    }
}

impl Audience {
    pub(super) fn post(&mut self, body: &Value, write: &Write) -> Result<Value, Problem> {
        let wanted = Wanted::read(body, Verb::Post)?;
        let address = required_address(&wanted)?;
        let status = wanted.status.ok_or_else(|| blank("status"))?;
        if self.member(&address).is_some() {
            return Err(member_exists(&address));
        }
        self.create(&address, status, wanted, write)
    }

    pub(super) fn put(&mut self, who: &str, body: &Value, write: &Write) -> Result<Value, Problem> {
        let wanted = Wanted::read(body, Verb::Put)?;
        let address = required_address(&wanted)?;
        if wanted.status.or(wanted.status_if_new).is_none() {
            return Err(blank("status_if_new"));
        }
        if let Some(number) = self.position(who) {
            return self.update(number, wanted, write);
        }
        if self.member(&address).is_some() {
            return Err(member_exists(&address));
        }
        let is_its_path = [hash_of(&address), address.to_lowercase()].contains(&who.to_lowercase());
        match wanted.status_if_new.or(wanted.status) {
            Some(status) if is_its_path => self.create(&address, status, wanted, write),
            _ => Err(Problem::not_found()),
        }
    }

    pub(super) fn patch(
        &mut self,
        who: &str,
        body: &Value,
        write: &Write,
    ) -> Result<Value, Problem> {
        let wanted = Wanted::read(body, Verb::Patch)?;
        match self.position(who) {
            Some(number) => self.update(number, wanted, write),
            None => Err(Problem::not_found()),
        }
    }

    fn create(
        &mut self,
        address: &str,
        status: Status,
        wanted: Wanted,
        write: &Write,
    ) -> Result<Value, Problem> {
        self.check_not_forgotten(address)?;
        self.check_address(address)?;
        self.check_known(&wanted)?;
        let merged = self.merged(None, &wanted.merge_fields, write.skips_validation)?;
        let number = self.add(address, write.now);
        self.members[number].merge_fields = merged;
        let tags = wanted.tags.clone();
        self.keep(number, wanted, write.now);
        for tag in tags {
            self.tag(number, &tag, true);
        }
        self.set_status(number, status, write.cause());
        Ok(self.shown(&self.members[number]))
    }

    fn update(&mut self, number: usize, wanted: Wanted, write: &Write) -> Result<Value, Problem> {
        let member = &self.members[number];
        let moves_to = wanted
            .address
            .clone()
            .filter(|address| address.to_lowercase() != member.address.to_lowercase());
        if let Some(address) = &moves_to {
            self.check_move(member, address)?;
        }
        if let Some(status) = wanted.status {
            self.check_status(member, status)?;
        }
        self.check_known(&wanted)?;
        let merged = self.merged(Some(member), &wanted.merge_fields, write.skips_validation)?;
        let (from, is_edited) = (member.status, merged != member.merge_fields);
        let cause = write.cause();
        self.members[number].merge_fields = merged;
        let status = wanted.status;
        self.keep(number, wanted, write.now);
        if let Some(address) = &moves_to {
            self.move_to(number, address, cause);
        } else if is_edited {
            self.report_profile(number, cause);
        }
        if let Some(status) = status.filter(|status| *status != from) {
            self.set_status(number, status, cause);
        }
        Ok(self.shown(&self.members[number]))
    }

    fn check_status(&self, member: &Member, wanted: Status) -> Result<(), Problem> {
        let address = &member.address;
        let by_themselves = self.unsubscribed_themselves(&member.contact_id);
        if !may_become(member.status, wanted, by_themselves, self.resubscribing) {
            let detail = format!(
                "{address} is in a compliance state due to unsubscribe, bounce, or compliance \
                 review and cannot be subscribed."
            );
            return Err(Problem::new(400, "Member In Compliance State", detail));
        }
        let signs_up = [Status::Subscribed, Status::Pending].contains(&wanted);
        if signs_up && member.status != wanted { self.check_address(address) } else { Ok(()) }
    }

    /// Groups and permissions have ids of their own in each audience.
    fn check_known(&self, wanted: &Wanted) -> Result<(), Problem> {
        if let Some(id) = wanted.interests.keys().find(|id| !self.interests.contains_key(*id)) {
            return Err(Problem::invalid("interests", format!("Invalid interest ID: \"{id}\".")));
        }
        let unknown = wanted.permissions.keys().find(|id| !self.permissions.contains_key(*id));
        match unknown {
            Some(id) => {
                let message = format!("Invalid marketing permission ID: \"{id}\".");
                Err(Problem::invalid("marketing_permissions", message))
            }
            None => Ok(()),
        }
    }

    /// Keeps what needs no check any more; what is not named stays as it is.
    fn keep(&mut self, number: usize, wanted: Wanted, now: OffsetDateTime) {
        let member = &mut self.members[number];
        member.details.extend(wanted.details);
        member.interests.extend(wanted.interests);
        member.permissions.extend(wanted.permissions);
        member.changed_at = now;
    }
}

impl Audience {
    /// Adds a contact without a state.
    pub(super) fn add(&mut self, address: &str, now: OffsetDateTime) -> usize {
        self.added += 1;
        self.members.push(Member::new(&self.id, self.added, address, now));
        self.members.len() - 1
    }

    /// Takes a contact to another state, mails what that state mails, and reports it.
    pub(super) fn set_status(&mut self, number: usize, status: Status, cause: Cause) {
        let member = &mut self.members[number];
        let from = member.is_settled.then_some(member.status);
        (member.status, member.is_settled, member.changed_at) = (status, true, cause.at);
        if status == Status::Subscribed {
            let at = json!(timestamp(cause.at));
            member.details.entry("timestamp_opt").or_insert(at);
        }
        self.note(number, What::Became(from, status), cause);
        if status == Status::Pending {
            self.note(number, What::ConfirmationMailed, cause);
        }
        self.report_change(number, from, cause);
    }

    /// Gives a contact another address, and reports it.
    pub(super) fn move_to(&mut self, number: usize, address: &str, cause: Cause) {
        let old = self.members[number].address.clone();
        address.clone_into(&mut self.members[number].address);
        self.members[number].changed_at = cause.at;
        self.report_move(number, &old, cause);
        self.note(number, What::MovedFrom(old), cause);
    }
}

fn required_address(wanted: &Wanted) -> Result<String, Problem> {
    wanted.address.clone().ok_or_else(|| blank("email_address"))
}

fn blank(field: &str) -> Problem {
    Problem::invalid(field, "This value should not be blank.")
}

fn member_exists(address: &str) -> Problem {
    let detail =
        format!("{address} is already a list member. Use PUT to insert or update list members.");
    Problem::new(400, "Member Exists", detail)
}
