//! The queues, their dead letters, and how Lambda receives from them.

use std::time::Duration;

use ory_actions::up::local::DEPLOYMENTS;
use shared::{
    deliver::{MAX_BACKOFF, MAX_RETRY_AFTER},
    queue::MAX_MESSAGE_BYTES,
};
use yaml_serde::Value;

use super::{FUNCTIONS, QUEUE, Template, plain, referred, seconds, set, url};

/// The most messages that Lambda hands over without a batching window.
const MOST_WITHOUT_A_WINDOW: u64 = 10;

/// The least that Lambda takes for `MaximumConcurrency`.
const LEAST_CONCURRENCY: u64 = 2;

/// What Segment takes in a second, per workspace.
const SEGMENT_REQUESTS: u64 = 1000;

/// How many connections Mailchimp keeps open per user. One that was given up stays busy until
/// Mailchimp is done, so that two deliveries can hold four.
/// <https://mailchimp.com/developer/marketing/docs/fundamentals/#throttling>
const MAILCHIMP_CONNECTIONS: u64 = 10;

fn queue<'a>(template: &'a Template, function: &str) -> &'a Value {
    template.resource(&format!("{function}Queue"))
}

fn dead_letters<'a>(template: &'a Template, function: &str) -> &'a Value {
    template.resource(&format!("{function}DeadLetters"))
}

/// How long a function's dead letters are kept.
pub(super) fn dead_letters_are_kept(template: &Template, function: &str) -> Duration {
    seconds(&dead_letters(template, function)["MessageRetentionPeriod"])
}

/// How many deliveries of a function run at once, at most.
pub(super) fn concurrency(template: &Template, function: &str) -> u64 {
    let (_, mapping) = mapping(template, function);
    mapping["ScalingConfig"]["MaximumConcurrency"].as_u64().unwrap()
}

/// How Lambda receives for a function, and the mapping's name.
fn mapping<'a>(template: &'a Template, function: &str) -> (String, &'a Value) {
    let events = template.resource(function)["Events"].as_mapping().unwrap();
    assert_eq!(events.len(), 1, "one source of events besides the URL");
    let (name, event) = events.iter().next().unwrap();
    assert_eq!(event["Type"], "SQS");
    (plain(name), &event["Properties"])
}

/// How many messages a function takes at once: only Segment's API takes several in one call.
fn batch_size(function: &str) -> u64 {
    if function == segment_identify::NAME { 100 } else { 1 }
}

#[test]
fn local_stack_receives_from_its_queues_as_deployed() {
    let functions = Template::with_functions();
    let of_main = FUNCTIONS.iter().map(|(name, ..)| *name);
    assert!(of_main.eq(DEPLOYMENTS.iter().map(|it| it.name).filter(|name| *name != relay::NAME)));
    for deployment in &DEPLOYMENTS {
        let of_name = functions.iter().find(|(_, (name, ..))| *name == deployment.name);
        let &(ref template, (name, logical_id, ..)) = of_name.unwrap();
        assert_eq!(deployment.timeout, template.timeout(logical_id), "{name}");
        let (_, mapping) = mapping(template, logical_id);
        assert_eq!(mapping["BatchSize"], deployment.batch_size, "{name}");
        let concurrency = &mapping["ScalingConfig"]["MaximumConcurrency"];
        assert_eq!(*concurrency, deployment.concurrency, "{name}");
        let queue = queue(template, logical_id);
        assert_eq!(seconds(&queue["VisibilityTimeout"]), deployment.rules.visibility_timeout);
        let receives = &queue["RedrivePolicy"]["maxReceiveCount"];
        assert_eq!(*receives, deployment.rules.max_receives, "{name}");
    }
}

#[test]
fn function_enqueues_to_and_receives_from_its_own_queue() {
    for (template, (_, logical_id, ..)) in Template::with_functions() {
        let queue = format!("{logical_id}Queue");
        assert_eq!(template.variables(logical_id)["QUEUE_URL"], url(&queue));
        let (_, mapping) = mapping(&template, logical_id);
        assert_eq!(referred(&mapping["Queue"]), format!("{queue}.Arn"));
    }
}

#[test]
fn every_queue_is_encrypted_and_accepts_the_largest_message() {
    for template in Template::each() {
        let queues = template.all(QUEUE);
        assert_eq!(queues.len(), 2 * template.all_functions().len());
        for queue in queues {
            let queue = template.resource(&queue);
            assert_eq!(queue["SqsManagedSseEnabled"], true);
            assert_eq!(queue["MaximumMessageSize"].as_u64(), Some(MAX_MESSAGE_BYTES as u64));
        }
    }
}

/// As AWS recommends for functions that receive from a queue.
#[test]
fn visibility_timeout_is_six_times_the_lambda_timeout_plus_the_batch_window() {
    for (template, (name, logical_id, _, _, timeout)) in Template::with_functions() {
        let (_, mapping) = mapping(&template, logical_id);
        let window = mapping["MaximumBatchingWindowInSeconds"].as_u64().unwrap_or_default();
        let hidden = seconds(&queue(&template, logical_id)["VisibilityTimeout"]);
        assert_eq!(hidden, 6 * timeout + Duration::from_secs(window), "{name}");
    }
}

#[test]
fn message_becomes_a_dead_letter_after_a_hundred_receives() {
    for (template, (_, logical_id, ..)) in Template::with_functions() {
        let receives = &queue(&template, logical_id)["RedrivePolicy"]["maxReceiveCount"];
        assert_eq!(receives.as_u64(), Some(100));
    }
    assert!((24..=26).contains(&(100 * MAX_BACKOFF.as_secs() / 3600)));
}

#[test]
fn message_becomes_a_dead_letter_before_it_expires() {
    for (template, (_, logical_id, ..)) in Template::with_functions() {
        let queue = queue(&template, logical_id);
        let receives = queue["RedrivePolicy"]["maxReceiveCount"].as_u64().unwrap();
        let once = MAX_RETRY_AFTER + seconds(&queue["VisibilityTimeout"]);
        let longest_way = once * u32::try_from(receives).unwrap();
        assert!(seconds(&queue["MessageRetentionPeriod"]) > longest_way);
    }
}

/// A dead letter's age counts from when it was first sent.
#[test]
fn dead_letters_are_kept_for_fourteen_days_and_twice_as_long_as_messages() {
    for (template, (_, logical_id, ..)) in Template::with_functions() {
        let kept = dead_letters_are_kept(&template, logical_id);
        assert_eq!(kept, Duration::from_hours(14 * 24));
        assert!(kept >= 2 * seconds(&queue(&template, logical_id)["MessageRetentionPeriod"]));
    }
}

#[test]
fn each_dead_letter_queue_serves_one_queue() {
    for (template, (_, logical_id, ..)) in Template::with_functions() {
        let queue = queue(&template, logical_id);
        let target = &queue["RedrivePolicy"]["deadLetterTargetArn"];
        assert_eq!(referred(target), format!("{logical_id}DeadLetters.Arn"));
        let allowed = &dead_letters(&template, logical_id)["RedriveAllowPolicy"];
        assert_eq!(allowed["redrivePermission"], "byQueue");
        let sources = allowed["sourceQueueArns"].as_sequence().unwrap();
        assert_eq!(sources.len(), 1);
        let account = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}";
        let name = referred(&queue["QueueName"]);
        assert_eq!(referred(&sources[0]), format!("{account}:{name}"));
    }
}

#[test]
fn batch_size_matches_the_function_and_reports_item_failures() {
    for (template, (name, logical_id, ..)) in Template::with_functions() {
        let size = batch_size(name);
        let (event, mapping) = mapping(&template, logical_id);
        assert!(template.resource(&format!("{logical_id}{event}")).is_null(), "SAM's own name");
        let failures = template.listed(&mapping["FunctionResponseTypes"]);
        assert_eq!(failures, set(["ReportBatchItemFailures"]), "{name}");
        assert_eq!(mapping["BatchSize"].as_u64(), Some(size), "{name}");
        let window = mapping["MaximumBatchingWindowInSeconds"].as_u64();
        assert_eq!(window, (size > MOST_WITHOUT_A_WINDOW).then_some(1), "{name}");
    }
}

#[test]
fn maximum_concurrency_respects_the_vendor_limits() {
    for (template, (name, logical_id, ..)) in Template::with_functions() {
        assert!(concurrency(&template, logical_id) >= LEAST_CONCURRENCY, "{name}");
    }
    let template = Template::read();
    let in_flight = concurrency(&template, "SegmentIdentify") * batch_size(segment_identify::NAME);
    assert!(in_flight <= SEGMENT_REQUESTS);
    // Two functions write to Ory, and both wait for what it refuses.
    for function in ["MailchimpInbound", "MandrillInbound"] {
        assert_eq!(concurrency(&template, function), LEAST_CONCURRENCY, "{function}");
    }
    // Half of them are left to the other tools of the account.
    assert!(2 * concurrency(&template, "MailchimpSubscribe") <= MAILCHIMP_CONNECTIONS / 2);
}
