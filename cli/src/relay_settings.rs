//! What the variables of a deployed relay say, as far as that can be told from here: a preset of its own
//! is in a file that only Lambda has.

use relay::{OnInDoubt, Shipped};
use shared::config::Environment;

/// The preset that comes with the relay; `None` if it has another.
pub(crate) fn shipped(env: &Environment) -> Option<&'static Shipped> {
    Shipped::named(env.optional(relay::PRESET)?)
}

/// What becomes of a call in doubt; `None` if only the preset of its own says so.
pub(crate) fn on_in_doubt(env: &Environment) -> Option<OnInDoubt> {
    let of_preset = || Some(shipped(env)?.preset().ok()?.on_in_doubt);
    OnInDoubt::from_env(env).ok()?.or_else(of_preset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_in_doubt_is_treated_as_the_variable_or_the_shipped_preset_says() {
        use OnInDoubt::{Hold, Repeat};
        let table = [
            ("slack", "", Some(Hold)),
            ("slack", "repeat", Some(Repeat)),
            ("hubspot", "", Some(Repeat)),
            ("hubspot", "hold", Some(Hold)),
            ("file:///opt/own.json", "hold", Some(Hold)),
            ("file:///opt/own.json", "", None),
            ("hubspot", "sometimes", None),
        ];
        for (preset, variable, expected) in table {
            let env = Environment::of([("RELAY_PRESET", preset), ("ON_IN_DOUBT", variable)]);
            assert_eq!(on_in_doubt(&env), expected, "{preset} {variable}");
        }
    }
}
