//! Checks that somebody receives the alarms.

use async_trait::async_trait;
use aws_sdk_sns::{Client, error::ProvideErrorMetadata};
use shared::aws::Aws;

use super::{CheckResult, Reach, stack::Stack};

const CHECK: &str = "Alarms: receivers";

/// Who is subscribed to a topic.
#[derive(Clone, Copy, Debug)]
pub struct Subscriptions {
    /// Those that receive what is published.
    pub confirmed: u32,
    /// Those that were never confirmed, and receive nothing.
    pub pending: u32,
}

/// Topics, by their ARNs.
#[async_trait]
pub trait Topics: Send + Sync {
    /// Who is subscribed. An error is the name that the service gave it.
    async fn subscriptions(&self, arn: &str) -> Result<Subscriptions, String>;
}

/// AWS SNS.
pub struct Sns(Client);

impl Sns {
    /// The SNS of `aws`.
    pub fn new(aws: &Aws) -> Self {
        Self(Client::new(aws.sdk()))
    }
}

#[async_trait]
impl Topics for Sns {
    async fn subscriptions(&self, arn: &str) -> Result<Subscriptions, String> {
        let answer = self.0.get_topic_attributes().topic_arn(arn).send().await;
        let answer = answer.map_err(|error| error.code().unwrap_or("no answer").to_owned())?;
        let attributes = answer.attributes.unwrap_or_default();
        let count = |name: &str| {
            let count = attributes.get(name).and_then(|count| count.parse().ok());
            count.ok_or_else(|| format!("no {name} in the answer"))
        };
        Ok(Subscriptions {
            confirmed: count("SubscriptionsConfirmed")?,
            pending: count("SubscriptionsPending")?,
        })
    }
}

/// Whether an alarm reaches anybody.
pub(super) async fn check(stack: &Stack, reach: &Reach) -> Vec<CheckResult> {
    let Some(arn) = stack.alarm_topic_arn.as_deref() else {
        let found = "not checked: no output AlarmTopicArn";
        return vec![CheckResult::unknown(CHECK, found, "Set --alarm-topic-arn")];
    };
    vec![match reach.topics.subscriptions(arn).await {
        Ok(subscriptions) => judge(arn, subscriptions),
        Err(error) => CheckResult::unknown(
            CHECK,
            format!("cannot read the topic: {error}"),
            "Allow yourself sns:GetTopicAttributes, as docs/operator-policy.json does",
        ),
    }]
}

fn judge(arn: &str, Subscriptions { confirmed, pending }: Subscriptions) -> CheckResult {
    match (confirmed, pending) {
        (0, 0) => CheckResult::fail(
            CHECK,
            "nobody receives the alarms",
            "Deploy with the parameter AlarmEmail, and confirm the mail that AWS sends to it",
        ),
        (0, _) => CheckResult::fail(
            CHECK,
            "nobody receives the alarms: the subscription was not confirmed",
            format!(
                "Confirm the mail from AWS Notifications. To get it again: aws sns subscribe \
                 --topic-arn {arn} --protocol email --notification-endpoint ADDRESS"
            ),
        ),
        (confirmed, 0) => CheckResult::pass(CHECK, format!("{confirmed} confirmed")),
        (confirmed, pending) => {
            CheckResult::pass(CHECK, format!("{confirmed} confirmed, {pending} not confirmed"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::Verdict::{Fail, Pass},
        *,
    };

    #[test]
    fn alarms_need_a_confirmed_receiver() {
        let table = [
            (0, 0, Fail, "nobody receives the alarms"),
            (0, 1, Fail, "was not confirmed"),
            (1, 0, Pass, "1 confirmed"),
            (2, 1, Pass, "2 confirmed, 1 not confirmed"),
        ];
        for (confirmed, pending, verdict, found) in table {
            let finding = judge("arn", Subscriptions { confirmed, pending });
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.found.contains(found), "{finding:?}");
            assert_eq!(finding.fix.is_empty(), verdict == Pass, "{finding:?}");
        }
    }
}
