//! The identities in Ory, and the calls about them.

use fakes::{FakeOry, ory::person, server::FakeReply};
use serde_json::{Value, json};

use super::setup::{Vendors, setup, with_ory};
use crate::common::setup::{Running, Setup, Vendor};

pub(crate) const ANN: &str = "000000a1-1111-4111-8111-0000000000a1";
pub(crate) const BEN: &str = "000000b2-1111-4111-8111-0000000000b2";

/// Ann, whom the forms are about.
pub(crate) fn ann() -> Value {
    person(ANN, "ann@example.com")
}

/// Ben, who has nothing to do with her.
pub(crate) fn ben() -> Value {
    person(BEN, "ben@example.com")
}

/// The same person, with this consent.
pub(crate) fn with_consent(mut person: Value, newsletter: bool) -> Value {
    person["traits"]["consent"] = json!({ "newsletter": newsletter });
    person
}

/// With Ory, which knows Ann and Ben, and the shipped template.
pub(crate) async fn known() -> Setup<Vendors> {
    let setup = with_ory(setup().await);
    setup.vendor.ory.put_identity(ann());
    setup.vendor.ory.put_identity(ben());
    setup
}

/// The same with a queue and a table.
pub(crate) async fn known_and_queued() -> Setup<Vendors> {
    known().await.with_queue().with_table()
}

impl Running<Vendors> {
    /// Every call to Ory since the last look, a line each.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.vendor.ory.take_received().iter().map(ToString::to_string).collect()
    }

    /// An identity as it is now, but for when it was changed last.
    pub(crate) fn identity(&self, id: &str) -> Value {
        let mut identity = self.vendor.ory.identity(id).unwrap();
        identity["updated_at"] = ann()["updated_at"].clone();
        identity
    }

    /// What an identity says of consent.
    pub(crate) fn consent(&self, id: &str) -> Value {
        self.identity(id)["traits"]["consent"]["newsletter"].clone()
    }

    /// Whether no identity was changed and no call made since the last look.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.vendor.take_lines().is_empty()
    }
}

/// Lets Ory find Ann by her address and then by her id, honestly; what is scripted after that is
/// the answer to the patch.
pub(super) fn find_ann(ory: &FakeOry) {
    let ann = ory.identity(ANN).unwrap();
    script(ory, &[FakeReply::json(200, &json!([ann])), FakeReply::json(200, &ann)]);
}

/// Gives the next calls to Ory these replies.
pub(super) fn script(ory: &FakeOry, replies: &[FakeReply]) {
    for reply in replies {
        ory.reply_next(reply.clone());
    }
}
