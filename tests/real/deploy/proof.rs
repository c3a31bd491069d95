//! What must be true of every stack of the template. Each mutant of it fails here.

use std::time::Duration;

use integration::sign_up::random_id;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    checks::{Failure, check, soon},
    functions::Function,
    operations::RENEW,
    stack::{Callers, Stack},
    vendors::Vendors,
};

/// Deploying, filling in, delivering and redriving, as README and outputs say it.
pub(super) async fn prove(stack: &Stack<'_>, vendors: &Vendors) -> Result<Callers, Failure> {
    alarms_reach_the_topic(stack).await?;
    let callers = stack.callers().await?;
    mandrill_waits_for_its_key(stack, &callers).await?;
    strangers_are_refused(stack).await?;
    let blocked = events_wait_for_the_keys(stack, vendors, &callers).await?;
    fill_in_the_keys(stack, vendors).await?;
    waiting_events_flow_on(stack, vendors, &blocked).await?;
    events_are_delivered(stack, vendors, &callers).await?;
    dead_letters_are_redriven(stack, vendors, &callers).await?;
    Ok(callers)
}

/// Mandrill gives out the key of a webhook once it is made. What it sends meanwhile, it sends again after
/// a 503. By the command in the outputs; new sandboxes know the key at once.
async fn mandrill_waits_for_its_key(stack: &Stack<'_>, callers: &Callers) -> Result<(), Failure> {
    let function = Function::MandrillInbound;
    let (status, body) = stack.call(function, random_id(), callers).await?;
    check("Mandrill comes again while its key is unknown", status == 503, body)?;
    stack.run_output("NextFillInMandrillWebhookKey").await?;
    let name = stack.resource(function.logical_id());
    stack.cloud.shell_with(RENEW, &[("FUNCTION", name)]).await?;
    Ok(())
}

/// A stack without the key of a vendor takes events, and keeps them.
async fn events_wait_for_the_keys(
    stack: &Stack<'_>,
    vendors: &Vendors,
    callers: &Callers,
) -> Result<Vec<(Function, Uuid)>, Failure> {
    let mut waiting = Vec::new();
    for function in Function::ALL {
        waiting.push((function, stack.send(function, vendors, callers).await?));
    }
    for (function, _) in &waiting {
        soon("event is logged as blocked", async || {
            Ok(has_logged(stack, function.logical_id(), "blocked").await)
        })
        .await?;
        // A call of SQS whose answer is late is made again, so one event can be there twice.
        let left = stack.messages(stack.resource(&queue(*function))).await;
        check("blocked event stays in its queue", left > 0, format!("{function:?}: {left}"))?;
    }
    Ok(waiting)
}

/// Whether the log of a function has a delivery with this outcome, under the name of the stack.
pub(super) async fn has_logged(stack: &Stack<'_>, logical_id: &str, outcome: &str) -> bool {
    let group = stack.resource(&format!("{logical_id}Logs"));
    let found = stack.cloud.logs("FilterLogEvents", &json!({"logGroupName": group})).await;
    let events = found["events"].as_array().cloned().unwrap_or_default();
    let lines = events.iter().filter_map(|event| event["message"].as_str());
    let mut entries = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    entries.any(|entry| {
        entry["message"] == "delivery"
            && entry["outcome"] == outcome
            && entry["stack"] == stack.name
    })
}

/// By the commands in the outputs. The URLs of the fakes take a new version, and so new sandboxes.
async fn fill_in_the_keys(stack: &Stack<'_>, vendors: &Vendors) -> Result<(), Failure> {
    let commands = stack.outputs.keys().filter(|name| name.starts_with("NextFillIn"));
    for command in commands {
        stack.run_output(command).await?;
    }
    for function in Function::ALL {
        stack.set_vendors(function, vendors).await;
        let name = stack.resource(function.logical_id());
        stack.cloud.shell_with(RENEW, &[("FUNCTION", name)]).await?;
    }
    Ok(())
}

async fn waiting_events_flow_on(
    stack: &Stack<'_>,
    vendors: &Vendors,
    waiting: &[(Function, Uuid)],
) -> Result<(), Failure> {
    for (function, person) in waiting {
        soon("blocked event is delivered once its key is there", async || {
            Ok(function.has_delivered(*person, vendors))
        })
        .await?;
        all_is_done(stack, *function).await?;
    }
    Ok(())
}

async fn events_are_delivered(
    stack: &Stack<'_>,
    vendors: &Vendors,
    callers: &Callers,
) -> Result<(), Failure> {
    for function in Function::ALL {
        let before = records(stack).await;
        let person = stack.send(function, vendors, callers).await?;
        soon("event is delivered by the mapping", async || {
            Ok(function.has_delivered(person, vendors))
        })
        .await?;
        all_is_done(stack, function).await?;
        let added = records(stack).await > before;
        check("delivery is recorded", added == function.has_records(), format!("{function:?}"))?;
    }
    Ok(())
}

/// How many records the table of the stack has.
pub(super) async fn records(stack: &Stack<'_>) -> usize {
    let table = stack.resource("Records");
    let scan = stack.dynamo_db().scan().table_name(table).send().await.unwrap();
    usize::try_from(scan.count()).unwrap()
}

pub(super) async fn all_is_done(stack: &Stack<'_>, function: Function) -> Result<(), Failure> {
    let url = stack.resource(&queue(function));
    soon("queue is empty after the delivery", async || Ok(stack.messages(url).await == 0)).await
}

async fn strangers_are_refused(stack: &Stack<'_>) -> Result<(), Failure> {
    let stranger = Callers {
        ory: "a-stranger-s-key".into(),
        mailchimp: "a-stranger".into(),
        mandrill: "a-stranger-s-key".into(),
        entered: stack.entered(),
    };
    for function in Function::ALL {
        let (status, body) = stack.call(function, random_id(), &stranger).await?;
        check("stranger is refused", status == 401, format!("{function:?}: {status} {body}"))?;
    }
    Ok(())
}

/// An event that has failed for good, put where SQS puts it after a hundred attempts.
async fn dead_letters_are_redriven(
    stack: &Stack<'_>,
    vendors: &Vendors,
    callers: &Callers,
) -> Result<(), Failure> {
    for function in Function::ALL {
        let person = kill_an_event(stack, function, vendors, callers).await?;
        stack.run_output(&format!("Redrive{}", function.logical_id())).await?;
        soon("dead letter is delivered after the redrive", async || {
            Ok(function.has_delivered(person, vendors))
        })
        .await?;
        all_is_done(stack, function).await?;
    }
    Ok(())
}

/// Puts an event of somebody new among the dead letters of a function.
pub(super) async fn kill_an_event(
    stack: &Stack<'_>,
    function: Function,
    vendors: &Vendors,
    callers: &Callers,
) -> Result<Uuid, Failure> {
    let (sqs, queue) = (stack.sqs(), stack.resource(&queue(function)));
    let dead = stack.output(&format!("{}DeadLettersUrl", function.logical_id()))?;
    set_mapping(stack, function, false).await;
    let person = stack.send(function, vendors, callers).await?;
    let received = sqs.receive_message().queue_url(queue).send().await.unwrap();
    let [message] = received.messages.unwrap_or_default().try_into().unwrap();
    let body = message.body.unwrap();
    let keys = [&callers.ory, &callers.mailchimp, &callers.mandrill];
    check("message has no key", keys.iter().all(|key| !body.contains(*key)), &body)?;
    sqs.send_message().queue_url(dead).message_body(body).send().await.unwrap();
    let receipt = message.receipt_handle.unwrap();
    sqs.delete_message().queue_url(queue).receipt_handle(receipt).send().await.unwrap();
    set_mapping(stack, function, true).await;
    Ok(person)
}

/// Lets Lambda read the queue of a function, or stops it.
async fn set_mapping(stack: &Stack<'_>, function: Function, is_enabled: bool) {
    let mapping = stack.resource(&format!("{}Delivery", function.logical_id()));
    let update = stack.lambda().update_event_source_mapping().uuid(mapping);
    update.enabled(is_enabled).send().await.unwrap();
    if !is_enabled {
        // A poll that is under way may still receive.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

pub(super) async fn alarms_reach_the_topic(stack: &Stack<'_>) -> Result<(), Failure> {
    let topic = stack.output("AlarmTopicArn")?;
    let command = format!("cloudwatch describe-alarms --alarm-name-prefix {}-", stack.name);
    let told = stack.cloud.aws(&command).await?;
    let alarms = told["MetricAlarms"].as_array().cloned().unwrap_or_default();
    check("stack has its alarms", alarms.len() >= 10, alarms.len())?;
    for alarm in alarms {
        let acts = alarm["AlarmActions"] == json!([topic]);
        check("alarm goes to the topic", acts, &alarm["AlarmName"])?;
    }
    Ok(())
}

/// The name of a function's queue in the template.
fn queue(function: Function) -> String {
    format!("{}Queue", function.logical_id())
}
