//! What `mandrill-welcome` writes into its mails, so that Mandrill's events about them can be assigned.

/// The function that sends the mails: its records begin with its name.
pub const SENDER: &str = "mandrill-welcome";

/// The name of the idempotency key in a mail's metadata.
pub const KEY_IN_METADATA: &str = "ory_key";

/// The name of the id of the identity that the mail is for, if known.
pub const IDENTITY_IN_METADATA: &str = "ory_identity";

/// Whether a mail that Mandrill has rejected for this reason will never be sent: the reason lies with
/// the recipient. The others are for an operator to fix; then it is sent.
/// <https://mailchimp.com/developer/transactional/api/messages/send-new-message/>
pub fn is_final(reject_reason: &str) -> bool {
    let reasons = ["hard-bounce", "soft-bounce", "spam", "unsub", "custom", "rule", "invalid"];
    reasons.contains(&reject_reason)
}
