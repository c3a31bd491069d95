//! A hook and its place.

use std::path::PathBuf;

use crate::{
    kratos::{HookList, HookPlace, HookResponse},
    placeholder::Unknown,
    template::Reading,
    web_hook::WebHook,
};

/// One entry of a list of hooks.
pub(crate) struct Hook {
    /// Its list.
    pub(crate) list: HookList,
    /// Its path in the file.
    pub(crate) path: String,
    /// Its name: `web_hook`, `session`, …
    pub(crate) name: String,
    /// The configuration of a webhook, as far as it can be read.
    pub(crate) web: Option<WebHook>,
    /// What its template does, if that can be read.
    pub(crate) reading: Option<Reading>,
    /// Whether it has a template, and that was not read.
    pub(crate) is_unread: bool,
    /// The file that its template is in, if the configuration contains that by another way than a
    /// reference.
    pub(crate) template: Option<PathBuf>,
    /// The parts whose value is not known.
    pub(crate) unknown: Unknown,
    /// What its parts are named.
    pub(crate) naming: Naming,
}

/// What the parts of a webhook are named in the file.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Naming {
    /// As in Kratos.
    #[default]
    Kratos,
    /// As attributes of the resource `ory_action`. Source: ory/terraform-provider-ory
    /// `internal/resources/action/resource.go`.
    Terraform,
}

impl Hook {
    /// A hook without a webhook's configuration.
    pub(crate) fn new(list: HookList, path: String, name: &str) -> Self {
        Self {
            list,
            path,
            name: name.to_owned(),
            web: None,
            reading: None,
            is_unread: false,
            template: None,
            unknown: Unknown::default(),
            naming: Naming::default(),
        }
    }

    /// What Kratos does with the answer of a webhook.
    pub(crate) fn response(&self) -> HookResponse {
        self.web.as_ref().map(|web| web.response).unwrap_or_default()
    }

    /// Its list and its response.
    pub(crate) fn place(&self) -> HookPlace {
        HookPlace { list: self.list, response: self.response() }
    }

    /// The path of a part of its configuration.
    pub(crate) fn part(&self, part: &str) -> String {
        match self.naming {
            Naming::Kratos => format!("{}.config.{part}", self.path),
            Naming::Terraform => format!("{}.{}", self.path, self.attribute(part)),
        }
    }

    fn attribute<'p>(&self, part: &'p str) -> &'p str {
        match part {
            "response" if self.response().parse => "response_parse",
            "response" | "response.ignore" => "response_ignore",
            "response.parse" => "response_parse",
            _ if part.starts_with("auth") => "webhook_auth_type",
            other => other,
        }
    }

    /// Whether what a rule says about this path rests on a value that is not known.
    pub(crate) fn is_unknown(&self, path: &str) -> bool {
        self.unknown.parts().any(|part| {
            path.strip_prefix(&self.part(part))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }
}
