//! What a delivery needs before the first event.

use std::sync::Arc;

use crate::{
    secrets::{ApiKey, Cached},
    template::Template,
};

/// What a delivery needs before the first event: it is made ready while the function starts.
pub struct Resources {
    /// The template, to be parsed.
    pub template: Arc<Template>,
    /// The vendors' API keys, to be fetched.
    pub keys: Vec<Arc<ApiKey>>,
}

impl Resources {
    /// The secrets to fetch ahead.
    pub fn secrets(&self) -> Vec<&Cached> {
        self.keys.iter().filter_map(|key| key.secret()).collect()
    }
}
