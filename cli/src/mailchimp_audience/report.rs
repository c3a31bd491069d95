//! What the state of an audience means for mailchimp-subscribe and its template.

use std::fmt;

use super::audience::{Audience, OryId};
use crate::output;

/// What `mailchimp-audience` says of an audience.
pub(super) struct Report<'a>(pub(super) &'a Audience);

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(audience) = self;
        let lines = [
            ("ORY_ID          ", ory_id(&audience.ory_id())),
            ("Double opt-in   ", double_opt_in(audience).to_owned()),
            ("Required fields ", required(audience)),
            ("GDPR fields     ", permissions(audience)),
        ];
        writeln!(f, "Audience {} ({})", audience.id, audience.overview.name)?;
        lines.iter().try_for_each(|(label, text)| write!(f, "\n{}", output::wrapped(label, text)))
    }
}

/// Whether functions can tell by the merge field who a contact is.
pub(crate) fn ory_id(ory_id: &OryId) -> String {
    match ory_id {
        OryId::Ready => "there, and not public.".to_owned(),
        OryId::Missing => {
            "missing. mailchimp-subscribe writes the id of the identity into it, and \
                           mailchimp-inbound finds people by it after they changed their address."
                .to_owned()
        }
        OryId::Public(_) => "public. People see it in their preferences, and can type the id of \
                             somebody else."
            .to_owned(),
        OryId::OfType(kind) => format!(
            "of type {kind}, and has to be of type text. Mailchimp does not change the type of a \
             field: delete the field, and make it again."
        ),
    }
}

/// What the setting means for `OPT_IN`.
pub(crate) fn double_opt_in(audience: &Audience) -> &'static str {
    if audience.overview.double_optin {
        "on. With OPT_IN=list (the default), whoever opts in becomes `pending`, and Mailchimp mails a \
         link to confirm. With OPT_IN=trust, people whose address Ory has verified become \
         `subscribed` without that mail."
    } else {
        "off. With OPT_IN=list (the default), people who opt in and whose address Ory has verified \
         become `subscribed`. With OPT_IN=confirm, Mailchimp mails them a link to confirm first."
    }
}

/// What the fields mean for `member.merge_fields`.
pub(crate) fn required(audience: &Audience) -> String {
    let fields: Vec<_> = audience
        .required()
        .map(|field| match field.kind.as_str() {
            "text" => field.tag.clone(),
            kind => format!("{} ({kind})", field.tag),
        })
        .collect();
    match fields.as_slice() {
        [] => "none.".to_owned(),
        fields => format!(
            "{}. mailchimp-subscribe sends skip_merge_validation, so that contacts without them are \
             accepted. The template can give them in `member.merge_fields`.",
            fields.join(", ")
        ),
    }
}

/// What the setting means for `member.marketing_permissions`.
pub(crate) fn permissions(audience: &Audience) -> String {
    if !audience.overview.marketing_permissions {
        return "off. The status is all the consent that Mailchimp keeps.".to_owned();
    }
    format!(
        "on. The status gives no permission: the template has to give them in \
         `member.marketing_permissions`. Mailchimp shows their ids only with a contact: \
         GET /lists/{}/members/ADDRESS?fields=marketing_permissions",
        audience.id
    )
}

#[cfg(test)]
mod tests {
    use super::{
        super::audience::tests::{audience, field},
        *,
    };

    #[test]
    fn report_of_an_audience_that_asks_for_nothing() {
        let audience = audience(vec![field("ORY_ID", "text", false, false)]);
        insta::assert_snapshot!(Report(&audience));
    }

    #[test]
    fn report_of_an_audience_that_asks_for_much() {
        let mut audience =
            audience(vec![field("LNAME", "text", true, true), field("BORN", "date", true, true)]);
        audience.overview.double_optin = true;
        audience.overview.marketing_permissions = true;
        insta::assert_snapshot!(Report(&audience));
    }

    #[test]
    fn merge_field_that_strangers_may_write_is_explained() {
        assert!(ory_id(&OryId::Public(7)).starts_with("public. "));
        assert!(ory_id(&OryId::OfType("number".to_owned())).contains("delete the field"));
    }
}
