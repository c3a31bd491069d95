//! The alarms, and who hears them.

use serde_yaml_ng::Value;

use super::{FUNCTIONS, QUEUE, Template, plain, referred};

const ALARM: &str = "AWS::CloudWatch::Alarm";

/// The alarms on a queue.
fn alarms_on<'a>(template: &'a Template, queue: &str) -> Vec<&'a Value> {
    let watches = |alarm: &&Value| {
        alarm["Namespace"] == "AWS/SQS"
            && alarm["Dimensions"].as_sequence().unwrap().iter().any(|dimension| {
                dimension["Name"] == "QueueName"
                    && referred(&dimension["Value"]) == format!("{queue}.QueueName")
            })
    };
    let all = template.all(ALARM);
    all.iter().map(|alarm| template.resource(alarm)).filter(watches).collect()
}

#[test]
fn every_queue_has_an_alarm_on_what_waits_too_long_and_dead_letters_on_what_there_is() {
    let template = Template::read();
    for queue in template.all(QUEUE) {
        let alarms = alarms_on(&template, &queue);
        let [alarm] = alarms[..] else { panic!("one alarm on {queue}, not {}", alarms.len()) };
        let (metric, threshold, silence) = if queue.ends_with("DeadLetters") {
            // Silence is no sign that somebody has cared for them.
            ("ApproximateNumberOfMessagesVisible", 0, "ignore")
        } else {
            ("ApproximateAgeOfOldestMessage", 3600, "notBreaching")
        };
        assert_eq!(alarm["MetricName"], metric, "{queue}");
        assert_eq!(alarm["Statistic"], "Maximum", "{queue}");
        assert_eq!(alarm["ComparisonOperator"], "GreaterThanThreshold", "{queue}");
        assert_eq!(alarm["Threshold"].as_u64(), Some(threshold), "{queue}");
        assert_eq!(alarm["TreatMissingData"], silence, "{queue}");
    }
}

#[test]
fn every_alarm_goes_to_the_topic_and_says_what_missing_data_means() {
    let template = Template::read();
    for name in template.all(ALARM) {
        let alarm = template.resource(&name);
        let actions = alarm["AlarmActions"].as_sequence().unwrap();
        assert_eq!(actions.iter().map(referred).collect::<Vec<_>>(), ["AlarmTopic"], "{name}");
        assert!(alarm["TreatMissingData"].is_string(), "{name}");
        assert!(alarm["AlarmDescription"].is_string(), "{name}");
    }
}

#[test]
fn the_topic_lets_cloudwatch_publish_and_mails_whoever_is_named() {
    let template = Template::read();
    // CloudWatch may not use the key `alias/aws/sns`.
    assert!(template.resource("AlarmTopic")["KmsMasterKeyId"].is_null());
    assert_eq!(template.0["Parameters"]["AlarmEmail"]["Default"], "");
    let subscription = template.resource("AlarmSubscription");
    assert_eq!(template.0["Resources"]["AlarmSubscription"]["Condition"], "HasAlarmEmail");
    assert_eq!(referred(&subscription["TopicArn"]), "AlarmTopic");
    assert_eq!(referred(&subscription["Endpoint"]), "AlarmEmail");
}

#[test]
fn the_alarm_on_dead_letters_names_the_output_that_sends_them_again() {
    let template = Template::read();
    for (name, logical_id, ..) in FUNCTIONS {
        let output = format!("Redrive{logical_id}");
        let dead_letters = format!("{logical_id}DeadLetters");
        let command = referred(&template.0["Outputs"][output.as_str()]["Value"]);
        assert!(command.starts_with("aws sqs start-message-move-task "), "{name}");
        assert!(command.ends_with(&format!("--source-arn ${{{dead_letters}.Arn}}")), "{name}");
        let [alarm] = alarms_on(&template, &dead_letters)[..] else { panic!("{name}") };
        let text = plain(&alarm["AlarmDescription"]);
        assert!(text.contains(name) && text.contains(&output), "{text}");
    }
}
