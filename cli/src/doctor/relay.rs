//! Checks the settings of a relay: its preset, the origin of its vendor, its secret and its records.
//! No call goes to the vendor.

use ::relay::{Credential, OnInDoubt, Origin, Preset, SHIPPED, Shipped};
use shared::secrets::Product;

use super::{
    CheckResult, Reach,
    keys::{self, Slot},
    records,
    stack::Stack,
};

const PRESET: &str = "relay: preset";
const ORIGIN: &str = "relay: origin";
const SECRET: &str = "relay: secret";
const ACCEPTED: &str = "relay: secret at the vendor";

/// How a preset of one's own is named: a file in a Lambda layer.
const FILE: &str = "file://";

pub(super) async fn check(stack: &Stack, reach: &Reach) -> Vec<CheckResult> {
    let (preset, preset_found) = preset(stack.relay_preset.as_deref());
    let (origin, origin_found) = origin(stack, preset.as_ref());
    let on_in_doubt = match stack.relay_on_in_doubt.as_deref() {
        Some(word) => OnInDoubt::parse(word),
        None => preset.as_ref().map(|preset| preset.on_in_doubt),
    };
    let (secret, records) = tokio::join!(
        secret(stack, preset.as_ref(), origin.as_ref(), reach),
        records::check(on_in_doubt, stack, reach),
    );
    let accepted = CheckResult::skipped(ACCEPTED, "this would need a call to the vendor");
    vec![preset_found, origin_found, secret, accepted, records]
}

fn preset(name: Option<&str>) -> (Option<Preset>, CheckResult) {
    let Some(name) = name else {
        let found = "not checked: no output RelayPreset";
        return (None, CheckResult::unknown(PRESET, found, "Set --relay-preset"));
    };
    if name.starts_with(FILE) {
        let found = format!("not checked: {name} is in a Lambda layer");
        let fix = "Test the file of the preset: ory-actions preset test FILE";
        return (None, CheckResult::unknown(PRESET, found, fix));
    }
    if let Some(preset) = Shipped::named(name).and_then(|shipped| shipped.preset().ok()) {
        let found = CheckResult::pass(PRESET, format!("{name}: {}", preset.description));
        return (Some(preset), found);
    }
    let names: Vec<_> = SHIPPED.iter().map(|shipped| shipped.name).collect();
    let fix = format!("Deploy with the parameter Preset: one of {}", names.join(", "));
    (None, CheckResult::fail(PRESET, format!("there is no preset {name}"), fix))
}

fn origin(stack: &Stack, preset: Option<&Preset>) -> (Option<Origin>, CheckResult) {
    const FIX: &str = "Deploy with the parameter RelayOrigin=https://…";
    let of_preset = || preset.and_then(|preset| preset.origin.as_deref());
    let Some(text) = stack.relay_origin.as_deref().or_else(of_preset) else {
        let found = match preset {
            Some(_) => {
                let found = "the preset has none: each customer of the vendor has another";
                CheckResult::fail(ORIGIN, found, FIX)
            }
            None => CheckResult::skipped(ORIGIN, "only the preset says it"),
        };
        return (None, found);
    };
    match Origin::parse(text, false) {
        Ok(origin) => {
            let found = CheckResult::pass(ORIGIN, origin.as_str());
            (Some(origin), found)
        }
        Err(error) => (None, CheckResult::fail(ORIGIN, error.to_string(), FIX)),
    }
}

/// Whether the secret is filled in, with what the relay presents to the vendor.
async fn secret(
    stack: &Stack,
    preset: Option<&Preset>,
    origin: Option<&Origin>,
    reach: &Reach,
) -> CheckResult {
    let of_preset = || preset.map(|preset| preset.auth.as_str());
    let Some(auth) = stack.relay_auth.as_deref().or_else(of_preset) else {
        let found = "not checked: only the preset says how the relay authenticates";
        return CheckResult::unknown(SECRET, found, "Set --relay-auth");
    };
    let Some(credential) = Credential::of(auth) else {
        let fix = "Deploy with a parameter RelayAuth that docs/presets.md lists";
        return CheckResult::fail(SECRET, format!("RelayAuth is {auth}, which is unknown"), fix);
    };
    let Some(field) = credential.field() else {
        return CheckResult::pass(SECRET, "not needed: the vendor asks for none");
    };
    let id = stack.relay_secret_id.as_deref();
    let slot = Slot { check: SECRET, output: "RelaySecretId", id, field };
    let (key, found) = keys::vendor(reach, &slot, Product::Other("the secret of the relay")).await;
    let checked = key.zip(origin).map(|(key, origin)| credential.check(&key, origin));
    match checked {
        Some(Err(fault)) => {
            let fix = keys::fill_in(&slot, id.unwrap_or_default());
            CheckResult::fail(SECRET, fault.to_string(), fix)
        }
        Some(Ok(())) | None => found,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::Verdict::{self, Fail, Pass, Unknown},
        *,
    };

    fn stack(preset: &str, origin: Option<&str>) -> Stack {
        let (relay_preset, relay_origin) = (Some(preset.to_owned()), origin.map(str::to_owned));
        Stack { relay_preset, relay_origin, ..Stack::default() }
    }

    #[test]
    fn preset_is_one_that_comes_with_the_relay() {
        let table = [
            (Some("hubspot"), Pass),
            (Some("fax"), Fail),
            (Some("file:///opt/own.json"), Unknown),
            (None, Unknown),
        ];
        for (name, verdict) in table {
            let (known, found) = preset(name);
            assert_eq!((found.verdict, known.is_some()), (verdict, verdict == Pass), "{name:?}");
        }
    }

    #[test]
    fn origin_is_set_if_the_preset_has_none() {
        let own = Some("https://rest.iad-01.braze.com");
        let table: [(&str, Option<&str>, Verdict); 6] = [
            ("hubspot", None, Pass),
            ("braze", None, Fail),
            ("braze", own, Pass),
            ("braze", Some("http://rest.iad-01.braze.com"), Fail),
            ("file:///opt/own.json", None, Unknown),
            ("file:///opt/own.json", own, Pass),
        ];
        for (name, text, verdict) in table {
            let stack = stack(name, text);
            let (known, _) = preset(stack.relay_preset.as_deref());
            let (found, finding) = origin(&stack, known.as_ref());
            assert_eq!(finding.verdict, verdict, "{name} {text:?}");
            assert_eq!(found.is_some(), verdict == Pass);
        }
    }
}
