//! What a function that calls the admin API reads from its environment.

use std::sync::Arc;

use super::Ory;
use crate::{
    config::{ConfigError, Endpoint, Environment},
    deliver::VendorClient,
    secrets::{ApiKey, Product},
    settings::{Ports, Settings},
};

/// Where the admin API is; self-hosted Ory needs no token.
pub struct AdminSettings {
    endpoint: Endpoint,
    secret_id: Option<String>,
}

impl AdminSettings {
    /// Reads them; `None` if the admin API is not used.
    pub fn from_env(env: &Environment) -> Result<Option<Self>, ConfigError> {
        let secret_id = env.optional("ORY_SECRET_ID").map(str::to_owned);
        let endpoint = env.optional_endpoint("ORY_URL")?;
        Ok(endpoint.map(|endpoint| Self { endpoint, secret_id }))
    }

    /// The client.
    pub fn client(self, settings: &Settings, ports: &Ports) -> VendorClient<Ory> {
        let key = match self.secret_id {
            Some(id) => {
                ApiKey::new(settings.vendor_secret(id, ports), "access_token", Product::Ory)
            }
            None => ApiKey::none(Product::Ory),
        };
        VendorClient {
            vendor: Ory { endpoint: self.endpoint, http: ports.http.clone() },
            key: Arc::new(key),
            timeout: settings.vendor_timeout,
        }
    }
}
