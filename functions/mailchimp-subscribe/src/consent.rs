//! Consent: what may be written about a contact. Pure, and the only place that decides it.
//!
//! The rule is ours and does not count on Mailchimp: reports differ on whether it refuses to
//! subscribe somebody who has unsubscribed. So nobody who is unsubscribed, cleaned or archived is
//! ever set to `subscribed`, only to `pending`, which asks the person; and that only if the person
//! has just opted in. A backfill can add people, and changes the state of no contact.
//! <https://mailchimp.com/developer/marketing/docs/audience/>

use serde::{Deserialize, Serialize};
use shared::ctx::AddAs;

/// The state of a contact in Mailchimp.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Gets the campaigns.
    Subscribed,
    /// Has been asked, by mail, to confirm.
    Pending,
    /// Known, and never opted in.
    Transactional,
    /// Has opted out.
    Unsubscribed,
    /// The address bounces.
    Cleaned,
    /// Archived, by an administrator or by us. The state before cannot be read.
    Archived,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Subscribed,
        Self::Pending,
        Self::Transactional,
        Self::Unsubscribed,
        Self::Cleaned,
        Self::Archived,
    ];

    /// Mailchimp's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Subscribed => "subscribed",
            Self::Pending => "pending",
            Self::Transactional => "transactional",
            Self::Unsubscribed => "unsubscribed",
            Self::Cleaned => "cleaned",
            Self::Archived => "archived",
        }
    }

    /// The state of this word; `None` for an unknown one.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }

    /// Whether it is one of somebody who wants the campaigns.
    pub fn is_opt_in(self) -> bool {
        matches!(self, Self::Subscribed | Self::Pending)
    }
}

impl From<AddAs> for Status {
    fn from(add_as: AddAs) -> Self {
        match add_as {
            AddAs::Subscribed => Self::Subscribed,
            AddAs::Pending => Self::Pending,
        }
    }
}

/// What the person says with an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Said {
    /// Yes, just now: a fresh opt-in.
    Yes,
    /// Yes, at some time before.
    YesBefore,
    /// The same, and the operator of a backfill adds those who are no contacts. That says nothing
    /// about anybody who is one.
    Backfilled(AddAs),
    /// No, just now: consent was withdrawn.
    No,
    /// Nothing about it. A box that was not ticked says nothing about a newsletter that was joined
    /// elsewhere.
    Nothing,
}

/// How somebody who has opted in and whose address is verified is subscribed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OptIn {
    /// As the audience has it: with double opt-in, `pending`.
    #[default]
    List,
    /// Always `pending`.
    Confirm,
    /// Always `subscribed`: Ory has verified the address, as a confirmation would.
    Trust,
}

impl OptIn {
    /// The words of the setting.
    pub const WORDS: &[(&str, Self)] =
        &[("list", Self::List), ("confirm", Self::Confirm), ("trust", Self::Trust)];
}

/// What becomes of an opt-in with an address that is not verified.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Unverified {
    /// It waits for the verification.
    #[default]
    Wait,
    /// `pending`: Mailchimp asks the person.
    Confirm,
}

impl Unverified {
    /// The words of the setting.
    pub const WORDS: &[(&str, Self)] = &[("wait", Self::Wait), ("confirm", Self::Confirm)];
}

/// What becomes of somebody who has not opted in and is no contact.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum NotOptedIn {
    /// Mailchimp is not told of them.
    #[default]
    Skip,
    /// A contact that gets no campaigns.
    Transactional,
}

impl NotOptedIn {
    /// The words of the setting.
    pub const WORDS: &[(&str, Self)] =
        &[("skip", Self::Skip), ("transactional", Self::Transactional)];
}

/// The operator's rules.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Rules {
    /// `OPT_IN`.
    pub opt_in: OptIn,
    /// `UNVERIFIED`.
    pub unverified: Unverified,
    /// `NOT_OPTED_IN`.
    pub not_opted_in: NotOptedIn,
}

/// What an event says, and whether that can be believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Statement {
    /// What the person says.
    pub said: Said,
    /// Whether the person has proved to receive mail at the address. Anybody can register with
    /// anybody's address.
    pub is_verified: bool,
}

/// What to write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// A contact in this state. If there is one by then, its state stays.
    Create(Status),
    /// This state.
    Set(Status),
    /// `pending`, for an archived contact, which only a request to create it revives.
    Revive,
    /// The fields, and no state.
    Fields,
    /// Nothing, for this reason.
    Nothing(&'static str),
    /// Nothing ever: the address bounces.
    Bounces,
}

/// The reasons to write nothing.
pub const WAITS: &str = "the opt-in waits for the verification of the address";
/// See [`WAITS`].
pub const NOT_NEW: &str = "no contact, and no fresh opt-in";
/// See [`WAITS`].
pub const NOT_OPTED_IN: &str = "not opted in";
/// See [`WAITS`].
pub const ARCHIVED: &str = "the contact is archived, and there is no fresh opt-in";

impl Statement {
    /// Whether it is an opt-in that waits until the address is verified.
    pub fn waits(self, rules: Rules) -> bool {
        self.said == Said::Yes && !self.is_verified && rules.unverified == Unverified::Wait
    }
}

/// What to write about a contact in the state `contact` (`None`: there is no contact) on a
/// `statement`, in an audience that has double opt-in or not.
pub fn decide(
    contact: Option<Status>,
    statement: Statement,
    rules: Rules,
    double_opt_in: bool,
) -> Decision {
    use Said::{Backfilled, No, Nothing, Yes, YesBefore};
    let waits = statement.waits(rules);
    let said = if waits { YesBefore } else { statement.said };
    let opted_in = || opted_in(statement.is_verified, rules.opt_in, double_opt_in);
    match (contact, said) {
        (None, Yes) => Decision::Create(opted_in()),
        (None, YesBefore) if waits => Decision::Nothing(WAITS),
        // Whatever the audience asks for: the operator has said it.
        (None, Backfilled(add_as)) if statement.is_verified => Decision::Create(add_as.into()),
        (None, YesBefore | Backfilled(_)) => Decision::Nothing(NOT_NEW),
        (None, No | Nothing) => match rules.not_opted_in {
            NotOptedIn::Skip => Decision::Nothing(NOT_OPTED_IN),
            NotOptedIn::Transactional => Decision::Create(Status::Transactional),
        },
        (Some(Status::Subscribed | Status::Pending), No) => Decision::Set(Status::Unsubscribed),
        (Some(Status::Transactional), Yes) => Decision::Set(opted_in()),
        (Some(Status::Unsubscribed), Yes) => Decision::Set(Status::Pending),
        (Some(Status::Archived), Yes) => Decision::Revive,
        (Some(Status::Archived), _) => Decision::Nothing(if waits { WAITS } else { ARCHIVED }),
        (Some(Status::Cleaned), _) => Decision::Bounces,
        (
            Some(
                Status::Subscribed | Status::Pending | Status::Transactional | Status::Unsubscribed,
            ),
            _,
        ) => Decision::Fields,
    }
}

/// The state of somebody who has opted in and never opted out. Where the audience has double opt-in,
/// `pending` is said explicitly: `subscribed` would skip the confirmation.
fn opted_in(is_verified: bool, opt_in: OptIn, double_opt_in: bool) -> Status {
    match opt_in {
        _ if !is_verified => Status::Pending,
        OptIn::Trust => Status::Subscribed,
        OptIn::List if !double_opt_in => Status::Subscribed,
        OptIn::List | OptIn::Confirm => Status::Pending,
    }
}

/// The same for a person with two contacts, who has opted out with the other one: the stricter
/// consent of both counts.
pub fn decide_after_opt_out(
    contact: Option<Status>,
    statement: Statement,
    rules: Rules,
    double_opt_in: bool,
) -> Decision {
    match contact {
        Some(status @ (Status::Subscribed | Status::Pending | Status::Transactional)) => {
            let unsubscribed = Some(Status::Unsubscribed);
            match decide(unsubscribed, statement, rules, double_opt_in) {
                Decision::Fields if status.is_opt_in() => Decision::Set(Status::Unsubscribed),
                decision => decision,
            }
        }
        _ => decide(contact, statement, rules, double_opt_in),
    }
}

/// The same for a person whose contact, in the state `old`, cannot move to the present address: the
/// new contact there begins in the state that the old one would be in.
pub fn decide_anew(
    old: Status,
    statement: Statement,
    rules: Rules,
    double_opt_in: bool,
) -> Decision {
    match decide(Some(old), statement, rules, double_opt_in) {
        Decision::Set(status) => Decision::Create(status),
        Decision::Fields => Decision::Create(old),
        decision => decision,
    }
}

#[cfg(test)]
mod tests;
