//! The life of one stack: deployed, upgraded, rolled back, deleted; and another that is given its
//! table.

use fakes::mailchimp::LIST_ID;
use integration::sign_up::{address, random_id};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    checks::{Failure, check, soon},
    cloud::Cloud,
    functions::Function,
    operations::{REDRIVE, RENEW, block},
    proof::{all_is_done, kill_an_event, prove},
    release,
    stack::{Callers, Stack},
    template::Template,
    vendors::{MANDRILL_WEBHOOK_KEY, SENDER, Vendors},
};

/// The name of the stack in samconfig.toml.
pub(super) const STACK: &str = "ory-actions";
/// The stack that is given the table.
const SECOND: &str = "second";

/// An admin API, until the functions are pointed at a fake.
pub(super) const ORY_URL: &str = "https://ory.shop.test";

/// What the bootstraps of this machine are built for.
pub(super) const ARCHITECTURE: &str = if cfg!(target_arch = "x86_64") { "x86_64" } else { "arm64" };

/// The release before this one, with all that a stack can have, upgraded to this one.
pub(super) async fn deploy(cloud: &Cloud) -> Result<(), Failure> {
    let parameters = format!(
        "FromEmail={SENDER} OryUrl={ORY_URL} AlarmEmail=ops@shop.test LogRetentionDays=60 \
         MailchimpSubscribeEnabled=true MailchimpListId={LIST_ID} MandrillInboundEnabled=true"
    );
    release::deploy_previous(cloud, &parameters).await?;
    release::upgrade(cloud).await
}

/// Changes parameters of a stack that was built from the sources.
async fn sam_deploy(cloud: &Cloud, parameters: &str) -> Result<(), Failure> {
    let command = "sam deploy --no-confirm-changeset --no-fail-on-empty-changeset";
    let command = format!("{command} --parameter-overrides {parameters}");
    cloud.shell(&command).await?;
    Ok(())
}

/// All that happens to it.
pub(super) async fn run(cloud: &Cloud, template: &Template) -> Result<(), Failure> {
    let vendors = Vendors::start().await;
    let stack = name_the_webhook(&Stack::read(cloud, STACK).await?).await?;
    let callers = prove(&stack, &vendors).await?;
    let callers = enter_the_url_that_resolves(&stack, &vendors, callers).await?;
    bootstraps_are_for_the_processor_of_the_stack(cloud).await?;
    all_checks_of_doctor_pass(&stack, &vendors).await?;
    dead_letters_are_redriven_by_the_command(&stack, &vendors, &callers).await?;
    saved_query_finds_a_person(&stack, &vendors, &callers).await?;
    work_is_the_same_in_every_version(&stack, &vendors, &callers).await?;
    let updated = update(&stack, &callers).await?;
    roll_back(&updated, &vendors, &callers).await?;
    let welcomed = welcome(&updated, &vendors, &callers).await?;
    let left = switch_off(&updated).await?;
    delete(&left).await?;
    table_is_inherited(&updated, template, &vendors, welcomed).await
}

/// Mandrill is given the URL of the first deployment, and the second is told of it, by the command of
/// docs/operations.md.
async fn name_the_webhook<'a>(first: &Stack<'a>) -> Result<Stack<'a>, Failure> {
    let url = first.output("MandrillInboundUrl")?;
    check("URL is a placeholder at first", first.entered().is_empty(), first.entered())?;
    let command = block("sam deploy --parameter-overrides MandrillWebhookUrl=");
    let command = format!("{} --no-confirm-changeset", command.trim());
    first.cloud.shell_with(&command, &[("MANDRILL_INBOUND_URL", url)]).await?;
    let second = Stack::read(first.cloud, STACK).await?;
    check("URL outlives its naming", second.output("MandrillInboundUrl")? == url, url)?;
    check("stack knows the URL at Mandrill", second.entered() == url, second.entered())?;
    Ok(second)
}

/// Names the webhook by the URL on loopback, past CloudFormation: no parameter admits one, and `doctor`
/// compares it with the URL of the function.
async fn enter_the_url_that_resolves(
    stack: &Stack<'_>,
    vendors: &Vendors,
    callers: Callers,
) -> Result<Callers, Failure> {
    let function = Function::MandrillInbound;
    let entered = stack.url(function)?;
    stack
        .change_variables(function.logical_id(), |variables| {
            variables.insert("MANDRILL_WEBHOOK_URL".to_owned(), entered.clone());
        })
        .await;
    let name = stack.resource(function.logical_id());
    stack.cloud.shell_with(RENEW, &[("FUNCTION", name)]).await?;
    vendors.mandrill.put_webhook(&entered, MANDRILL_WEBHOOK_KEY);
    Ok(Callers { entered, ..callers })
}

/// By the command of docs/operations.md that comes before an upgrade.
async fn bootstraps_are_for_the_processor_of_the_stack(cloud: &Cloud) -> Result<(), Failure> {
    let said = cloud.shell(&block("ARCHITECTURE=$(aws")).await?;
    let all = format!("bootstraps for {ARCHITECTURE}: {}", Function::ALL.len());
    check("bootstraps are for the processor of the stack", said.contains(&all), said)
}

/// `doctor` over the outputs. No name resolves here, so it is told the URLs on loopback.
async fn all_checks_of_doctor_pass(stack: &Stack<'_>, vendors: &Vendors) -> Result<(), Failure> {
    let outputs = stack.cloud.file("outputs.json");
    let file = outputs.display();
    let list = format!("sam list stack-outputs --stack-name {STACK} --output json > {file}");
    stack.cloud.shell(&list).await?;
    let urls = [
        ("mandrill-welcome", stack.url(Function::MandrillWelcome)?),
        ("segment-identify", stack.url(Function::SegmentIdentify)?),
        ("mailchimp-inbound", stack.url(Function::MailchimpInbound)?),
        ("mailchimp-subscribe", stack.url(Function::MailchimpSubscribe)?),
        ("mandrill-inbound", stack.url(Function::MandrillInbound)?),
        ("mandrill-webhook", stack.url(Function::MandrillInbound)?),
        ("mandrill", vendors.mandrill.url()),
        ("segment", vendors.segment.url()),
        ("segment-cdn", vendors.segment.url()),
        ("ory", vendors.ory.url()),
        ("mailchimp", vendors.mailchimp.url()),
    ];
    let urls: Vec<_> = urls.iter().map(|(name, url)| format!("--{name}-url {url}")).collect();
    let command = format!("ory-actions doctor --outputs {file} {}", urls.join(" "));
    let report = stack.cloud.shell(&command).await?;
    check("doctor finds nothing", report.contains("0 failed"), report)
}

/// By the commands of docs/operations.md, which find queue and log by the name of the function.
async fn dead_letters_are_redriven_by_the_command(
    stack: &Stack<'_>,
    vendors: &Vendors,
    callers: &Callers,
) -> Result<(), Failure> {
    let list = block("ory-actions dead-letters list");
    for function in Function::ALL {
        let name = [("FUNCTION", stack.output(&format!("{}Function", function.logical_id()))?)];
        let person = kill_an_event(stack, function, vendors, callers).await?;
        let listed = stack.cloud.shell_with(&list, &name).await?;
        check("dead letter is listed", listed.contains("\n1 dead letter.\n"), listed)?;
        stack.cloud.shell_with(REDRIVE, &name).await?;
        soon("dead letter is delivered after the command", async || {
            Ok(function.has_delivered(person, vendors))
        })
        .await?;
        all_is_done(stack, function).await?;
        let listed = stack.cloud.shell_with(&list, &name).await?;
        check("redriven letter is gone", listed.starts_with("No dead letters."), listed)?;
    }
    Ok(())
}

/// The saved query for the events of one person, over the log of the stack.
async fn saved_query_finds_a_person(
    stack: &Stack<'_>,
    vendors: &Vendors,
    callers: &Callers,
) -> Result<(), Failure> {
    let person = welcome(stack, vendors, callers).await?;
    let name = format!("{STACK}/events of one person");
    let saved = stack.cloud.aws("logs describe-query-definitions").await?;
    let mut saved = saved["queryDefinitions"].as_array().into_iter().flatten();
    let Some(query) = saved.find(|query| query["name"] == *name) else {
        return check("stack has its saved queries", false, name);
    };
    let text = query["queryString"].as_str().unwrap_or_default();
    let text = text.replace("IDENTITY-ID", &person.to_string());
    let groups: Vec<_> =
        query["logGroupNames"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let command = format!(
        "ID=$(aws logs start-query --start-time 0 --end-time 4102444800 --query-string \"$QUERY\" \
           --log-group-names {} --query queryId --output text)
         aws logs get-query-results --query-id \"$ID\" --query 'length(results)' --output text",
        groups.join(" "),
    );
    let rows = stack.cloud.shell_with(&command, &[("QUERY", &text)]).await?;
    let found = rows.trim().parse::<usize>().unwrap_or_default();
    check("saved query finds the events of a person", found >= 1, format!("{rows}{text}"))
}

/// The same event at another version is the same work: its key holds no version and no alias.
async fn work_is_the_same_in_every_version(
    stack: &Stack<'_>,
    vendors: &Vendors,
    callers: &Callers,
) -> Result<(), Failure> {
    let function = Function::SegmentIdentify;
    let person = random_id();
    let name = stack.resource(function.logical_id());
    let mut ids = Vec::new();
    for _ in 0..2 {
        stack.call(function, person, callers).await?;
        soon("event is delivered in every version", async || {
            let told = vendors.take_message_ids(person);
            ids.extend(told.iter().cloned());
            Ok(!told.is_empty())
        })
        .await?;
        stack.cloud.shell_with(RENEW, &[("FUNCTION", name)]).await?;
    }
    check("key is the same in every version", ids[0] == ids[1], format!("{ids:?}"))
}

/// Parameters change what they are about, and nothing else.
async fn update<'a>(stack: &Stack<'a>, callers: &Callers) -> Result<Stack<'a>, Failure> {
    let before = live_version(stack, Function::MandrillWelcome).await;
    sam_deploy(stack.cloud, "MailchimpSigning=true Subject=Hello").await?;
    let updated = Stack::read(stack.cloud, STACK).await?;
    updated.output("NextFillInMailchimpSigningSecret")?;
    for function in Function::ALL {
        let (old, new) = (stack.url(function)?, updated.url(function)?);
        check("URL outlives an update", old == new, format!("{old} {new}"))?;
    }
    let now = updated.callers().await?;
    check("keys outlive an update", now.ory == callers.ory, "another key")?;
    let group = updated.resource("MandrillWelcomeLogs");
    let groups = format!("logs describe-log-groups --log-group-name-prefix {group}");
    let retention = &updated.cloud.aws(&groups).await?["logGroups"][0]["retentionInDays"];
    check("parameters that are not named keep tsecond value", *retention == 60, retention)?;
    let after = live_version(&updated, Function::MandrillWelcome).await;
    check("changed parameter publishes a version", after != before, &after)?;
    Ok(updated)
}

/// The version that serves the URL.
async fn live_version(stack: &Stack<'_>, function: Function) -> String {
    let name = stack.resource(function.logical_id());
    let alias = stack.lambda().get_alias().function_name(name).name("live").send().await.unwrap();
    alias.function_version().unwrap().to_owned()
}

/// By the command of docs/operations.md. The version before delivers again: it still knows the
/// fakes, and the one of the update does not.
async fn roll_back(stack: &Stack<'_>, vendors: &Vendors, callers: &Callers) -> Result<(), Failure> {
    let function = Function::MandrillWelcome;
    let name = stack.resource(function.logical_id());
    let latest: u32 = live_version(stack, function).await.parse().unwrap();
    let before = (latest - 1).to_string();
    let command = block("aws lambda update-alias");
    let given = [("FUNCTION", name), ("VERSION", before.as_str())];
    stack.cloud.shell_with(&command, &given).await?;
    let now = live_version(stack, function).await;
    check("roll-back moves the alias", now == before, &now)?;
    let person = stack.send(function, vendors, callers).await?;
    soon("version before delivers again", async || Ok(function.has_delivered(person, vendors)))
        .await
}

/// Welcomes somebody.
async fn welcome(stack: &Stack<'_>, vendors: &Vendors, callers: &Callers) -> Result<Uuid, Failure> {
    let function = Function::MandrillWelcome;
    let person = stack.send(function, vendors, callers).await?;
    soon("person is welcomed", async || Ok(function.has_delivered(person, vendors))).await?;
    Ok(person)
}

/// Switches mailchimp-subscribe off: nothing of it is left, and the others are as before.
async fn switch_off<'a>(stack: &Stack<'a>) -> Result<Stack<'a>, Failure> {
    let function = Function::MailchimpSubscribe;
    sam_deploy(stack.cloud, "MailchimpSubscribeEnabled=false").await?;
    let without = Stack::read(stack.cloud, STACK).await?;
    for other in Function::ALL.into_iter().filter(|other| *other != function) {
        let (old, new) = (stack.url(other)?, without.url(other)?);
        check("URL outlives the end of another function", old == new, format!("{old} {new}"))?;
    }
    let outputs = without.outputs.keys().filter(|name| name.contains(function.logical_id()));
    let outputs: Vec<_> = outputs.collect();
    check("a function that is off has no output", outputs.is_empty(), format!("{outputs:?}"))?;
    let mut own = stack.resources_of(function.logical_id());
    own.push(stack.resource("MailchimpSecret"));
    let left = names_left(stack.cloud).await?;
    let left: Vec<_> = own.into_iter().filter(|name| left.iter().any(|one| one == name)).collect();
    check("nothing is left of a function that is off", left.is_empty(), format!("{left:?}"))?;
    let bare = left_of(&without).await?;
    let named = bare.iter().find(|name| name.contains("mailchimp-subscribe"));
    check("no name of a function that is off is left", named.is_none(), format!("{named:?}"))?;
    Ok(without)
}

/// Deletes a stack; the table stays if it has one, and nothing else.
pub(super) async fn delete(stack: &Stack<'_>) -> Result<(), Failure> {
    let Stack { cloud, name, .. } = stack;
    // `sam delete` takes the emulator's URL of a nested template for none of S3.
    cloud.shell(&format!("aws cloudformation delete-stack --stack-name {name}")).await?;
    let query = format!("StackSummaries[?StackName==`{name}`].StackStatus");
    let list = format!("cloudformation list-stacks --query '{query}'");
    soon("stack is deleted", async || Ok(cloud.aws(&list).await? == json!(["DELETE_COMPLETE"])))
        .await?;
    let table = stack.resource("Records");
    if !table.is_empty() {
        let described = stack.dynamo_db().describe_table().table_name(table).send().await;
        check("table outlives the stack", described.is_ok(), table)?;
    }
    let left = left_of(stack).await?;
    check("nothing else outlives the stack", left.is_empty(), format!("{left:?}"))
}

/// What is left under the name of a stack.
async fn left_of(stack: &Stack<'_>) -> Result<Vec<String>, Failure> {
    let left = names_left(stack.cloud).await?;
    Ok(left.into_iter().filter(|name| is_named_after(stack, name)).collect())
}

/// The names of all that there is of the kinds that a stack makes.
async fn names_left(cloud: &Cloud) -> Result<Vec<String>, Failure> {
    let lists = [
        "sqs list-queues --query QueueUrls",
        "secretsmanager list-secrets --query SecretList[].[Name,ARN][]",
        "lambda list-functions --query Functions[].FunctionName",
        "cloudwatch describe-alarms --query MetricAlarms[].AlarmName",
        "cloudwatch list-dashboards --query DashboardEntries[].DashboardName",
        "iam list-roles --query Roles[].RoleName",
        "logs describe-log-groups --query logGroups[].logGroupName",
        "logs describe-query-definitions --query queryDefinitions[].name",
        "sns list-topics --query Topics[].TopicArn",
    ];
    let mut left = Vec::new();
    for list in lists {
        let names = cloud.aws(list).await?;
        let names = names.as_array().into_iter().flatten().filter_map(|name| name.as_str());
        left.extend(names.map(str::to_owned));
    }
    Ok(left)
}

/// Whether a part of a URL, an ARN or a path is a name that begins with that of the stack.
fn is_named_after(stack: &Stack<'_>, name: &str) -> bool {
    let is_ours = |rest: &str| rest.is_empty() || rest.starts_with('-');
    name.split(['/', ':']).any(|part| part.strip_prefix(&stack.name).is_some_and(is_ours))
}

/// A new stack with the table of the old one welcomes nobody again.
async fn table_is_inherited(
    old: &Stack<'_>,
    template: &Template,
    vendors: &Vendors,
    welcomed: Uuid,
) -> Result<(), Failure> {
    let table = old.resource("Records");
    let parameters =
        [("Architecture", ARCHITECTURE), ("FromEmail", SENDER), ("ExistingRecordsTable", table)];
    template.deploy(old.cloud, SECOND, &parameters).await?;
    let second = Stack::read(old.cloud, SECOND).await?;
    check(
        "stack makes no table beside the given one",
        second.resource("Records").is_empty(),
        "two",
    )?;
    let function = Function::MandrillWelcome;
    second.run_output("NextFillInMandrillKey").await?;
    second.set_vendors(function, vendors).await;
    let name = second.resource(function.logical_id());
    second
        .cloud
        .shell_with(&block("aws lambda wait function-updated-v2"), &[("FUNCTION", name)])
        .await?;
    let callers = second.callers().await?;
    second.call(function, welcomed, &callers).await?;
    welcome(&second, vendors, &callers).await?;
    let mails = vendors.mails_to(&address(welcomed));
    check("person is welcomed once, by whatever stack", mails == 1, mails)
}
