//! Which methods are enabled.

use serde_json::Value;

use super::Configuration;
use crate::kratos::{Flow, Method};

/// `selfservice.methods`.
pub(crate) struct Methods<'c>(Option<&'c Value>);

impl<'c> Methods<'c> {
    /// Reads them from a configuration.
    pub(crate) fn of(configuration: &'c Configuration) -> Self {
        Self(configuration.at(&["selfservice", "methods"]).filter(|methods| !methods.is_null()))
    }

    /// Whether people can complete a flow with a method, as far as the configuration shows. Source:
    /// ory/kratos `driver/config/config.go`, `SelfServiceStrategy`.
    pub(crate) fn is_on(&self, flow: Flow, method: Method) -> bool {
        if method == Method::Code {
            return self.is_set(method, "passwordless_enabled")
                || (flow == Flow::Login && self.is_set(method, "mfa_enabled"));
        }
        self.get(method, "enabled").unwrap_or(method.is_on_by_default())
    }

    /// The same, for a partial configuration that may leave methods unspecified.
    pub(crate) fn may_be_on(&self, flow: Flow, method: Method) -> bool {
        self.0.is_none() || self.is_on(flow, method)
    }

    fn is_set(&self, method: Method, key: &str) -> bool {
        self.get(method, key).unwrap_or(false)
    }

    fn get(&self, method: Method, key: &str) -> Option<bool> {
        self.0?.get(method.name())?.get(key)?.as_bool()
    }
}
