//! The rules of a reply, by name.

use std::fmt;

/// A rule that a reply breaks. `Display` gives the name that logs and documents use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BrokenRule {
    /// A reply is `null`, `{identity: {…}}` or `{messages: […]}`, each of Ory's shape.
    Shape,
    /// Kratos saves a hook's identity only in registration and settings.
    IdentityFlow,
    /// Only traits, metadata and addresses can be changed, `metadata_admin` only through
    /// `metadata_admin_replace`.
    IdentityField,
    /// Null would wipe the field.
    Null,
    /// A number from 2^53 on may have been rounded by Jsonnet.
    NumberRounded,
    /// Something that is no object would replace one that has keys.
    KeyLost,
    /// ctx holds no traits to merge over.
    TraitsUnknown,
    /// ctx holds no `metadata_public` to merge over.
    MetadataUnknown,
    /// Kratos deletes addresses that the traits do not contain.
    AddressNotInTraits,
    /// Kratos fails a flow over an empty list of messages.
    MessagesEmpty,
    /// A message's `id` is an integer.
    MessageId,
    /// A message's `type` is `error`, `info` or `success`.
    MessageType,
    /// A message points to `#/` or to `#/traits/…` of a trait that exists.
    InstancePtr,
}

impl fmt::Display for BrokenRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::error::Error for BrokenRule {}

impl BrokenRule {
    /// The rule's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shape => "reply-shape",
            Self::IdentityFlow => "identity-flow",
            Self::IdentityField => "identity-field",
            Self::Null => "no-null",
            Self::NumberRounded => "no-rounded-number",
            Self::KeyLost => "no-key-lost",
            Self::TraitsUnknown => "traits-known",
            Self::MetadataUnknown => "metadata-known",
            Self::AddressNotInTraits => "address-in-traits",
            Self::MessagesEmpty => "messages-not-empty",
            Self::MessageId => "message-id",
            Self::MessageType => "message-type",
            Self::InstancePtr => "instance-ptr",
        }
    }
}
