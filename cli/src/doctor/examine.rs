//! All checks of a deployed stack.

use futures_util::future::join_all;
use secrecy::SecretString;

use super::{
    CheckResult, OryConfig, Reach, Sender, Stack, audience, callers, function, function::Function,
    hooks, mailchimp, mandrill, mandrill_inbound, ory, relay, segment, topic, version,
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
    if stack.is_relay() {
        return examine_relay(subject, reach).await;
    }
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
    let version = vec![version::check(stack)];
    [
        version,
        mandrill,
        segment,
        ory,
        from_ory,
        from_mailchimp,
        from_mandrill,
        lists,
        written,
        receivers,
    ]
    .concat()
}

/// The same for the stack of a relay, which has nothing else.
async fn examine_relay(subject: &Examined, reach: &Reach) -> Vec<CheckResult> {
    let stack = &subject.stack;
    let (settings, from_ory, receivers) = tokio::join!(
        relay::check(stack, reach),
        called_by_ory(subject, reach),
        topic::check(stack, reach),
    );
    [vec![version::check(stack)], settings, from_ory, receivers].concat()
}

async fn called_by_ory(subject: &Examined, reach: &Reach) -> Vec<CheckResult> {
    let (stack, config) = (&subject.stack, subject.ory_config.as_ref());
    let (key, secret) = callers::of_ory(stack, reach).await;
    let check = async |function: Function<'_>| {
        let credentials = callers::in_header(stack, key.as_ref());
        let mut findings = function::check(&function, credentials, reach).await;
        findings.push(hooks::check(&function, config));
        findings
    };
    let checked = join_all(for_ory(stack).into_iter().map(check)).await;
    [vec![secret], checked.concat(), vec![hooks::faults(config)]].concat()
}

/// The functions of the stack that Ory calls.
fn for_ory(stack: &Stack) -> Vec<Function<'_>> {
    let function = |name, output, url| Function { name, output, url, to_get: NOT_ALLOWED };
    let relay = stack.relay_url.as_deref();
    if relay.is_some() {
        return vec![function(::relay::NAME, "RelayUrl", relay)];
    }
    let welcome = stack.mandrill_welcome_url.as_deref();
    let identify = stack.segment_identify_url.as_deref();
    let mut functions = vec![
        function(mandrill_welcome::NAME, "MandrillWelcomeUrl", welcome),
        function(segment_identify::NAME, "SegmentIdentifyUrl", identify),
    ];
    // It is off by default: then it has no URL, and nothing to be checked.
    if let subscribe @ Some(_) = stack.mailchimp_subscribe_url.as_deref() {
        functions.push(function(mailchimp_subscribe::NAME, "MailchimpSubscribeUrl", subscribe));
    }
    functions
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
