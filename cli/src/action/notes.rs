//! Notes about the webhooks that are printed.

use lint::kratos::{Flow, Method};

use super::{Format, HookPlace, Key, Wish};

/// A sentence or two each.
pub fn notes(wish: &Wish, places: &[HookPlace], format: Format, key: &Key) -> Vec<String> {
    let mut notes = vec![if wish.parse { waited_for(wish.flow) } else { in_the_background() }];
    if !wish.flow.methods().is_empty() {
        notes.push(silenced(wish.flow, places));
    }
    if matches!(wish.flow, Flow::Verification | Flow::Recovery) {
        notes.push(format!(
            "The {0} flow and its hooks are disabled until `selfservice.flows.{0}.enabled` is true.",
            wish.flow
        ));
    }
    if wish.flow == Flow::Login {
        notes.push(
            "A login with a second factor calls again, for that method. A social login that becomes a \
             registration runs the registration hooks."
                .to_owned(),
        );
    }
    if places.iter().any(|place| place.list.method() == Some(Method::Saml)) {
        notes.push(
            "saml is available in Ory Network and the Ory Enterprise License; any other Kratos does \
             not start with it."
                .to_owned(),
        );
    }
    notes.push(key_note(key));
    notes.push(what_to_look_at(format));
    notes
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
    };
    format!("{look} `ory-actions lint` checks the whole configuration.")
}

fn in_the_background() -> String {
    "Does not block the flow: with `ignore: true`, Ory calls in the background. People do not wait \
     and do not see failures."
        .to_owned()
}

/// The times: three attempts of 30 s, with 1 s and 2 s between them.
fn waited_for(flow: Flow) -> String {
    let what = if flow == Flow::Registration { "sign-up" } else { "change" };
    format!(
        "Blocks every {what}: people wait for the reply, up to 93 s, and if the function cannot be \
         reached, nobody can continue. Ory calls before it saves, so mandrill-welcome sends no \
         email. It checks the rejects list (SCREEN_REJECTS) and replies (REPLY_TEMPLATE). To send \
         the email, add the same webhook without --parse."
    )
}

fn silenced(flow: Flow, places: &[HookPlace]) -> String {
    let names: Vec<_> =
        places.iter().filter_map(|place| place.list.method()).map(Method::name).collect();
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
