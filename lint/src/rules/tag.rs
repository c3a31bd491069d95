//! The tag in a forwarding template that identifies the hook.

use crate::{
    Example, Findings, Rule, Severity,
    kratos::{HookPlace, Moment},
    template::{Reading, Tag},
};

/// A tag of another hook.
pub(crate) static WRONG_TAG: Rule = Rule {
    name: "wrong-tag",
    severity: Severity::Warning,
    title: "The tag of a forwarding template names another hook",
    description: "The function believes that another hook called: a template that reads `ctx.hook` \
                  does the wrong thing, or nothing.",
    help: "Give each hook the forwarding template with its own tag. `ory-actions action` prints \
           it.",
    example: Some(Example::template(
        r"
            function(ctx) {
              hook: { flow: 'login', method: 'password', when: 'after' },
              id: ctx.identity.id,
            }
        ",
        r"
            function(ctx) {
              hook: { flow: 'registration', method: 'password', when: 'after_save' },
              id: ctx.identity.id,
            }
        ",
    )),
    source: "shared/forward.jsonnet; ory/kratos selfservice/hook/web_hook.go",
};

/// Compares the tag with the list that the hook is in.
pub(crate) fn check(reading: &Reading, hook: HookPlace, path: &str, found: &mut Findings) {
    let Some(when) = hook.moment().and_then(Moment::when) else {
        return;
    };
    for tag in &reading.tags {
        let method = hook.list.method().map(|method| method.name().to_owned());
        let here = Tag {
            flow: hook.list.flow().name().to_owned(),
            // In the list for all methods, the tag of any method is right.
            method: method.unwrap_or_else(|| tag.method.clone()),
            when: when.to_owned(),
            place: tag.place,
        };
        if *tag != here {
            let detail = format!("The tag is {}, but this hook is {}.", words(tag), words(&here));
            found.add_at(&WRONG_TAG, path, tag.place, detail);
        }
    }
}

fn words(tag: &Tag) -> String {
    format!("`{}, {}, {}`", tag.flow, tag.method, tag.when)
}
