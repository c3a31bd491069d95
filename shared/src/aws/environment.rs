//! The configuration of AWS in a function: by environment variables alone.
//!
//! The SDK's own loader also looks for profiles, containers and instances. A function has none of these,
//! and the code would be a tenth of its binary.
//! <https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>

use std::{collections::BTreeMap, env, ffi::OsString, fmt};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, environment::EnvironmentVariableCredentialsProvider,
};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::{
    sdk_config::Builder,
    service_config::{LoadServiceConfig, ServiceConfigKey},
};

/// What the variables say, of which the credentials are read when they are needed.
pub(super) fn configuration(variables: Variables) -> Builder {
    let credentials = EnvironmentVariableCredentialsProvider::new();
    let mut builder = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials));
    let region = variables.get("AWS_REGION").or_else(|| variables.get("AWS_DEFAULT_REGION"));
    builder.set_region(region.map(|region| Region::new(region.to_owned())));
    builder.set_use_fips(variables.is_true("AWS_USE_FIPS_ENDPOINT"));
    builder.set_use_dual_stack(variables.is_true("AWS_USE_DUALSTACK_ENDPOINT"));
    if variables.is_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") != Some(true) {
        builder.set_endpoint_url(variables.get("AWS_ENDPOINT_URL").map(str::to_owned));
        builder.set_service_config(Some(variables));
    }
    builder
}

/// Environment variables. `Debug` shows their names only: a URL may hold credentials.
pub(super) struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Those of this process that say where AWS is.
    pub(super) fn of_process() -> Self {
        let utf8 = |(name, value): (OsString, OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self::of(env::vars_os().filter_map(utf8))
    }

    pub(super) fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let is_place = |name: &str| {
            name.starts_with("AWS_")
                && ["REGION", "ENDPOINT"].iter().any(|part| name.contains(part))
        };
        Self(variables.into_iter().filter(|(name, _)| is_place(name)).collect())
    }

    /// A variable's value. An empty one counts as unset.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn is_true(&self, name: &str) -> Option<bool> {
        self.get(name).map(|value| value.eq_ignore_ascii_case("true"))
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl LoadServiceConfig for Variables {
    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER`, for example.
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace([' ', '-'], "_");
        self.get(&format!("{}_{service}", key.env())).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configured(variables: &[(&str, &str)]) -> SdkConfig {
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        configuration(Variables::of(owned)).build()
    }

    fn of_service(sdk: &SdkConfig, id: &str) -> Option<String> {
        let key = ServiceConfigKey::builder().service_id(id).env("AWS_ENDPOINT_URL");
        sdk.service_config()?.load_config(key.profile("endpoint_url").build().unwrap())
    }

    #[test]
    fn region_is_that_of_lambda_or_the_default() {
        for (variables, region) in [
            (&[("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "us-east-1")][..], "eu-west-1"),
            (&[("AWS_REGION", " "), ("AWS_DEFAULT_REGION", "us-east-1")], "us-east-1"),
        ] {
            assert_eq!(configured(variables).region().unwrap().as_ref(), region);
        }
        assert!(configured(&[]).region().is_none());
    }

    #[test]
    fn endpoint_is_that_of_the_service_or_of_all() {
        let all = ("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
        let own = ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:2");
        let sdk = configured(&[all, own]);
        assert_eq!(sdk.endpoint_url(), Some(all.1));
        assert_eq!(of_service(&sdk, "Secrets Manager").as_deref(), Some(own.1));
        assert_eq!(of_service(&sdk, "SQS"), None);
        let ignored = configured(&[all, own, ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE")]);
        assert_eq!(ignored.endpoint_url(), None);
        assert!(ignored.service_config().is_none());
    }

    #[test]
    fn fips_and_dual_stack_are_asked_for_by_true() {
        let sdk = configured(&[("AWS_USE_FIPS_ENDPOINT", "True")]);
        assert_eq!((sdk.use_fips(), sdk.use_dual_stack()), (Some(true), None));
        let sdk = configured(&[("AWS_USE_DUALSTACK_ENDPOINT", "false")]);
        assert_eq!((sdk.use_fips(), sdk.use_dual_stack()), (None, Some(false)));
    }

    #[test]
    fn configuration_holds_no_keys_and_variables_show_no_values() {
        let variables = || {
            let all = [
                ("AWS_SECRET_ACCESS_KEY", "hunter2"),
                ("MY_ENDPOINT", "https://hunter2@example.com"),
                ("AWS_ENDPOINT_URL_SQS", "https://hunter2@example.com"),
            ];
            Variables::of(all.map(|(name, value)| (name.to_owned(), value.to_owned())))
        };
        assert_eq!(format!("{:?}", variables()), r#"{"AWS_ENDPOINT_URL_SQS"}"#);
        assert!(!format!("{:?}", configuration(variables()).build()).contains("hunter2"));
    }
}
