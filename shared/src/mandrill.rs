//! What `mandrill-welcome` writes into its mails, so that Mandrill's events about them can be assigned.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The function that sends the mails: its records begin with its name.
pub const SENDER: &str = "mandrill-welcome";

/// The name of the idempotency key in a mail's metadata.
pub const KEY_IN_METADATA: &str = "ory_key";

/// The name of the id of the identity that the mail is for, if known.
pub const IDENTITY_IN_METADATA: &str = "ory_identity";

/// How much of a recipient's digest is kept: enough to distinguish two addresses of one record.
const DIGEST_BYTES: usize = 8;

/// The recipient of a mail, as the record holds it while the mail is in doubt. It is keyed with the mail's
/// own `ory_key`, which no record holds in full: a digest of the address alone would be one that anybody
/// can look up, and the same in all records of a person.
pub fn recipient_digest(ory_key: &str, address: &str) -> String {
    let mut digest = Hmac::<Sha256>::new_from_slice(ory_key.as_bytes())
        .map(|mac| mac.chain_update(address.to_lowercase()).finalize().into_bytes().to_vec())
        .unwrap_or_default();
    digest.truncate(DIGEST_BYTES);
    hex::encode(digest)
}

/// Whether a mail that Mandrill has rejected for this reason will never be sent: the reason lies with
/// the recipient. The others are for an operator to fix; then it is sent.
/// <https://mailchimp.com/developer/transactional/api/messages/send-new-message/>
pub fn is_final(reject_reason: &str) -> bool {
    let reasons = ["hard-bounce", "soft-bounce", "spam", "unsub", "custom", "rule", "invalid"];
    reasons.contains(&reject_reason)
}
