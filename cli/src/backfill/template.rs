//! The template of the deployed function: nobody is sent through one that may take a backfill for a
//! sign-up.

use std::path::PathBuf;

use clap::Args;
use shared::{
    config::{ConfigError, Environment},
    template::Source,
};

use super::target::Target;
use crate::{exit::InvalidInput, input, render::rendering::Subject};

/// The variable that names the template of the function.
const TEMPLATE: &str = "TEMPLATE";

/// How the variable names a file that only Lambda has.
const FILE: &str = "file://";

/// What a template must look at: `backfill` or `reconcile` is not `registration`.
const FLOW: [&str; 2] = ["hook", "flow"];

/// What the operator says of the template.
#[derive(Args)]
#[command(next_help_heading = "Template")]
pub(super) struct TemplateArguments {
    /// The file of the function's template, if its TEMPLATE is a file:// URL.
    #[arg(long, value_name = "FILE.jsonnet")]
    template: Option<PathBuf>,
    /// Send even though the template does not look at ctx.hook.flow.
    #[arg(long)]
    allow_template: bool,
}

/// The template does not permit a run.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnfitTemplate {
    #[error(
        "the shipped template of mandrill-welcome cancels what is neither a registration nor a \
         verification, so that nobody is welcomed twice: nothing would be sent. To write to everybody, \
         give the function a template of your own that sends where ctx.hook.flow is `backfill`"
    )]
    WelcomesNobody,
    #[error(
        "the template does not look at ctx.hook.flow, so it would do for everybody what it does for a \
         sign-up. Let it decide what it does where ctx.hook.flow is `backfill` or `reconcile`, or add \
         --allow-template"
    )]
    IgnoresFlow,
    #[error(
        "it cannot be told whether the template looks at ctx.hook.flow. If it does, add \
         --allow-template"
    )]
    Unclear,
    #[error(
        "the function's template is {0}, which is not on this machine. Give the same file with \
         --template, or add --allow-template to send without looking at it"
    )]
    Elsewhere(String),
    #[error(
        "--template is for a function whose TEMPLATE is a file:// URL; that of this one is known"
    )]
    Known,
    #[error("the function's variable {0}")]
    Variable(#[from] ConfigError),
    #[error(transparent)]
    File(#[from] InvalidInput),
}

impl TemplateArguments {
    /// The template of the function, if it is fit; `None` if the operator allows one that is not on
    /// this machine.
    pub(super) fn find(
        &self,
        target: Target,
        env: &Environment,
    ) -> Result<Option<Source>, UnfitTemplate> {
        let location = env.optional(TEMPLATE);
        let is_file = location.is_some_and(|location| location.starts_with(FILE));
        let source = match (location, &self.template) {
            (Some(_), Some(file)) if is_file => {
                Source::shipped(&file.display().to_string(), &input::read_text(file)?)
            }
            (_, Some(_)) => return Err(UnfitTemplate::Known),
            (Some(_), None) if is_file && self.allow_template => return Ok(None),
            (Some(location), None) if is_file => {
                return Err(UnfitTemplate::Elsewhere(location.to_owned()));
            }
            (Some(_), None) => match Source::from_env(env, TEMPLATE)? {
                Some(source) => source,
                None => return Ok(None),
            },
            (None, None) if target.subject == Subject::Mandrill => {
                return Err(UnfitTemplate::WelcomesNobody);
            }
            (None, None) => return Ok(target.subject.shipped_template()),
        };
        if !self.allow_template {
            check(source.code())?;
        }
        Ok(Some(source))
    }
}

fn check(code: &str) -> Result<(), UnfitTemplate> {
    match lint::reads(code, &FLOW) {
        Some(true) => Ok(()),
        Some(false) => Err(UnfitTemplate::IgnoresFlow),
        None => Err(UnfitTemplate::Unclear),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use base64::{Engine, engine::general_purpose::STANDARD};
    use tempfile::TempDir;

    use super::*;

    const LOOKS: &str = "function(ctx) if ctx.hook.flow == 'backfill' then error 'cancel' else {}";
    const LAYER: &str = "file:///opt/identify.jsonnet";
    const IGNORES: &str = "function(ctx) { userId: ctx.identity.id }";

    fn found(
        handler: &str,
        variable: &str,
        template: Option<PathBuf>,
        allow_template: bool,
    ) -> Result<Option<String>, UnfitTemplate> {
        let env = Environment::of([(TEMPLATE, variable)]);
        let arguments = TemplateArguments { template, allow_template };
        let source = arguments.find(Target::of(handler).unwrap(), &env)?;
        Ok(source.map(|source| source.code().to_owned()))
    }

    fn encoded(code: &str) -> String {
        format!("base64://{}", STANDARD.encode(code))
    }

    #[test]
    fn own_template_must_look_at_the_flow() {
        let found = |code: &str, allowed| found("segment-identify", &encoded(code), None, allowed);
        assert_eq!(found(LOOKS, false).unwrap().as_deref(), Some(LOOKS));
        assert!(matches!(found(IGNORES, false), Err(UnfitTemplate::IgnoresFlow)));
        assert!(matches!(found("function(ctx) {", false), Err(UnfitTemplate::Unclear)));
        assert_eq!(found(IGNORES, true).unwrap().as_deref(), Some(IGNORES));
    }

    #[test]
    fn shipped_template_is_fit_unless_it_would_cancel_everything() {
        for handler in ["segment-identify", "mailchimp-subscribe"] {
            assert!(found(handler, "", None, false).unwrap().is_some(), "{handler}");
        }
        for allowed in [false, true] {
            let welcome = found("mandrill-welcome", "", None, allowed);
            assert!(matches!(welcome, Err(UnfitTemplate::WelcomesNobody)));
        }
        let own = found("mandrill-welcome", &encoded(LOOKS), None, false);
        assert_eq!(own.unwrap().as_deref(), Some(LOOKS));
    }

    #[test]
    fn template_in_a_layer_is_read_from_the_file_of_the_operator() {
        let folder = TempDir::new().unwrap();
        let file = |name: &str, code: &str| {
            let path = folder.path().join(name);
            fs::write(&path, code).unwrap();
            Some(path)
        };
        let found = |variable: &str, template, allowed| {
            found("segment-identify", variable, template, allowed)
        };
        let elsewhere = found(LAYER, None, false).unwrap_err().to_string();
        assert!(elsewhere.contains(LAYER) && elsewhere.contains("--template"), "{elsewhere}");
        assert_eq!(found(LAYER, None, true).unwrap(), None);
        let looks = found(LAYER, file("a.jsonnet", LOOKS), false);
        assert_eq!(looks.unwrap().as_deref(), Some(LOOKS));
        let ignores = found(LAYER, file("b.jsonnet", IGNORES), false);
        assert!(matches!(ignores, Err(UnfitTemplate::IgnoresFlow)));
        for known in [&encoded(LOOKS), ""] {
            let refused = found(known, file("a.jsonnet", LOOKS), false);
            assert!(matches!(refused, Err(UnfitTemplate::Known)), "{known}");
        }
        let missing = Some(folder.path().join("missing.jsonnet"));
        assert!(matches!(found(LAYER, missing, false), Err(UnfitTemplate::File(_))));
        assert!(matches!(found("https://x", None, false), Err(UnfitTemplate::Variable(_))));
    }
}
