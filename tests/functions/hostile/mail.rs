//! Content that a sign-up must not be able to send to somebody else's address.

use regex_lite::Regex;
use serde_json::Value;

/// What a template itself says, in whichever part.
const SAID: [&str; 2] = ["Welcome! Your account is ready.", "Hello"];

/// A template of somebody's own: what the function gives to templates protects its mail, too.
pub(super) const OWN_TEMPLATE: &str = "
function(ctx)
  local name = if ctx.greeting_name == null then '' else ' ' + ctx.greeting_name;
  if ctx.recipient == null then error 'cancel' else {
    message: {
      from_email: ctx.mail.from_email,
      to: [{ email: ctx.recipient, name: ctx.greeting_name }],
      subject: 'Hello' + name,
      text: 'Hello' + name,
      html: '<p>Hello' + std.escapeStringXML(name) + '</p>',
    },
  }";

/// More than the shipped mail has with the longest address and name, and Mandrill's key.
const MOST_BYTES: usize = 1500;

/// The longest name that is greeted, with what is left of the text around it.
const MOST_LETTERS: usize = 40 + 5;

/// Checks what Mandrill was asked to send.
pub(super) fn is_harmless(message: &Value, typed: &Value) {
    let complain = |what: &str| panic!("{what}: {message:#} for {}", shortened(typed));
    if message.to_string().len() > MOST_BYTES {
        complain("it is too long");
    }
    for head in heads(message) {
        if head.contains(|letter: char| letter.is_ascii_control()) {
            complain("a line breaks in its head");
        }
    }
    let html = message["html"].as_str().unwrap();
    let read = text_of(html).unwrap_or_else(|| panic!("markup: {message:#}"));
    let [text, subject] = ["text", "subject"].map(|part| message[part].as_str().unwrap());
    for text in [read.as_str(), text, subject] {
        if text.contains("*|") || text.contains("{{") {
            complain("a merge tag is alive");
        }
        let rest = SAID.iter().fold(text.to_owned(), |rest, said| rest.replace(said, ""));
        if rest.chars().count() > MOST_LETTERS {
            complain("there is room for a message");
        }
        if could_be_a_link(&rest) {
            complain("a link");
        }
        if rest.contains(is_unseen) {
            complain("letters that nobody sees");
        }
        if flooded().is_match(&rest) {
            complain("a flood of accents");
        }
    }
}

/// Whatever stands in the head of the mail.
fn heads(message: &Value) -> Vec<&str> {
    let mut heads: Vec<_> = ["subject", "from_name", "from_email"]
        .iter()
        .filter_map(|name| message[*name].as_str())
        .collect();
    for to in message["to"].as_array().unwrap() {
        heads.extend(["email", "name"].iter().filter_map(|name| to[*name].as_str()));
    }
    for (name, value) in message["headers"].as_object().into_iter().flatten() {
        heads.push(name);
        heads.extend(value.as_str());
    }
    heads
}

/// What is read where the markup is the template's; nothing if any is not.
fn text_of(html: &str) -> Option<String> {
    let text = html.replace("<p>", " ").replace("</p>", " ");
    if text.contains(['<', '>', '"', '\'']) {
        return None;
    }
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    let bare = entities.iter().fold(text.clone(), |rest, (entity, _)| rest.replace(entity, ""));
    let read = entities.iter().fold(text, |rest, (entity, letter)| rest.replace(entity, letter));
    (!bare.contains('&')).then_some(read)
}

fn could_be_a_link(text: &str) -> bool {
    let dots_and_slashes = "./\\:@\u{3002}\u{ff61}\u{2024}\u{2025}\u{2026}\u{fe52}\u{fe55}\u{fe6b}\u{2044}\u{2215}\u{2236}\u{29f8}";
    text.contains(|letter| {
        dots_and_slashes.contains(letter) || ('\u{ff01}'..='\u{ff5e}').contains(&letter)
    })
}

/// Unicode's ignorable, directing and control characters, the blank letter of Braille, and
/// what is of private use or no character.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}')
        || matches!(letter, '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}')
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(letter, '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}')
        || matches!(letter, '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}')
        || matches!(letter, '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}')
        || matches!(letter, '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}')
}

fn flooded() -> Regex {
    let accent = "[\u{300}-\u{36f}\u{483}-\u{489}\u{1ab0}-\u{1aff}\u{1dc0}-\u{1dff}\
                  \u{20d0}-\u{20ff}\u{fe20}-\u{fe2f}]";
    Regex::new(&format!("{accent}{{3}}")).unwrap()
}

/// The beginning of a value, for a complaint.
pub(super) fn shortened(value: &Value) -> String {
    value.to_string().chars().take(200).collect()
}
