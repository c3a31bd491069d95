//! Which addresses Mailchimp takes.

use super::{Audience, Member, Moving, Status};
use crate::mailchimp::answer::Problem;

/// Why Mailchimp does not take an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Distrust {
    /// It looks fake: real ones are `example.com`, throw-away domains, `test@` of a large provider.
    LooksFake,
    /// It was added to too many lists lately; this passes.
    TooManySignUps,
}

impl Distrust {
    fn refusal(self, address: &str) -> Problem {
        Problem::invalid_resource(match self {
            Self::LooksFake => {
                format!("{address} looks fake or invalid, please enter a real email address.")
            }
            Self::TooManySignUps => format!(
                "{address} has signed up to a lot of lists very recently; we're not allowing more \
                 signups for now"
            ),
        })
    }
}

impl Audience {
    /// Refuses addresses with this part from now on, `@` for all; `None` takes them again.
    pub fn set_distrust(&mut self, part: &str, distrust: Option<Distrust>) {
        match distrust {
            Some(distrust) => self.distrusted.insert(part.to_lowercase(), distrust),
            None => self.distrusted.remove(&part.to_lowercase()),
        };
    }

    /// Whether an address may be signed up.
    pub(super) fn check_address(&self, address: &str) -> Result<(), Problem> {
        let (name, domain) = address.split_once('@').unwrap_or_default();
        let is_address = !name.is_empty() && domain.contains('.') && !address.contains(' ');
        if !is_address {
            return Err(Problem::invalid_resource("Please provide a valid email address."));
        }
        let lower = address.to_lowercase();
        let mut distrusted = self.distrusted.iter();
        match distrusted.find(|(part, _)| lower.contains(part.as_str())) {
            Some((_, distrust)) => Err(distrust.refusal(address)),
            None => Ok(()),
        }
    }

    pub(super) fn check_not_forgotten(&self, address: &str) -> Result<(), Problem> {
        if !self.is_forgotten(address) {
            return Ok(());
        }
        let detail = format!(
            "{address} was permanently deleted and cannot be re-imported. The contact must \
             re-subscribe to get back on the list."
        );
        Err(Problem::new(400, "Forgotten Email Not Subscribed", detail))
    }

    /// Whether a contact may have this address from now on.
    pub(super) fn check_move(&self, member: &Member, address: &str) -> Result<(), Problem> {
        let refused = |message: String| Err(Problem::invalid("email address", message));
        if let Some(other) = self.member(address) {
            let status = other.status.in_list();
            return refused(format!(
                "\"{address}\" is already in this list with a status of \"{status}\"."
            ));
        }
        if self.moving == Moving::Subscribed && member.status != Status::Subscribed {
            let status = member.status.word();
            return refused(format!(
                "This member's status is \"{status}.\" You can only update email addresses for \
                 members with a status of \"subscribed.\""
            ));
        }
        self.check_not_forgotten(address)?;
        self.check_address(address)
    }
}
