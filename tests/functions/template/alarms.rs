//! The alarms: their metrics, thresholds and notifications.

use std::{collections::BTreeSet, time::Duration};

use serde_yaml_ng::Value;
use shared::deliver::MAX_BACKOFF;

use super::{FUNCTIONS, Template, alarm::Alarm, metrics, referred, seconds};

/// What every function has an alarm on: the end of its name, the metric, the most that is usual, and
/// what silence means.
const FOR_EVERY_FUNCTION: [(&str, &str, u64, &str); 8] = [
    // Silence is no sign that somebody has cared for them.
    ("dead-letters", "ApproximateNumberOfMessagesVisible", 0, "ignore"),
    ("oldest-message", "ApproximateAgeOfOldestMessage", 3600, "notBreaching"),
    ("blocked", "Blocked", 0, "notBreaching"),
    ("template-faults", "TemplateFault", 0, "notBreaching"),
    ("unauthorized", "Unauthorized", 0, "notBreaching"),
    ("5xx", "Url5xxCount", 0, "notBreaching"),
    ("throttles", "Throttles", 0, "notBreaching"),
    ("errors", "Errors", 0, "notBreaching"),
];

/// What only one function has an alarm on: the function, and the same.
const FOR_ONE: [(&str, &str, &str, u64, &str); 4] = [
    (mandrill_welcome::NAME, "rejects", "Rejected", 5, "notBreaching"),
    (mailchimp_inbound::NAME, "unmatched-withdrawals", "UnmatchedWithdrawal", 0, "notBreaching"),
    (mailchimp_inbound::NAME, "lists-not-accepted", "ListNotAccepted", 0, "notBreaching"),
    (mailchimp_inbound::NAME, "stale-signatures", "StaleSignature", 0, "notBreaching"),
];

#[test]
fn alarms_watch_their_own_function() {
    let template = Template::read();
    for (name, logical_id, ..) in FUNCTIONS {
        let given = template.resource(&format!("{logical_id}Monitoring"))["Parameters"].clone();
        let given = given.as_mapping().unwrap().iter();
        let given: BTreeSet<_> =
            given.map(|(name, value)| (referred(name), referred(value))).collect();
        let own = |part: &str| format!("{logical_id}{part}");
        let expected = [
            ("Name", format!("${{AWS::StackName}}-{name}")),
            ("Function", name.to_owned()),
            ("LambdaFunction", logical_id.to_owned()),
            ("LogGroup", own("Logs")),
            ("Queue", own("Queue.QueueName")),
            ("DeadLetters", own("DeadLetters.QueueName")),
            ("AlarmTopic", "AlarmTopic".to_owned()),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value));
        assert_eq!(given, expected.into(), "{name}");
        let wanted = Template::of_file("monitoring.yaml").0["Parameters"].clone();
        assert_eq!(given.len(), wanted.as_mapping().unwrap().len(), "every parameter is given");
    }
}

#[test]
fn every_function_has_exactly_its_alarms() {
    for (name, ..) in FUNCTIONS {
        let own = FOR_ONE.iter().filter(|row| row.0 == name);
        let own = own.map(|(_, end, metric, most, silence)| (*end, *metric, *most, *silence));
        let rows: Vec<_> = FOR_EVERY_FUNCTION.into_iter().chain(own).collect();
        assert_eq!(Alarm::of(name).len(), rows.len(), "{name}");
        for (end, metric, most, silence) in rows {
            let alarm = Alarm::named(name, end);
            assert_eq!(alarm.watches()[0].name, metric, "{name}: {end}");
            assert_eq!(alarm.properties["ComparisonOperator"], "GreaterThanThreshold", "{end}");
            assert_eq!(alarm.properties["Threshold"].as_u64(), Some(most), "{name}: {end}");
            assert_eq!(alarm.properties["TreatMissingData"], silence, "{name}: {end}");
        }
    }
}

#[test]
fn every_alarm_watches_an_existing_metric() {
    let mut watching = 0;
    for (name, logical_id, ..) in FUNCTIONS {
        let there = metrics::all(name, logical_id);
        for alarm in Alarm::of(name) {
            for watched in alarm.watches() {
                assert!(there.contains(&watched), "{}: {watched:?}", alarm.name);
            }
            watching += 1;
        }
    }
    assert_eq!(watching, Alarm::all().len(), "every alarm is a function's");
}

#[test]
fn dead_letter_and_queue_age_alarms_watch_their_own_queues() {
    for (name, logical_id, ..) in FUNCTIONS {
        for (end, queue) in [("dead-letters", "DeadLetters"), ("oldest-message", "Queue")] {
            let alarm = Alarm::named(name, end);
            let queue = ("QueueName".to_owned(), format!("{logical_id}{queue}.QueueName"));
            assert_eq!(alarm.watches()[0].dimensions, [queue], "{name}");
            assert_eq!(alarm.properties["Statistic"], "Maximum", "{name}");
        }
    }
}

#[test]
fn alarms_use_the_sum_of_counted_metrics() {
    for alarm in Alarm::all() {
        let several = alarm.properties["Metrics"].as_sequence().into_iter().flatten();
        let queries = several.filter(|query| !query["MetricStat"].is_null());
        let mut statistics: Vec<_> = queries.map(|query| &query["MetricStat"]["Stat"]).collect();
        if statistics.is_empty() {
            statistics.push(&alarm.properties["Statistic"]);
        }
        if alarm.watches()[0].namespace != "AWS/SQS" {
            assert!(statistics.iter().all(|statistic| *statistic == "Sum"), "{}", alarm.name);
        }
    }
}

/// Otherwise it would be raised, and told, once for every attempt.
#[test]
fn alarm_on_retries_lasts_until_the_cause_is_fixed() {
    for (name, ..) in FUNCTIONS {
        for end in ["blocked", "template-faults"] {
            let period = seconds(&Alarm::named(name, end).properties["Period"]);
            assert!(period >= MAX_BACKOFF + Duration::from_mins(1), "{name}: {end}");
        }
    }
}

#[test]
fn reject_alarm_watches_the_reject_rate() {
    let alarm = Alarm::named(mandrill_welcome::NAME, "rejects");
    let queries = alarm.properties["Metrics"].as_sequence().unwrap();
    let shown = |query: &&Value| query["ReturnData"].is_null();
    let shown: Vec<_> = queries.iter().filter(shown).collect();
    let [share] = shown[..] else { panic!("one query is the alarm's value") };
    let ids = queries.iter().filter(|query| !query["MetricStat"].is_null());
    let ids: Vec<_> = ids.map(|query| query["Id"].as_str().unwrap()).collect();
    let names = alarm.watches().into_iter().map(|watched| watched.name.to_lowercase());
    assert_eq!(ids, names.collect::<Vec<_>>());
    // Names of metrics are in small letters there, and functions in capitals.
    let words = share["Expression"].as_str().unwrap().split(|c: char| !c.is_ascii_lowercase());
    let words: BTreeSet<_> = words.filter(|word| !word.is_empty()).collect();
    assert_eq!(words, ids.into_iter().collect());
}

#[test]
fn every_alarm_notifies_the_topic_and_has_a_description() {
    for alarm in Alarm::all() {
        let actions = alarm.properties["AlarmActions"].as_sequence().unwrap();
        let actions: Vec<_> =
            actions.iter().map(|action| alarm.template.resolved(action)).collect();
        assert_eq!(actions, ["AlarmTopic"], "{}", alarm.name);
        let text = alarm.template.resolved(&alarm.properties["AlarmDescription"]);
        assert!((1..=1024).contains(&text.len()), "{}", alarm.name); // as CloudWatch takes it
        assert_eq!(alarm.properties["EvaluationPeriods"], 1, "{}", alarm.name);
    }
}

#[test]
fn alarm_topic_allows_cloudwatch_and_mails_the_subscriber() {
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
fn dead_letter_alarm_has_the_redrive_command() {
    let template = Template::read();
    for (name, logical_id, ..) in FUNCTIONS {
        let output = &template.0["Outputs"][format!("Redrive{logical_id}").as_str()]["Value"];
        let command = template.resolved(output);
        let (command, arn) = command.split_once(" --source-arn ").unwrap();
        assert!(command.starts_with("aws sqs start-message-move-task "), "{name}");
        assert_eq!(arn, format!("${{{logical_id}DeadLetters.Arn}}"), "{name}");
        let alarm = Alarm::named(name, "dead-letters");
        let text = alarm.template.resolved(&alarm.properties["AlarmDescription"]);
        let arn = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}";
        let queue = format!("{logical_id}DeadLetters.QueueName");
        assert!(text.contains(name), "{text}");
        assert!(text.ends_with(&format!("{command} --source-arn {arn}:{queue}")), "{text}");
    }
}
