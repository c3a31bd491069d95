//! What Ory shows of a person's consent at the end, against what the person said last.

use time::{Duration as Span, OffsetDateTime};

use crate::{
    chronicle::{Way, Weight, Word},
    excused::Excused,
    judge::Wrong,
    mailchimp::{Kind, LISTS},
    world::World,
};

/// How far two clocks may be apart.
const CLOCKS: Span = Span::seconds(2);

impl World {
    /// Nobody who said no last shows as consenting, and whoever said yes last does.
    pub(crate) fn judge_consent(&self) {
        let inbound = self.plan.inbound();
        let mut paths: Vec<_> =
            LISTS.iter().filter_map(|list| inbound.consent_path(list)).collect();
        paths.dedup();
        for (person, one) in self.plan.people.iter().enumerate() {
            if self.is_erased(Some(one.id)) {
                continue;
            }
            for path in &paths {
                self.judge_path(person, path);
            }
            self.judge_bounces(person);
        }
    }

    fn judge_path(&self, person: usize, path: &str) {
        let one = &self.plan.people[person];
        let Some((identity, _)) = self.read_row(one.id) else { return };
        let shows = identity.pointer(path).and_then(serde_json::Value::as_bool) == Some(true);
        let words = self.words(person, path);
        let last = words.iter().rfind(|word| word.weight == Weight::Counts);
        let at_first = one.consent == Some(true) && path.starts_with("/traits/");
        let said = last.map_or(at_first, |last| last.says);
        let context = format_args!("{} at {path}: {shows}, said: {words:?}", one.address);
        if shows == said {
            // The last word may be one that nobody could understand.
            if let Some(word) = words.last().filter(|word| word.says != shows) {
                match word.weight {
                    Weight::Unmatched => self.excuse(Excused::Unmatched, context),
                    Weight::Unclear => self.excuse(Excused::Unclear, context),
                    _ => {}
                }
            }
            return;
        }
        let may_be = |word: &&Word| word.weight == Weight::May && word.says == shows;
        if words.iter().filter(may_be).any(|word| last.is_none_or(|last| word.at >= last.at)) {
            return;
        }
        match self.excuse_of(person, last, &words, shows) {
            Some(excuse) => self.excuse(excuse, context),
            None if shows => self.condemn(Wrong::StillConsenting, context),
            None => self.condemn(Wrong::ConsentLost, context),
        }
    }

    /// Why it may be that Ory `shows` what it does.
    fn excuse_of(
        &self,
        person: usize,
        last: Option<&Word>,
        words: &[Word],
        shows: bool,
    ) -> Option<Excused> {
        let id = self.plan.people[person].id;
        let as_shown = || words.iter().filter(|word| word.says == shows);
        let after = |word: &Word| last.is_none_or(|last| second(word.at) >= second(last.at));
        let weighs = |weight| as_shown().any(|word| word.weight == weight && after(word));
        let is_told = |word: &Word| matches!(word.way, Way::Mailchimp(_));
        let is_same_second = |word: &Word| {
            !word.says && last.is_some_and(|last| last.says && second(last.at) == second(word.at))
        };
        let is_late = |word: &Word| {
            !word.says && is_told(word) && last.is_some_and(|last| last.says && !is_told(last))
        };
        let is_stale = || match last {
            Some(Word { at, says: true, way: Way::Mailchimp(event), .. }) => {
                !shows && self.was_changed_otherwise(id, *event, second(*at))
            }
            _ => false,
        };
        let excuses: [(Excused, &dyn Fn() -> bool); 9] = [
            (Excused::Bystander, &|| !shows && weighs(Weight::Bystander)),
            (Excused::Unclear, &|| weighs(Weight::Unclear)),
            (Excused::SameSecond, &|| as_shown().any(is_same_second)),
            (Excused::StillToCome, &|| as_shown().any(|word| self.counts_as_later(word, last))),
            (Excused::LateWithdrawal, &|| as_shown().any(is_late)),
            (Excused::StaleConsent, &is_stale),
            (Excused::InKratosWindow, &|| self.has_lost_a_write(id)),
            (Excused::OwnOrder, &|| self.had_own_orders(self.events_about(person))),
            (Excused::PatchedLate, &|| self.was_patched_late(id)),
        ];
        excuses.into_iter().find(|(_, holds)| holds()).map(|(excuse, _)| excuse)
    }

    /// Whether a word was sent with a time ahead of the truth, and received after the last.
    fn counts_as_later(&self, word: &Word, last: Option<&Word>) -> bool {
        let Way::Mailchimp(event) = word.way else { return false };
        let last = last.map_or(OffsetDateTime::UNIX_EPOCH, |last| last.at);
        self.was_sent_ahead_of(event, last)
    }

    /// Whether an event was told with a time ahead of the truth, and so counts as no older than
    /// what was said then.
    pub(crate) fn was_sent_ahead_of(&self, event: usize, said: OffsetDateTime) -> bool {
        let sent = self.plan.events[event].mailchimp.as_ref().filter(|sent| sent.is_ahead);
        let (Some(sent), Some([_, received])) = (sent, self.sent_at(event)) else { return false };
        sent.fired_at().min(received + CLOCKS) >= second(said)
    }

    /// Whose address bounced is marked.
    fn judge_bounces(&self, person: usize) {
        let one = &self.plan.people[person];
        let Some((identity, _)) = self.read_row(one.id) else { return };
        for (number, event) in self.plan.events.iter().enumerate() {
            let hard = event.mailchimp.as_ref().filter(|sent| sent.kind == Kind::Hard);
            let Some(sent) = hard.filter(|_| !event.is_cancelled) else { continue };
            let is_due = self.weight(number, person) == Some(Weight::Counts);
            let path = self.plan.inbound().bounced_path(sent.list).unwrap_or_default();
            if !is_due || identity.pointer(&path).is_some() {
                continue;
            }
            let context = format_args!("{} at {path}", one.address);
            if self.has_lost_a_write(one.id) {
                self.excuse(Excused::InKratosWindow, context);
            } else {
                self.condemn(Wrong::NotMarked, context);
            }
        }
    }
}

/// Mailchimp's times are whole seconds.
pub(crate) fn second(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(0).unwrap_or(at)
}
