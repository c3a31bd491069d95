//! The webhooks in the formats that Ory reads.

use clap::ValueEnum;
use serde_yaml_ng::Value;

use super::{Caller, HookPlace, webhook::Webhook};
use crate::shell;

/// A placeholder for the key.
const PLACEHOLDER: &str = "WEBHOOK-KEY";

/// The output format.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum Format {
    /// Ory CLI commands, one for each method.
    #[default]
    Ory,
    /// Part of the configuration of a self-hosted Kratos.
    Yaml,
    /// The webhook of a single method.
    Json,
}

/// The API key that Ory presents.
#[derive(Clone)]
pub enum Key {
    /// The key itself.
    Value(String),
    /// The environment variable with the key, read when the commands run.
    Variable(String),
    /// A placeholder, to be replaced by hand.
    ByHand,
}

/// Whose configuration the commands change.
#[derive(Clone, Debug)]
pub struct Project {
    /// The id of the project.
    pub project: String,
    /// The id of its workspace.
    pub workspace: String,
}

/// Why nothing is printed.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// JSON holds only one webhook.
    #[error("--format json prints a single webhook; set one --method")]
    Many,
    /// Serializing text cannot fail, but serde cannot know that.
    #[error("the webhook cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// The same.
    #[error("the webhook cannot be written as YAML")]
    Yaml(#[from] serde_yaml_ng::Error),
}

/// The configuration for Ory.
///
/// # Errors
/// If the format is JSON and there are several webhooks.
pub fn print(
    format: Format,
    places: &[HookPlace],
    caller: &Caller,
    key: &Key,
    project: &Project,
) -> Result<String, PrintError> {
    let value = match key {
        Key::Value(value) => value,
        Key::Variable(_) | Key::ByHand => PLACEHOLDER,
    };
    let hook = |place: &HookPlace| Webhook::new(*place, caller, value);
    match (format, places) {
        (Format::Json, [place]) => Ok(serde_json::to_string_pretty(&hook(place))? + "\n"),
        (Format::Json, _) => Err(PrintError::Many),
        (Format::Yaml, _) => Ok(yaml(places, hook)?),
        (Format::Ory, _) => {
            let command = |place: &HookPlace| command(*place, &hook(place), key, project);
            Ok(places.iter().map(command).collect::<Result<String, _>>()?)
        }
    }
}

/// Inserts the webhook before the existing entries of the list.
fn command(
    place: HookPlace,
    hook: &Webhook,
    key: &Key,
    project: &Project,
) -> Result<String, serde_json::Error> {
    let hook = serde_json::to_string(hook)?;
    let add = format!("{}/0={hook}", place.list.pointer());
    let add = match key {
        // The shell inserts the key, and stops if the variable is unset.
        Key::Variable(name) => {
            let words: Vec<_> = add.split(PLACEHOLDER).map(shell::word).collect();
            words.join(&format!("\"${{{name}:?}}\""))
        }
        Key::Value(_) | Key::ByHand => shell::word(&add).into_owned(),
    };
    let (project, workspace) = (shell::word(&project.project), shell::word(&project.workspace));
    Ok(format!(
        "ory patch identity-config --project {project} --workspace {workspace} --format yaml \\\n  \
         --add {add}\n"
    ))
}

/// All lists in one tree.
fn yaml(
    places: &[HookPlace],
    hook: impl Fn(&HookPlace) -> Webhook,
) -> Result<String, serde_yaml_ng::Error> {
    let mut config = Value::Null;
    for place in places {
        let keys = place.list.keys();
        let list = keys.into_iter().fold(&mut config, |parent, key| &mut parent[key]);
        *list = Value::Sequence(vec![serde_yaml_ng::to_value(hook(place))?]);
    }
    serde_yaml_ng::to_string(&config)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use base64::{Engine, engine::general_purpose::STANDARD};
    use lint::kratos::{Flow, Method};

    use super::{
        super::{OryFunction, Wish},
        *,
    };

    const URL: &str = "https://abc.lambda-url.eu-central-1.on.aws/";

    fn places(methods: &[Method], parse: bool) -> Vec<HookPlace> {
        let (function, flow) = (OryFunction::MandrillWelcome, Flow::Registration);
        Wish { function, flow, methods: methods.to_vec(), parse }.places().unwrap()
    }

    fn printed(format: Format, places: &[HookPlace], key: &Key) -> Result<String, PrintError> {
        let caller = Caller { url: URL.to_owned(), api_key_name: "Authorization".to_owned() };
        let project =
            Project { project: "PROJECT-ID".to_owned(), workspace: "WORKSPACE-ID".to_owned() };
        print(format, places, &caller, key, &project)
    }

    /// With the third line of each template instead of the whole.
    fn readable(printed: &str) -> String {
        let mut parts = printed.split("base64://");
        let mut readable = parts.next().unwrap().to_owned();
        for part in parts {
            let is_encoded = |one: char| one.is_ascii_alphanumeric() || "+/=".contains(one);
            let rest = part.trim_start_matches(is_encoded);
            let template = STANDARD.decode(part.strip_suffix(rest).unwrap()).unwrap();
            let tag = String::from_utf8(template).unwrap().lines().nth(2).unwrap().to_owned();
            readable.extend(["base64://[", &tag, "]", rest]);
        }
        readable
    }

    #[test]
    fn commands_for_ory_network() {
        let both = places(&[Method::Password, Method::Oidc], false);
        let key = Key::Variable("WEBHOOK_KEY".to_owned());
        insta::assert_snapshot!(readable(&printed(Format::Ory, &both, &key).unwrap()));
    }

    #[test]
    fn output_is_a_kratos_configuration_fragment() {
        let both = places(&[Method::Password, Method::Oidc], false);
        insta::assert_snapshot!(readable(&printed(Format::Yaml, &both, &Key::ByHand).unwrap()));
    }

    #[test]
    fn webhook_with_parsed_reply() {
        let one = places(&[Method::Password], true);
        insta::assert_snapshot!(readable(&printed(Format::Json, &one, &Key::ByHand).unwrap()));
    }

    #[test]
    fn json_output_requires_a_single_webhook() {
        assert!(printed(Format::Json, &places(&[], false), &Key::ByHand).is_err());
    }

    #[test]
    fn key_is_printed_only_where_requested() {
        let one = places(&[Method::Password], false);
        for format in [Format::Ory, Format::Yaml, Format::Json] {
            let key = Key::Value("canary".to_owned());
            assert_eq!(printed(format, &one, &key).unwrap().matches("canary").count(), 1);
            let by_hand = printed(format, &one, &Key::ByHand).unwrap();
            assert_eq!(by_hand.matches(PLACEHOLDER).count(), 1, "{by_hand}");
        }
    }

    /// The command as a shell expands it, with this in the environment.
    fn run(command: &str, environment: &[(&str, &str)]) -> (bool, String) {
        let shown = command.replacen("ory ", "printf '%s\\n' ", 1);
        let mut shell = Command::new("sh");
        shell.args(["-c", &shown]).env_clear().env("PATH", "/usr/bin:/bin");
        let output = shell.envs(environment.iter().copied()).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    }

    #[test]
    fn shell_quoting_keeps_the_webhook_one_argument_with_the_key() {
        let one = places(&[Method::Password], false);
        let key = Key::Variable("WEBHOOK_KEY".to_owned());
        let command = printed(Format::Ory, &one, &key).unwrap();
        let (is_well, words) = run(&command, &[("WEBHOOK_KEY", "a $key with `marks`")]);
        let words: Vec<_> = words.lines().collect();
        assert!(is_well, "{words:?}");
        let flags = [
            "patch",
            "identity-config",
            "--project",
            "PROJECT-ID",
            "--workspace",
            "WORKSPACE-ID",
            "--format",
            "yaml",
            "--add",
        ];
        assert_eq!(words[..9], flags);
        let (path, hook) = words[9].split_once('=').unwrap();
        assert_eq!(path, "/selfservice/flows/registration/after/password/hooks/0");
        let hook: serde_json::Value = serde_json::from_str(hook).unwrap();
        assert_eq!(hook["config"]["auth"]["config"]["value"], "a $key with `marks`");
        assert_eq!(words.len(), 10);
        assert!(!run(&command, &[]).0, "no key, no command");
    }
}
