#![doc = include_str!("README.md")]

mod account;
mod answer;
mod audience;
mod call;
mod connections;
mod shown;

use std::{io, time::Duration};

use bytes::Bytes;
use http::Request;
use serde_json::{Map, Value};
use time::OffsetDateTime;

pub use account::Account;
pub use answer::Answer;
pub use audience::{
    Act, Audience, By, CannotAct, Distrust, Entry, Member, MergeField, Moving, Resubscribing,
    SentWebhook, Status, What, hash_of,
};
pub use call::MailchimpCall;

use crate::server::FakeReply;
use crate::vendor::{FakeVendor, VendorServer};

/// The id of the audience that the fake has from the start.
pub const LIST_ID: &str = "a6b5da1054";

/// Matches every address.
const ALL: &str = "@";

/// An account, and its time.
pub struct Mailchimp {
    account: Account,
    now: Box<dyn Fn() -> OffsetDateTime + Send>,
}

impl Default for Mailchimp {
    fn default() -> Self {
        Self { account: Account::default(), now: Box::new(OffsetDateTime::now_utc) }
    }
}

/// A fake of Mailchimp's Marketing API.
pub type FakeMailchimp = VendorServer<Mailchimp>;

impl FakeMailchimp {
    /// Starts it on `port`, 0 for any; it accepts calls that carry `key`, and has one audience,
    /// [`LIST_ID`].
    pub async fn start(port: u16, key: &str) -> io::Result<Self> {
        let mut account = Account::new(key);
        account.audience(LIST_ID);
        Self::serve(port, Mailchimp { account, ..Mailchimp::default() }).await
    }

    /// The root of its API, for `MAILCHIMP_URL`.
    pub fn url(&self) -> String {
        format!("{}{}", self.root(), call::ROOT)
    }

    /// Tells the time from now on; until then it is the machine's.
    pub fn set_clock(&self, now: impl Fn() -> OffsetDateTime + Send + 'static) {
        self.with(|mailchimp| mailchimp.now = Box::new(now));
    }

    /// Reads or changes the account.
    pub fn account<T>(&self, work: impl FnOnce(&mut Account) -> T) -> T {
        self.with(|mailchimp| work(&mut mailchimp.account))
    }

    /// Reads or changes the audience [`LIST_ID`].
    pub fn audience<T>(&self, work: impl FnOnce(&mut Audience) -> T) -> T {
        self.account(|account| work(account.audience(LIST_ID)))
    }

    /// Accepts only this key from now on.
    pub fn set_key(&self, key: &str) {
        self.account(|account| account.set_keys(&[key]));
    }

    /// Accepts one more key from now on.
    pub fn add_key(&self, key: &str) {
        self.account(|account| account.add_key(key));
    }

    /// What Mailchimp has sent to webhooks since the last time this was called, of all audiences.
    pub fn take_webhooks(&self) -> Vec<SentWebhook> {
        self.account(|account| account.audiences().flat_map(Audience::take_webhooks).collect())
    }

    /// Somebody does something about a contact of the audience [`LIST_ID`].
    pub fn act(&self, address: &str, act: Act) -> Result<(), CannotAct> {
        self.with(|mailchimp| {
            let now = (mailchimp.now)();
            mailchimp.account.audience(LIST_ID).act(address, act, now)
        })
    }

    /// The person clicks the link of the confirmation mail.
    pub fn click_confirmation(&self, address: &str) -> Result<(), CannotAct> {
        self.act(address, Act::Confirms)
    }

    /// The person clicks the unsubscribe link of a campaign.
    pub fn unsubscribe(&self, address: &str) -> Result<(), CannotAct> {
        self.act(address, Act::Unsubscribes)
    }

    /// The person changes the address in the preferences.
    pub fn change_address(&self, address: &str, to: &str) -> Result<(), CannotAct> {
        self.act(address, Act::Moves(to.to_owned()))
    }

    /// The person changes merge fields in the preferences.
    pub fn update_profile(
        &self,
        address: &str,
        fields: Map<String, Value>,
    ) -> Result<(), CannotAct> {
        self.act(address, Act::Edits(fields))
    }
}

impl FakeVendor for Mailchimp {
    type Call = MailchimpCall;

    fn read(request: &Request<Bytes>) -> MailchimpCall {
        MailchimpCall::read(request)
    }

    fn answer(&mut self, call: &MailchimpCall, _count: usize) -> FakeReply {
        let now = (self.now)();
        self.account.answer(call, now).into()
    }

    fn invalid_key() -> FakeReply {
        Answer::from(account::invalid_key()).into()
    }

    /// Mailchimp rejects an address, and answers every other call.
    fn rejection() -> Option<FakeReply> {
        None
    }

    fn set_rejecting(&mut self, is_rejecting: bool) {
        let distrust = is_rejecting.then_some(Distrust::LooksFake);
        self.account.audiences().for_each(|audience| audience.set_distrust(ALL, distrust));
    }

    fn connect(&mut self, lasts: Duration) -> Option<FakeReply> {
        let now = (self.now)();
        self.account.connect(now, lasts).map(FakeReply::from)
    }
}

#[cfg(test)]
mod tests;
