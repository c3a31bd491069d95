//! The template of the deployed function: nobody is sent through one that may take a backfill for a
//! sign-up.

use std::path::{Path, PathBuf};

use clap::Args;
use relay::Preset;
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

/// The presets whose shipped templates cancel what is no registration. Those of the others send an
/// identity as they send a sign-up: the vendor has the person afterwards.
const CANCELS: [&str; 1] = ["slack"];

/// What a template must look at: `backfill` or `reconcile` is not `registration`.
const FLOW: [&str; 2] = ["hook", "flow"];

/// What the operator says of the template.
#[derive(Args)]
#[command(next_help_heading = "Template")]
pub(super) struct TemplateArguments {
    /// The file of the function's template, if its TEMPLATE is a file:// URL; that of the preset
    /// (FILE.json), if the template of a relay is in there.
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
        "the shipped template of the preset {0} cancels what is no registration: nothing would be sent. \
         To send everybody, give the relay a template of your own that sends where ctx.hook.flow is \
         `backfill`"
    )]
    PresetCancels(&'static str),
    #[error("{0}: it is no preset with a template")]
    NoPreset(String),
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
        // That of a relay is in its preset, unless it has another.
        let of_preset = || env.optional(relay::PRESET).filter(|preset| preset.starts_with(FILE));
        let location = env.optional(TEMPLATE).or_else(of_preset);
        let is_file = location.is_some_and(|location| location.starts_with(FILE));
        let source = match (location, &self.template) {
            (Some(_), Some(file)) if is_file => read(file)?,
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
            (None, None) => {
                return match target.subject {
                    Subject::Relay(shipped) if CANCELS.contains(&shipped.name) => {
                        Err(UnfitTemplate::PresetCancels(shipped.name))
                    }
                    subject => Ok(subject.shipped_template()),
                };
            }
        };
        if !self.allow_template {
            check(source.code())?;
        }
        Ok(Some(source))
    }
}

/// Reads a file with a template, or with the preset that has it.
fn read(file: &Path) -> Result<Source, UnfitTemplate> {
    let (name, text) = (file.display().to_string(), input::read_text(file)?);
    if file.extension().is_none_or(|extension| extension != "json") {
        return Ok(Source::shipped(&name, &text));
    }
    let code = Preset::parse(&text).ok().and_then(|preset| preset.template);
    let code = code.ok_or_else(|| UnfitTemplate::NoPreset(name.clone()))?;
    Ok(Source::shipped(&name, &code))
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
    use serde_json::json;
    use shared::{
        backfill::{Run, message},
        ctx::TemplateSettings,
        template::{RenderError, Template},
    };
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
        let (handler, preset) = handler.split_once(':').unwrap_or((handler, ""));
        let env = Environment::of([(TEMPLATE, variable), (relay::PRESET, preset)]);
        let arguments = TemplateArguments { template, allow_template };
        let source = arguments.find(Target::of(handler, &env).unwrap(), &env)?;
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

    /// What the shipped template of each preset does with an identity of a run.
    #[tokio::test]
    async fn shipped_template_of_a_preset_is_fit_unless_it_cancels_a_backfill() {
        let identity =
            fakes::ory::person("0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10", "ann@example.com");
        let message = message(relay::NAME, Run::Backfill, None, &identity).unwrap();
        let ctx = message.event.for_template(&TemplateSettings::default());
        for shipped in relay::SHIPPED {
            let template = Template::prepare(shipped.source()).unwrap();
            let rendered = template.render(vec![("ctx", ctx.clone())]).await;
            let cancels = matches!(rendered, Err(RenderError::Cancelled));
            assert!(cancels || rendered.is_ok(), "{}: {rendered:?}", shipped.name);
            let found = found(&format!("relay:{}", shipped.name), "", None, false);
            assert_eq!(found.is_err(), cancels, "{}", shipped.name);
        }
        let slack = found("relay:slack", "", None, true).unwrap_err().to_string();
        assert!(slack.contains("nothing would be sent"), "{slack}");
    }

    #[test]
    fn own_template_of_a_relay_must_look_at_the_flow() {
        for preset in ["slack", "hubspot", "file:///opt/own.json"] {
            let found = |code| found(&format!("relay:{preset}"), &encoded(code), None, false);
            assert_eq!(found(LOOKS).unwrap().as_deref(), Some(LOOKS), "{preset}");
            assert!(matches!(found(IGNORES), Err(UnfitTemplate::IgnoresFlow)), "{preset}");
        }
    }

    #[test]
    fn template_in_a_preset_in_a_layer_is_read_from_the_preset_of_the_operator() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("own.json");
        let found = |template| found("relay:file:///opt/own.json", "", template, false);
        assert!(matches!(found(None), Err(UnfitTemplate::Elsewhere(_))));
        for (template, is_fit) in [(LOOKS, true), (IGNORES, false)] {
            let preset = json!({
                "description": "d", "sources": [], "auth": "bearer", "on_in_doubt": "repeat",
                "duplicate": "d", "template": template,
            });
            fs::write(&file, preset.to_string()).unwrap();
            assert_eq!(found(Some(file.clone())).is_ok(), is_fit, "{template}");
        }
        fs::write(&file, "{}").unwrap();
        assert!(matches!(found(Some(file.clone())), Err(UnfitTemplate::NoPreset(_))));
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
