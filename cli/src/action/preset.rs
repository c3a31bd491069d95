//! After which flows a relay with a preset makes a call.

use fakes::ory::person;
use lint::kratos::Flow;
use relay::Shipped;
use serde_json::json;
use shared::template::{RenderError, Trace};

use super::OryFunction;
use crate::render::rendering::{Subject, argument, calls};

/// Why no webhook is printed for a preset.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnfitPreset {
    /// Other functions have none.
    #[error("--preset is for relay: {0} has none")]
    NoRelay(OryFunction),
    /// Its template cancels every event of this flow.
    #[error("a relay with the preset {preset} sends nothing after {flow}, only after {others}")]
    Cancels {
        preset: &'static str,
        flow: Flow,
        /// The flows that lead to a call.
        others: String,
    },
}

/// Checks that the preset's template makes a call of an event of each of these flows.
///
/// # Errors
/// If it makes none, or if the function has no preset.
pub(super) async fn check(
    function: OryFunction,
    shipped: &'static Shipped,
    flows: &[Flow],
) -> Result<(), UnfitPreset> {
    if function != OryFunction::Relay {
        return Err(UnfitPreset::NoRelay(function));
    }
    let mut others = Vec::new();
    for flow in Flow::ALL {
        if !cancels(shipped, flow).await {
            others.push(flow);
        }
    }
    let Some(flow) = flows.iter().copied().find(|flow| !others.contains(flow)) else {
        return Ok(());
    };
    let others = others.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Err(UnfitPreset::Cancels { preset: shipped.name, flow, others })
}

/// Somebody with an address does it: what depends on the person is left to the event.
async fn cancels(shipped: &'static Shipped, flow: Flow) -> bool {
    let identity = person("00000000-1111-4111-8111-000000000000", "somebody@example.com");
    let event = json!({"identity": identity, "hook": {"flow": flow.name(), "when": "after_save"}});
    let subject = Subject::Relay(shipped);
    let Ok(ctx) = argument(subject, event.to_string().as_bytes()) else { return false };
    let rendered = calls(subject, &shipped.source(), ctx, Trace::default()).await;
    matches!(rendered, Err(RenderError::Cancelled))
}

#[cfg(test)]
mod tests {
    use relay::SHIPPED;

    use super::*;

    #[tokio::test]
    async fn only_slack_is_for_registrations_alone() {
        for shipped in SHIPPED {
            for flow in Flow::ALL {
                let checked = check(OryFunction::Relay, shipped, &[flow]).await;
                let is_fit = shipped.name != "slack" || flow == Flow::Registration;
                assert_eq!(checked.is_ok(), is_fit, "{} {flow}", shipped.name);
            }
        }
    }
}
