//! A hook, with where it stands.

use crate::{
    kratos::{HookList, Response},
    template::Reading,
    web_hook::WebHook,
};

/// One entry of a list of hooks.
pub(crate) struct Hook {
    /// Its list.
    pub(crate) list: HookList,
    /// Where it stands in the file.
    pub(crate) path: String,
    /// What it is: `web_hook`, `session`, …
    pub(crate) name: String,
    /// The web hook's configuration, where it is one that Kratos takes.
    pub(crate) web: Option<WebHook>,
    /// What its template does, where that can be seen.
    pub(crate) reading: Option<Reading>,
}

impl Hook {
    /// What is made of a webhook's answer.
    pub(crate) fn response(&self) -> Response {
        self.web.as_ref().map(WebHook::response).unwrap_or_default()
    }

    /// The path of a part of its configuration.
    pub(crate) fn part(&self, part: &str) -> String {
        format!("{}.config.{part}", self.path)
    }
}
