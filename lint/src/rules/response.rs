//! What becomes of a webhook's answer.

use crate::{Findings, Rule, Severity, hook::Hook, kratos::Moment, vendor::Vendor};

/// Two settings that exclude one another.
pub(crate) static IGNORE_WITH_PARSE: Rule = Rule {
    name: "ignore-with-parse",
    severity: Severity::Error,
    happens: "Kratos refuses the configuration, or fails every flow that comes to the hook: an \
              answer cannot be ignored and read.",
    mend: "Keep `ignore: true` for what need not stop anybody, `parse: true` for what may.",
    claim: "H16; embedx/config.schema.json, selfServiceWebHook; selfservice/hook/web_hook.go",
};

/// A vendor that people wait for.
pub(crate) static BREAKS_SIGN_UP: Rule = Rule {
    name: "breaks-sign-up",
    severity: Severity::Error,
    happens: "People wait for the vendor, up to 93 seconds, and any failure of it is theirs: the \
              account is made, then they see an error, and trying again says that it exists.",
    mend: "Set `response: {ignore: true}`. Better, call a function that keeps what the vendor \
           does not take.",
    claim: "H8, H9; ory/kratos#2550; tests/real/kratos/hook_answers.rs",
};

/// Somebody else that people wait for, to no use.
pub(crate) static FAILS_AFTER_SAVING: Rule = Rule {
    name: "fails-after-saving",
    severity: Severity::Warning,
    happens: "The identity is saved before the webhook is called, and its failure still fails the \
              flow: people see an error of the system for something that is done.",
    mend: "Set `response: {ignore: true}`; or `response: {parse: true}` if the webhook is to stop \
           people, which is then called before saving.",
    claim: "H9; tests/real/kratos/hook_answers.rs",
};

/// A vendor whose answer is taken for Ory's.
pub(crate) static PARSE_AT_VENDOR: Rule = Rule {
    name: "parse-at-vendor",
    severity: Severity::Error,
    happens: "Kratos reads the vendor's answer as if it were its own, and fails the flow over one \
              that is not; in a registration it calls before the identity is saved, so the vendor \
              is told of people who may never exist, all of them under the id of zeros.",
    mend: "Set `response: {ignore: true}` and leave `parse` and `can_interrupt` out.",
    claim: "H3, H5, H6; selfservice/hook/web_hook.go; tests/real/kratos/before_saving.rs",
};

/// An old name.
pub(crate) static CAN_INTERRUPT: Rule = Rule {
    name: "can-interrupt",
    severity: Severity::Warning,
    happens: "`can_interrupt` is deprecated. The answer can stop the flow and change nothing.",
    mend: "Write `response: {parse: true}`.",
    claim: "H16; embedx/config.schema.json, selfServiceWebHook",
};

/// Checks what a webhook's answer can do.
pub(crate) fn check(hook: &Hook, found: &mut Findings) {
    let Some(web) = &hook.web else { return };
    let response = web.response();
    let path = hook.part("response");
    if response.can_interrupt {
        found.add(&CAN_INTERRUPT, hook.part("can_interrupt"), "");
    }
    if response.contradicts_itself() {
        found.add(&IGNORE_WITH_PARSE, path, "");
        return;
    }
    let moment = hook.list.moment(response);
    match Vendor::of_url(&web.url) {
        Some(vendor) if response.is_read() => {
            found.add(&PARSE_AT_VENDOR, path, format!("It is {}.", vendor.name()));
        }
        Some(vendor) if response.breaks_the_flow_by_accident() => {
            found.add(&BREAKS_SIGN_UP, path, format!("It is {}.", vendor.name()));
        }
        None if response.breaks_the_flow_by_accident()
            && moment == Some(Moment::AfterSave)
            && hook.list.flow().saves_what_hooks_answer() =>
        {
            found.add(&FAILS_AFTER_SAVING, path, "");
        }
        _ => {}
    }
}
