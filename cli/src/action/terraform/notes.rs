//! Notes about what Terraform does with webhooks.

use super::{Key, OryFunction, environment_variable, source};

/// A sentence or two each. The next step is not among them.
pub(crate) fn notes(function: OryFunction, parse: bool, key: &Key) -> Vec<String> {
    let mut notes = vec![
        "Terraform appends a new webhook to its list and cannot move it. If the order matters, set it \
         with `--format commands`."
            .to_owned(),
        "Run one `terraform apply` at a time for a project: of two at the same time, one can drop \
         the webhooks of the other."
            .to_owned(),
        "An apply writes the whole webhook, and drops what the provider does not know: `id`, \
         `headers` and `emit_analytics_event`."
            .to_owned(),
    ];
    if parse {
        notes.push(
            "Terraform tells webhooks apart only by list, URL and HTTP method. To have the same webhook \
             without --parse, too, append a path to the URL of this one, for example `before-save`: \
             the function ignores it."
                .to_owned(),
        );
    }
    notes.push(format!(
        "Set {variable} to the value of {key} for each plan and apply; no file has the key. The stack \
         output NextReadOryWebhookKey shows how to get it. To replace it, also change each \
         `webhook_auth_api_key_value_wo_version`.",
        variable = environment_variable(function),
        key = source(key),
    ));
    notes.push(
        "Ory answers 200 and drops a webhook in a list that its flow does not have. After an apply or an \
         import, check with `ory-actions doctor` what Ory has."
            .to_owned(),
    );
    notes
}
