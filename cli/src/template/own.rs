//! A template of one's own: a file, and the function that it is for.

use std::path::{Path, PathBuf};

use annotate_snippets::Renderer;
use shared::template::Source;

use super::reply;
use crate::{
    exit::InvalidInput,
    input, output,
    render::{check, explain, rendering::Subject},
    terminal,
};

/// What follows the name of a function if the template is its `REPLY_TEMPLATE`.
const REPLY: &str = ":reply";

/// The parameters of `template.yaml` that name a template, and what each is for.
pub const PARAMETERS: [(&str, &str); 7] = [
    ("mandrill-welcome", "WelcomeTemplate"),
    ("mandrill-welcome:reply", "WelcomeReplyTemplate"),
    ("segment-identify", "IdentifyTemplate"),
    ("segment-identify:reply", "IdentifyReplyTemplate"),
    ("mailchimp-inbound", "InboundTemplate"),
    ("mailchimp-subscribe", "SubscribeTemplate"),
    ("mandrill-inbound", "MandrillInboundTemplate"),
];

/// The same of `relay.yaml`, whatever the preset.
pub const RELAY_PARAMETER: &str = "Template";

/// A file, as it is named on the command line: `FUNCTION=FILE.jsonnet`.
#[derive(Clone, Debug)]
pub(super) struct Named {
    target: String,
    file: PathBuf,
}

impl Named {
    /// Reads the argument.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let expected = "expected FUNCTION=FILE.jsonnet, such as mandrill-welcome=welcome.jsonnet";
        let (target, file) = text.split_once('=').ok_or(expected)?;
        let named = Self { target: target.to_owned(), file: file.into() };
        if named.parameter().is_none() {
            let known: Vec<_> = PARAMETERS.iter().map(|(target, _)| *target).collect();
            let known = known.join(", ");
            return Err(format!("{target} is none of {known}, relay:PRESET"));
        }
        // It is part of a URL, of a command and of a path in the layer.
        let name = named.file_name();
        let is_plain = |one: char| one.is_ascii_alphanumeric() || "._-".contains(one);
        if !name.ends_with(".jsonnet") || !name.chars().all(is_plain) {
            return Err(format!(
                "the name of {file} must end with .jsonnet, and have only letters, digits, and . _ -"
            ));
        }
        Ok(named)
    }

    /// The parameter that takes it.
    pub(super) fn parameter(&self) -> Option<&'static str> {
        if self.is_of_relay() {
            return Subject::named(&self.target).map(|_| RELAY_PARAMETER);
        }
        PARAMETERS.iter().find(|(target, _)| *target == self.target).map(|(_, name)| *name)
    }

    /// Whether it is for the stack of a relay.
    pub(super) fn is_of_relay(&self) -> bool {
        self.target.starts_with("relay:")
    }

    /// The name of the file in the layer.
    pub(super) fn file_name(&self) -> &str {
        self.file.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// Reads the file.
    pub(super) fn read(&self) -> Result<String, InvalidInput> {
        input::read_text(Path::new(&self.file))
    }

    /// Renders it over the sample events, and tells what fails. False if anything does.
    pub(super) async fn passes(&self, code: &str) -> bool {
        let source = Source::shipped(&self.file.display().to_string(), code);
        let Some(function) = self.target.strip_suffix(REPLY) else {
            let subject = Subject::named(&self.target).unwrap_or(Subject::File);
            let checked = check::check(subject, &source).await;
            checked.tell(&source);
            return checked.is_fine();
        };
        let subject = Subject::named(function).unwrap_or(Subject::File);
        let found = reply::fault(subject, &source).await;
        if let Some((event, fault)) = &found {
            let style = Renderer::styled().term_width(terminal::width().into());
            output::note(explain(fault, &source, &style));
            output::note(format_args!("{}, with events/{event}\n", source.name()));
        }
        found.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn argument_names_a_function_and_a_jsonnet_file() {
        let named = Named::parse("segment-identify:reply=a/b/mine_1.jsonnet").unwrap();
        assert_eq!(named.parameter(), Some("IdentifyReplyTemplate"));
        assert_eq!(named.file_name(), "mine_1.jsonnet");
        let relay = Named::parse("relay:hubspot=crm.jsonnet").unwrap();
        assert_eq!((relay.parameter(), relay.is_of_relay()), (Some("Template"), true));
        for refused in [
            "welcome.jsonnet",
            "welcome=welcome.jsonnet",
            "relay:fax=a.jsonnet",
            "relay=a.jsonnet",
            "mailchimp-inbound:reply=a.jsonnet",
            "mandrill-welcome=welcome.json",
            "mandrill-welcome=a b.jsonnet",
            "mandrill-welcome=$(a).jsonnet",
            "mandrill-welcome=",
        ] {
            assert!(Named::parse(refused).is_err(), "{refused}");
        }
    }
}
