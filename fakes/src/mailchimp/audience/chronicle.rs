//! What became of each contact, by whom and how: what a test or a judge of consent asks.

use std::fmt;

use time::OffsetDateTime;

use super::{Audience, Member, Status};

/// Who did something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum By {
    /// A caller of the API.
    Api,
    /// The person whose address it is.
    Person,
    /// Somebody in Mailchimp's own pages.
    Admin,
    /// Mailchimp itself.
    Mailchimp,
}

/// Who does something, how, and when.
#[derive(Clone, Copy)]
pub(super) struct Cause {
    pub(super) by: By,
    pub(super) how: &'static str,
    pub(super) at: OffsetDateTime,
}

/// What happened to a contact.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum What {
    /// It is in another state; it may have been in none before.
    Became(Option<Status>, Status),
    /// Its address is another one; this was the old one.
    MovedFrom(String),
    /// A mail with a link to confirm went to its address.
    ConfirmationMailed,
    /// It was deleted permanently.
    Forgotten,
}

/// One thing that happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// When.
    pub at: OffsetDateTime,
    /// To which contact.
    pub contact_id: String,
    /// The address of the contact, after that.
    pub address: String,
    /// Who did it.
    pub by: By,
    /// How: the method of a call, or a person's way.
    pub how: &'static str,
    /// What it was.
    pub what: What,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, by, how, what, .. } = self;
        match what {
            What::Became(None, to) => write!(f, "{address} becomes {}", to.word())?,
            What::Became(Some(from), to) => {
                write!(f, "{address} becomes {}, was {}", to.word(), from.word())?;
            }
            What::MovedFrom(old) => write!(f, "{old} becomes {address}")?,
            What::ConfirmationMailed => write!(f, "{address} is mailed a link to confirm")?,
            What::Forgotten => write!(f, "{address} is deleted permanently")?,
        }
        write!(f, " ({by:?}, {how})")
    }
}

impl Audience {
    /// All that happened, the oldest first; the contacts that were deleted are in it.
    pub fn chronicle(&self) -> &[Entry] {
        &self.chronicle
    }

    /// What happened to an address, in any case of its letters.
    pub fn chronicle_of(&self, address: &str) -> impl Iterator<Item = &Entry> {
        self.chronicle.iter().filter(move |entry| entry.address.eq_ignore_ascii_case(address))
    }

    /// When the API made an address subscribed.
    pub fn subscribed_by_api(&self, address: &str) -> Vec<OffsetDateTime> {
        let by_api = self.chronicle_of(address).filter(|entry| {
            entry.by == By::Api && matches!(entry.what, What::Became(_, Status::Subscribed))
        });
        by_api.map(|entry| entry.at).collect()
    }

    /// How many mails with a link to confirm went to an address.
    pub fn confirmation_mails(&self, address: &str) -> usize {
        self.chronicle_of(address).filter(|entry| entry.what == What::ConfirmationMailed).count()
    }

    pub(super) fn note(&mut self, number: usize, what: What, cause: Cause) {
        let Member { contact_id, address, .. } = &self.members[number];
        let (contact_id, address) = (contact_id.clone(), address.clone());
        let Cause { by, how, at } = cause;
        self.chronicle.push(Entry { at, contact_id, address, by, how, what });
    }

    /// Whether the person was the one who unsubscribed the contact, when it last was.
    pub(super) fn unsubscribed_themselves(&self, contact_id: &str) -> bool {
        let last = self.chronicle.iter().rfind(|entry| {
            entry.contact_id == contact_id
                && matches!(entry.what, What::Became(_, Status::Unsubscribed))
        });
        last.is_some_and(|entry| entry.by == By::Person)
    }
}
