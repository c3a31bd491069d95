//! `action` prints the webhooks with which Ory calls the functions: the place and configuration of
//! each, and notes. It rejects webhooks that would never run or have no effect.

mod commands;
mod format;
mod function;
mod inline;
mod notes;
mod plan;
mod preset;
mod terraform;
mod webhook;

use std::{env, process::ExitCode};

use clap::Args;
use lint::kratos::{Flow, Method};
use relay::Shipped;
use shared::config::Endpoint;

pub use format::{Format, Key, PrintError, Project, print};
pub use function::{NoFunction, OryFunction};
pub use notes::notes;
pub use plan::{HookPlace, Refused, Wish};
pub use terraform::Indistinct;

use crate::{
    command::Done,
    exit::InvalidInput,
    output,
    up::relays::{self, Relay},
};

/// How a function is called.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The function.
    pub function: OryFunction,
    /// The function's URL.
    pub url: String,
    /// The header that carries the API key.
    pub api_key_name: String,
}

/// The default variable with the key.
const KEY_VARIABLE: &str = "WEBHOOK_KEY";

/// Stands for the id of a project that is not named.
const NO_PROJECT: &str = "PROJECT-ID";

const EXAMPLES: &str = "\
Examples:
  # Ory Network: a command for each sign-up method; read hooks.sh, then run it
  ory-actions action mandrill-welcome --url \"$MANDRILL_WELCOME_URL\" \\
    --flow registration --project PROJECT-ID --workspace WORKSPACE-ID > hooks.sh

  # self-hosted Kratos, with the key from the environment
  ory-actions action segment-identify --url \"$SEGMENT_IDENTIFY_URL\" \\
    --flow settings --format yaml --api-key-env WEBHOOK_KEY

  # check the Mandrill rejects list before an identity is saved (SCREEN_REJECTS)
  ory-actions action mandrill-welcome --url \"$MANDRILL_WELCOME_URL\" \\
    --flow registration --method password,code --parse

  # stop logins with a REPLY_TEMPLATE
  ory-actions action mandrill-welcome --url \"$MANDRILL_WELCOME_URL\" --flow login --parse

  # all the flows that mailchimp-subscribe follows
  ory-actions action mailchimp-subscribe --url \"$MAILCHIMP_SUBSCRIBE_URL\"

  # Ory Network with Terraform; the key stays in the environment
  ory-actions action segment-identify --url \"$SEGMENT_IDENTIFY_URL\" \
    --flow registration --format terraform > segment_identify.tf

  # a relay, for the flows after which its preset sends something
  ory-actions action relay --url \"$RELAY_URL\" --preset slack --flow registration

Webhooks are printed to standard output, notes about them to standard error.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Action {
    /// mandrill-welcome, segment-identify, mailchimp-subscribe or relay.
    function: OryFunction,
    /// The URL of the function.
    #[arg(long)]
    url: String,
    /// The flow: registration, login, settings, verification or recovery (mailchimp-subscribe by
    /// default: verification, settings and registration).
    #[arg(long)]
    flow: Option<Flow>,
    /// The preset of the relay: refuses flows after which it sends nothing.
    #[arg(long, value_name = "PRESET", value_parser = relays::parser())]
    preset: Option<&'static Relay>,
    /// The methods of the flow, separated by commas (default: all that apply).
    #[arg(long, value_name = "METHOD", value_delimiter = ',')]
    method: Vec<Method>,
    /// Wait for a reply: before the identity is saved, to change or reject it; after a login, to stop it.
    #[arg(long)]
    parse: bool,
    /// Forward the address from which the person calls, as evidence of the opt-in. It is personal
    /// data, and can be forged unless a proxy sets the header `True-Client-Ip`.
    #[arg(long)]
    with_ip: bool,
    /// The output format.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The environment variable with the key. The printed Ory commands read it when they run, and
    /// Terraform gets it as a variable (default: `WEBHOOK_KEY`). Its value is inserted into YAML and
    /// JSON; if unset, a placeholder.
    #[arg(long, value_name = "NAME", value_parser = variable)]
    api_key_env: Option<String>,
    /// The header with the key, the `WEBHOOK_API_KEY_NAME` of the function.
    #[arg(long, value_name = "NAME", default_value = "Authorization")]
    api_key_name: String,
    /// The id of the Ory project.
    #[arg(long, value_name = "ID", default_value = NO_PROJECT)]
    project: String,
    /// The id of the workspace.
    #[arg(long, value_name = "ID", default_value = "WORKSPACE-ID")]
    workspace: String,
}

impl Action {
    pub(crate) async fn run(self) -> Done {
        let key = key(self.format, self.api_key_env).map_err(InvalidInput::new)?;
        let wanted = "--url: expected the https URL of the function, without a query";
        let url = Endpoint::parse(&self.url).ok_or_else(|| InvalidInput::new(wanted))?;
        let url = url.as_str().to_owned();
        let caller = Caller { function: self.function, url, api_key_name: self.api_key_name };
        let project = Project { project: self.project, workspace: self.workspace };
        let (function, parse) = (self.function, self.parse);
        let flows = flows(function, self.flow, &self.method).map_err(InvalidInput::new)?;
        if let Some(shipped) = self.preset.and_then(|relay| Shipped::named(relay.preset)) {
            preset::check(function, shipped, &flows).await.map_err(InvalidInput::new)?;
        }
        let wish = |flow| Wish { function, flow, methods: self.method.clone(), parse };
        let wishes: Vec<_> = flows.into_iter().map(wish).collect();
        let places = places(&wishes, self.with_ip)?;
        let printed = print(self.format, &places, &caller, &key, &project);
        output::text(printed.map_err(InvalidInput::new)?)?;
        for note in notes(&wishes, &places, self.format, &key) {
            output::note(output::wrapped("note: ", &note));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The flows to be called after.
fn flows(
    function: OryFunction,
    flow: Option<Flow>,
    methods: &[Method],
) -> Result<Vec<Flow>, String> {
    match (flow, function.flows()) {
        (Some(flow), _) => Ok(vec![flow]),
        (None, []) => Err(format!("--flow is required for {function}")),
        (None, _) if !methods.is_empty() => {
            Err("--method is for one flow: set --flow, too".to_owned())
        }
        (None, flows) => Ok(flows.to_vec()),
    }
}

fn places(wishes: &[Wish], forwards_ip: bool) -> Result<Vec<HookPlace>, InvalidInput> {
    let mut all = Vec::new();
    for wish in wishes {
        if forwards_ip && wish.function != OryFunction::MailchimpSubscribe {
            let why = "--with-ip is for mailchimp-subscribe: no other function uses the address";
            return Err(InvalidInput::new(why));
        }
        let places = wish.places().map_err(InvalidInput::new)?;
        all.extend(places.into_iter().map(|place| HookPlace { forwards_ip, ..place }));
    }
    Ok(all)
}

/// The forwarding template of a hook.
pub(crate) fn forwarding_template(place: HookPlace) -> String {
    webhook::template(place, place.list.method().map(Method::name))
}

/// A valid variable name for a shell.
fn variable(name: &str) -> Result<String, &'static str> {
    let starts_well = name.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_');
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if starts_well && is_name {
        Ok(name.to_owned())
    } else {
        Err("expected the name of an environment variable, not the key itself")
    }
}

fn key(format: Format, variable: Option<String>) -> Result<Key, String> {
    match (format, variable) {
        (Format::Commands | Format::Inline | Format::Terraform, name) => {
            Ok(Key::Variable(name.unwrap_or(KEY_VARIABLE.to_owned())))
        }
        (_, None) => Ok(Key::ByHand),
        (_, Some(name)) => env::var(&name)
            .ok()
            .filter(|key| !key.is_empty())
            .map(Key::Value)
            .ok_or_else(|| format!("--api-key-env: {name} is not set")),
    }
}
