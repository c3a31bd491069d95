//! Lists the changes of contacts in Mailchimp, one line per change.

use fakes::{FakeMailchimp, mailchimp::Member};

/// A contact, as far as a person sees it change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Contact {
    id: String,
    address: String,
    status: &'static str,
}

impl Contact {
    /// The contacts of the audience.
    pub(crate) fn all(mailchimp: &FakeMailchimp) -> Vec<Self> {
        let of = |member: &Member| Self {
            id: member.contact_id.clone(),
            address: member.address.clone(),
            status: member.status.word(),
        };
        mailchimp.audience(|audience| audience.members().iter().map(of).collect())
    }
}

/// The changes from one list of contacts to the other: `ann@example.com: pending -> subscribed`.
pub(crate) fn between(before: &[Contact], after: &[Contact]) -> Vec<String> {
    let change = |now: &Contact| {
        let old = before.iter().find(|old| old.id == now.id);
        of_one(old, now)
    };
    after.iter().filter_map(change).collect()
}

fn of_one(old: Option<&Contact>, now: &Contact) -> Option<String> {
    let Contact { address, status, .. } = now;
    let Some(old) = old else { return Some(format!("{address}: none -> {status}")) };
    let has_moved = old.address != *address;
    let became =
        if old.status == *status { String::new() } else { format!("{} -> {status}", old.status) };
    match (has_moved, became.is_empty()) {
        (false, true) => None,
        (false, false) => Some(format!("{address}: {became}")),
        (true, true) => Some(format!("{} -> {address}", old.address)),
        (true, false) => Some(format!("{} -> {address}: {became}", old.address)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_has_one_line() {
        let contact = |id: &str, address: &str, status| {
            let (id, address) = (id.to_owned(), address.to_owned());
            Contact { id, address, status }
        };
        let before = [
            contact("1", "ann@a.test", "pending"),
            contact("2", "ben@a.test", "subscribed"),
            contact("3", "cleo@a.test", "subscribed"),
            contact("4", "dora@a.test", "subscribed"),
        ];
        let after = [
            contact("1", "ann@a.test", "subscribed"),
            contact("2", "ben@b.test", "subscribed"),
            contact("3", "cleo@b.test", "unsubscribed"),
            contact("4", "dora@a.test", "subscribed"),
            contact("5", "eve@a.test", "pending"),
        ];
        let expected = [
            "ann@a.test: pending -> subscribed",
            "ben@a.test -> ben@b.test",
            "cleo@a.test -> cleo@b.test: subscribed -> unsubscribed",
            "eve@a.test: none -> pending",
        ];
        assert_eq!(between(&before, &after), expected);
    }
}
