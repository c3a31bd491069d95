//! Notes about the webhooks that are printed.

use lint::kratos::{Flow, Method};

use super::{Format, HookPlace, Key, OryFunction, Wish, terraform};

/// A sentence or two each.
pub fn notes(wishes: &[Wish], places: &[HookPlace], format: Format, key: &Key) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(wish) = wishes.first() {
        notes.push(if wish.parse {
            waited_for(wish.function, wish.flow)
        } else {
            in_the_background()
        });
    }
    let subscribes = |wish: &&Wish| wish.function == OryFunction::MailchimpSubscribe;
    notes.extend(wishes.iter().filter(subscribes).map(|wish| reason(wish.flow)));
    if wishes.iter().filter(subscribes).any(|wish| wish.flow == Flow::Settings) {
        notes.push(deferred_address());
    }
    let welcomes = |wish: &&Wish| wish.function == OryFunction::MandrillWelcome && !wish.parse;
    notes.extend(wishes.iter().filter(welcomes).filter_map(|wish| no_welcome(wish.flow)));
    for wish in wishes {
        notes.extend(of_flow(wish.flow, places));
    }
    if places.iter().any(|place| place.list.method() == Some(Method::Saml)) {
        notes.push(
            "saml is available in Ory Network and the Ory Enterprise License; any other Kratos does \
             not start with it."
                .to_owned(),
        );
    }
    if places.iter().any(|place| place.forwards_ip) {
        notes.push(
            "True-Client-Ip is personal data: say so in your privacy policy. Anybody can send this \
             header where no proxy sets it, so make sure that yours does."
                .to_owned(),
        );
    }
    match (format, wishes.first()) {
        (Format::Terraform, Some(wish)) => {
            notes.extend(terraform::notes(wish.function, wish.parse, key));
        }
        _ => notes.push(key_note(key)),
    }
    notes.push(what_to_look_at(format));
    notes
}

fn of_flow(flow: Flow, places: &[HookPlace]) -> Vec<String> {
    let mut notes = Vec::new();
    if !flow.methods().is_empty() {
        notes.push(silenced(flow, places));
    }
    if matches!(flow, Flow::Verification | Flow::Recovery) {
        notes.push(format!(
            "The {flow} flow and its hooks are disabled until `selfservice.flows.{flow}.enabled` is \
             true."
        ));
    }
    if flow == Flow::Login {
        notes.push(
            "A login with a second factor calls again, for that method. A social login that becomes a \
             registration runs the registration hooks."
                .to_owned(),
        );
    }
    notes
}

/// Why `mailchimp-subscribe` follows a flow.
fn reason(flow: Flow) -> String {
    let reason = match flow {
        Flow::Verification => {
            "the address is proved. An opt-in that waits for it is completed, and a contact moves to a \
             new address. Without this hook, nobody who has to verify is subscribed."
        }
        Flow::Settings => {
            "consent that is given or withdrawn, and changes of the profile. The template sends the \
             traits before the change, too: only their difference tells a fresh opt-in."
        }
        Flow::Registration => {
            "an opt-in at sign-up is remembered until the address is verified. Where a social provider \
             has verified it, the person is subscribed at once."
        }
        Flow::Login => {
            "never a fresh opt-in. It keeps the fields of a contact up to date where a social provider \
             has `update_identity_on_login: automatic`."
        }
        Flow::Recovery => "nothing changes.",
    };
    format!("Why {flow}: {reason}")
}

/// Whoever was there before is not welcomed again.
fn no_welcome(flow: Flow) -> Option<String> {
    let is_new = matches!(flow, Flow::Registration | Flow::Verification);
    (!is_new).then(|| {
        format!(
            "The shipped template of mandrill-welcome sends nothing after {flow}: only after \
             registration and verification. To write to people after {flow}, deploy a template of \
             your own."
        )
    })
}

/// `earlier-identity` in `docs/kratos.md`.
fn deferred_address() -> String {
    "With `verify_new_address`, Ory applies a change of the address only once it is verified, and the \
     session then has the new traits already: this hook sees no difference. The verification hook moves \
     the contact. Consent that is changed in the same form as the address is no fresh opt-in or \
     withdrawal: ask for it in a form of its own."
        .to_owned()
}

/// Last, because it is the next step.
fn what_to_look_at(format: Format) -> String {
    let look = match format {
        Format::Commands => {
            "Look at `template`: it is all that Ory sends. Look at `webhook`: where it sends it. Then \
             run the commands."
        }
        Format::Inline => {
            "Run the commands. The template in them is encoded; `--format commands` shows it."
        }
        Format::Yaml => {
            "Look at the template in the comment: it is all that Ory sends. Then merge the webhooks \
             into your configuration."
        }
        Format::Json => "Insert the webhook into the list of its method.",
        Format::Terraform => {
            "Look at `body`: it is all that Ory sends. Look at `url`: where it sends it. Then run \
             `terraform plan`."
        }
    };
    format!("{look} `ory-actions lint` checks the whole configuration.")
}

fn in_the_background() -> String {
    "Does not block the flow: with `ignore: true`, Ory calls in the background. People do not wait \
     and do not see failures."
        .to_owned()
}

/// The times: three attempts of 30 s, with 1 s and 2 s between them.
fn waited_for(function: OryFunction, flow: Flow) -> String {
    let (what, whereby) = match flow {
        Flow::Registration => ("sign-up", before_saving()),
        Flow::Login => ("login", stops_only(function)),
        _ => ("change", before_saving()),
    };
    format!(
        "Blocks every {what}: people wait for the reply, up to 93 s, and if the function cannot be \
         reached, nobody can continue. {whereby}"
    )
}

fn before_saving() -> String {
    "Ory calls before it saves, so mandrill-welcome sends no email. It checks the rejects list \
     (SCREEN_REJECTS) and replies (REPLY_TEMPLATE). To send the email, add the same webhook without \
     --parse."
        .to_owned()
}

/// In a flow that saves nothing of a reply. Source: [`Flow::saves_what_hooks_answer`].
fn stops_only(function: OryFunction) -> String {
    format!(
        "Messages in the reply (REPLY_TEMPLATE) stop the login; Ory throws away an `identity` in it. \
         {function} calls its vendor before it replies, also for a login that the reply stops."
    )
}

fn silenced(flow: Flow, places: &[HookPlace]) -> String {
    let of_flow = places.iter().filter(|place| place.list.flow() == flow);
    let names: Vec<_> = of_flow.filter_map(|place| place.list.method()).map(Method::name).collect();
    format!(
        "For a method with its own list, Ory no longer uses {flow}.after.hooks. Copy the hooks that \
         you still need from there, for example `session`, to each of: {}.",
        names.join(", ")
    )
}

fn key_note(key: &Key) -> String {
    match key {
        Key::Value(_) => "The output contains the key. Keep it secret.".to_owned(),
        Key::Variable(name) => format!(
            "The commands read the key from {name}. The stack output NextReadOryWebhookKey shows how \
             to get it."
        ),
        Key::ByHand => {
            "Replace WEBHOOK-KEY with the key. The stack output NextReadOryWebhookKey shows how to get \
             it."
                .to_owned()
        }
    }
}
