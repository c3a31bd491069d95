//! Mistakes in the template, each of which must fail the proof at a check that names it.

use serde_json::json;

use super::template::Template;

/// Not that of this machine.
const OTHER_ARCHITECTURE: &str = if cfg!(target_arch = "x86_64") { "arm64" } else { "x86_64" };

/// A mistake.
pub(super) struct Mutant {
    /// What is wrong.
    pub(super) mistake: &'static str,
    /// The check that fails.
    pub(super) caught_by: &'static str,
    /// Makes it.
    pub(super) make: fn(&mut Template),
}

macro_rules! mutants {
    ($($mistake:literal => $caught_by:literal: $make:expr;)*) => {
        &[$(Mutant { mistake: $mistake, caught_by: $caught_by, make: $make }),*]
    };
}

const WELCOME_ROLE: &str = "MandrillWelcomeRole";
const BOUNCES_ROLE: &str = "MandrillInboundRole";
const SUBSCRIBE_ROLE: &str = "MailchimpSubscribeRole";

pub(super) const MUTANTS: &[Mutant] = mutants! {
    "role may not send" => "event is accepted":
        |template| template.forbid(WELCOME_ROLE, "sqs:SendMessage");
    "role may not receive" => "event is logged as blocked":
        |template| template.forbid(WELCOME_ROLE, "sqs:ReceiveMessage");
    "role may not delete" => "queue is empty after the delivery":
        |template| template.forbid(WELCOME_ROLE, "sqs:DeleteMessage");
    "role may not delay" => "blocked event is delivered once its key is there":
        |template| template.forbid(WELCOME_ROLE, "sqs:ChangeMessageVisibility");
    "role may not read secrets" => "stranger is refused":
        |template| template.forbid(WELCOME_ROLE, "secretsmanager:GetSecretValue");
    "role may not write records" => "blocked event is delivered once its key is there":
        |template| template.forbid("MailchimpInboundRole", "dynamodb:UpdateItem");
    "role may not read the audience's key" => "stranger is refused":
        |template| template.forbid(SUBSCRIBE_ROLE, "secretsmanager:GetSecretValue");
    "role may not enter a lane" => "event is logged as blocked":
        |template| template.forbid(SUBSCRIBE_ROLE, "dynamodb:UpdateItem");
    "role may not read the key of Mandrill's webhook" => "stranger is refused":
        |template| template.forbid(BOUNCES_ROLE, "secretsmanager:GetSecretValue");
    "role may not store a list of events" => "event is accepted":
        |template| template.forbid(BOUNCES_ROLE, "sqs:SendMessage");
    "role may not settle" => "event is logged as blocked":
        |template| template.forbid(BOUNCES_ROLE, "dynamodb:UpdateItem");
    "URL that was not entered at Mandrill" => "event is accepted":
        |template| *template.variable("MandrillInbound", "MANDRILL_WEBHOOK_URL") = json!("https://hooks.shop.test/");
    "queue of another function" => "event is accepted":
        |template| *template.variable("MandrillWelcome", "QUEUE_URL") = json!({"Ref": "SegmentIdentifyQueue"});
    "mapping of another queue" => "event is logged as blocked":
        |template| *mapping(template) = json!({"Fn::GetAtt": ["SegmentIdentifyQueue", "Arn"]});
    "mapping without partial failures" => "blocked event stays in its queue":
        |template| template.properties("MandrillWelcome")["Events"]["Delivery"]["Properties"]["FunctionResponseTypes"] = json!([]);
    "table of another name" => "event is logged as blocked":
        |template| *template.variable("MandrillWelcome", "RECORDS_TABLE") = json!("another");
    "secret of another vendor" => "blocked event is delivered once its key is there":
        |template| *template.variable("SegmentIdentify", "SEGMENT_SECRET_ID") = json!({"Ref": "MandrillSecret"});
    "audience of another account" => "blocked event is delivered once its key is there":
        |template| *template.variable("MailchimpSubscribe", "MAILCHIMP_LIST_ID") = json!("b7c6eb2165");
    "key with punctuation" => "generated key is 40 letters and digits":
        |template| template.properties("OryWebhookSecret")["GenerateSecretString"]["ExcludePunctuation"] = json!(false);
    "stack is not named to the function" => "event is logged as blocked":
        |template| *template.variable("MandrillWelcome", "STACK") = json!("another");
    "URL of another function" => "event is accepted":
        |template| *template.output("MailchimpInboundUrl") = json!({"Fn::GetAtt": ["SegmentIdentifyUrl", "FunctionUrl"]});
    "URL that nobody may call" => "stranger is refused":
        |template| template.properties("MandrillWelcome")["FunctionUrlConfig"]["AuthType"] = json!({"Fn::Sub": "NONE"});
    "URL, mapping and permissions without the alias" => "command succeeds":
        |template| { template.globals().remove("AutoPublishAlias"); };
    "wrong processor" => "Mandrill comes again while its key is unknown":
        |template| template.globals()["Architectures"] = json!([OTHER_ARCHITECTURE]);
    "redrive of another queue" => "dead letter is delivered after the redrive":
        |template| *template.output("RedriveMandrillWelcome") = template.output("RedriveSegmentIdentify").clone();
    "alarm that acts on nothing" => "alarm goes to the topic":
        |template| template.properties("MandrillWelcomeRejectsAlarm")["AlarmActions"] = json!([]);
    "table that goes with its stack" => "table outlives the stack":
        |template| {
            template.resource("Records").as_object_mut().unwrap().remove("DeletionPolicy");
            template.properties("Records")["DeletionProtectionEnabled"] = json!(false);
        };
};

/// The queue from which mandrill-welcome is called.
fn mapping(template: &mut Template) -> &mut serde_json::Value {
    &mut template.properties("MandrillWelcome")["Events"]["Delivery"]["Properties"]["Queue"]
}
