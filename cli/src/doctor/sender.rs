//! The sender address of the welcome mail.

use mandrill_welcome::Mail;
use serde_json::{Value, json};
use shared::{
    ctx::Ctx,
    template::{RenderError, Source, Template},
};

/// The sender, as far as it is known.
#[derive(Debug, Eq, PartialEq)]
pub enum Sender {
    /// This address.
    Address(String),
    /// `FROM_EMAIL` is not set, and the shipped template needs it.
    NotSet,
    /// It is unknown, for this reason.
    Unknown(String),
}

impl Sender {
    /// The sender of the shipped template if `FROM_EMAIL` has this value.
    pub fn of_shipped_template(from_email: Option<String>) -> Self {
        from_email.map_or(Self::NotSet, Self::Address)
    }

    /// The sender that a custom template gives for a new sign-up.
    pub async fn of_template(source: Source, from_email: Option<String>) -> Self {
        let name = source.name().to_owned();
        match render(source, &Mail::from_sender(from_email)).await {
            Ok(mail) => match mail["message"]["from_email"].as_str() {
                Some(address) => Self::Address(address.to_owned()),
                None => Self::Unknown(format!("{name} leaves `from_email` out")),
            },
            Err(RenderError::Cancelled) => Self::Unknown(format!("{name} cancels the sample")),
            Err(RenderError::Fault(fault)) => Self::Unknown(fault.to_string()),
        }
    }
}

async fn render(source: Source, mail: &Mail) -> Result<Value, RenderError> {
    let template = Template::prepare(source)?;
    template.render(vec![("ctx", somebody(mail))]).await
}

/// A minimal ctx for any template.
fn somebody(mail: &Mail) -> Value {
    let identity = json!({
        "id": "00000000-1111-4111-8111-000000000000", "schema_id": "default", "state": "active",
        "traits": {"email": "ann@example.com", "name": {"first": "Ann", "last": "Lee"}},
        "verifiable_addresses": [{"value": "ann@example.com", "via": "email", "verified": false}],
        "metadata_public": null,
    });
    let ctx = json!({
        "identity": identity, "flow": {"id": "f", "type": "browser"},
        "hook": {"flow": "registration", "method": "password", "when": "after_save"},
    });
    let decoded = Ctx::decode(ctx.to_string().as_bytes());
    let settings = mail.for_own_template();
    decoded.map(|ctx| ctx.sanitize().for_template(&settings)).unwrap_or(ctx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sender_is_read_from_the_template_or_the_reason_is_given() {
        let address = |text: &str| Sender::Address(text.to_owned());
        let of = |code, from_email: Option<&str>| {
            let source = Source::shipped("t.jsonnet", code);
            Sender::of_template(source, from_email.map(str::to_owned))
        };
        let own = "function(ctx) { message: { from_email: 'own@shop.test' } }";
        assert_eq!(of(own, None).await, address("own@shop.test"));
        assert_eq!(of(own, Some("set@shop.test")).await, address("own@shop.test"));
        let settings = "function(ctx) { message: ctx.mail }";
        assert_eq!(of(settings, Some("set@shop.test")).await, address("set@shop.test"));
        let shipped = Sender::of_shipped_template(Some("set@shop.test".to_owned()));
        assert_eq!(shipped, address("set@shop.test"));
        assert_eq!(Sender::of_shipped_template(None), Sender::NotSet);
        let table = [
            (settings, "leaves `from_email` out"),
            ("function(ctx) {template_name: 'welcome', message: {}}", "leaves `from_email` out"),
            ("function(ctx) error 'cancel'", "cancels"),
            ("function(ctx) ctx.no", "no such field"),
            ("function(ctx) {", "t.jsonnet"),
        ];
        for (code, part) in table {
            let Sender::Unknown(why) = of(code, None).await else { panic!("{code}") };
            assert!(why.contains(part), "{why}");
        }
    }
}
