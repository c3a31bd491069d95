//! Who got how many mails, and how late: each sign-up that was answered 2xx ends in one welcome or
//! in a reported reason.

use std::time::Duration;

use crate::{event::Planned, excused::Excused, judge::Wrong, settings::Which, world::World};

/// Without any trouble a mail comes within this: an accept, a queue, another's lease.
const PROMPT: Duration = Duration::from_mins(10);

/// How long after all is fixed a blocked event is tried again, at the latest, and a secret kept.
const MENDED: Duration = Duration::from_mins(25);

impl World {
    /// Nothing is lost, stuck or later than what went wrong explains.
    pub(crate) fn judge_deliveries(&self) {
        for number in self.judge.answered() {
            let event = &self.plan.events[number];
            if event.is_cancelled || self.is_erased(event.identity) {
                continue;
            }
            let context =
                format_args!("{} ({}), {}", event.address, event.key, event.idempotency_key);
            if self.is_dead(number) {
                self.judge_dead(number, event);
                continue;
            }
            match event.which {
                // What vendors reported shows in Ory and in Segment.
                Which::Mailchimp | Which::MandrillEvents => {}
                _ if self.is_done(event) => {}
                Which::Mandrill if self.mail_fates(event)[2] => {
                    self.excuse(Excused::MendableForGood, context);
                }
                _ => self.condemn(Wrong::Lost, context),
            }
            if event.which == Which::Mandrill {
                self.judge_late(number, event);
            }
        }
    }

    fn judge_dead(&self, number: usize, event: &Planned) {
        let is_unclear = event.mailchimp.as_ref().is_some_and(|sent| {
            self.plan.people[sent.owner].twin.is_some() && sent.kind.consent() != Some(false)
        });
        let settings = self.plan.of(event.which);
        if self.was_tried_well(number) && !settings.is_unfit_later && !is_unclear {
            self.condemn(Wrong::Stuck, format_args!("{} ({})", event.address, event.key));
        }
    }

    fn judge_late(&self, number: usize, event: &Planned) {
        let Some(answered) = self.judge.answered_at(number) else { return };
        let sent = event.vendor_keys().into_iter().filter_map(|key| self.first_settled(key)).min();
        // Whoever sends dead letters again takes the time that it takes.
        if self.was_tried_for_long(&event.key) {
            return;
        }
        let Some(late) = sent.and_then(|sent| Duration::try_from(sent - answered).ok()) else {
            return;
        };
        // Events that are one piece of work wait for each other.
        let all = self.plan.events.iter().enumerate();
        let alike = all.filter(|(_, other)| other.vendor_keys() == event.vendor_keys());
        let kept: Duration = alike.map(|(number, _)| self.may_be_kept(number)).sum();
        let mended = self.plan.mended();
        let mended = if mended.is_zero() { mended } else { mended + MENDED };
        if late > PROMPT + kept + mended + self.leapt() {
            let context =
                format_args!("{} ({}): {late:?}, kept {kept:?}", event.address, event.key);
            self.condemn(Wrong::LateMail, context);
        }
    }

    /// Whether the vendor has it, or will never take it.
    pub(crate) fn is_done(&self, event: &Planned) -> bool {
        match event.which {
            Which::Mandrill => self.mail_fates(event)[..2].contains(&true),
            _ => self.has_event(event),
        }
    }

    /// What became of an event's mails at Mandrill: sent, rejected, rejected for the sender's sake.
    pub(crate) fn mail_fates(&self, event: &Planned) -> [bool; 3] {
        let [one, other] = event.vendor_keys().map(|key| self.mail(key));
        [0, 1, 2].map(|fate| one[fate] || other[fate])
    }
}
