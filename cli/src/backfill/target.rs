//! Which of the functions takes the identities, and how fast.

use super::rate::Rate;
use crate::render::rendering::Subject;

/// How many messages a second each function gets, unless somebody says otherwise.
const RATES: [(Subject, u32); 3] = [
    // At most two deliveries at once (`MaximumConcurrency` in `template.yaml`), of about a second each.
    (Subject::Subscribe, 2),
    // Mandrill documents no limit per second, but an hourly quota that depends on the reputation of
    // the account; five deliveries at once, of about a third of a second each, take some more.
    (Subject::Mandrill, 10),
    // A tenth of what Segment takes of a workspace.
    // <https://www.twilio.com/docs/segment/connections/sources/catalog/libraries/server/http-api>
    (Subject::Segment, 100),
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
        names()
    )]
    Unknown { handler: String },
}

impl Target {
    /// The function with this handler.
    pub(super) fn of(handler: &str) -> Result<Self, NoTarget> {
        let known = Subject::ALL.into_iter().find(|(name, _)| *name == handler);
        let Some((name, subject)) = known else {
            return Err(NoTarget::Unknown { handler: handler.escape_debug().to_string() });
        };
        let rate = RATES.iter().find(|(target, _)| *target == subject);
        let vendor = if subject == Subject::MandrillInbound { "Mandrill" } else { "Mailchimp" };
        let (_, rate) = *rate.ok_or(NoTarget::CalledByVendor { name, vendor })?;
        Ok(Self { name, subject, usual_rate: Rate::per_second(rate) })
    }
}

fn names() -> String {
    let is_target = |subject| RATES.iter().any(|(target, _)| *target == subject);
    let targets = Subject::ALL.into_iter().filter(|(_, subject)| is_target(*subject));
    targets.map(|(name, _)| name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The help and the page tell the rates.
    #[test]
    fn documented_rates_are_the_usual_ones() {
        let texts = [include_str!("arguments.rs"), include_str!("../../../docs/backfill.md")];
        let [help, page] = texts.map(|text| text.replace("    /// ", "").replace('\n', " "));
        for (subject, rate) in RATES {
            let (name, _) = Subject::ALL.into_iter().find(|(_, one)| *one == subject).unwrap();
            assert!(help.contains(&format!("{name} {rate}")), "{name}");
            assert!(page.contains(&format!("| {name} | {rate} |")), "{name}");
        }
    }

    #[test]
    fn only_functions_that_ory_calls_take_identities() {
        let found = |handler: &str| Target::of(handler).map(|target| target.usual_rate);
        assert_eq!(found("mailchimp-subscribe"), Ok(Rate::per_second(2)));
        assert_eq!(found("mandrill-welcome"), Ok(Rate::per_second(10)));
        assert_eq!(found("segment-identify"), Ok(Rate::per_second(100)));
        let inbound = found("mailchimp-inbound").unwrap_err();
        assert!(inbound.to_string().contains("Mailchimp calls it"), "{inbound}");
        let inbound = found("mandrill-inbound").unwrap_err();
        assert!(inbound.to_string().contains("Mandrill calls it"), "{inbound}");
        for other in ["bootstrap", "index.handler", ""] {
            let error = found(other).unwrap_err().to_string();
            let names = "(mandrill-welcome, segment-identify, mailchimp-subscribe)";
            assert!(error.contains(names), "{error}");
        }
    }
}
