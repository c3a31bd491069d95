//! What to know of the webhooks, beside what is printed.

use lint::kratos::{Flow, Method};

use super::{Format, Key, Place, Wish};

/// A sentence or two each.
pub fn notes(wish: &Wish, places: &[Place], format: Format, key: &Key) -> Vec<String> {
    let mut notes = vec![if wish.parse { waited_for(wish.flow) } else { in_the_background() }];
    if !wish.flow.methods().is_empty() {
        notes.push(silenced(wish.flow, places));
    }
    if matches!(wish.flow, Flow::Verification | Flow::Recovery) {
        notes.push(format!(
            "{0} is off until `selfservice.flows.{0}.enabled` is true, and its hooks with it.",
            wish.flow
        ));
    }
    if wish.flow == Flow::Login {
        notes.push(
            "A login by a second factor calls again, by its own method. A social login that turns \
             into a registration runs the hooks of the registration."
                .to_owned(),
        );
    }
    if places.iter().any(|place| place.list.method() == Some(Method::Saml)) {
        notes.push(
            "saml is for Ory Network and Ory's enterprise edition: another Kratos does not start \
             with it."
                .to_owned(),
        );
    }
    notes.push(key_note(format, key));
    notes
}

fn in_the_background() -> String {
    "Blocks nothing: `ignore: true` lets Ory call in the background. Nobody waits, and no failure \
     reaches anybody."
        .to_owned()
}

/// Times: three attempts of 30 s, with 1 s and 2 s between them.
fn waited_for(flow: Flow) -> String {
    let what = if flow == Flow::Registration { "sign-up" } else { "change" };
    format!(
        "Blocks every {what}: whoever sends the form waits for the answer, for 93 s at the worst, \
         and a function that cannot be reached stops everybody. Ory calls before it saves: \
         mandrill-welcome sends nothing then. It asks the rejects list (SCREEN_REJECTS) and \
         replies (REPLY_TEMPLATE). For the mail, add the same without --parse."
    )
}

fn silenced(flow: Flow, places: &[Place]) -> String {
    let names: Vec<_> =
        places.iter().filter_map(|place| place.list.method()).map(Method::name).collect();
    format!(
        "A method that has a list of its own is not looked up in {flow}.after.hooks any more. Copy \
         what stands there and is still wanted, `session` for example, to each of: {}.",
        names.join(", ")
    )
}

fn key_note(format: Format, key: &Key) -> String {
    match (key, format) {
        (Key::Value(_), _) => "The key stands in what is printed: keep it to yourself.".to_owned(),
        (Key::Variable(name), Format::Ory) => format!(
            "The commands take the key from {name}: the stack's output NextReadOryWebhookKey tells \
             how to read it."
        ),
        _ => {
            "Put the key where WEBHOOK-KEY stands: the stack's output NextReadOryWebhookKey tells \
              how to read it."
                .to_owned()
        }
    }
}
