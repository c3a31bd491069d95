//! The loop between Ory and Mailchimp, over the whole local stack.

use std::time::Duration;

use fakes::{
    Fault,
    mailchimp::{Act, Status},
};
use serde_json::Value;

use super::{
    local::{LocalStack, Mode, OryAct, PortNumbers},
    samples::SAMPLES,
};

const KIM: &str = "0000000b-1111-4111-8111-00000000000b";
const ADDRESS: &str = "kim@example.com";
const NEW_ADDRESS: &str = "kim.new@example.com";

/// Longer than the second to which Mailchimp's times are rounded.
const A_MOMENT: Duration = Duration::from_secs(5);

/// Kim, who signs up with consent, in an audience where people confirm an opt-in.
struct Kim {
    stack: LocalStack,
}

impl Kim {
    async fn signs_up(mode: Mode) -> Self {
        let stack = LocalStack::start(PortNumbers::default(), mode).await.unwrap();
        stack.fakes.mailchimp.audience(|audience| audience.double_optin = true);
        let kim = Self { stack };
        let sample = SAMPLES.iter().find(|sample| {
            sample.function == mailchimp_subscribe::NAME
                && sample.file == "registration-consent.json"
        });
        assert!(kim.stack.console.sends(sample.unwrap()).await);
        kim.rests().await;
        kim
    }

    async fn rests(&self) {
        self.stack.at_rest().await;
        self.stack.skip(A_MOMENT).await;
    }

    async fn in_ory(&self, act: OryAct) {
        assert!(self.stack.act_in_ory(KIM, act.clone()).await, "{act:?}");
        self.rests().await;
    }

    async fn in_mailchimp(&self, address: &str, act: Act) {
        self.stack.act_in_mailchimp(address, act).await.unwrap();
        self.rests().await;
    }

    /// The state of the contact with an address; `None` if there is none.
    fn status(&self, address: &str) -> Option<Status> {
        let status = |audience: &mut fakes::mailchimp::Audience| {
            audience.member(address).map(|member| member.status)
        };
        self.stack.fakes.mailchimp.audience(status)
    }

    fn consents_in_ory(&self) -> Value {
        let identity = self.stack.fakes.ory.identity(KIM).unwrap();
        identity["traits"]["consent"]["newsletter"].clone()
    }

    fn confirmation_mails(&self) -> usize {
        self.stack.fakes.mailchimp.audience(|audience| audience.confirmation_mails(ADDRESS))
    }
}

#[tokio::test]
async fn consent_goes_round_between_ory_and_mailchimp() {
    for mode in [Mode::DEPLOYED, Mode::Inline] {
        let kim = Kim::signs_up(mode).await;
        assert_eq!(kim.status(ADDRESS), None, "the address is not verified");
        kim.in_ory(OryAct::Verifies).await;
        assert_eq!((kim.status(ADDRESS), kim.confirmation_mails()), (Some(Status::Pending), 1));
        kim.in_mailchimp(ADDRESS, Act::Confirms).await;
        assert_eq!(kim.status(ADDRESS), Some(Status::Subscribed));
        assert_eq!(kim.consents_in_ory(), true);

        // Unsubscribes in Mailchimp: Ory knows.
        kim.in_mailchimp(ADDRESS, Act::Unsubscribes).await;
        assert_eq!(kim.consents_in_ory(), false);

        // Opts in again in Ory: Mailchimp asks, and nobody is subscribed silently.
        kim.in_ory(OryAct::GivesConsent).await;
        assert_eq!((kim.status(ADDRESS), kim.confirmation_mails()), (Some(Status::Pending), 2));
        let by_us = |audience: &mut fakes::mailchimp::Audience| audience.subscribed_by_api(ADDRESS);
        assert!(kim.stack.fakes.mailchimp.audience(by_us).is_empty());
        kim.in_mailchimp(ADDRESS, Act::Confirms).await;
        assert_eq!(kim.status(ADDRESS), Some(Status::Subscribed));
        assert_eq!(kim.consents_in_ory(), true);

        // Changes the address: the contact moves once the new one is verified.
        kim.in_ory(OryAct::ChangesAddress(NEW_ADDRESS.to_owned())).await;
        let states = || [ADDRESS, NEW_ADDRESS].map(|address| kim.status(address));
        assert_eq!(states(), [Some(Status::Subscribed), None]);
        kim.in_ory(OryAct::Verifies).await;
        assert_eq!(states(), [None, Some(Status::Subscribed)]);

        // Withdraws in Ory: Mailchimp knows.
        kim.in_ory(OryAct::WithdrawsConsent).await;
        assert_eq!(states(), [None, Some(Status::Unsubscribed)]);
    }
}

#[tokio::test]
async fn whoever_has_consented_without_mailchimp_gives_it_in_mailchimps_form() {
    let kim = Kim::signs_up(Mode::DEPLOYED).await;
    kim.in_ory(OryAct::WithdrawsConsent).await;
    kim.in_ory(OryAct::Verifies).await;
    assert_eq!(kim.status(ADDRESS), None, "Mailchimp is not told of them");
    kim.in_mailchimp(ADDRESS, Act::SignsUp).await;
    kim.in_mailchimp(ADDRESS, Act::Confirms).await;
    assert_eq!(kim.consents_in_ory(), true);
}

#[tokio::test]
async fn withdrawal_reaches_mailchimp_after_it_was_down() {
    let kim = Kim::signs_up(Mode::DEPLOYED).await;
    kim.in_ory(OryAct::Verifies).await;
    kim.in_mailchimp(ADDRESS, Act::Confirms).await;
    for fault in [Fault::Down, Fault::RateLimited, Fault::ConnectionReset, Fault::ResponseLost] {
        kim.stack.fakes.mailchimp.inject_fault(fault);
        assert!(kim.stack.act_in_ory(KIM, OryAct::WithdrawsConsent).await);
        kim.stack.skip(A_MOMENT).await;
        kim.stack.fakes.mailchimp.inject_fault(Fault::None);
        kim.stack.skip(Duration::from_hours(1)).await;
        kim.rests().await;
        assert_eq!(kim.status(ADDRESS), Some(Status::Unsubscribed), "{fault:?}");
        kim.in_ory(OryAct::GivesConsent).await;
        kim.in_mailchimp(ADDRESS, Act::Confirms).await;
    }
}
