//! What people, admins and Mailchimp do, as opposed to the API.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::{Audience, By, Cause, Member, Status, member::hash_of};

/// What somebody does about a contact.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The person signs up in a form of Mailchimp's.
    SignsUp,
    /// The person clicks the link of the confirmation mail.
    Confirms,
    /// The person clicks the unsubscribe link of a campaign.
    Unsubscribes,
    /// The person reports a campaign as spam.
    Complains,
    /// The person changes the address in the preferences.
    Moves(String),
    /// The person changes merge fields in the preferences, where the public ones are shown.
    Edits(Map<String, Value>),
    /// Mailchimp cleans the address, which bounces.
    Bounces,
    /// Mailchimp cleans the address, whose owner complained.
    IsCleanedForAbuse,
    /// An admin changes merge fields.
    AdminEdits(Map<String, Value>),
    /// An admin unsubscribes the contact.
    AdminUnsubscribes,
    /// An admin archives the contact.
    AdminArchives,
    /// An admin deletes the contact permanently.
    AdminForgets,
}

/// Why somebody cannot do something.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CannotAct {
    /// There is no contact with this address.
    #[error("there is no contact with this address")]
    NoContact,
    /// There was no mail to click in, or nothing to do.
    #[error("the contact is {}", .0.word())]
    Status(Status),
    /// The address is another contact's.
    #[error("the address is another contact's")]
    AddressTaken,
}

impl Audience {
    /// Somebody does something about the contact with this address.
    pub fn act(&mut self, address: &str, act: Act, now: OffsetDateTime) -> Result<(), CannotAct> {
        let cause = |by, how| Cause { by, how, at: now };
        let by_person = |how| cause(By::Person, how);
        let by_admin = cause(By::Admin, "audience page");
        if act == Act::SignsUp {
            return self.sign_up(address, by_person("sign-up form"));
        }
        let number = self.position(address).ok_or(CannotAct::NoContact)?;
        let status = self.members[number].status;
        let may = |those: &[Status]| {
            if those.contains(&status) { Ok(()) } else { Err(CannotAct::Status(status)) }
        };
        match act {
            Act::SignsUp => {}
            Act::Confirms => {
                may(&[Status::Pending])?;
                self.set_status(number, Status::Subscribed, by_person("confirmation link"));
            }
            Act::Unsubscribes => {
                may(&[Status::Subscribed])?;
                self.set_status(number, Status::Unsubscribed, by_person("unsubscribe link"));
            }
            Act::Complains => {
                may(&[Status::Subscribed])?;
                self.set_status(number, Status::Unsubscribed, by_person("complaint"));
            }
            Act::Moves(to) => {
                may(&[Status::Subscribed])?;
                if self.member(&to).is_some() {
                    return Err(CannotAct::AddressTaken);
                }
                self.move_to(number, &to, by_person("preferences"));
            }
            Act::Edits(fields) => {
                let is_shown =
                    |tag: &String| self.merge_field(tag).is_some_and(|one| one.is_public);
                let fields = fields.into_iter().filter(|(tag, _)| is_shown(tag)).collect();
                self.edit(number, fields, by_person("preferences"));
            }
            Act::Bounces => {
                may(&[Status::Subscribed, Status::Pending, Status::Transactional])?;
                self.set_status(number, Status::Cleaned, cause(By::Mailchimp, "bounce"));
            }
            Act::IsCleanedForAbuse => {
                may(&[Status::Subscribed, Status::Unsubscribed])?;
                self.set_status(number, Status::Cleaned, cause(By::Mailchimp, "complaint"));
            }
            Act::AdminEdits(fields) => self.edit(number, fields, by_admin),
            Act::AdminUnsubscribes => {
                may(&[Status::Subscribed])?;
                self.set_status(number, Status::Unsubscribed, by_admin);
            }
            Act::AdminArchives => {
                may(&[Status::Subscribed, Status::Unsubscribed, Status::Transactional])?;
                self.set_status(number, Status::Archived, by_admin);
            }
            Act::AdminForgets => self.forget(number, by_admin),
        }
        Ok(())
    }

    /// Somebody does this just before the next call that may change something, after the caller
    /// has read. Acts queue up, all of them before the same call.
    pub fn before_next_write(&mut self, address: &str, act: Act) {
        self.before_write.push((address.to_owned(), act));
    }

    /// Whoever was to act before a write does; what has become impossible is left out.
    pub(in crate::mailchimp) fn run_before_write(&mut self, now: OffsetDateTime) {
        for (address, act) in std::mem::take(&mut self.before_write) {
            let _ = self.act(&address, act, now);
        }
    }

    /// A person may come back by a form from any state but `cleaned`, even after a permanent
    /// deletion.
    fn sign_up(&mut self, address: &str, cause: Cause) -> Result<(), CannotAct> {
        let status = self.member(address).map(|member| member.status);
        if let Some(status @ (Status::Subscribed | Status::Pending | Status::Cleaned)) = status {
            return Err(CannotAct::Status(status));
        }
        self.forgotten.remove(&hash_of(address));
        let number = self.position(address);
        let number = number.unwrap_or_else(|| self.add(address, cause.at));
        let status = if self.double_optin { Status::Pending } else { Status::Subscribed };
        self.set_status(number, status, cause);
        Ok(())
    }

    fn edit(&mut self, number: usize, fields: Map<String, Value>, cause: Cause) {
        let Member { merge_fields, changed_at, .. } = &mut self.members[number];
        merge_fields.extend(fields);
        *changed_at = cause.at;
        self.report_profile(number, cause);
    }
}
