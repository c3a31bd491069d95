//! Checks that the Ory webhooks call the functions.

use std::path::Path;

use lint::{
    Configuration, NoConfiguration,
    kratos::{Flow, HookList},
    lint,
};
use serde_json::Value;

use super::{CheckResult, function::Function};

const FAULTS: &str = "Ory: lint";

/// The configuration of Ory's project, or of Kratos.
pub struct OryConfig {
    configuration: Configuration,
    is_free_of_errors: bool,
}

impl OryConfig {
    /// Parses the text of a file with this name.
    ///
    /// # Errors
    /// If it is not a configuration.
    pub fn read(file: &Path, text: &str) -> Result<Self, NoConfiguration> {
        let configuration = Configuration::read(text)?;
        Ok(Self { configuration, is_free_of_errors: lint(file, text)?.has_no_errors() })
    }
}

/// Whether `lint` finds no errors in the webhooks.
pub(super) fn faults(config: Option<&OryConfig>) -> CheckResult {
    match config {
        None => CheckResult::skipped(FAULTS, "no Ory configuration"),
        Some(OryConfig { is_free_of_errors: true, .. }) => CheckResult::pass(FAULTS, "no errors"),
        Some(_) => CheckResult::fail(
            FAULTS,
            "lint finds errors",
            "Run ory-actions lint on the same configuration; it shows each error and how to fix it",
        ),
    }
}

/// Whether Ory calls a function at all.
pub(super) fn check(function: &Function<'_>, config: Option<&OryConfig>) -> CheckResult {
    let check = format!("{}: Ory webhooks", function.name);
    let Some(config) = config else {
        return CheckResult::unknown(
            &check,
            "not checked: no Ory configuration",
            "ory get identity-config --project PROJECT-ID --workspace WORKSPACE-ID --format yaml \
             | ory-actions doctor … --ory-config -",
        );
    };
    let Some(url) = function.url else { return CheckResult::skipped(&check, "no URL") };
    let lists = lists_that_call(url, &config.configuration);
    if lists.is_empty() {
        let found = "no webhook in this configuration calls its URL";
        // It follows several flows, which `action` knows.
        let flow =
            if function.name == mailchimp_subscribe::NAME { "" } else { " --flow registration" };
        let fix = format!("To create one: ory-actions action {} --url {url}{flow}", function.name);
        return CheckResult::fail(&check, found, fix);
    }
    CheckResult::pass(&check, format!("called from {}", lists.join(", ")))
}

/// The lists of hooks that call this URL, in readable form, without their common prefix.
fn lists_that_call(url: &str, config: &Configuration) -> Vec<String> {
    let lists = Flow::ALL.into_iter().flat_map(HookList::of);
    let calling = lists.filter(|list| {
        let hooks = config.at(&list.keys()).and_then(Value::as_array);
        hooks.into_iter().flatten().any(|hook| calls(hook, url))
    });
    calling.map(|list| list.to_string().replacen("selfservice.flows.", "", 1)).collect()
}

fn calls(hook: &Value, url: &str) -> bool {
    let target = hook["config"]["url"].as_str().unwrap_or_default();
    hook["hook"] == "web_hook" && target.trim_end_matches('/') == url.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::Verdict::{self, Fail, Pass, Unknown},
        *,
    };

    const URL: &str = "https://abc.lambda-url.eu-central-1.on.aws/";

    fn config(hook: &str, url: &str) -> Value {
        let hooks = json!([{"hook": "session"}, {"hook": hook, "config": {"url": url}}]);
        let flows = json!({
            "registration": {"after": {"password": {"hooks": hooks}}},
            "verification": {"after": {"hooks": hooks}},
        });
        json!({"selfservice": {"flows": flows}})
    }

    fn read(config: &Value) -> OryConfig {
        OryConfig::read(Path::new("ory.yaml"), &config.to_string()).unwrap()
    }

    fn found(url: Option<&str>, config: Option<&Value>) -> (Verdict, String) {
        let function = Function { name: "f", output: "FUrl", url, to_get: 405 };
        let finding = check(&function, config.map(read).as_ref());
        (finding.verdict, finding.found)
    }

    #[test]
    fn hook_check_finds_the_function_url() {
        let called = "called from registration.after.password.hooks, verification.after.hooks";
        let of_project = json!({"services": {"identity": {"config": config("web_hook", URL)}}});
        let table = [
            (config("web_hook", URL), Pass, called),
            (config("web_hook", URL.trim_end_matches('/')), Pass, called),
            (of_project, Pass, called),
            (config("web_hook", "https://other.test/"), Fail, "no webhook"),
            (config("verifier", URL), Fail, "no webhook"),
            (json!({"selfservice": {}}), Fail, "no webhook"),
        ];
        for (config, verdict, part) in table {
            let (as_found, found) = found(Some(URL), Some(&config));
            assert_eq!(as_found, verdict, "{found}");
            assert!(found.contains(part), "{found}");
        }
        assert_eq!(found(Some(URL), None).0, Unknown);
        assert_eq!(found(None, Some(&json!({"selfservice": {}}))).0, Unknown);
    }

    #[test]
    fn hook_with_a_lint_error_fails_the_check() {
        assert_eq!(faults(None).verdict, Unknown);
        assert_eq!(faults(Some(&read(&json!({"selfservice": {}})))).verdict, Pass);
        assert_eq!(faults(Some(&read(&config("web_hook", URL)))).verdict, Fail, "no template");
    }
}
