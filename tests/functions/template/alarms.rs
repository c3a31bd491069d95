//! The alarms: their metrics, thresholds and notifications.

use std::{collections::BTreeSet, time::Duration};

use shared::deliver::MAX_BACKOFF;
use yaml_serde::Value;

use super::{Template, alarm::Alarm, metrics, plain, referred, seconds};

/// What an alarm watches: the end of its name, the metric, how the value is compared, and with what.
type Row = (&'static str, &'static str, &'static str, u64);

const ABOVE: &str = "GreaterThanThreshold";
const BELOW: &str = "LessThanThreshold";

/// What every function has an alarm on.
const FOR_EVERY_FUNCTION: [Row; 5] = [
    ("dead-letters", "ApproximateNumberOfMessagesVisible", ABOVE, 0),
    ("oldest-message", "ApproximateAgeOfOldestMessage", ABOVE, 3600),
    ("vendor-down", "Delivered", BELOW, 1),
    ("throttles", "Throttles", ABOVE, 0),
    ("errors", "Errors", ABOVE, 0),
];

/// What one alarm watches in all functions.
const FOR_THE_STACK: [Row; 4] = [
    ("blocked", "Blocked", ABOVE, 0),
    ("template-faults", "TemplateFault", ABOVE, 0),
    ("unauthorized", "Unauthorized", ABOVE, 4),
    ("5xx", "ServerError", ABOVE, 0),
];

/// What only one function has an alarm on, and the condition of the alarm if it has one.
const FOR_ONE: [(&str, Row, Option<&str>); 8] = [
    (mandrill_welcome::NAME, ("rejects", "Rejected", ABOVE, 5), Some("HasMandrillWelcome")),
    (
        mailchimp_inbound::NAME,
        ("unmatched-withdrawals", "UnmatchedWithdrawal", ABOVE, 0),
        Some("HasOryPatches"),
    ),
    (
        mailchimp_inbound::NAME,
        ("lists-not-accepted", "ListNotAccepted", ABOVE, 0),
        Some("HasLists"),
    ),
    (mailchimp_inbound::NAME, ("stale-signatures", "StaleSignature", ABOVE, 0), Some("HasSigning")),
    (mailchimp_subscribe::NAME, ("rejects", "Rejected", ABOVE, 5), Some("HasMailchimpSubscribe")),
    (
        mailchimp_subscribe::NAME,
        ("compliance", "Compliance", ABOVE, 4),
        Some("HasMailchimpSubscribe"),
    ),
    (relay::NAME, ("rejects", "Rejected", ABOVE, 5), None),
    (relay::NAME, ("in-doubt", "InDoubt", ABOVE, 0), Some("HasRecords")),
];

fn is_as_in(alarm: &Alarm, (_, metric, comparison, threshold): Row) {
    let name = &alarm.name;
    assert_eq!(alarm.watches()[0].name, metric, "{name}");
    assert_eq!(alarm.properties["ComparisonOperator"], comparison, "{name}");
    assert_eq!(alarm.properties["Threshold"].as_u64(), Some(threshold), "{name}");
    assert_eq!(alarm.properties["TreatMissingData"], "notBreaching", "{name}");
}

#[test]
fn alarms_watch_their_own_function() {
    for (template, (name, logical_id, ..)) in Template::with_functions() {
        let given = template.resource(&format!("{logical_id}Monitoring"))["Parameters"].clone();
        let given = given.as_mapping().unwrap().iter();
        let given: BTreeSet<_> =
            given.map(|(name, value)| (referred(name), referred(value))).collect();
        let own = |part: &str| format!("{logical_id}{part}");
        let expected = [
            ("Stack", "AWS::StackName".to_owned()),
            ("Function", name.to_owned()),
            ("LambdaFunction", logical_id.to_owned()),
            ("Queue", own("Queue.QueueName")),
            ("DeadLetters", own("DeadLetters.QueueName")),
            ("AlarmTopic", "AlarmTopic".to_owned()),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value));
        assert_eq!(given, expected.into(), "{name}");
        let wanted = Template::of_monitoring().0["Parameters"].clone();
        assert_eq!(given.len(), wanted.as_mapping().unwrap().len(), "every parameter is given");
    }
}

#[test]
fn every_function_has_exactly_its_alarms() {
    for (_, (name, ..)) in Template::with_functions() {
        let own = FOR_ONE.iter().filter(|(function, ..)| *function == name);
        let rows: Vec<_> = FOR_EVERY_FUNCTION.into_iter().chain(own.map(|one| one.1)).collect();
        assert_eq!(Alarm::of(name).len(), rows.len(), "{name}");
        for row in rows {
            is_as_in(&Alarm::named(name, row.0), row);
        }
    }
}

#[test]
fn the_stack_has_exactly_its_alarms() {
    for template in Template::each() {
        assert_eq!(Alarm::of_the_stack(&template).len(), FOR_THE_STACK.len());
        for row in FOR_THE_STACK {
            is_as_in(&Alarm::named_of_the_stack(&template, row.0), row);
        }
    }
}

/// An alarm on what cannot happen costs as much as any other.
#[test]
fn alarm_of_an_option_is_there_with_the_option_only() {
    for (function, (end, ..), condition) in FOR_ONE {
        let alarm = Alarm::named(function, end);
        let resources = alarm.template.0["Resources"].as_mapping().unwrap();
        let mut resources = resources.values();
        let resource = resources.find(|it| it["Properties"] == alarm.properties).unwrap();
        assert_eq!(resource["Condition"].as_str(), condition, "{}", alarm.name);
    }
}

#[test]
fn every_alarm_watches_an_existing_metric() {
    for (_, (name, logical_id, ..)) in Template::with_functions() {
        let mut there = metrics::all(name, logical_id);
        // What became of its mails, another function hears.
        if name == mandrill_welcome::NAME {
            there.extend(metrics::counted(mandrill_inbound::NAME));
        }
        watch_only(&there, Alarm::of(name));
    }
    let of_the_stack = metrics::of_the_stack();
    for template in Template::each() {
        let alarms = Alarm::of_the_stack(&template);
        // The second set of dimensions costs money, so there is nothing in it that nobody watches.
        let watched: BTreeSet<_> = alarms.iter().flat_map(Alarm::watches).collect();
        assert_eq!(watched, of_the_stack);
        watch_only(&of_the_stack, alarms);
    }
}

fn watch_only(there: &BTreeSet<metrics::Watched>, alarms: Vec<Alarm>) {
    for alarm in alarms {
        for watched in alarm.watches() {
            assert!(there.contains(&watched), "{}: {watched:?}", alarm.name);
        }
    }
}

#[test]
fn dead_letter_and_queue_age_alarms_watch_their_own_queues() {
    for (_, (name, logical_id, ..)) in Template::with_functions() {
        for (end, queue) in [("dead-letters", "DeadLetters"), ("oldest-message", "Queue")] {
            let alarm = Alarm::named(name, end);
            let queue = ("QueueName".to_owned(), format!("{logical_id}{queue}.QueueName"));
            assert_eq!(alarm.watches()[0].dimensions, [queue], "{name}");
            assert_eq!(alarm.statistics(), ["Maximum"], "{name}");
        }
    }
}

#[test]
fn alarms_use_the_sum_of_counted_metrics() {
    for alarm in Alarm::all() {
        if alarm.watches()[0].namespace != "AWS/SQS" {
            assert!(alarm.statistics().iter().all(|one| one == "Sum"), "{}", alarm.name);
        }
    }
}

/// Otherwise it would be raised, and told, once for every attempt.
#[test]
fn alarm_on_retries_lasts_until_the_cause_is_fixed() {
    let of_the_stack = Template::each().into_iter().flat_map(|template| {
        ["blocked", "template-faults"].map(|end| Alarm::named_of_the_stack(&template, end))
    });
    for alarm in of_the_stack.chain([Alarm::named(relay::NAME, "in-doubt")]) {
        let period = seconds(&alarm.properties["Period"]);
        assert!(period >= MAX_BACKOFF + Duration::from_mins(1), "{}", alarm.name);
    }
}

/// Every attempt of the period failed, so the period must hold one, and an hour is three of them.
#[test]
fn vendor_is_down_after_an_hour_of_attempts_without_a_delivery() {
    for (_, (name, ..)) in Template::with_functions() {
        let alarm = Alarm::named(name, "vendor-down");
        let period = seconds(&alarm.properties["Period"]);
        let periods = alarm.properties["EvaluationPeriods"].as_u64().unwrap();
        assert!(period >= MAX_BACKOFF + Duration::from_mins(1), "{name}");
        assert_eq!(period * u32::try_from(periods).unwrap(), Duration::from_hours(1), "{name}");
    }
}

/// A level would be above zero until somebody has cared for the first one, and silent meanwhile.
#[test]
fn dead_letter_alarm_rings_for_each_rise_and_again_for_the_next() {
    for (_, (name, ..)) in Template::with_functions() {
        let alarm = Alarm::named(name, "dead-letters");
        let queries = alarm.properties["Metrics"].as_sequence().unwrap();
        let [rise, letters] = &queries[..] else { panic!("{name}: {queries:?}") };
        // Missing counts as none: the first dead letter of an idle queue has nothing before it.
        assert_eq!(rise["Expression"], "DIFF(FILL(letters, 0))", "{name}");
        assert_eq!((&letters["Id"], &letters["ReturnData"]), (&"letters".into(), &false.into()));
        assert_eq!(seconds(&letters["MetricStat"]["Period"]), Duration::from_hours(1), "{name}");
    }
}

#[test]
fn reject_alarm_watches_the_reject_rate() {
    let welcome = Alarm::all_in(&Template::read()).into_iter();
    let welcome = welcome.filter(|alarm| alarm.name.ends_with("-mandrill-welcome-rejects"));
    let others = [mailchimp_subscribe::NAME, relay::NAME].map(|name| Alarm::named(name, "rejects"));
    let alarms: Vec<_> = welcome.chain(others).collect();
    assert_eq!(alarms.len(), 3);
    alarms.iter().for_each(watches_the_reject_rate);
}

/// Mails bounce after they were sent, and perhaps in an hour in which none is sent.
#[test]
fn reject_alarm_of_the_welcome_watches_what_mandrill_tells_where_it_does() {
    let watched = |alarm: &Alarm| {
        let watched = alarm.watches().into_iter();
        watched.map(|it| (it.name, it.dimensions[1].1.clone())).collect::<Vec<_>>()
    };
    let row = |name: &str, function: &str| (name.to_owned(), function.to_owned());
    let alarm = Alarm::named(mandrill_welcome::NAME, "rejects");
    let rows = [
        row("Rejected", mandrill_inbound::NAME),
        row("Delivered", mandrill_welcome::NAME),
        row("Rejected", mandrill_welcome::NAME),
    ];
    assert_eq!(watched(&alarm), rows);
    let queries = alarm.queries().into_iter();
    let expressions: Vec<_> = queries
        .filter(|query| !query["Expression"].is_null())
        .map(|query| (plain(&query["Id"]), alarm.template.resolved(&query["Expression"])))
        .collect();
    let share = "IF(rejected >= 5, IF(sent > 0, 100 * rejected / sent, 100), 0)";
    assert_eq!(
        expressions,
        [row("percent", share), row("sent", "FILL(delivered, 0) + FILL(refused, 0)")]
    );
    let without = Template::read();
    let of_the_answers = Alarm::all_in(&without).into_iter().find(|it| it.name == alarm.name);
    let rows = ["Rejected", "Delivered"].map(|name| row(name, mandrill_welcome::NAME));
    assert_eq!(watched(&of_the_answers.unwrap()), rows);
}

fn watches_the_reject_rate(alarm: &Alarm) {
    let queries = alarm.queries();
    let shown = |query: &&Value| query["ReturnData"].is_null();
    let shown: Vec<_> = queries.iter().copied().filter(shown).collect();
    let [share] = shown[..] else { panic!("one query is the alarm's value") };
    let ids = queries.iter().filter(|query| !query["MetricStat"].is_null());
    let ids: Vec<_> = ids.map(|query| query["Id"].as_str().unwrap()).collect();
    let names = alarm.watches().into_iter().map(|watched| watched.name.to_lowercase());
    assert_eq!(ids, names.collect::<Vec<_>>());
    // Names of metrics are in small letters there, and functions in capitals.
    let expression = alarm.template.resolved(&share["Expression"]);
    let words = expression.split(|c: char| !c.is_ascii_lowercase());
    let words: BTreeSet<_> = words.filter(|word| !word.is_empty()).collect();
    assert_eq!(words, ids.into_iter().collect());
}

#[test]
fn every_alarm_notifies_the_topic_and_has_a_description() {
    for alarm in Alarm::all() {
        for kind in ["AlarmActions", "OKActions"] {
            let actions = alarm.properties[kind].as_sequence().unwrap();
            let actions: Vec<_> =
                actions.iter().map(|action| alarm.template.resolved(action)).collect();
            assert_eq!(actions, ["AlarmTopic"], "{}: {kind}", alarm.name);
        }
        let text = alarm.template.resolved(&alarm.properties["AlarmDescription"]);
        assert!((1..=1024).contains(&text.len()), "{}", alarm.name); // as CloudWatch takes it
    }
}

#[test]
fn alarm_topic_allows_cloudwatch_and_mails_the_subscriber() {
    for template in Template::each() {
        // CloudWatch may not use the key `alias/aws/sns`.
        assert!(template.resource("AlarmTopic")["KmsMasterKeyId"].is_null());
        assert_eq!(template.0["Parameters"]["AlarmEmail"]["Default"], "");
        let subscription = template.resource("AlarmSubscription");
        assert_eq!(template.0["Resources"]["AlarmSubscription"]["Condition"], "HasAlarmEmail");
        assert_eq!(referred(&subscription["TopicArn"]), "AlarmTopic");
        assert_eq!(referred(&subscription["Endpoint"]), "AlarmEmail");
    }
}

#[test]
fn dead_letter_alarm_has_the_redrive_command() {
    for (template, (name, logical_id, ..)) in Template::with_functions() {
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
        assert!(text.contains("OK again an hour after"), "{text}");
        assert!(text.ends_with(&format!("{command} --source-arn {arn}:{queue}")), "{text}");
    }
}
