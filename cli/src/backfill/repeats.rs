//! Whether a relay may make the call for an identity twice.

use relay::OnInDoubt;
use shared::config::Environment;

use crate::relay_settings;

/// The variable with the table of records.
const TABLE: &str = "RECORDS_TABLE";

/// A relay keeps no record of what it has done.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "this relay keeps no record of what it has sent: a second run sends everybody again, and a call \
     without an answer is repeated.{} If that does no harm, add --may-repeat; otherwise deploy it with \
     OnInDoubt=hold",
    .duplicate.as_deref().map(|duplicate| format!(" What a duplicate would look like: {duplicate}"))
        .unwrap_or_default()
)]
pub(super) struct MayRepeat {
    /// What the preset says of a duplicate, if it is known.
    duplicate: Option<String>,
}

/// Whether the relay makes each call once, as far as its variables tell.
pub(super) fn check(env: &Environment) -> Result<(), MayRepeat> {
    let holds = relay_settings::on_in_doubt(env) == Some(OnInDoubt::Hold);
    if holds && env.optional(TABLE).is_some() {
        return Ok(());
    }
    let preset = relay_settings::shipped(env).and_then(|shipped| shipped.preset().ok());
    Err(MayRepeat { duplicate: preset.map(|preset| preset.duplicate) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relay_that_holds_with_a_table_sends_nobody_twice() {
        let table = [
            ("slack", "", "records", true),
            ("slack", "", "", false),
            ("slack", "repeat", "records", false),
            ("hubspot", "", "", false),
            ("hubspot", "hold", "records", true),
            ("file:///opt/own.json", "hold", "records", true),
            ("file:///opt/own.json", "", "records", false),
        ];
        for (preset, on_in_doubt, records, expected) in table {
            let variables =
                [(relay::PRESET, preset), ("ON_IN_DOUBT", on_in_doubt), (TABLE, records)];
            let checked = check(&Environment::of(variables));
            assert_eq!(checked.is_ok(), expected, "{preset} {on_in_doubt} {records}");
        }
        let hubspot = check(&Environment::of([(relay::PRESET, "hubspot")])).unwrap_err();
        let told = hubspot.to_string();
        assert!(told.contains("the second call updates the same contact"), "{told}");
    }
}
