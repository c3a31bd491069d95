//! Which of the functions takes the identities, and how fast.

use shared::config::Environment;

use super::rate::Rate;
use crate::{relay_settings, render::rendering::Subject};

/// How many messages a second each function gets, unless somebody says otherwise.
const RATES: [(&str, u32); 4] = [
    // At most two deliveries at once (`MaximumConcurrency` in `template.yaml`), of about a second each.
    (mailchimp_subscribe::NAME, 2),
    // Mandrill documents no limit per second, but an hourly quota that depends on the reputation of
    // the account; five deliveries at once, of about a third of a second each, take some more.
    (mandrill_welcome::NAME, 10),
    // A tenth of what Segment takes of a workspace.
    // <https://www.twilio.com/docs/segment/connections/sources/catalog/libraries/server/http-api>
    (segment_identify::NAME, 100),
    // At most two deliveries at once (`MaximumConcurrency` in `relay.yaml`), whatever the vendor.
    (relay::NAME, 2),
];

/// A function that takes identities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Target {
    /// Its name, which its messages carry.
    pub(super) name: &'static str,
    /// Its templates.
    pub(super) subject: Subject,
    /// Messages a second.
    pub(super) usual_rate: Rate,
}

/// A function does not take identities.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum NoTarget {
    #[error(
        "{name} takes no identities: {vendor} calls it, and it writes to Ory what has happened at \
         {vendor}"
    )]
    CalledByVendor { name: &'static str, vendor: &'static str },
    #[error(
        "this is none of the functions that Ory calls ({}); its handler is `{handler}`",
        RATES.map(|(name, _)| name).join(", ")
    )]
    Unknown { handler: String },
}

/// The functions that vendors call.
const CALLED_BY_VENDORS: [(&str, &str); 2] =
    [(mailchimp_inbound::NAME, "Mailchimp"), (mandrill_inbound::NAME, "Mandrill")];

impl Target {
    /// The function with this handler and these variables.
    pub(super) fn of(handler: &str, env: &Environment) -> Result<Self, NoTarget> {
        let called_by = |(name, vendor)| NoTarget::CalledByVendor { name, vendor };
        if let Some(one) = CALLED_BY_VENDORS.into_iter().find(|(name, _)| *name == handler) {
            return Err(called_by(one));
        }
        let Some((name, rate)) = RATES.into_iter().find(|(name, _)| *name == handler) else {
            return Err(NoTarget::Unknown { handler: handler.escape_debug().to_string() });
        };
        // What a relay with a preset of its own calls is not known here.
        let of_relay = || relay_settings::shipped(env).map_or(Subject::File, Subject::Relay);
        let subject = Subject::named(name).unwrap_or_else(of_relay);
        Ok(Self { name, subject, usual_rate: Rate::per_second(rate) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The help and the page tell the rates.
    #[test]
    fn documented_rates_are_the_usual_ones() {
        let texts = [include_str!("arguments.rs"), include_str!("../../../docs/backfill.md")];
        let [help, page] = texts.map(|text| text.replace("    /// ", "").replace('\n', " "));
        for (name, rate) in RATES {
            assert!(help.contains(&format!("{name} {rate}")), "{name}");
            assert!(page.contains(&format!("| {name} | {rate} |")), "{name}");
        }
    }

    #[test]
    fn only_functions_that_ory_calls_take_identities() {
        let env = Environment::of([(relay::PRESET, "hubspot")]);
        let found = |handler: &str| Target::of(handler, &env).map(|target| target.usual_rate);
        for (handler, rate) in RATES {
            assert_eq!(found(handler), Ok(Rate::per_second(rate)), "{handler}");
        }
        let inbound = found("mailchimp-inbound").unwrap_err();
        assert!(inbound.to_string().contains("Mailchimp calls it"), "{inbound}");
        let inbound = found("mandrill-inbound").unwrap_err();
        assert!(inbound.to_string().contains("Mandrill calls it"), "{inbound}");
        for other in ["bootstrap", "index.handler", ""] {
            let error = found(other).unwrap_err().to_string();
            let names = "(mailchimp-subscribe, mandrill-welcome, segment-identify, relay)";
            assert!(error.contains(names), "{error}");
        }
    }

    #[test]
    fn relay_is_shown_by_its_preset_if_that_is_known() {
        for (preset, subject) in [
            ("hubspot", Subject::named("relay:hubspot").unwrap()),
            ("file:///opt/own.json", Subject::File),
        ] {
            let env = Environment::of([(relay::PRESET, preset)]);
            assert_eq!(Target::of(relay::NAME, &env).unwrap().subject, subject);
        }
    }
}
