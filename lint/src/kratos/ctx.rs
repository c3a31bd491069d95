//! What `ctx` contains in each hook.
//!
//! Source: `selfservice/hook/web_hook.go`, `templateContext`; the `json` tags of
//! `selfservice/flow/*/flow.go`, `identity/identity.go` and `session/session.go`.
//! Measured: `tests/real/kratos/ctx.rs`.

use super::{Flow, HookList, HookResponse, Moment};

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
    pub name: &'static str,
    /// Whether it is present.
    pub presence: Presence,
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
    /// An array of these.
    Array(Box<Shape>),
}

impl Shape {
    /// What `ctx` contains in a hook of this list with this response; `None` if it is never called.
    pub fn of_ctx(list: HookList, response: HookResponse) -> Option<Self> {
        let moment = list.moment(response)?;
        let flow = list.flow();
        let mut fields = vec![
            always("flow", flow_shape(flow)),
            always("request_headers", Shape::Any),
            always("request_cookies", Shape::Any),
            always("request_method", Shape::Any),
            always("request_url", Shape::Any),
        ];
        if moment != Moment::Start {
            fields.push(always("identity", identity()));
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
            Self::Any | Self::Array(_) => None,
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
    Field { name, presence: Presence::Always, shape }
}

fn at_times(name: &'static str, shape: Shape) -> Field {
    Field { name, presence: Presence::AtTimes, shape }
}

fn each(fields: &mut Vec<Field>, presence: Presence, names: &[&'static str]) {
    fields.extend(names.iter().map(|name| Field { name, presence, shape: Shape::Any }));
}

fn flow_shape(flow: Flow) -> Shape {
    let form = Shape::Object(vec![
        always("action", Shape::Any),
        always("method", Shape::Any),
        always("nodes", Shape::Any),
        at_times("messages", Shape::Any),
    ]);
    // The payload is present if the form was submitted with one, and in settings hardly ever
    // (ory/kratos#4609).
    let mut fields = vec![always("ui", form), at_times("transient_payload", Shape::Any)];
    each(
        &mut fields,
        Presence::Always,
        &["id", "type", "expires_at", "issued_at", "request_url", "state"],
    );
    each(&mut fields, Presence::AtTimes, &["return_to", "active"]);
    let oauth2 = ["oauth2_login_challenge", "oauth2_login_request"];
    let shared =
        ["organization_id", "session_token_exchange_code", "identity_schema", "test_context"];
    match flow {
        Flow::Registration => {
            each(&mut fields, Presence::AtTimes, &oauth2);
            each(&mut fields, Presence::AtTimes, &shared[..3]);
        }
        Flow::Login => {
            each(&mut fields, Presence::AtTimes, &oauth2);
            each(&mut fields, Presence::AtTimes, &shared);
            let login = ["created_at", "updated_at", "refresh", "requested_aal"];
            each(&mut fields, Presence::Always, &login);
        }
        Flow::Settings => {
            each(&mut fields, Presence::AtTimes, &["organization_id", "continue_with"]);
            fields.push(always("identity", identity()));
        }
        Flow::Verification => {}
        Flow::Recovery => each(&mut fields, Presence::AtTimes, &["continue_with"]),
    }
    Shape::Object(fields)
}

/// Never `metadata_admin` and `credentials`: `Identity.MarshalJSON` removes them.
fn identity() -> Shape {
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
        at_times("verifiable_addresses", addresses(verifiable)),
        at_times("recovery_addresses", addresses(recovery)),
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
            "metadata_public",
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
    let mut fields = vec![always("identity", identity())];
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
        for (list, identity, session) in table {
            let ctx = Shape::of_ctx(list, HookResponse::default()).unwrap();
            assert_eq!(ctx.field("identity").is_some(), identity, "{list}");
            assert_eq!(ctx.field("session").is_some(), session, "{list}");
            assert_eq!(ctx.field("transient_payload"), None, "{list}");
        }
        assert_eq!(Shape::of_ctx(HookList::After(Registration), HookResponse::PARSED), None);
    }
}
