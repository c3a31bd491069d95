//! The webhooks in the formats that Ory reads.

use clap::ValueEnum;
use lint::kratos::Method;
use yaml_serde::Value;

use super::{
    Caller, HookPlace, commands, inline,
    terraform::{self, Indistinct},
    webhook::{Webhook, template},
};

/// A placeholder for the key.
const PLACEHOLDER: &str = "WEBHOOK-KEY";

/// The output format.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum Format {
    /// Ory CLI commands, one for each method; they share one readable template.
    #[default]
    Commands,
    /// The same commands, each with the template encoded in it.
    Inline,
    /// Part of the configuration of a self-hosted Kratos.
    Yaml,
    /// The webhook of a single method.
    Json,
    /// Resources of Ory's Terraform provider, for Ory Network.
    Terraform,
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

impl Key {
    /// What is printed for it.
    pub(super) fn value(&self) -> String {
        match self {
            Self::Value(value) => value.clone(),
            Self::Variable(name) => format!("${{{name}:?}}"),
            Self::ByHand => PLACEHOLDER.to_owned(),
        }
    }
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
    /// Terraform could not keep two webhooks apart.
    #[error(transparent)]
    Indistinct(#[from] Indistinct),
    /// Serializing text cannot fail, but serde cannot know that.
    #[error("the webhook cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// The same.
    #[error("the webhook cannot be written as YAML")]
    Yaml(#[from] yaml_serde::Error),
}

/// The configuration for Ory.
///
/// # Errors
/// If the format is JSON and there are several webhooks, or if it is Terraform and two of them are in
/// the same list.
pub fn print(
    format: Format,
    places: &[HookPlace],
    caller: &Caller,
    key: &Key,
    project: &Project,
) -> Result<String, PrintError> {
    let hook = |place: &HookPlace| Webhook::new(*place, caller, &key.value());
    match (format, places) {
        (Format::Json, [place]) => Ok(serde_json::to_string_pretty(&hook(place))? + "\n"),
        (Format::Json, _) => Err(PrintError::Many),
        (Format::Yaml, _) => Ok(readable_template(places) + &yaml(places, hook)?),
        (Format::Terraform, _) => Ok(terraform::file(places, caller, key, project)?),
        (Format::Commands, _) => Ok(commands::script(places, caller, key, project)?),
        (Format::Inline, _) => {
            let command = |place: &HookPlace| inline::command(*place, &hook(place), key, project);
            Ok(places.iter().map(command).collect::<Result<String, _>>()?)
        }
    }
}

/// A comment with the template of the first hook. Those of the other hooks differ in the flow and the
/// method.
fn readable_template(places: &[HookPlace]) -> String {
    let Some(place) = places.first() else { return String::new() };
    let template = template(*place, place.list.method().map(Method::name));
    let is_same = places.iter().all(|other| other.list.flow() == place.list.flow());
    let own = if is_same { "method" } else { "flow and the method" };
    let same =
        format!("# Each body is this template in base64, with the {own} of its own list:\n#\n");
    let comment = |line: &str| format!("# {line}").trim_end().to_owned() + "\n";
    template.lines().fold(same, |lines, line| lines + &comment(line)) + "\n"
}

/// All lists in one tree.
fn yaml(
    places: &[HookPlace],
    hook: impl Fn(&HookPlace) -> Webhook,
) -> Result<String, yaml_serde::Error> {
    let mut config = Value::Null;
    for place in places {
        let keys = place.list.keys();
        let list = keys.into_iter().fold(&mut config, |parent, key| &mut parent[key]);
        *list = Value::Sequence(vec![yaml_serde::to_value(hook(place))?]);
    }
    yaml_serde::to_string(&config)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use base64::{Engine, engine::general_purpose::STANDARD};
    use lint::kratos::{Flow, Method};
    use serde_json::json;

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
        let function = OryFunction::MandrillWelcome;
        let api_key_name = "Authorization".to_owned();
        let caller = Caller { function, url: URL.to_owned(), api_key_name };
        let project =
            Project { project: "PROJECT-ID".to_owned(), workspace: "WORKSPACE-ID".to_owned() };
        print(format, places, &caller, key, &project)
    }

    /// With the first line of each template instead of the whole.
    fn readable(printed: &str) -> String {
        let mut parts = printed.split("base64://");
        let mut readable = parts.next().unwrap().to_owned();
        for part in parts {
            let is_encoded = |one: char| one.is_ascii_alphanumeric() || "+/=".contains(one);
            let rest = part.trim_start_matches(is_encoded);
            let template = STANDARD.decode(part.strip_suffix(rest).unwrap()).unwrap();
            let tag = String::from_utf8(template).unwrap().lines().next().unwrap().to_owned();
            readable.extend(["base64://[", &tag, "]", rest]);
        }
        readable
    }

    #[test]
    fn several_flows_have_a_script_each() {
        let function = OryFunction::MailchimpSubscribe;
        let wish = |flow| Wish { function, flow, methods: Vec::new(), parse: false };
        let all: Vec<_> =
            function.flows().iter().flat_map(|flow| wish(*flow).places().unwrap()).collect();
        insta::assert_snapshot!(printed(Format::Commands, &all, &variable()).unwrap());
        let [readable, inline] = [Format::Commands, Format::Inline].map(|format| {
            let commands = printed(format, &all, &variable()).unwrap();
            let (is_well, runs) = run(&commands, &[("WEBHOOK_KEY", KEY)]);
            assert!(is_well, "{runs:?}");
            runs
        });
        assert_eq!(readable.len(), all.len());
        for (readable, inline) in readable.iter().zip(&inline) {
            assert_eq!(parts(readable), parts(inline));
        }
        let yaml = printed(Format::Yaml, &all, &Key::ByHand).unwrap();
        assert!(yaml.contains("with the flow and the method of its own list"), "{yaml}");
        let config: serde_json::Value = yaml_serde::from_str(&yaml).unwrap();
        let flows = &config["selfservice"]["flows"];
        for flow in ["verification", "settings", "registration"] {
            assert!(flows[flow]["after"].is_object(), "{flow}");
        }
    }

    fn variable() -> Key {
        Key::Variable("WEBHOOK_KEY".to_owned())
    }

    #[test]
    fn commands_share_a_readable_template() {
        let both = places(&[Method::Password, Method::Oidc], false);
        insta::assert_snapshot!(printed(Format::Commands, &both, &variable()).unwrap());
    }

    #[test]
    fn inline_commands_stand_alone() {
        let both = places(&[Method::Password, Method::Oidc], false);
        insta::assert_snapshot!(readable(&printed(Format::Inline, &both, &variable()).unwrap()));
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
    fn relay_has_a_webhook_that_forwards_the_event() {
        let (function, methods) = (OryFunction::Relay, vec![Method::Password]);
        let wish = Wish { function, flow: Flow::Registration, methods, parse: false };
        let one = wish.places().unwrap();
        insta::assert_snapshot!(printed(Format::Commands, &one, &variable()).unwrap());
    }

    #[test]
    fn json_output_requires_a_single_webhook() {
        assert!(printed(Format::Json, &places(&[], false), &Key::ByHand).is_err());
    }

    #[test]
    fn key_is_printed_only_where_requested() {
        let one = places(&[Method::Password], false);
        for format in [Format::Commands, Format::Inline, Format::Yaml, Format::Json] {
            let key = Key::Value("canary".to_owned());
            assert_eq!(printed(format, &one, &key).unwrap().matches("canary").count(), 1);
            let by_hand = printed(format, &one, &Key::ByHand).unwrap();
            assert_eq!(by_hand.matches(PLACEHOLDER).count(), 1, "{by_hand}");
        }
    }

    /// The arguments of each `ory` command, as a shell expands them with this in the environment.
    fn run(commands: &str, environment: &[(&str, &str)]) -> (bool, Vec<Vec<String>>) {
        let ory = "ory() { printf '%s\\0' \"$@\" END; }";
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{ory}\n{commands}")]).env_clear().env("PATH", "/usr/bin:/bin");
        let output = shell.envs(environment.iter().copied()).output().unwrap();
        let words = String::from_utf8(output.stdout).unwrap();
        let words: Vec<_> = words.split_terminator('\0').map(str::to_owned).collect();
        let mut runs: Vec<_> = words.split(|word| word == "END").map(<[String]>::to_vec).collect();
        runs.pop();
        (output.status.success(), runs)
    }

    /// The values of the flags, and the path and webhook that are added.
    fn parts(words: &[String]) -> (Vec<&str>, &str, serde_json::Value) {
        assert_eq!(words[..2], ["patch", "identity-config"]);
        let value = |flag| &words[words.iter().position(|word| word == flag).unwrap() + 1];
        let flags = ["--project", "--workspace", "--format"].map(|flag| &**value(flag)).to_vec();
        let (path, hook) = value("--add").split_once('=').unwrap();
        (flags, path, serde_json::from_str(hook).unwrap())
    }

    /// A key is inserted in JSON as it is, so it holds no double quotes and no backslash.
    const KEY: &str = "a $key with `marks` 'and' ${more}";

    const HOSTILE: &str = "a $key with `marks` \\ 'and' ${more}";

    #[test]
    fn both_kinds_of_commands_add_the_same_webhooks_with_the_key() {
        for methods in [&[Method::Password, Method::Oidc][..], &[Method::Code]] {
            let places = places(methods, false);
            let [readable, inline] = [Format::Commands, Format::Inline].map(|format| {
                let commands = printed(format, &places, &variable()).unwrap();
                assert!(run(&commands, &[]).1.is_empty(), "no key, no command");
                let (is_well, runs) = run(&commands, &[("WEBHOOK_KEY", KEY)]);
                assert!(is_well, "{runs:?}");
                runs
            });
            assert_eq!(readable.len(), methods.len());
            for ((readable, inline), method) in readable.iter().zip(&inline).zip(methods) {
                let (flags, path, hook) = parts(readable);
                assert_eq!(flags, ["PROJECT-ID", "WORKSPACE-ID", "yaml"]);
                let list =
                    format!("/selfservice/flows/registration/after/{}/hooks/0", method.name());
                assert_eq!(path, list);
                let value = &hook["config"]["auth"]["config"]["value"];
                assert_eq!(value, KEY);
                assert_eq!(parts(inline), (flags, path, hook));
            }
        }
    }

    #[test]
    fn a_flow_without_methods_has_one_command() {
        let (function, flow) = (OryFunction::MandrillWelcome, Flow::Verification);
        let places = Wish { function, flow, methods: Vec::new(), parse: false }.places().unwrap();
        let hooks = [Format::Commands, Format::Inline].map(|format| {
            let (_, runs) =
                run(&printed(format, &places, &variable()).unwrap(), &[("WEBHOOK_KEY", "k")]);
            let [words] = &runs[..] else { panic!("{runs:?}") };
            parts(words).2
        });
        assert_eq!(hooks[0], hooks[1]);
    }

    #[test]
    fn shell_expands_nothing_in_what_was_typed() {
        let one = places(&[Method::Password], false);
        let (function, url) = (OryFunction::MandrillWelcome, URL.to_owned() + "$x`y`");
        let caller = Caller { function, url, api_key_name: HOSTILE.to_owned() };
        let project = Project { project: HOSTILE.to_owned(), workspace: HOSTILE.to_owned() };
        for format in [Format::Commands, Format::Inline] {
            let key = Key::Value(HOSTILE.to_owned());
            let (_, runs) = run(&print(format, &one, &caller, &key, &project).unwrap(), &[]);
            let (flags, _, hook) = parts(&runs[0]);
            assert_eq!(flags, [HOSTILE, HOSTILE, "yaml"]);
            assert_eq!(hook["config"]["url"], caller.url);
            let api_key = &hook["config"]["auth"]["config"];
            assert_eq!((&api_key["name"], &api_key["value"]), (&json!(HOSTILE), &json!(HOSTILE)));
        }
    }

    #[test]
    fn yaml_shows_the_template_of_its_bodies() {
        let yaml = printed(Format::Yaml, &places(&[], false), &Key::ByHand).unwrap();
        let comment = yaml.lines().filter_map(|line| line.strip_prefix('#')).skip(2);
        let comment = comment.map(|line| line.strip_prefix(' ').unwrap_or_default());
        let shown: String = comment.map(|line| line.to_owned() + "\n").collect();
        let config: serde_json::Value = yaml_serde::from_str(&yaml).unwrap();
        let hooks = &config["selfservice"]["flows"]["registration"]["after"];
        for method in ["password", "oidc", "code"] {
            let body = hooks[method]["hooks"][0]["config"]["body"].as_str().unwrap();
            let template = STANDARD.decode(body.strip_prefix("base64://").unwrap()).unwrap();
            let expected = shown.replace("'password'", &format!("'{method}'"));
            assert_eq!(String::from_utf8(template).unwrap(), expected);
        }
    }
}
