//! Which methods are enabled.

use serde_json::Value;

use super::Configuration;
use crate::{
    kratos::{Flow, Method},
    placeholder,
};

/// `selfservice.methods`.
pub(crate) struct Methods<'c>(Option<&'c Value>);

impl<'c> Methods<'c> {
    /// Reads them from a configuration.
    pub(crate) fn of(configuration: &'c Configuration) -> Self {
        Self(configuration.at(&["selfservice", "methods"]).filter(|methods| !methods.is_null()))
    }

    /// Whether the configuration says anything about methods.
    pub(crate) fn are_known(&self) -> bool {
        self.0.is_some()
    }

    /// Whether people can complete a flow with a method, as far as the configuration shows: in login
    /// that may be a second factor.
    ///
    /// Source: ory/kratos `driver/config/config.go`, `SelfServiceStrategy`;
    /// `selfservice/strategy/webauthn/registration.go`, `selfservice/strategy/code/strategy.go`.
    pub(crate) fn is_on(&self, flow: Flow, method: Method) -> bool {
        match (method, flow) {
            (Method::Code, Flow::Login) => {
                self.is_first_factor(flow, method) || self.is_code_a_second_factor()
            }
            (Method::Code, _) | (Method::Webauthn, Flow::Registration) => {
                self.is_first_factor(flow, method)
            }
            // Without the key, an environment variable may hold them: they have secrets.
            (Method::Oidc, _) => self.is_enabled(method) && !self.has_no_providers(),
            _ => self.is_enabled(method),
        }
    }

    /// Whether people can sign up or sign in with a method, and need no other.
    pub(crate) fn is_first_factor(&self, flow: Flow, method: Method) -> bool {
        match method {
            Method::Totp | Method::LookupSecret => false,
            // This enables the method, too.
            Method::Code => self.is_set(method, &["passwordless_enabled"]),
            Method::Webauthn => {
                self.is_enabled(method) && self.is_set(method, &["config", "passwordless"])
            }
            _ => self.is_on(flow, method),
        }
    }

    /// The same as [`Self::is_on`], for a partial configuration that may leave methods unspecified.
    pub(crate) fn may_be_on(&self, flow: Flow, method: Method) -> bool {
        !self.are_known() || self.is_on(flow, method)
    }

    fn is_enabled(&self, method: Method) -> bool {
        self.get(method, &["enabled"]).unwrap_or(method.is_on_by_default())
    }

    fn is_code_a_second_factor(&self) -> bool {
        self.is_set(Method::Code, &["mfa_enabled"])
            && self.get(Method::Code, &["enabled"]).unwrap_or(true)
    }

    fn has_no_providers(&self) -> bool {
        let providers = self.at(Method::Oidc, &["config", "providers"]).and_then(Value::as_array);
        providers.is_some_and(Vec::is_empty)
    }

    fn is_set(&self, method: Method, keys: &[&str]) -> bool {
        self.get(method, keys).unwrap_or(false)
    }

    fn get(&self, method: Method, keys: &[&str]) -> Option<bool> {
        let value = self.at(method, keys)?;
        // Nothing is said about a method that may be off.
        let is_set_later = value.as_str().is_some_and(placeholder::is_in);
        if is_set_later { Some(false) } else { value.as_bool() }
    }

    fn at(&self, method: Method, keys: &[&str]) -> Option<&Value> {
        keys.iter().try_fold(self.0?.get(method.name())?, |value, key| value.get(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_decides_whether_a_method_is_a_first_or_a_second_factor() {
        use Flow::{Login, Registration};
        use Method::{Code, LookupSecret, Oidc, Passkey, Password, Totp, Webauthn};
        // Whether it is on in a registration and in a login, and suffices there.
        let table = [
            ("{}", Password, [true, true, true, true]),
            ("{password: {enabled: false}}", Password, [false; 4]),
            ("{password: {enabled: '${P1}'}}", Password, [false; 4]),
            ("{webauthn: {enabled: true}}", Webauthn, [false, true, false, false]),
            (
                "{webauthn: {enabled: true, config: {passwordless: false}}}",
                Webauthn,
                [false, true, false, false],
            ),
            (
                "{webauthn: {enabled: true, config: {passwordless: '${P1}'}}}",
                Webauthn,
                [false, true, false, false],
            ),
            ("{webauthn: {enabled: true, config: {passwordless: true}}}", Webauthn, [true; 4]),
            ("{webauthn: {config: {passwordless: true}}}", Webauthn, [false; 4]),
            ("{passkey: {enabled: true}}", Passkey, [true; 4]),
            ("{passkey: {config: {}}}", Passkey, [false; 4]),
            ("{code: {enabled: true}}", Code, [false; 4]),
            ("{code: {passwordless_enabled: true, enabled: false}}", Code, [true; 4]),
            ("{code: {mfa_enabled: true}}", Code, [false, true, false, false]),
            ("{code: {mfa_enabled: true, enabled: false}}", Code, [false; 4]),
            ("{oidc: {enabled: true}}", Oidc, [true; 4]),
            ("{oidc: {enabled: true, config: {providers: []}}}", Oidc, [false; 4]),
            ("{oidc: {enabled: true, config: {providers: [{id: a}]}}}", Oidc, [true; 4]),
            ("{oidc: {config: {providers: [{id: a}]}}}", Oidc, [false; 4]),
            ("{totp: {enabled: true}}", Totp, [true, true, false, false]),
            ("{lookup_secret: {enabled: true}}", LookupSecret, [true, true, false, false]),
        ];
        for (text, method, expected) in table {
            let methods: Value = yaml_serde::from_str(text).unwrap();
            let methods = Methods(Some(&methods));
            let is_on = [Registration, Login].map(|flow| methods.is_on(flow, method));
            let suffices = [Registration, Login].map(|flow| methods.is_first_factor(flow, method));
            assert_eq!([is_on, suffices].concat(), expected, "{method}: {text}");
        }
    }
}
