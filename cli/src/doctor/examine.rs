//! All checks of a deployed stack.

use secrecy::SecretString;

use super::{
    CheckResult, OryConfig, Reach, Sender, Stack, audience, callers, function, function::Function,
    hooks, mailchimp, mandrill, mandrill_inbound, ory, segment, topic,
};

/// The functions for Ory accept only a POST.
const NOT_ALLOWED: u16 = 405;
/// Mailchimp validates a URL with a GET.
const VALIDATED: u16 = 200;

/// What is checked.
pub struct Examined {
    /// What is deployed, and where.
    pub stack: Stack,
    /// The sender of the welcome email, as far as it is known.
    pub sender: Sender,
    /// The configuration of Ory's project, or of Kratos.
    pub ory_config: Option<OryConfig>,
    /// A Mailchimp Marketing API key. No function has one; it reads the lists.
    pub mailchimp_key: Option<SecretString>,
    /// A Mandrill API key, for a stack whose functions have none.
    pub mandrill_key: Option<SecretString>,
}

/// Makes all checks concurrently: none waits for another or hides it. Each call has a timeout.
pub async fn examine(subject: &Examined, reach: &Reach) -> Vec<CheckResult> {
    let stack = &subject.stack;
    let mailchimp_key = subject.mailchimp_key.as_ref();
    let mandrill_key = subject.mandrill_key.as_ref();
    let callers = async {
        tokio::join!(
            called_by_ory(subject, reach),
            called_by_mailchimp(stack, reach),
            mandrill_inbound::check(stack, mandrill_key, reach),
        )
    };
    let (mandrill, segment, ory, callers, lists, written, receivers) = tokio::join!(
        mandrill::check(stack, &subject.sender, reach),
        segment::check(stack, reach),
        ory::check(stack, reach),
        callers,
        mailchimp::check(stack, mailchimp_key, reach),
        audience::check(stack, reach),
        topic::check(stack, reach),
    );
    let (from_ory, from_mailchimp, from_mandrill) = callers;
    [mandrill, segment, ory, from_ory, from_mailchimp, from_mandrill, lists, written, receivers]
        .concat()
}

async fn called_by_ory(subject: &Examined, reach: &Reach) -> Vec<CheckResult> {
    let stack = &subject.stack;
    let welcome = Function {
        name: mandrill_welcome::NAME,
        output: "MandrillWelcomeUrl",
        url: stack.mandrill_welcome_url.as_deref(),
        to_get: NOT_ALLOWED,
    };
    let identify = Function {
        name: segment_identify::NAME,
        output: "SegmentIdentifyUrl",
        url: stack.segment_identify_url.as_deref(),
        to_get: NOT_ALLOWED,
    };
    let (key, secret) = callers::of_ory(stack, reach).await;
    let credentials = || callers::in_header(stack, key.as_ref());
    let checked = async |function: &Function<'_>| {
        let mut findings = function::check(function, credentials(), reach).await;
        findings.push(hooks::check(function, subject.ory_config.as_ref()));
        findings
    };
    let (welcome, identify, subscribe) =
        tokio::join!(checked(&welcome), checked(&identify), async {
            match subscribe(stack) {
                Some(subscribe) => checked(&subscribe).await,
                None => Vec::new(),
            }
        });
    let faults = hooks::faults(subject.ory_config.as_ref());
    [vec![secret], welcome, identify, subscribe, vec![faults]].concat()
}

/// It is off by default: then it has no URL, and nothing to be checked.
fn subscribe(stack: &Stack) -> Option<Function<'_>> {
    let url = stack.mailchimp_subscribe_url.as_deref()?;
    let output = "MailchimpSubscribeUrl";
    Some(Function { name: mailchimp_subscribe::NAME, output, url: Some(url), to_get: NOT_ALLOWED })
}

async fn called_by_mailchimp(stack: &Stack, reach: &Reach) -> Vec<CheckResult> {
    let inbound = Function {
        name: mailchimp_inbound::NAME,
        output: "MailchimpInboundUrl",
        url: stack.mailchimp_inbound_url.as_deref(),
        to_get: VALIDATED,
    };
    let (credentials, secrets) = callers::of_mailchimp(stack, reach).await;
    [secrets, function::check(&inbound, credentials, reach).await].concat()
}
