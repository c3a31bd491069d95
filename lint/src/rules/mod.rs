//! The rules, by subject; each is next to the check that finds violations.

pub(super) mod cancel;
pub(super) mod ctx;
pub(super) mod deferred;
pub(super) mod headers;
pub(super) mod keys;
pub(super) mod lists;
pub(super) mod mailchimp;
pub(super) mod methods;
pub(super) mod providers;
pub(super) mod replies;
pub(super) mod request;
pub(super) mod response;
pub(super) mod subscribe;
pub(super) mod tag;
pub(super) mod templates;
pub(super) mod terraform;
pub(super) mod unsaved;
pub(super) mod url;

use serde_json::Value;

use crate::{
    Configuration, Findings, Kind, Report, Rule,
    hook::Hook,
    kratos::{Headers, HookPlace},
    methods::Methods,
    network::Network,
    rules::templates::Caller,
    suppression,
    template::Reading,
};

/// All rules, in the order of `docs/lint.md`.
pub const ALL: [&Rule; 56] = [
    &lists::SHADOWED,
    &lists::PARSE_ON_GLOBAL,
    &lists::UNKNOWN_LIST,
    &lists::FLOW_OFF,
    &lists::BEFORE_VERIFICATION,
    &lists::UNKNOWN_HOOK,
    &lists::SHAPE,
    &methods::MISSING_METHOD,
    &providers::UPDATE_ON_LOGIN,
    &deferred::DEFERRED_CHANGE,
    &response::IGNORE_WITH_PARSE,
    &response::BREAKS_SIGN_UP,
    &response::FAILS_AFTER_SAVING,
    &response::PARSE_AT_VENDOR,
    &response::PARSE_SAVES_NOTHING,
    &response::CAN_INTERRUPT,
    &url::NO_URL,
    &url::PRIVATE_ADDRESS,
    &url::PLAIN_HTTP,
    &url::PLAIN_HTTP_INSIDE,
    &keys::KEY_IN_REQUEST,
    &keys::KEY_IN_TEMPLATE,
    &request::HTTP_METHOD,
    &request::CONTENT_TYPE,
    &request::NO_BODY,
    &request::FORM_OF_MORE_THAN_TEXT,
    &request::FORM_CANCELS,
    &templates::NO_TEMPLATE,
    &templates::FILE_NOT_HERE,
    &templates::FILE_IN_PROJECT,
    &templates::OLD_PATH,
    &templates::SYNTAX,
    &templates::IMPORT,
    &templates::EXTERNAL,
    &templates::PARAMETERS,
    &templates::TOO_LARGE,
    &templates::NEARLY_TOO_LARGE,
    &ctx::WHOLE_CTX,
    &ctx::COOKIES,
    &ctx::FORM,
    &ctx::TRANSIENT_PAYLOAD,
    &ctx::NO_SUCH_FIELD,
    &ctx::FIELD_AT_TIMES,
    &headers::HEADER_SPELLING,
    &unsaved::ID_BEFORE_SAVING,
    &cancel::CANCELS_BY_ACCIDENT,
    &cancel::DOES_NOT_CANCEL,
    &cancel::ALWAYS_CANCELS,
    &tag::WRONG_TAG,
    &mailchimp::MAILCHIMP_SUBSCRIBE,
    &subscribe::IN_VAIN,
    &subscribe::LACKS_FIELD,
    &replies::MESSAGE_TYPE,
    &suppression::INVALID,
    &terraform::SAME_HOOK,
    &terraform::ARGUMENT,
];

/// Checks the hooks of a configuration.
pub(crate) fn check(configuration: &Configuration, hooks: &[Hook], found: &mut Findings) {
    let methods = Methods::of(configuration);
    lists::check(configuration, hooks, &methods, found);
    if configuration.kind.is_whole() {
        methods::check(hooks, &methods, found);
        providers::check(configuration, hooks, &methods, found);
    }
    deferred::check(hooks, found);
    let network = Network::of(configuration);
    let headers = allowed_headers(configuration);
    for hook in hooks {
        check_hook(hook, &network, headers.as_ref(), found);
    }
    found.forget_unknown(hooks);
}

/// The list of the configuration, or else the default one; `None` if it may be elsewhere. Ory's documentation names it `actions` for Ory
/// Network.
fn allowed_headers(configuration: &Configuration) -> Option<Headers> {
    let list = ["clients", "actions"]
        .into_iter()
        .find_map(|part| configuration.at(&[part, "web_hook", "header_allowlist"])?.as_array());
    let default = || (configuration.kind != Kind::Terraform).then(Headers::default);
    list.map(|names| Headers::of(names.iter().filter_map(Value::as_str))).or_else(default)
}

fn check_hook(hook: &Hook, network: &Network, headers: Option<&Headers>, found: &mut Findings) {
    response::check(hook, found);
    url::check(hook, network, found);
    request::check(hook, found);
    keys::check(hook, found);
    subscribe::check(hook, found);
    mailchimp::check(hook, found);
    if let Some(reading) = &hook.reading {
        let path = hook.part("body");
        keys::check_template(reading, hook, &path, found);
        request::check_sent(reading, hook, &path, found);
        check_reading(reading, hook.place(), headers, &path, found);
        if reading.ignores_ctx() {
            let note =
                "the template reads nothing of `ctx`: the webhook gets the same for everyone";
            found.note(path, note);
        }
    }
}

/// Checks a template in a hook.
fn check_reading(
    reading: &Reading,
    hook: HookPlace,
    headers: Option<&Headers>,
    path: &str,
    found: &mut Findings,
) {
    templates::check(reading, Caller::Kratos, path, found);
    // A hook that never runs is judged as if it had been moved.
    ctx::check(reading, hook.where_it_runs(), headers, path, found);
    headers::check(reading, headers, path, found);
    unsaved::check(reading, hook.where_it_runs(), path, found);
    cancel::check(reading, path, found);
    tag::check(reading, hook, path, found);
}

/// Checks a template alone: its hook is unknown, so only rules for all hooks apply.
pub(crate) fn check_template(code: &str) -> Report {
    let mut found = Findings::default();
    if let Some(reading) = templates::read_code(code, "", "", &mut found) {
        keys::check_texts(&reading, "", &mut found);
        if templates::is_mapper(&reading) {
            templates::check_mapper(&reading, "", &mut found);
            let note = "looks like a mapper, which is no webhook template; not checked as one. \
                        `--hook LIST` checks it as one";
            found.note("", note);
            return Report::of_template(None, found);
        }
        templates::check(&reading, Caller::Unknown, "", &mut found);
        cancel::check(&reading, "", &mut found);
        replies::check(&reading, "", &mut found);
    }
    Report::of_template(None, found)
}

/// Checks a template in a hook, without the rest of its configuration.
pub(crate) fn check_template_in(hook: HookPlace, code: &str) -> Report {
    let mut found = Findings::default();
    if let Some(reading) = templates::read_code(code, "", "", &mut found) {
        keys::check_texts(&reading, "", &mut found);
        check_reading(&reading, hook, Some(&Headers::default()), "", &mut found);
    }
    Report::of_template(Some(hook), found)
}
