//! What `ctx` contains in each hook.
//!
//! Source: `selfservice/hook/web_hook.go`, `templateContext`; the `json` tags of
//! `selfservice/flow/*/flow.go`, `identity/identity.go` and `session/session.go`.
//! Measured: `tests/real/kratos/ctx.rs`.

use std::borrow::Cow;

use super::{Flow, Headers, HookList, HookResponse, Method, Moment};

/// Whether a key is present.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Presence {
    /// In every call, though it may be null.
    Always,
    /// In some calls only. In others `ctx.….key` is an error, which fails the template.
    AtTimes,
}

/// A key of an object in `ctx`.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Whether it is present.
    pub presence: Presence,
    /// Whether it may be null where it is present, so that a key of it is an error.
    pub may_be_null: bool,
    /// Its value.
    pub shape: Shape,
}

/// What is known about a value in `ctx`.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Anything: the schema of the user defines traits and similar values.
    Any,
    /// An object with exactly these keys.
    Object(Vec<Field>),
    /// An object with unknown keys, none of which is always present.
    Map,
    /// An array of these.
    Array(Box<Shape>),
}

impl Shape {
    /// What `ctx` contains in a hook of this list with this response; `None` if it is never called.
    pub fn of_ctx(
        list: HookList,
        response: HookResponse,
        headers: Option<&Headers>,
    ) -> Option<Self> {
        let moment = list.moment(response)?;
        let flow = list.flow();
        let mut fields = vec![
            always("flow", flow_shape(list, moment)),
            always("request_headers", header_shape(headers)),
            always("request_cookies", Self::Map),
            always("request_method", Self::Any),
            always("request_url", Self::Any),
        ];
        if moment != Moment::Start {
            fields.push(always("identity", identity(verified(flow))));
        }
        if has_session(flow, moment) {
            fields.push(always("session", session()));
        }
        Some(Self::Object(fields))
    }

    /// The key of an object, if this may be an object that has it.
    pub fn field(&self, name: &str) -> Option<&Field> {
        match self {
            Self::Object(fields) => fields.iter().find(|field| field.name == name),
            Self::Any | Self::Map | Self::Array(_) => None,
        }
    }
}

/// Recovery and registration create a session, too, but do not pass it.
fn has_session(flow: Flow, moment: Moment) -> bool {
    match flow {
        Flow::Settings => true,
        Flow::Login => moment != Moment::Start,
        Flow::Registration | Flow::Verification | Flow::Recovery => false,
    }
}

fn always(name: &'static str, shape: Shape) -> Field {
    field(name, Presence::Always, shape)
}

fn at_times(name: &'static str, shape: Shape) -> Field {
    field(name, Presence::AtTimes, shape)
}

fn field(name: impl Into<Cow<'static, str>>, presence: Presence, shape: Shape) -> Field {
    Field { name: name.into(), presence, may_be_null: false, shape }
}

fn each(fields: &mut Vec<Field>, presence: Presence, names: &[&'static str]) {
    fields.extend(names.iter().map(|name| field(*name, presence, Shape::Any)));
}

/// A client may leave out any header. Each has a list of values.
fn header_shape(headers: Option<&Headers>) -> Shape {
    let Some(headers) = headers else { return Shape::Any };
    let values = || Shape::Array(Box::new(Shape::Any));
    let names = headers.names().map(str::to_owned);
    Shape::Object(names.map(|name| field(name, Presence::AtTimes, values())).collect())
}

/// The name of the method. No flow has it before a form is submitted, except those whose method is
/// part of the configuration. Sign-in with a token of a provider, as native apps have it, does not
/// set it.
///
/// Source: the assignments to `Active` in `selfservice/strategy` and `selfservice/flow`. None of
/// them is for a registration with a password or a key, or for a change of a profile.
fn active(list: HookList, moment: Moment) -> Option<Presence> {
    use Method::{Code, Oidc, Saml};
    match (list.flow(), list.method()) {
        (Flow::Verification, _) => Some(Presence::Always),
        (Flow::Recovery, _) if moment == Moment::Start => Some(Presence::Always),
        _ if moment == Moment::Start => None,
        (Flow::Login, Some(method)) if ![Oidc, Saml].contains(&method) => Some(Presence::Always),
        (Flow::Registration, Some(Code)) => Some(Presence::Always),
        _ => Some(Presence::AtTimes),
    }
}

fn flow_shape(list: HookList, moment: Moment) -> Shape {
    let flow = list.flow();
    let mut nodes = always("nodes", Shape::Any);
    // The form of settings is filled after its hooks have run.
    nodes.may_be_null = flow == Flow::Settings && moment == Moment::Start;
    let form = Shape::Object(vec![
        always("action", Shape::Any),
        always("method", Shape::Any),
        nodes,
        at_times("messages", Shape::Any),
    ]);
    let mut fields = vec![always("ui", form)];
    each(
        &mut fields,
        Presence::Always,
        &["id", "type", "expires_at", "issued_at", "request_url", "state"],
    );
    each(&mut fields, Presence::AtTimes, &["return_to"]);
    if let Some(presence) = active(list, moment) {
        each(&mut fields, presence, &["active"]);
    }
    let has_form = moment != Moment::Start;
    if has_form {
        // The payload is present if the form was submitted with one, and in settings hardly ever
        // (ory/kratos#4609).
        each(&mut fields, Presence::AtTimes, &["transient_payload"]);
    }
    let oauth2 = ["oauth2_login_challenge", "oauth2_login_request"];
    let shared = ["session_token_exchange_code", "identity_schema"];
    match flow {
        Flow::Registration => {
            each(&mut fields, Presence::AtTimes, &oauth2);
            each(&mut fields, Presence::AtTimes, &shared);
            each(&mut fields, Presence::Always, &["organization_id"]);
        }
        Flow::Login => {
            each(&mut fields, Presence::AtTimes, &oauth2);
            each(&mut fields, Presence::AtTimes, &shared);
            each(&mut fields, Presence::AtTimes, &["test_context"]);
            let login = ["organization_id", "created_at", "updated_at", "refresh", "requested_aal"];
            each(&mut fields, Presence::Always, &login);
        }
        Flow::Settings => {
            each(&mut fields, Presence::Always, &["organization_id"]);
            fields.push(always("identity", identity(Presence::AtTimes)));
        }
        Flow::Verification | Flow::Recovery => {}
    }
    if has_form && matches!(flow, Flow::Settings | Flow::Recovery) {
        each(&mut fields, Presence::AtTimes, &["continue_with"]);
    }
    Shape::Object(fields)
}

/// Whoever completes a verification has an address that can be verified.
fn verified(flow: Flow) -> Presence {
    if flow == Flow::Verification { Presence::Always } else { Presence::AtTimes }
}

/// Never `metadata_admin` and `credentials`: `Identity.MarshalJSON` removes them.
fn identity(verifiable_addresses: Presence) -> Shape {
    let mut verifiable = Vec::new();
    let both = ["id", "value", "via", "created_at", "updated_at"];
    each(&mut verifiable, Presence::Always, &both);
    each(&mut verifiable, Presence::Always, &["verified", "status"]);
    each(&mut verifiable, Presence::AtTimes, &["verified_at"]);
    let mut recovery = Vec::new();
    each(&mut recovery, Presence::Always, &both);
    each(&mut recovery, Presence::AtTimes, &["break_glass_for_organization"]);

    let addresses = |fields| Shape::Array(Box::new(Shape::Object(fields)));
    let mut fields = vec![
        field("verifiable_addresses", verifiable_addresses, addresses(verifiable)),
        at_times("recovery_addresses", addresses(recovery)),
        // Null until a mapper, a webhook or an administrator has written it.
        Field { may_be_null: true, ..always("metadata_public", Shape::Any) },
    ];
    each(
        &mut fields,
        Presence::Always,
        &[
            "id",
            "schema_id",
            "schema_url",
            "state",
            "state_changed_at",
            "organization_id",
            "traits",
            "created_at",
            "updated_at",
        ],
    );
    let rare = ["external_id", "region"];
    each(&mut fields, Presence::AtTimes, &rare);
    Shape::Object(fields)
}

/// In settings, the session contains the identity before the change, as measured by
/// `tests/real/kratos/settings.rs`.
fn session() -> Shape {
    let mut fields = vec![always("identity", identity(Presence::AtTimes))];
    each(
        &mut fields,
        Presence::Always,
        &[
            "id",
            "active",
            "expires_at",
            "authenticated_at",
            "authenticator_assurance_level",
            "authentication_methods",
            "issued_at",
            "devices",
        ],
    );
    each(&mut fields, Presence::AtTimes, &["tokenized"]);
    Shape::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kratos::Method;

    #[test]
    fn hooks_that_receive_identity_and_session() {
        use Flow::{Login, Recovery, Registration, Settings, Verification};
        let password = |flow| HookList::AfterMethod(flow, Method::Password);
        let table = [
            (HookList::Before(Login), false, false),
            (password(Login), true, true),
            (HookList::Before(Registration), false, false),
            (password(Registration), true, false),
            (HookList::Before(Settings), false, true),
            (password(Settings), true, true),
            (HookList::Before(Verification), false, false),
            (HookList::After(Verification), true, false),
            (HookList::Before(Recovery), false, false),
            (HookList::After(Recovery), true, false),
        ];
        let ctx_of = |list, response| Shape::of_ctx(list, response, Some(&Headers::default()));
        for (list, identity, session) in table {
            let ctx = ctx_of(list, HookResponse::default()).unwrap();
            assert_eq!(ctx.field("identity").is_some(), identity, "{list}");
            assert_eq!(ctx.field("session").is_some(), session, "{list}");
            assert_eq!(ctx.field("transient_payload"), None, "{list}");
        }
        assert_eq!(ctx_of(HookList::After(Registration), HookResponse::PARSED), None);
    }

    #[test]
    fn fields_of_a_flow_depend_on_its_hook() {
        use Flow::{Login, Recovery, Registration, Settings, Verification};
        use Presence::{Always, AtTimes};
        let table = [
            (HookList::Before(Registration), "transient_payload", None),
            (
                HookList::AfterMethod(Registration, Method::Password),
                "transient_payload",
                Some(AtTimes),
            ),
            (HookList::Before(Login), "active", None),
            (HookList::AfterMethod(Login, Method::Password), "active", Some(Always)),
            (HookList::AfterMethod(Login, Method::Oidc), "active", Some(AtTimes)),
            (HookList::After(Login), "active", Some(AtTimes)),
            (HookList::AfterMethod(Registration, Method::Code), "active", Some(Always)),
            (HookList::AfterMethod(Registration, Method::Password), "active", Some(AtTimes)),
            (HookList::AfterMethod(Settings, Method::Profile), "active", Some(AtTimes)),
            (HookList::Before(Verification), "active", Some(Always)),
            (HookList::After(Recovery), "active", Some(AtTimes)),
            (HookList::Before(Settings), "continue_with", None),
            (HookList::After(Recovery), "continue_with", Some(AtTimes)),
            (HookList::AfterMethod(Login, Method::Totp), "organization_id", Some(Always)),
            (HookList::Before(Registration), "organization_id", Some(Always)),
            (HookList::AfterMethod(Settings, Method::Profile), "organization_id", Some(Always)),
            (HookList::After(Verification), "organization_id", None),
        ];
        for (list, name, presence) in table {
            let ctx =
                Shape::of_ctx(list, HookResponse::default(), Some(&Headers::default())).unwrap();
            let flow = &ctx.field("flow").unwrap().shape;
            assert_eq!(flow.field(name).map(|field| field.presence), presence, "{list} {name}");
        }
    }
}
