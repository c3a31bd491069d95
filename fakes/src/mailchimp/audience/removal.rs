//! Archiving a contact, and deleting it permanently.

use time::OffsetDateTime;

use super::{Audience, By, Cause, Status, What, member::hash_of, status::may_be_archived};
use crate::mailchimp::answer::Problem;

impl Audience {
    pub(in crate::mailchimp) fn delete(
        &mut self,
        who: &str,
        now: OffsetDateTime,
    ) -> Result<(), Problem> {
        let number = self.position(who).ok_or_else(Problem::not_found)?;
        if !may_be_archived(self.members[number].status) {
            return Err(Problem::not_allowed(
                "This list member cannot be removed. Can not archive a contact that is bounced, \
                 pending or archived",
            ));
        }
        self.set_status(number, Status::Archived, Cause { by: By::Api, how: "DELETE", at: now });
        Ok(())
    }

    /// The API documents only the MD5 of the address for this one.
    pub(in crate::mailchimp) fn delete_permanently(
        &mut self,
        who: &str,
        now: OffsetDateTime,
    ) -> Result<(), Problem> {
        let number = self.members.iter().position(|member| member.hash() == who);
        let number = number.ok_or_else(Problem::not_found)?;
        self.forget(number, Cause { by: By::Api, how: "delete-permanent", at: now });
        Ok(())
    }

    pub(super) fn forget(&mut self, number: usize, cause: Cause) {
        self.note(number, What::Forgotten, cause);
        let member = self.members.remove(number);
        self.forgotten.insert(member.hash());
        self.report_forgotten(member, cause);
    }

    /// Whether the contact with this address was deleted permanently.
    pub fn is_forgotten(&self, address: &str) -> bool {
        self.forgotten.contains(&hash_of(address))
    }
}
