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

const ADD_AS: [AddAs; 2] = [AddAs::Subscribed, AddAs::Pending];

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
        // before, also in a backfill; a fresh no; nothing said.
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
                for add_as in ADD_AS {
                    let is_added = contact.is_none() && is_verified;
                    let expected = if is_added { Create(add_as.into()) } else { before };
                    assert_eq!(decided(Said::Backfilled(add_as)), expected, "{contact:?}");
                }
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

/// The operator has said it.
#[test]
fn backfill_adds_people_whatever_the_audience_asks_for() {
    use Status::{Pending, Subscribed};
    for opt_in in [OptIn::List, OptIn::Confirm, OptIn::Trust] {
        for double_opt_in in [false, true] {
            for (add_as, status) in [(AddAs::Subscribed, Subscribed), (AddAs::Pending, Pending)] {
                let rules = Rules { opt_in, ..CONFIRM };
                let decided = |is_verified| {
                    let statement = Statement { said: Said::Backfilled(add_as), is_verified };
                    decide(None, statement, rules, double_opt_in)
                };
                assert_eq!(decided(true), Decision::Create(status), "{opt_in:?}");
                assert_eq!(decided(false), Decision::Nothing(NOT_NEW), "{opt_in:?}");
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

fn everything_said() -> impl Strategy<Value = Said> {
    let added = ADD_AS.map(Said::Backfilled);
    let said = [Said::Yes, Said::YesBefore, Said::No, Said::Nothing];
    prop::sample::select(said.into_iter().chain(added).collect::<Vec<_>>())
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
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Act {
    Register {
        ticked: bool,
    },
    Settings {
        ticked: bool,
        shows_the_past: bool,
    },
    Verify,
    LogIn,
    Backfill(Option<AddAs>),
    /// Somebody else sets the consent of a person in Ory who has said no there.
    OperatorConsents,
    Confirm,
    Unsubscribe,
    Bounce,
    Archive,
    MakeTransactional,
}

/// With what word a backfill makes a contact in this state.
fn add_as_of(status: Option<Status>) -> Option<AddAs> {
    ADD_AS.into_iter().find(|add_as| Some(Status::from(*add_as)) == status)
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        any::<bool>().prop_map(|ticked| Act::Register { ticked }),
        (any::<bool>(), any::<bool>())
            .prop_map(|(ticked, shows_the_past)| Act::Settings { ticked, shows_the_past }),
        prop::option::of(prop::sample::select(ADD_AS.to_vec())).prop_map(Act::Backfill),
        prop::sample::select(vec![
            Act::Verify,
            Act::LogIn,
            Act::OperatorConsents,
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

/// When the identity came into being.
const CREATED_AT: OffsetDateTime = datetime!(2026-01-31 11:00 UTC);

impl Person {
    /// With what there was before the function was.
    fn new(contact: Option<Status>, consent: Option<bool>, is_verified: bool) -> Self {
        let now = CREATED_AT + Duration::HOUR;
        Self {
            contact,
            last_changed: contact.map(|_| now),
            record: ContactRecord::default(),
            consent,
            is_verified,
            // An archived contact may have been one that had left.
            last_said: match contact {
                Some(Status::Unsubscribed | Status::Archived) => Some(false),
                _ => consent.filter(|consent| *consent),
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
            (Act::OperatorConsents, _) if self.record.said_no => self.consent = Some(true),
            (
                Act::Confirm
                | Act::Unsubscribe
                | Act::Bounce
                | Act::Archive
                | Act::MakeTransactional
                | Act::OperatorConsents,
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
            Act::Backfill(add_as) => Flow::Run(add_as),
            _ => Flow::Other,
        }
    }

    /// An event of the flow arrives, at once. Returns what is written.
    fn event(&mut self, flow: Flow, rules: Rules, double_opt_in: bool) -> Decision {
        let said = freshness::said(flow, self.consent, &self.record);
        let statement = Statement { said, is_verified: self.is_verified };
        let at = match flow {
            Flow::Verification => self.record.opt_in_at.unwrap_or(CREATED_AT),
            Flow::Run(_) => CREATED_AT,
            _ => self.now,
        };
        let outdated = self.contact.is_some_and(|status| {
            freshness::is_outdated(at, status, self.last_changed, &self.record)
        });
        let counted = if outdated && said == Said::Yes { Said::YesBefore } else { said };
        let counted = Statement { said: counted, ..statement };
        let decision = decide(self.contact, counted, rules, double_opt_in);
        let is_first = matches!(flow, Flow::Run(_)) && self.record.is_new();
        let waits = statement.waits(rules) || is_first && self.consent == Some(true);
        self.record.hear(said, self.consent, waits.then_some(at));
        self.record.updated_at = Some(self.now);
        self.record.consent = self.consent.or(self.record.consent);
        let written = match decision {
            Decision::Create(status) | Decision::Set(status) => Some(status),
            Decision::Revive => Some(Status::Pending),
            Decision::Fields | Decision::Nothing(_) | Decision::Bounces => None,
        };
        if let Some(status) = written {
            self.becomes(status);
            (self.record.status, self.record.last_changed) = (Some(status), self.last_changed);
            self.record.contact_id = Some("c1".to_owned());
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
        said in everything_said(),
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
        let is_added = matches!(said, Said::Backfilled(_)) && contact.is_none() && is_verified;
        if written.is_some_and(Status::is_opt_in) {
            prop_assert!(said == Said::Yes || is_added);
            prop_assert!(is_verified || rules.unverified == Unverified::Confirm);
        }
        if written == Some(Status::Subscribed) {
            prop_assert!(is_verified);
            prop_assert!(matches!(contact, None | Some(Status::Transactional)));
            prop_assert!(is_added || !double_opt_in || rules.opt_in == OptIn::Trust);
            prop_assert!(!has_other_opt_out || contact.is_none());
        }
        // A withdrawal is never lost.
        if said == Said::No && contact.is_some_and(Status::is_opt_in) {
            prop_assert_eq!(written, Some(Status::Unsubscribed));
        }
        // What is there is created by nobody, and what is not there changed by nobody.
        prop_assert_eq!(matches!(decision, Decision::Create(_)), contact.is_none() && written.is_some());
    }

    /// Of a contact, a backfill writes what it writes without the operator's word.
    #[test]
    fn backfill_changes_the_state_of_no_contact(
        contact in prop::sample::select(Status::ALL.to_vec()),
        add_as in prop::sample::select(ADD_AS.to_vec()),
        is_verified in any::<bool>(),
        rules in all_rules(),
        double_opt_in in any::<bool>(),
    ) {
        let [added, before] = [Said::Backfilled(add_as), Said::YesBefore].map(|said| {
            let statement = Statement { said, is_verified };
            [
                decide(Some(contact), statement, rules, double_opt_in),
                decide_after_opt_out(Some(contact), statement, rules, double_opt_in),
                decide_anew(contact, statement, rules, double_opt_in),
            ]
        });
        prop_assert_eq!(added, before);
        prop_assert!(!matches!(added[0], Decision::Create(_) | Decision::Set(_) | Decision::Revive));
    }

    /// For any history of a person, in Ory and in Mailchimp.
    #[test]
    fn nobody_is_mailed_against_the_last_thing_they_said(
        contact in statuses(),
        consent in any::<Option<bool>>(),
        is_verified in any::<bool>(),
        acts in acts(),
        rules in all_rules(),
        double_opt_in in any::<bool>(),
    ) {
        let mut person = Person::new(contact, consent, is_verified);
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
            // A backfill adds people, and changes the state of nobody.
            if matches!(act, Act::Backfill(_)) && now.is_some_and(Status::is_opt_in) {
                let is_added = before.is_none() && *act == Act::Backfill(add_as_of(now));
                prop_assert!(before == now || is_added && person.is_verified, "{:?}", acts);
            }
            // Nor is anybody asked again who has said no.
            if now == Some(Status::Pending) && before != now {
                prop_assert_eq!(person.last_said, Some(true), "{:?} {:?}", decision, acts);
            }
        }
    }

    /// It is as if there had been none.
    #[test]
    fn backfill_before_the_first_event_takes_nothing_from_it(
        contact in statuses(),
        consent in any::<Option<bool>>(),
        is_verified in any::<bool>(),
        act in prop::sample::select(vec![Act::Verify, Act::LogIn, Act::Settings { ticked: true, shows_the_past: true }]),
        rules in all_rules(),
        double_opt_in in any::<bool>(),
    ) {
        let rules = Rules { not_opted_in: NotOptedIn::Skip, ..rules };
        let [with, without] = [true, false].map(|is_listed| {
            let mut person = Person::new(contact, consent, is_verified);
            if is_listed {
                person.event(Flow::Run(None), rules, double_opt_in);
            }
            person.now += Duration::MINUTE;
            let flow = person.acts_in_ory(act);
            person.event(flow, rules, double_opt_in);
            person.contact
        });
        prop_assert_eq!(with, without);
    }

    /// An opt-in that is shown as one is never lost: it makes a contact, or waits to.
    #[test]
    fn opt_in_of_somebody_unknown_becomes_a_contact_once_the_address_is_verified(
        rules in all_rules(), double_opt_in in any::<bool>(), log_ins in 0_usize..3, by_settings in any::<bool>(),
    ) {
        let mut person = Person::new(None, None, false);
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
