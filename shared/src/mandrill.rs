//! What `mandrill-welcome` writes into its mails, so that Mandrill's events about them can be assigned.

/// The function that sends the mails: its records begin with its name.
pub const SENDER: &str = "mandrill-welcome";

/// The name of the idempotency key in a mail's metadata.
pub const KEY_IN_METADATA: &str = "ory_key";

/// The name of the id of the identity that the mail is for, if known.
pub const IDENTITY_IN_METADATA: &str = "ory_identity";
