//! What the functions that vendors call read from their environment besides.

use super::{Inbound, PatchPaths};
use crate::{
    config::{ConfigError, Endpoint, Environment},
    ory::AdminSettings,
    segment::{self, Segment},
    settings::{Ports, RecordSettings, Settings},
    template::{Source, Template},
};

/// Where events are written: the identities at Ory and Segment, each only if it is configured.
pub struct InboundSettings {
    template: Option<Source>,
    ory: Option<AdminSettings>,
    patch_paths: PatchPaths,
    segment: Option<SegmentSettings>,
    records: RecordSettings,
}

struct SegmentSettings {
    secret_id: String,
    endpoint: Endpoint,
}

impl InboundSettings {
    /// Reads them. `patch_paths` are those of the shipped template.
    pub fn from_env(
        env: &Environment,
        settings: &Settings,
        patch_paths: &str,
    ) -> Result<Self, ConfigError> {
        let endpoint = env.endpoint("SEGMENT_URL", segment::DEFAULT_URL)?;
        let secret_id = env.optional("SEGMENT_SECRET_ID").map(str::to_owned);
        let paths = env.optional("ORY_PATCH_PATHS").unwrap_or(patch_paths);
        let wanted = "wanted JSON Pointers of two tokens or more, with commas between them";
        Ok(Self {
            template: Source::from_env(env, "TEMPLATE")?,
            ory: AdminSettings::from_env(env)?,
            patch_paths: PatchPaths::parse(paths)
                .ok_or_else(|| ConfigError::new("ORY_PATCH_PATHS", wanted))?,
            segment: secret_id.map(|secret_id| SegmentSettings { secret_id, endpoint }),
            records: RecordSettings::from_env(env, settings)?,
        })
    }

    /// The delivery of `function`, which has this template unless another is configured.
    pub fn delivery(
        self,
        function: &'static str,
        shipped: fn() -> Source,
        settings: &Settings,
        ports: &Ports,
    ) -> Inbound {
        let template = self.template.unwrap_or_else(shipped);
        Inbound {
            template: Template::begin(ports.rendering, template),
            ory: self.ory.map(|ory| ory.client(settings, ports)),
            patch_paths: self.patch_paths,
            segment: self.segment.map(|SegmentSettings { secret_id, endpoint }| {
                Segment::client(function, endpoint, secret_id, settings, ports)
            }),
            salt: self.records.salt().to_owned(),
            has_shared_records: self.records.are_shared(),
            idempotency: self.records.idempotency(function, ports),
        }
    }
}
