//! What can go wrong in the world, and which of it a process lets happen.

use std::{env, sync::OnceLock};

use crate::named::named;

named! {
    /// What can go wrong in the world. A table of the report counts how often each did.
    pub(crate) enum Fault {
        ToldAgain = "caller: Mailchimp redelivered the event later",
        StrangersId = "Mailchimp: somebody else's ORY_ID in a contact",
        Rubbish = "Mailchimp: an ORY_ID that is none",
        TwoLists = "Mailchimp: two lists of one person",
        SignedUpThere = "Mailchimp: a person signed up in a form",
        Confirmed = "Mailchimp: a person clicked the link to confirm",
        Unsubscribed = "Mailchimp: a person unsubscribed",
        Complained = "Mailchimp: a person complained",
        MovedThere = "Mailchimp: a person changed the address",
        Bounced = "Mailchimp: an address bounced",
        Cleaned = "Mailchimp: an address was cleaned for a complaint",
        AdminUnsubscribed = "Mailchimp: an admin unsubscribed a contact",
        AdminArchived = "Mailchimp: an admin archived a contact",
        AdminForgot = "Mailchimp: an admin deleted a contact for good",
        AdminEdited = "Mailchimp: an admin changed a field",
        ActedBetween = "Mailchimp: somebody acted between our read and our write",
        Edge = "Mailchimp: 429 or 403 of its edge, without JSON",
        Busy = "Mailchimp: others took its ten connections for a while",
        FarFuture = "Mailchimp: fired_at in the year 9999",
        AheadOfTime = "Mailchimp: a clock that is minutes ahead",
        CallerGaveUp = "caller: gave up waiting",
        CalledTwice = "caller: sent the same request twice at once",
        Strangers = "caller: many without the secret",
        KilledAtPoll = "sandbox: killed at an await point",
        KilledAtTime = "sandbox: killed at some time",
        Frozen = "sandbox: frozen at an await point, past its lease",
        KilledAtEnd = "sandbox: killed at the end of its time",
        SendLost = "queue: send failed",
        SendUnsaid = "queue: send failed after it was done",
        SendHangs = "queue: send hung",
        HideLost = "queue: hide failed",
        HideUnsaid = "queue: hide failed after it was done",
        QueueSlow = "queue: slow",
        DeleteLost = "queue: delete failed",
        HandedTwice = "queue: message handed out again",
        NoTable = "table: none",
        TableAway = "table: away",
        TableUnsaid = "table: away after it was done",
        TableTwice = "table: done a second time, later",
        TableSlow = "table: slow",
        ShortLived = "table: records expired after an hour, and still there",
        SecretsAway = "secrets: away",
        SecretsDown = "secrets: down for a while, cold starts too",
        SecretsDenied = "secrets: AccessDenied for a while",
        SecretsSlow = "secrets: slow",
        Rotated = "secrets: the callers' secret was rotated",
        TurnedOff = "secrets: a leaked caller's key was turned off",
        WrongKey = "secrets: a wrong vendor key",
        Placeholder = "secrets: a placeholder for the vendor key",
        RenamedKey = "template: deployed meanwhile, names another key",
        BrokenTemplate = "template: a broken one deployed for a while",
        UnfitSegment = "template: its Segment part is unfit from some time on",
        Refused = "vendor: connection refused",
        ConnectHangs = "vendor: the connection is never made",
        ResetBefore = "vendor: reset before it acted",
        ResetAfter = "vendor: reset after it acted",
        Slow = "vendor: slow",
        AnsweredLate = "vendor: acted, and answered too late",
        ActedLate = "vendor: acted after we gave up",
        TooMany = "vendor: 429",
        ServerError = "vendor: 500",
        Html = "vendor: 502 with HTML",
        ActedHtml = "vendor: acted, its gateway answered 502 with HTML",
        Truncated = "vendor: acted, its answer cut short",
        Gateway = "vendor: acted, its gateway answered 504",
        Withdrew = "Ory: a person withdrew consent in the settings",
        Consented = "Ory: a person gave consent in the settings",
        Changed = "Ory: a person changed something else in the settings",
        Registered = "Ory: a person registered with consent",
        Verified = "Ory: a person verified an address",
        MovedHere = "Ory: a person changed the address in the settings",
        LoggedIn = "Ory: a person logged in",
        Listed = "operator: a backfill, or a reconcile, listed a person",
        ListedToSubscribe = "operator: a backfill that subscribes listed a person",
        ListedToConfirm = "operator: a backfill that asks people listed a person",
        StrangersAddress = "Ory: somebody registered with the address of another",
        Operator = "Ory: an operator changed consent",
        Erased = "table: a person was erased",
        PatchWindow = "Ory: a while between reading and writing a row",
        EdgeNotFound = "Ory: an edge answered `404 page not found`",
        WrongUrl = "Ory: a wrong ORY_URL for a while",
        ListNotFound = "Ory: 404 to a list call",
        ListLags = "Ory: a list that lags behind a sign-up",
        TwoByAddress = "Ory: two identities by one address",
        Moved = "Ory: an address changed between two events",
        Conflict = "Ory: 409",
        WrongToken = "Ory: 401",
        Unknown = "Ory: nobody by this address",
        Vanished = "Ory: identity deleted meanwhile",
        BadRequest = "Segment: 400",
        Rejected = "Mandrill: rejected the recipient",
        Unsigned = "Mandrill: rejected the sender",
        Unpaid = "Mandrill: PaymentRequired",
        MailBounced = "Mandrill: a mail bounced",
        MailComplained = "Mandrill: a person complained about a mail",
        MailEventLate = "Mandrill: an event about a mail came up to hours late",
        MailEventLost = "Mandrill: an event about a mail was lost",
        SearchRefused = "Mandrill: refused to search",
        SearchLimited = "Mandrill: 429 with Retry-After to all searches for a while",
        IndexSlow = "Mandrill: index over 30 minutes behind",
        IndexNever = "Mandrill: mail never in the index",
        DeadLetters = "queue: sent again from the dead letters",
    }
}

/// The faults that may strike; `None`: all.
fn only() -> Option<&'static [Fault]> {
    static ONLY: OnceLock<Option<Vec<Fault>>> = OnceLock::new();
    ONLY.get_or_init(|| {
        let only = names("SIMULATION_ONLY");
        let without = names("SIMULATION_WITHOUT").unwrap_or_default();
        if only.is_none() && without.is_empty() {
            return None;
        }
        let all = only.unwrap_or_else(|| Fault::ALL.to_vec());
        Some(all.into_iter().filter(|fault| !without.contains(fault)).collect())
    })
    .as_deref()
}

/// The faults that a variable names, with commas between them. `none` names none.
fn names(variable: &str) -> Option<Vec<Fault>> {
    let text = env::var(variable).ok()?;
    let named = text.split(',').map(str::trim).filter(|name| !name.is_empty() && *name != "none");
    let fault = |name: &str| {
        let found = Fault::ALL.iter().find(|fault| fault.name() == name);
        *found.unwrap_or_else(|| panic!("{variable}: no fault is called {name}"))
    };
    Some(named.map(fault).collect())
}

impl Fault {
    /// Whether it may strike in this process.
    pub(crate) fn is_allowed(self) -> bool {
        only().is_none_or(|only| only.contains(&self))
    }

    /// Whether some faults may not strike in this process. The others then strike more often.
    pub(crate) fn are_few() -> bool {
        only().is_some()
    }
}
