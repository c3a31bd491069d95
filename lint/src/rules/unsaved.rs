//! What an identity does not have before it is saved.

use crate::{
    Example, Findings, Rule, Severity,
    kratos::{Flow, HookPlace, Moment},
    template::{Path, Reading},
};

/// The id of an identity that has none.
pub(crate) static ID_BEFORE_SAVING: Rule = Rule {
    name: "id-before-saving",
    severity: Severity::Warning,
    title: "A template uses the id of an identity that is not saved yet",
    description: "With `response.parse` or `can_interrupt`, a registration calls the webhook before \
                  it saves the identity. `id` is `00000000-0000-0000-0000-000000000000` then, the \
                  same for everyone, and `created_at` and `updated_at` are the year 1. In settings \
                  the values are real. A template with the tag `when: 'before_save'` is not \
                  reported, since the receiver can tell, and neither is one that compares with the \
                  id of zeros.",
    help: "Identify the person by a trait, or the sign-up by `ctx.flow.id`. To pass on the id, use \
           a second webhook without `response.parse`.",
    example: Some(Example::flows(
        r"
            registration:
              after:
                password:
                  hooks:
                    - hook: web_hook
                      config:
                        url: https://example.com/
                        method: POST
                        body: base64://ZnVuY3Rpb24oY3R4KSB7IGlkOiBjdHguaWRlbnRpdHkuaWQgfQ==
                        response: {parse: true}
        ",
        r"
            registration:
              after:
                password:
                  hooks:
                    - hook: web_hook
                      config:
                        url: https://example.com/
                        method: POST
                        body: base64://ZnVuY3Rpb24oY3R4KSB7IGlkOiBjdHguZmxvdy5pZCB9
                        response: {parse: true}
        ",
    )),
    source: "docs/kratos.md (id-before-saving); ory/kratos selfservice/hook/web_hook.go, \
             ExecutePostRegistrationPrePersistHook; tests/real/kratos/before_saving.rs",
};

/// What is set when an identity is saved.
const SET_BY_SAVING: [&str; 3] = ["id", "created_at", "updated_at"];

/// An identity without an id has this one.
const ZEROS: &str = "00000000-0000-0000-0000-000000000000";

/// Checks a template for what is not set yet in its hook.
pub(crate) fn check(reading: &Reading, hook: HookPlace, path: &str, found: &mut Findings) {
    let is_before = hook.list.moment(hook.response) == Some(Moment::BeforeSave);
    if hook.list.flow() != Flow::Registration || !is_before || can_tell(reading) {
        return;
    }
    for read in &reading.reads {
        if SET_BY_SAVING.iter().any(|field| read.path.is(&["identity", field])) {
            let detail = format!("`{}` is not set yet.", read.path);
            found.add_at(&ID_BEFORE_SAVING, path, read.place, detail);
        }
    }
    for forward in reading.forwards.iter().filter(|forward| is_identity(&forward.path)) {
        let detail = "The template sends all of the identity. Its id is not set yet.";
        found.add_at(&ID_BEFORE_SAVING, path, forward.place, detail);
    }
}

/// Whether the template tells its receiver, or itself, that the identity is not saved.
fn can_tell(reading: &Reading) -> bool {
    let when = Moment::BeforeSave.when();
    reading.tags.iter().any(|tag| Some(&*tag.when) == when)
        || reading.texts.iter().any(|text| text.text == ZEROS)
}

/// The identity, or all of its values one by one.
fn is_identity(path: &Path) -> bool {
    path.is(&["identity"]) || path.is_all_of(&["identity"], "id")
}
