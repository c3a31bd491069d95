//! Each cell of the table, and what holds for any history of a person.

use proptest::prelude::*;
use time::{Duration, OffsetDateTime, macros::datetime};

use super::*;
use crate::{
    freshness::{self, Earlier, Flow},
    record::ContactRecord,
};

const RULES: Rules =
    Rules { opt_in: OptIn::List, unverified: Unverified::Wait, not_opted_in: NotOptedIn::Skip };
const CONFIRM: Rules = Rules { unverified: Unverified::Confirm, ..RULES };

fn decided(contact: Option<Status>, said: Said, is_verified: bool, rules: Rules) -> Decision {
    decide(contact, Statement { said, is_verified }, rules, false)
}

/// The table of the README.
#[test]
fn every_cell_of_the_table_is_decided() {
    use Decision::{Bounces, Create, Fields, Nothing, Revive, Set};
    use Status::{Archived, Cleaned, Pending, Subscribed, Transactional, Unsubscribed};
    let off = Set(Unsubscribed);
    let table = [
        // The contact; and what is written on: a fresh yes with a verified address, with an
        // unverified one that waits, with an unverified one that Mailchimp confirms; a yes of
        // before; a fresh no; nothing said.
        (
            None,
            [
                Create(Subscribed),
                Nothing(WAITS),
                Create(Pending),
                Nothing(NOT_NEW),
                Nothing(NOT_OPTED_IN),
                Nothing(NOT_OPTED_IN),
            ],
        ),
        (Some(Subscribed), [Fields, Fields, Fields, Fields, off, Fields]),
        (Some(Pending), [Fields, Fields, Fields, Fields, off, Fields]),
        (Some(Transactional), [Set(Subscribed), Fields, Set(Pending), Fields, Fields, Fields]),
        (Some(Unsubscribed), [Set(Pending), Fields, Set(Pending), Fields, Fields, Fields]),
        (Some(Cleaned), [Bounces; 6]),
        (
            Some(Archived),
            [
                Revive,
                Nothing(WAITS),
                Revive,
                Nothing(ARCHIVED),
                Nothing(ARCHIVED),
                Nothing(ARCHIVED),
            ],
        ),
    ];
    assert_eq!(table.len(), 1 + Status::ALL.len());
    for (contact, [verified, waits, confirms, before, no, nothing]) in table {
        assert_eq!(decided(contact, Said::Yes, true, RULES), verified, "{contact:?}");
        assert_eq!(decided(contact, Said::Yes, false, RULES), waits, "{contact:?}");
        assert_eq!(decided(contact, Said::Yes, false, CONFIRM), confirms, "{contact:?}");
        for is_verified in [true, false] {
            for rules in [RULES, CONFIRM] {
                let decided = |said| decided(contact, said, is_verified, rules);
                assert_eq!(decided(Said::YesBefore), before, "{contact:?}");
                assert_eq!(decided(Said::No), no, "{contact:?}");
                assert_eq!(decided(Said::Nothing), nothing, "{contact:?}");
            }
        }
    }
}

#[test]
fn opt_in_is_subscribed_or_pending_as_the_operator_wants() {
    use Status::{Pending, Subscribed};
    let table = [
        // The rule; with single and with double opt-in, for a verified address.
        (OptIn::List, Subscribed, Pending),
        (OptIn::Confirm, Pending, Pending),
        (OptIn::Trust, Subscribed, Subscribed),
    ];
    for (opt_in, single, double) in table {
        for (double_opt_in, expected) in [(false, single), (true, double)] {
            for contact in [None, Some(Status::Transactional)] {
                let of = |is_verified| {
                    let rules = Rules { opt_in, ..CONFIRM };
                    let statement = Statement { said: Said::Yes, is_verified };
                    match decide(contact, statement, rules, double_opt_in) {
                        Decision::Create(status) | Decision::Set(status) => status,
                        other => panic!("{other:?}"),
                    }
                };
                assert_eq!(of(true), expected, "{opt_in:?}, double opt-in {double_opt_in}");
                assert_eq!(of(false), Pending, "{opt_in:?}, double opt-in {double_opt_in}");
            }
        }
    }
}

#[test]
fn person_without_consent_is_a_contact_only_if_the_operator_wants() {
    let rules = Rules { not_opted_in: NotOptedIn::Transactional, ..RULES };
    for said in [Said::No, Said::Nothing] {
        for is_verified in [true, false] {
            let decided = decided(None, said, is_verified, rules);
            assert_eq!(decided, Decision::Create(Status::Transactional));
        }
    }
    for said in [Said::Yes, Said::YesBefore] {
        let decided = decided(None, said, false, rules);
        assert!(matches!(decided, Decision::Nothing(_)), "they have not said no: {said:?}");
    }
}

fn statuses() -> impl Strategy<Value = Option<Status>> {
    prop::option::of(prop::sample::select(Status::ALL.to_vec()))
}

fn all_rules() -> impl Strategy<Value = Rules> {
    (
        prop::sample::select(vec![OptIn::List, OptIn::Confirm, OptIn::Trust]),
        prop::sample::select(vec![Unverified::Wait, Unverified::Confirm]),
        prop::sample::select(vec![NotOptedIn::Skip, NotOptedIn::Transactional]),
    )
        .prop_map(|(opt_in, unverified, not_opted_in)| Rules {
            opt_in,
            unverified,
            not_opted_in,
        })
}

/// What happens to a person.
#[derive(Clone, Copy, Debug)]
enum Act {
    Register { ticked: bool },
    Settings { ticked: bool, shows_the_past: bool },
    Verify,
    LogIn,
    Confirm,
    Unsubscribe,
    Bounce,
    Archive,
    MakeTransactional,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        any::<bool>().prop_map(|ticked| Act::Register { ticked }),
        (any::<bool>(), any::<bool>())
            .prop_map(|(ticked, shows_the_past)| Act::Settings { ticked, shows_the_past }),
        prop::sample::select(vec![
            Act::Verify,
            Act::LogIn,
            Act::Confirm,
            Act::Unsubscribe,
            Act::Bounce,
            Act::Archive,
            Act::MakeTransactional,
        ]),
    ];
    prop::collection::vec(act, 0..16)
}

/// A person, the contact, and what the person said last in any place.
struct Person {
    contact: Option<Status>,
    last_changed: Option<OffsetDateTime>,
    record: ContactRecord,
    consent: Option<bool>,
    is_verified: bool,
    last_said: Option<bool>,
    now: OffsetDateTime,
}

impl Person {
    fn new(contact: Option<Status>) -> Self {
        let now = datetime!(2026-01-31 12:00 UTC);
        Self {
            contact,
            last_changed: contact.map(|_| now),
            record: ContactRecord::default(),
            consent: None,
            is_verified: false,
            // An archived contact may have been one that had left.
            last_said: match contact {
                Some(Status::Unsubscribed | Status::Archived) => Some(false),
                _ => None,
            },
            now,
        }
    }

    fn becomes(&mut self, status: Status) {
        self.contact = Some(status);
        self.last_changed = Some(self.now);
    }

    /// An act of the person in Mailchimp, or of Mailchimp itself; `true`: there is no event.
    fn acts_in_mailchimp(&mut self, act: Act) -> bool {
        match (act, self.contact) {
            (Act::Confirm, Some(Status::Pending)) => {
                self.becomes(Status::Subscribed);
                self.last_said = Some(true);
            }
            (Act::Unsubscribe, Some(Status::Subscribed | Status::Pending)) => {
                self.becomes(Status::Unsubscribed);
                self.last_said = Some(false);
            }
            (Act::Bounce, Some(_)) => self.becomes(Status::Cleaned),
            (Act::Archive, Some(_)) => self.becomes(Status::Archived),
            (Act::MakeTransactional, None) => self.becomes(Status::Transactional),
            (
                Act::Confirm
                | Act::Unsubscribe
                | Act::Bounce
                | Act::Archive
                | Act::MakeTransactional,
                _,
            ) => {}
            _ => return false,
        }
        true
    }

    /// The flow of an act in Ory, with what it says.
    fn acts_in_ory(&mut self, act: Act) -> Flow {
        match act {
            Act::Register { ticked } => {
                self.consent = Some(ticked);
                if ticked {
                    self.last_said = Some(true);
                }
                Flow::Registration
            }
            Act::Settings { ticked, shows_the_past } => {
                let before = self.consent.replace(ticked);
                if before != Some(ticked) && (ticked || before == Some(true)) {
                    self.last_said = Some(ticked);
                }
                let earlier = Earlier::Consent(before);
                Flow::Settings(if shows_the_past { earlier } else { Earlier::Unknown })
            }
            Act::Verify => {
                self.is_verified = true;
                Flow::Verification
            }
            _ => Flow::Other,
        }
    }

    /// An event of the flow arrives, at once. Returns what is written.
    fn event(&mut self, flow: Flow, rules: Rules, double_opt_in: bool) -> Decision {
        let said = freshness::said(flow, self.consent, &self.record);
        let statement = Statement { said, is_verified: self.is_verified };
        let waiting = self.record.opt_in_at.filter(|_| flow == Flow::Verification);
        let at = waiting.unwrap_or(self.now);
        let outdated = self.contact.is_some_and(|status| {
            freshness::is_outdated(at, status, self.last_changed, &self.record)
        });
        let counted = if outdated && said == Said::Yes { Said::YesBefore } else { said };
        let counted = Statement { said: counted, ..statement };
        let decision = decide(self.contact, counted, rules, double_opt_in);
        if statement.waits(rules) {
            self.record.opt_in_at = Some(at);
        } else if said == Said::Yes || self.consent == Some(false) {
            self.record.opt_in_at = None;
        }
        self.record.updated_at = Some(self.now);
        let written = match decision {
            Decision::Create(status) | Decision::Set(status) => Some(status),
            Decision::Revive => Some(Status::Pending),
            Decision::Fields | Decision::Nothing(_) | Decision::Bounces => None,
        };
        if let Some(status) = written {
            self.becomes(status);
            self.record.last_changed = self.last_changed;
        }
        decision
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, ..ProptestConfig::default() })]

    /// Whatever is said, and whatever the operator wants.
    #[test]
    fn nobody_who_has_left_is_subscribed_and_nobody_unverified(
        contact in statuses(),
        said in prop::sample::select(vec![Said::Yes, Said::YesBefore, Said::No, Said::Nothing]),
        is_verified in any::<bool>(),
        rules in all_rules(),
        double_opt_in in any::<bool>(),
        has_other_opt_out in any::<bool>(),
    ) {
        let statement = Statement { said, is_verified };
        let decision = if has_other_opt_out {
            decide_after_opt_out(contact, statement, rules, double_opt_in)
        } else {
            decide(contact, statement, rules, double_opt_in)
        };
        let written = match decision {
            Decision::Create(status) | Decision::Set(status) => Some(status),
            Decision::Revive => Some(Status::Pending),
            _ => None,
        };
        if written.is_some_and(Status::is_opt_in) {
            prop_assert_eq!(said, Said::Yes);
            prop_assert!(is_verified || rules.unverified == Unverified::Confirm);
        }
        if written == Some(Status::Subscribed) {
            prop_assert!(is_verified);
            prop_assert!(matches!(contact, None | Some(Status::Transactional)));
            prop_assert!(!double_opt_in || rules.opt_in == OptIn::Trust);
            prop_assert!(!has_other_opt_out || contact.is_none());
        }
        // A withdrawal is never lost.
        if said == Said::No && contact.is_some_and(Status::is_opt_in) {
            prop_assert_eq!(written, Some(Status::Unsubscribed));
        }
        // What is there is created by nobody, and what is not there changed by nobody.
        prop_assert_eq!(matches!(decision, Decision::Create(_)), contact.is_none() && written.is_some());
    }

    /// For any history of a person, in Ory and in Mailchimp.
    #[test]
    fn nobody_is_mailed_against_the_last_thing_they_said(
        contact in statuses(),
        acts in acts(),
        rules in all_rules(),
        double_opt_in in any::<bool>(),
    ) {
        let mut person = Person::new(contact);
        for act in &acts {
            person.now += Duration::MINUTE;
            if person.acts_in_mailchimp(*act) {
                continue;
            }
            let before = person.contact;
            let flow = person.acts_in_ory(*act);
            let decision = person.event(flow, rules, double_opt_in);
            let now = person.contact;
            if now == Some(Status::Subscribed) && before != now {
                prop_assert_eq!(person.last_said, Some(true), "{:?} {:?}", decision, acts);
                prop_assert!(person.is_verified);
                prop_assert!(matches!(before, None | Some(Status::Transactional)));
            }
            // Nor is anybody asked again who has said no.
            if now == Some(Status::Pending) && before != now {
                prop_assert_eq!(person.last_said, Some(true), "{:?} {:?}", decision, acts);
            }
        }
    }

    /// An opt-in that is shown as one is never lost: it makes a contact, or waits to.
    #[test]
    fn opt_in_of_somebody_unknown_becomes_a_contact_once_the_address_is_verified(
        rules in all_rules(), double_opt_in in any::<bool>(), log_ins in 0_usize..3, by_settings in any::<bool>(),
    ) {
        let mut person = Person::new(None);
        let acts = if by_settings {
            vec![Act::Register { ticked: false }, Act::Settings { ticked: true, shows_the_past: true }]
        } else {
            vec![Act::Register { ticked: true }]
        };
        let log_ins = std::iter::repeat_n(Act::LogIn, log_ins);
        for act in acts.into_iter().chain(log_ins).chain([Act::Verify]) {
            person.now += Duration::MINUTE;
            let flow = person.acts_in_ory(act);
            person.event(flow, rules, double_opt_in);
        }
        let contact = person.contact;
        prop_assert!(contact.is_some_and(Status::is_opt_in), "{contact:?}");
    }
}
