//! An audience that follows people: what they do at Ory and in Mailchimp, both functions in between,
//! and what a person would say of the outcome.

mod backfill;
pub(crate) mod kratos;
pub(crate) mod life;
pub(crate) mod marketing;
pub(crate) mod plan;
mod rest;
mod said;
mod writes;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Weak},
};

use fakes::mailchimp::{Account, Audience, MergeField};
use time::OffsetDateTime;

use crate::{
    excused::Excused,
    lambda::Lambda,
    locked::Locked,
    mailchimp::LISTS,
    settings::{VENDOR_KEY, Which},
};
use kratos::Made;
use marketing::Asked;
use plan::Lives;

/// The audience.
const LIST: &str = LISTS[0];

/// A write to a contact: the event, the invocation, and when.
type Wrote = (usize, u64, OffsetDateTime);

/// Mailchimp's account, and what came of calls to it.
#[derive(Default)]
pub(crate) struct Contacts {
    account: Locked<Account>,
    /// How much of the audience's chronicle was judged.
    judged: Locked<usize>,
    calls: Locked<u64>,
    /// What each call was about, by its number.
    asked: Locked<BTreeMap<u64, Asked>>,
    /// When Mailchimp last said what a contact is, by the invocation that heard it, and the contact.
    known: Locked<BTreeMap<(u64, String), OffsetDateTime>>,
    /// What Ory's events are about.
    made: Locked<BTreeMap<usize, Made>>,
    /// The events that changed each contact, and in which invocations.
    wrote: Locked<BTreeMap<String, Vec<Wrote>>>,
    /// When a contact was first read for each event.
    touched: Locked<BTreeMap<usize, OffsetDateTime>>,
    /// Addresses that were ever verified at Ory.
    verified: Locked<BTreeSet<String>>,
    /// People of whom a contact was written when nobody waited for it any more, or when it had
    /// changed since it was read.
    raced: Locked<BTreeMap<usize, Excused>>,
    /// The confirmation mails of each statement: person, its time, the address.
    asked_to_confirm: Locked<BTreeSet<(usize, OffsetDateTime, String)>>,
    /// The contacts that people have from the beginning.
    first: Locked<BTreeMap<usize, String>>,
    functions: Locked<Vec<Weak<Lambda>>>,
}

impl Contacts {
    /// The account at the beginning; an empty one where the run is not about it.
    pub(crate) fn of(lives: Option<&Lives>, began: OffsetDateTime) -> Self {
        let contacts = Self::default();
        let Some(lives) = lives else { return contacts };
        let mut account = Account::new(VENDOR_KEY);
        let audience = account.audience(LIST);
        audience.double_optin = lives.double_opt_in;
        audience.resubscribing = lives.resubscribing;
        audience.moving = lives.moving;
        audience.put_merge_field(MergeField::new("ORY_ID", "text"));
        audience.put_webhook("https://inbound.test/");
        for (person, life) in lives.people.iter().enumerate() {
            if let Some(status) = life.begins_as {
                let member = audience.put_member(&life.addresses[0], status, began - life.is_since);
                contacts.first.lock().insert(person, member.contact_id.clone());
            }
            if life.is_there && life.is_verified {
                contacts.verified.lock().insert(life.addresses[0].clone());
            }
        }
        *contacts.account.lock() = account;
        contacts
    }

    /// Where the functions are that are called while the run lasts.
    pub(crate) fn reach<'a>(&self, functions: impl Iterator<Item = &'a Arc<Lambda>>) {
        self.functions.lock().extend(functions.map(Arc::downgrade));
    }

    pub(crate) fn function(&self, which: Which) -> Option<Arc<Lambda>> {
        let functions = self.functions.lock();
        functions.iter().filter_map(Weak::upgrade).find(|lambda| lambda.which() == which)
    }

    /// The number of the next call.
    pub(crate) fn count_call(&self) -> u64 {
        let mut calls = self.calls.lock();
        *calls += 1;
        *calls
    }

    fn with<T>(&self, work: impl FnOnce(&mut Audience) -> T) -> T {
        work(self.account.lock().audience(LIST))
    }
}
