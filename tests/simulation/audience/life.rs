//! People live: one thing after the other.

use std::{sync::Arc, time::Duration};

use fakes::mailchimp::Act;
use tokio::time::sleep;

use super::plan::Does;
use crate::{fault::Fault, world::World};

/// How soon somebody clicks the link in a mail.
const CLICKS: std::ops::Range<Duration> = Duration::from_secs(1)..Duration::from_hours(2);

/// Who acts between our read and our write does it within this.
const BETWEEN: std::ops::Range<Duration> = Duration::from_millis(1)..Duration::from_millis(400);

/// Does all that this person does, each when its time has come.
pub(crate) async fn live(world: Arc<World>, person: usize) {
    world.begin_identity(person);
    let lives = world.plan.lives.as_ref().expect("people");
    for (at, does) in &lives.people[person].steps {
        sleep(at.saturating_sub(world.elapsed())).await;
        match does {
            Does::Acts(act) => world.acts_at_mailchimp(person, act.clone()),
            does => world.acts_at_ory(person, does).await,
        }
    }
}

impl World {
    /// Somebody does something about a contact of this person, of the last address that has one.
    pub(super) fn acts_at_mailchimp(self: &Arc<Self>, person: usize, act: Act) {
        let now = self.now();
        let life = &self.plan.lives.as_ref().expect("people").people[person];
        let is_new = act == Act::SignsUp;
        let done = self.contacts.with(|audience| {
            let mut addresses: Vec<_> = life.addresses.iter().collect();
            if !is_new {
                addresses.reverse();
            }
            addresses.into_iter().find(|address| audience.act(address, act.clone(), now).is_ok())
        });
        let Some(address) = done else { return };
        self.say(format_args!("Mailchimp: {address}: {act:?}"));
        Does::Acts(act).fault().into_iter().for_each(|fault| self.chance.count(fault));
        self.contact_changed(None);
    }

    /// A person has got a mail with a link to confirm.
    pub(super) fn may_click(self: &Arc<Self>, person: usize) {
        let life = &self.plan.lives.as_ref().expect("people").people[person];
        if !Fault::Confirmed.is_allowed() || !self.chance.is(life.clicks) {
            return;
        }
        let (world, after) = (self.clone(), self.chance.scale(CLICKS));
        self.begin(async move {
            sleep(after).await;
            world.acts_at_mailchimp(person, Act::Confirms);
        });
    }

    /// Somebody may act just after we have read a contact.
    pub(super) fn may_act_between(self: &Arc<Self>, person: usize) {
        if !self.chance.strikes(Fault::ActedBetween) {
            return;
        }
        let acts: &[&[Act]] = &[
            &[Act::Unsubscribes],
            &[Act::Confirms],
            &[Act::SignsUp],
            &[Act::AdminArchives],
            &[Act::SignsUp, Act::Unsubscribes],
        ];
        let acts = acts[self.chance.number(0..acts.len())];
        let may = |act: &Act| Does::Acts(act.clone()).fault().is_none_or(Fault::is_allowed);
        if !acts.iter().all(may) {
            return;
        }
        let (world, after) = (self.clone(), self.chance.time(BETWEEN));
        self.begin(async move {
            for act in acts {
                sleep(after / 2).await;
                world.acts_at_mailchimp(person, act.clone());
            }
        });
    }
}
