//! A hook and its place.

use crate::{
    kratos::{HookList, HookResponse},
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
    /// The configuration of a webhook, if Kratos accepts it.
    pub(crate) web: Option<WebHook>,
    /// What its template does, if that can be read.
    pub(crate) reading: Option<Reading>,
}

impl Hook {
    /// What Kratos does with the answer of a webhook.
    pub(crate) fn response(&self) -> HookResponse {
        self.web.as_ref().map(WebHook::response).unwrap_or_default()
    }

    /// The path of a part of its configuration.
    pub(crate) fn part(&self, part: &str) -> String {
        format!("{}.config.{part}", self.path)
    }
}
