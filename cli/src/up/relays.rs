//! The relays that a local stack can have: one for each preset that comes with the relay.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use fakes::RelayedCall;
use relay::{OnInDoubt, Preset, Shipped};

/// A relay of a local stack.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Relay {
    /// The name of its preset.
    pub preset: &'static str,
    /// Its name, which is part of its URL.
    pub function: &'static str,
    /// The vendor, for a person.
    pub vendor: &'static str,
    /// What a call does there, if its subject does not say so.
    verb: &'static str,
    /// The subject of a call: the first of these in its body, as JSON Pointers.
    subject: &'static [&'static str],
}

macro_rules! relay {
    ($preset:literal, $vendor:literal, $verb:literal, $subject:expr) => {
        Relay {
            preset: $preset,
            function: concat!("relay-", $preset),
            vendor: $vendor,
            verb: $verb,
            subject: &$subject,
        }
    };
}

/// All of them, in the order of the presets.
pub const RELAYS: [Relay; 7] = [
    relay!("braze", "Braze", "track ", ["/attributes/0/email", "/attributes/0/external_id"]),
    relay!("customer-io", "Customer.io", "identify ", ["/email"]),
    relay!("customer-io-eu", "Customer.io EU", "identify ", ["/email"]),
    relay!("hubspot", "HubSpot", "upsert ", ["/inputs/0/id"]),
    relay!("intercom", "Intercom", "create ", ["/email", "/external_id"]),
    relay!("slack", "Slack", "", ["/blocks/0/text/text"]),
    relay!("webhook", "Endpoint", "", ["/type"]),
];

impl Relay {
    /// The one with this preset.
    pub fn named(preset: &str) -> Option<&'static Self> {
        RELAYS.iter().find(|relay| relay.preset == preset)
    }

    /// A call that arrived, in a line: `HubSpot: upsert ann@example.com`.
    pub(crate) fn line(&self, call: &RelayedCall) -> String {
        let Self { vendor, verb, .. } = self;
        let mut in_body = self.subject.iter().filter_map(|at| call.body.pointer(at)?.as_str());
        let last_segment = call.path.rsplit('/').next();
        format!("{vendor}: {verb}{}", in_body.next().or(last_segment).unwrap_or_default())
    }

    /// Whether a call in doubt is held, and not made again.
    pub(crate) fn holds(&self) -> bool {
        self.shipped().is_some_and(|preset| preset.on_in_doubt == OnInDoubt::Hold)
    }

    /// Whether the path of its calls is the secret.
    pub(crate) fn has_secret_path(&self) -> bool {
        self.shipped().is_some_and(|preset| preset.auth == "path")
    }

    fn shipped(&self) -> Option<Preset> {
        Shipped::named(self.preset)?.preset().ok()
    }
}

/// Reads the name of a preset.
pub(crate) fn parser() -> impl TypedValueParser<Value = &'static Relay> {
    let names = PossibleValuesParser::new(RELAYS.map(|relay| relay.preset));
    names.try_map(|name| Relay::named(&name).ok_or("unknown preset"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_has_a_relay_named_after_it() {
        let presets: Vec<_> = relay::SHIPPED.iter().map(|shipped| shipped.name).collect();
        assert_eq!(RELAYS.map(|relay| relay.preset), presets[..]);
        for relay in RELAYS {
            assert_eq!(relay.function, format!("{}-{}", relay::NAME, relay.preset));
        }
    }
}
