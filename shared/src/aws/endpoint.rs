//! Where a service is called: as the AWS SDKs choose it.
//!
//! The rules are those of the services' endpoint rule sets, and AWS' list of partitions:
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html>

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use url::Url;

use crate::http::Cause;

/// A service of AWS.
#[derive(Debug)]
pub(crate) struct Service {
    /// Its name in the names of hosts, and in signatures.
    pub(super) name: &'static str,
    /// Its name in the SDK's settings.
    pub(super) id: &'static str,
    /// Its name in a target, before the dot.
    pub(super) target: &'static str,
    /// The media type of its protocol.
    pub(super) protocol: &'static str,
    /// The usual hosts of `GovCloud` are FIPS ones.
    is_fips_in_gov_cloud: bool,
    /// The usual hosts have IPv4 and IPv6.
    is_dual_stack: bool,
}

impl Service {
    /// SQS.
    pub(crate) const SQS: Self = Self {
        name: "sqs",
        id: "SQS",
        target: "AmazonSQS",
        protocol: "application/x-amz-json-1.0",
        is_fips_in_gov_cloud: true,
        is_dual_stack: false,
    };
    /// `DynamoDB`.
    pub(crate) const DYNAMO_DB: Self =
        Self { name: "dynamodb", id: "DynamoDB", target: "DynamoDB_20120810", ..Self::SQS };
    /// Secrets Manager.
    pub(crate) const SECRETS_MANAGER: Self = Self {
        name: "secretsmanager",
        id: "Secrets Manager",
        target: "secretsmanager",
        protocol: "application/x-amz-json-1.1",
        is_fips_in_gov_cloud: false,
        is_dual_stack: true,
    };
}

/// The regions' partitions: the start of a region's name, the suffix of its hosts, and that of hosts
/// with IPv4 and IPv6. The first that fits is the region's.
const PARTITIONS: [(&str, &str, &str); 7] = [
    ("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    ("us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
    ("eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    ("us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    ("eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
    ("", "amazonaws.com", "api.aws"),
];

/// The endpoint of `service`: the one that is configured, or where it is said to be, or the one of
/// the region. Only the last knows of FIPS and of IPv6, so where these are asked for it comes before
/// the second.
///
/// # Errors
/// What is configured is no URL, or there is no region.
pub(super) fn endpoint(sdk: &SdkConfig, service: &Service, at: Option<&Url>) -> Result<Url, Cause> {
    if let Some(configured) = configured(sdk, service) {
        return Ok(Url::parse(&configured)?);
    }
    let kind = Kind {
        fips: sdk.use_fips().unwrap_or_default(),
        dual_stack: sdk.use_dual_stack().unwrap_or_default(),
    };
    if let Some(at) = at.filter(|_| kind == Kind::default()) {
        return Ok(at.join("/")?);
    }
    let region = sdk.region().ok_or("no AWS region is set")?;
    Ok(Url::parse(&format!("https://{}/", host(service, region.as_ref(), kind)))?)
}

/// What is set for the service, or for all. A client's own setting comes before that of the
/// environment, as in the SDK.
fn configured(sdk: &SdkConfig, service: &Service) -> Option<String> {
    let for_all = sdk.endpoint_url().map(str::to_owned);
    if sdk.get_origin("endpoint_url").is_client_config() {
        return for_all;
    }
    let key = ServiceConfigKey::builder().service_id(service.id).env("AWS_ENDPOINT_URL");
    let key = key.profile("endpoint_url").build().ok()?;
    sdk.service_config().and_then(|config| config.load_config(key)).or(for_all)
}

/// Which of a region's endpoints.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Kind {
    fips: bool,
    dual_stack: bool,
}

fn host(service: &Service, region: &str, kind: Kind) -> String {
    let partition = PARTITIONS.iter().find(|(start, ..)| region.starts_with(start));
    let (_, suffix, dual_stack) = partition.copied().unwrap_or_default();
    let suffix = if kind.dual_stack && !service.is_dual_stack { dual_stack } else { suffix };
    let is_gov_cloud = region.starts_with("us-gov-");
    let is_fips_already = is_gov_cloud && service.is_fips_in_gov_cloud && !kind.dual_stack;
    let fips = if kind.fips && !is_fips_already { "-fips" } else { "" };
    format!("{}{fips}.{region}.{suffix}", service.name)
}

#[cfg(test)]
mod tests {
    use aws_config::{Region, SdkConfig};
    use aws_types::service_config::LoadServiceConfig;

    use super::{super::environment, *};

    const SERVICES: [Service; 2] = [Service::SQS, Service::DYNAMO_DB];

    fn in_region(region: &'static str, fips: bool, dual_stack: bool) -> SdkConfig {
        let sdk = SdkConfig::builder().region(Region::from_static(region));
        sdk.use_fips(fips).use_dual_stack(dual_stack).build()
    }

    /// Rows of the tests that AWS has in its SDK, `tests/endpoint_tests.rs`.
    #[test]
    fn endpoint_is_that_of_the_region() {
        for (region, fips, dual_stack, sqs) in [
            ("us-east-1", false, false, "https://sqs.us-east-1.amazonaws.com/"),
            ("eu-central-1", false, false, "https://sqs.eu-central-1.amazonaws.com/"),
            ("me-south-1", false, false, "https://sqs.me-south-1.amazonaws.com/"),
            ("us-east-1", true, false, "https://sqs-fips.us-east-1.amazonaws.com/"),
            ("us-east-1", false, true, "https://sqs.us-east-1.api.aws/"),
            ("us-east-1", true, true, "https://sqs-fips.us-east-1.api.aws/"),
            ("cn-north-1", false, false, "https://sqs.cn-north-1.amazonaws.com.cn/"),
            ("cn-north-1", true, false, "https://sqs-fips.cn-north-1.amazonaws.com.cn/"),
            ("cn-north-1", false, true, "https://sqs.cn-north-1.api.amazonwebservices.com.cn/"),
            ("us-gov-east-1", false, false, "https://sqs.us-gov-east-1.amazonaws.com/"),
            ("us-gov-east-1", true, false, "https://sqs.us-gov-east-1.amazonaws.com/"),
            ("us-gov-east-1", true, true, "https://sqs-fips.us-gov-east-1.api.aws/"),
            ("us-iso-east-1", false, false, "https://sqs.us-iso-east-1.c2s.ic.gov/"),
            ("us-isob-east-1", false, false, "https://sqs.us-isob-east-1.sc2s.sgov.gov/"),
            ("eusc-de-east-1", false, false, "https://sqs.eusc-de-east-1.amazonaws.eu/"),
        ] {
            let sdk = in_region(region, fips, dual_stack);
            let found = SERVICES.map(|service| endpoint(&sdk, &service, None).unwrap().to_string());
            assert_eq!(found, [sqs.to_owned(), sqs.replace("sqs", "dynamodb")]);
        }
    }

    /// Rows of the same tests of Secrets Manager.
    #[test]
    fn secrets_manager_has_ipv6_at_its_usual_hosts_and_fips_ones_in_gov_cloud() {
        for (region, fips, dual_stack, host) in [
            ("eu-central-1", false, false, "secretsmanager.eu-central-1.amazonaws.com"),
            ("us-east-1", true, false, "secretsmanager-fips.us-east-1.amazonaws.com"),
            ("us-east-1", false, true, "secretsmanager.us-east-1.amazonaws.com"),
            ("us-east-1", true, true, "secretsmanager-fips.us-east-1.amazonaws.com"),
            ("cn-north-1", false, false, "secretsmanager.cn-north-1.amazonaws.com.cn"),
            ("cn-north-1", false, true, "secretsmanager.cn-north-1.amazonaws.com.cn"),
            ("us-gov-east-1", false, false, "secretsmanager.us-gov-east-1.amazonaws.com"),
            ("us-gov-east-1", true, false, "secretsmanager-fips.us-gov-east-1.amazonaws.com"),
            ("us-gov-east-1", true, true, "secretsmanager-fips.us-gov-east-1.amazonaws.com"),
            ("us-iso-east-1", false, false, "secretsmanager.us-iso-east-1.c2s.ic.gov"),
        ] {
            let sdk = in_region(region, fips, dual_stack);
            let found = endpoint(&sdk, &Service::SECRETS_MANAGER, None).unwrap();
            assert_eq!(found.as_str(), format!("https://{host}/"));
        }
    }

    /// Environment variables, as the SDK hands them on.
    #[derive(Debug)]
    struct Variables(&'static [(&'static str, &'static str)]);

    impl LoadServiceConfig for Variables {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            let name = format!("{}_{}", key.env(), key.service_id().to_uppercase());
            let found = self.0.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn configured_endpoint_comes_first_and_that_of_the_service_before_that_of_all() {
        let region = || SdkConfig::builder().region(Region::from_static("eu-central-1"));
        let own = Variables(&[("AWS_ENDPOINT_URL_SQS", "http://localhost:1/own")]);
        let at = Url::parse("https://sqs.eu-west-1.amazonaws.com/123456789012/mail").unwrap();
        let [sqs, dynamo_db] = SERVICES;
        let own = region().service_config(own).build();
        assert_eq!(endpoint(&own, &sqs, Some(&at)).unwrap().as_str(), "http://localhost:1/own");
        let elsewhere = endpoint(&own, &dynamo_db, None).unwrap();
        assert_eq!(elsewhere.as_str(), "https://dynamodb.eu-central-1.amazonaws.com/");
        let all = region().endpoint_url("http://localhost:2").build();
        for service in SERVICES {
            let found = endpoint(&all, &service, Some(&at)).unwrap();
            assert_eq!(found.as_str(), "http://localhost:2/");
        }
    }

    /// The variables of the services:
    /// <https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html>
    #[test]
    fn each_service_has_a_variable_of_its_own() {
        for (service, variable) in [
            (Service::SQS, "AWS_ENDPOINT_URL_SQS"),
            (Service::DYNAMO_DB, "AWS_ENDPOINT_URL_DYNAMODB"),
            (Service::SECRETS_MANAGER, "AWS_ENDPOINT_URL_SECRETS_MANAGER"),
        ] {
            let set = [(variable.to_owned(), "http://localhost:1/own".to_owned())];
            let sdk = environment::configuration(environment::Variables::of(set)).build();
            let found = endpoint(&sdk, &service, None).unwrap();
            assert_eq!(found.as_str(), "http://localhost:1/own");
        }
    }

    #[test]
    fn queue_is_called_where_its_url_says_unless_fips_or_ipv6_is_asked_for() {
        let at = Url::parse("https://eu-west-1.queue.amazonaws.com/123456789012/mail").unwrap();
        for (fips, dual_stack, host) in [
            (false, false, "eu-west-1.queue.amazonaws.com"),
            (true, false, "sqs-fips.eu-west-1.amazonaws.com"),
            (false, true, "sqs.eu-west-1.api.aws"),
        ] {
            let sdk = in_region("eu-west-1", fips, dual_stack);
            let found = endpoint(&sdk, &Service::SQS, Some(&at)).unwrap();
            assert_eq!(found.as_str(), format!("https://{host}/"));
        }
    }

    #[test]
    fn without_a_region_or_with_a_wrong_url_there_is_no_endpoint() {
        let nowhere = SdkConfig::builder().build();
        assert!(endpoint(&nowhere, &Service::DYNAMO_DB, None).is_err());
        let wrong = SdkConfig::builder().endpoint_url("nonsense").build();
        assert!(endpoint(&wrong, &Service::DYNAMO_DB, None).is_err());
    }
}
