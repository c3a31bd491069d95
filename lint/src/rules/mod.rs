//! The rules, by subject; each is next to the check that finds violations.

pub(super) mod cancel;
pub(super) mod ctx;
pub(super) mod keys;
pub(super) mod lists;
pub(super) mod methods;
pub(super) mod replies;
pub(super) mod request;
pub(super) mod response;
pub(super) mod subscribe;
pub(super) mod tag;
pub(super) mod templates;
pub(super) mod url;

use crate::{Configuration, Findings, Report, Rule, hook::Hook, methods::Methods};

/// All rules, in the order of `docs/lint.md`.
pub const ALL: [&Rule; 42] = [
    &lists::SHADOWED,
    &lists::PARSE_ON_GLOBAL,
    &lists::UNKNOWN_LIST,
    &lists::FLOW_OFF,
    &lists::UNKNOWN_HOOK,
    &lists::SHAPE,
    &methods::MISSING_METHOD,
    &response::IGNORE_WITH_PARSE,
    &response::BREAKS_SIGN_UP,
    &response::FAILS_AFTER_SAVING,
    &response::PARSE_AT_VENDOR,
    &response::CAN_INTERRUPT,
    &url::NO_URL,
    &url::PLAIN_HTTP,
    &url::PLAIN_HTTP_INSIDE,
    &keys::KEY_IN_REQUEST,
    &keys::KEY_IN_TEMPLATE,
    &request::CONTENT_TYPE,
    &request::NO_BODY,
    &request::FORM_OF_MORE_THAN_TEXT,
    &request::FORM_CANCELS,
    &templates::NO_TEMPLATE,
    &templates::FILE_NOT_HERE,
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
    &cancel::CANCELS_BY_ACCIDENT,
    &cancel::DOES_NOT_CANCEL,
    &tag::WRONG_TAG,
    &subscribe::IN_VAIN,
    &subscribe::LACKS_FIELD,
    &replies::MESSAGE_TYPE,
];

/// Checks the hooks of a configuration.
pub(crate) fn check(configuration: &Configuration, hooks: &[Hook], found: &mut Findings) {
    let methods = Methods::of(configuration);
    lists::check(configuration, hooks, &methods, found);
    methods::check(hooks, &methods, found);
    for hook in hooks {
        check_hook(hook, found);
    }
}

fn check_hook(hook: &Hook, found: &mut Findings) {
    response::check(hook, found);
    url::check(hook, found);
    request::check(hook, found);
    keys::check(hook, found);
    subscribe::check(hook, found);
    if let Some(reading) = &hook.reading {
        let path = hook.part("body");
        templates::check(reading, &path, found);
        keys::check_template(reading, hook, &path, found);
        ctx::check(reading, hook, &path, found);
        cancel::check(reading, &path, found);
        tag::check(reading, hook, &path, found);
    }
}

/// Checks a template alone: its hook is unknown, so only rules for all hooks apply.
pub(crate) fn check_template(code: &str) -> Report {
    let mut found = Findings::default();
    if let Some(reading) = templates::read_code(code, "", "", &mut found) {
        templates::check(&reading, "", &mut found);
        keys::check_texts(&reading, "", &mut found);
        cancel::check(&reading, "", &mut found);
        replies::check(&reading, "", &mut found);
    }
    Report::of_template(found)
}
