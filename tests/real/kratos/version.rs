//! What the versions of Kratos differ in, as far as our templates and keys depend on it.

/// A version; what is built from no tag counts as the first.
pub(super) struct Version(Vec<u32>);

impl Version {
    /// As Kratos tells it.
    pub(super) fn read(text: &str) -> Self {
        let numbers = text.trim_start_matches('v').split('.');
        Self(numbers.map(|number| number.parse().unwrap_or_default()).collect())
    }

    fn is_since(&self, first: [u32; 2]) -> bool {
        self.0.as_slice() >= first.as_slice()
    }

    /// Whether webhooks carry `Ory-Webhook-Trigger-ID`.
    pub(super) fn has_trigger_ids(&self) -> bool {
        self.is_since([25, 4])
    }

    /// Whether a hook after settings is told the session, and in it the identity before the change.
    pub(super) fn sends_the_session_after_settings(&self) -> bool {
        self.is_since([25, 4])
    }

    /// Whether a hook that runs before settings are saved is told it, too.
    pub(super) fn sends_the_session_before_settings(&self) -> bool {
        self.is_since([26, 2])
    }

    /// Whether the transient payload of a changed profile is lost.
    pub(super) fn loses_transient_payloads_of_profiles(&self) -> bool {
        self.is_since([25, 4])
    }
}
