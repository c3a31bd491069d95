//! What this function reads from its environment: the preset, and what overrides it.

use std::{fs, path::Path};

use http::HeaderName;
use shared::{
    config::{ConfigError, Environment},
    secrets::KeyField,
    settings::{OrySettings, RecordSettings, VendorTimeout},
    template::Source,
};

use crate::{
    auth::Auth,
    call::Limits,
    headers,
    origin::{self, Origin},
    outcome::Outcomes,
    preset::{OnInDoubt, Preset, PresetError, SHIPPED, Shipped},
    request::Target,
};

/// The variable that names the preset.
pub const PRESET: &str = "RELAY_PRESET";

pub(crate) struct Config {
    pub(crate) ory: OrySettings,
    pub(crate) template: Source,
    pub(crate) target: Target,
    pub(crate) limits: Limits,
    pub(crate) outcomes: Outcomes,
    pub(crate) on_in_doubt: OnInDoubt,
    /// The secret, and where in it the key is; `None`: the vendor asks for none.
    pub(crate) secret: Option<(String, KeyField)>,
    /// `None`: nothing has to be remembered.
    pub(crate) records: Option<RecordSettings>,
}

impl Config {
    pub(crate) fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let ory = OrySettings::without_reply(env, VendorTimeout::USUAL)?;
        let (preset, shipped) = preset(env)?;
        let template = ory.template.clone().or(shipped).ok_or_else(|| {
            ConfigError::new("TEMPLATE", "is not set, and the preset has no template")
        })?;
        let auth = auth(env, &preset)?;
        let on_in_doubt = OnInDoubt::from_env(env)?.unwrap_or(preset.on_in_doubt);
        let (target, limits) = target(&preset, origin(env, &preset)?).map_err(unusable)?;
        Ok(Self {
            template,
            secret: secret(env, &auth)?,
            records: match on_in_doubt {
                OnInDoubt::Hold => Some(RecordSettings::from_env(env, &ory.settings)?),
                OnInDoubt::Repeat => None,
            },
            outcomes: outcomes(env, &preset)?,
            target: Target {
                auth: auth.clone(),
                idempotency_header: idempotency_header(env, &preset)?,
                ..target
            },
            limits: Limits { auth, ..limits },
            on_in_doubt,
            ory,
        })
    }
}

/// Where and how a relay with this preset calls, if no setting overrides it.
pub(crate) fn target(preset: &Preset, origin: Origin) -> Result<(Target, Limits), PresetError> {
    let auth = Auth::parse(&preset.auth).ok_or(PresetError::Field("auth"))?;
    let idempotency_header = preset.idempotency_header.as_deref().and_then(headers::settable);
    let limits = Limits {
        auth: auth.clone(),
        admitted: preset.admitted_headers()?,
        fixed: preset.fixed_headers()?,
    };
    Ok((Target { origin, auth, idempotency_header }, limits))
}

fn unusable(error: PresetError) -> ConfigError {
    ConfigError::new(PRESET, format!("wanted a usable preset: {error}"))
}

/// The preset, with its template.
fn preset(env: &Environment) -> Result<(Preset, Option<Source>), ConfigError> {
    let name = env.required(PRESET, "the name of a preset, or file:///… with one of your own")?;
    if let Some(path) = name.strip_prefix("file://").filter(|path| path.starts_with('/')) {
        let json = fs::read_to_string(path).map_err(|error| {
            ConfigError::new(PRESET, format!("wanted a readable file: {}", error.kind()))
        })?;
        let preset = Preset::parse(&json).map_err(unusable)?;
        let file = Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or(PRESET);
        let template = preset.template.as_deref().map(|code| Source::shipped(file, code));
        return Ok((preset, template));
    }
    let shipped = Shipped::named(&name).ok_or_else(|| {
        let names: Vec<_> = SHIPPED.iter().map(|shipped| shipped.name).collect();
        ConfigError::new(PRESET, format!("wanted file:///… or one of {}", names.join(", ")))
    })?;
    Ok((shipped.preset().map_err(unusable)?, Some(shipped.source())))
}

fn origin(env: &Environment, preset: &Preset) -> Result<Origin, ConfigError> {
    let allow_loopback = env.flag("RELAY_ALLOW_LOOPBACK", false)?;
    let text = env.optional(origin::VARIABLE).or(preset.origin.as_deref());
    let wanted = "is not set, and the preset has none: each customer of the vendor has another";
    let text = text.ok_or_else(|| ConfigError::new(origin::VARIABLE, wanted))?;
    Origin::parse(text, allow_loopback)
}

fn auth(env: &Environment, preset: &Preset) -> Result<Auth, ConfigError> {
    let text = env.optional("RELAY_AUTH").unwrap_or(&preset.auth);
    Auth::parse(text).ok_or_else(|| {
        let wanted = "wanted bearer, basic, header:NAME, query:NAME, body:/POINTER, path, signature \
                      or none";
        ConfigError::new("RELAY_AUTH", wanted)
    })
}

fn secret(env: &Environment, auth: &Auth) -> Result<Option<(String, KeyField)>, ConfigError> {
    let Some(field) = auth.field() else { return Ok(None) };
    let what = "the id or ARN of the secret that the vendor wants";
    Ok(Some((env.required("RELAY_SECRET_ID", what)?, field)))
}

fn outcomes(env: &Environment, preset: &Preset) -> Result<Outcomes, ConfigError> {
    let Some(text) = env.optional("RELAY_OUTCOMES") else { return Ok(preset.outcomes.clone()) };
    let wrong = |error| ConfigError::new("RELAY_OUTCOMES", format!("wanted rows as JSON: {error}"));
    Outcomes::parse(text).map_err(wrong)
}

fn idempotency_header(
    env: &Environment,
    preset: &Preset,
) -> Result<Option<HeaderName>, ConfigError> {
    const NAME: &str = "RELAY_IDEMPOTENCY_HEADER";
    let text = env.optional(NAME).or(preset.idempotency_header.as_deref());
    let read = |text: &str| {
        headers::settable(text).ok_or_else(|| ConfigError::new(NAME, "wanted the name of a header"))
    };
    text.map(read).transpose()
}

impl OnInDoubt {
    /// What `ON_IN_DOUBT` says; `None`: it is not set, and the preset decides.
    ///
    /// # Errors
    /// Another word.
    pub fn from_env(env: &Environment) -> Result<Option<Self>, ConfigError> {
        match env.optional("ON_IN_DOUBT") {
            None => Ok(None),
            Some(word) => Self::parse(word)
                .map(Some)
                .ok_or_else(|| ConfigError::new("ON_IN_DOUBT", "wanted `repeat` or `hold`")),
        }
    }
}
