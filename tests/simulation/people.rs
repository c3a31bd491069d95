//! People and operators, who change identities at Ory while our functions are at work.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::time::sleep;

use crate::{
    chance::Chance, chronicle::Way, fault::Fault, mailchimp::LISTS, patch::set, person::Person,
    rows::Writer, settings::Inbound, world::World,
};

const SOONEST: Duration = Duration::from_millis(500);
const LATEST: Duration = Duration::from_hours(4);

/// One thing that somebody does.
pub(crate) struct Act {
    at: Duration,
    person: usize,
    does: Does,
}

#[derive(Clone, Copy)]
enum Does {
    /// The person gives consent or withdraws it, in the settings.
    Says(bool, &'static str),
    /// An operator does, by the admin API.
    Sets(bool, &'static str),
    /// The person changes the name.
    Changes,
}

impl Act {
    /// What happens to these people.
    pub(crate) fn draw(people: &[Person], inbound: Inbound, chance: &Chance) -> Vec<Self> {
        let mut acts = Vec::new();
        let known = people.iter().enumerate().filter(|(_, person)| person.is_known);
        for (person, _) in known.filter(|_| inbound.has_ory()) {
            let list = LISTS[chance.number(0..LISTS.len())];
            for (fault, does) in [
                (Fault::Withdrew, Does::Says(false, list)),
                (Fault::Consented, Does::Says(true, list)),
                (Fault::Changed, Does::Changes),
                (Fault::Operator, Does::Sets(chance.is(0.3), list)),
            ] {
                let at = chance.scale(SOONEST..LATEST);
                if chance.would_strike(fault) {
                    acts.push(Self { at, person, does });
                }
            }
        }
        acts
    }
}

/// Does it when its time has come.
pub(crate) async fn act(world: Arc<World>, number: usize) {
    let Act { at, person, does } = &world.plan.acts[number];
    sleep(*at).await;
    let id = world.plan.people[*person].id;
    let inbound = world.plan.inbound();
    let (fault, way, says) = match does {
        Does::Says(true, list) => (Fault::Consented, Way::Ory, Some((true, list))),
        Does::Says(false, list) => (Fault::Withdrew, Way::Ory, Some((false, list))),
        Does::Sets(value, list) => (Fault::Operator, Way::Operator, Some((*value, list))),
        Does::Changes => (Fault::Changed, Way::Ory, None),
    };
    let Some((mut identity, read)) = world.read_row(id) else { return };
    world.chance.count(fault);
    world.row_window().await;
    if world.read_row(id).is_none() {
        return;
    }
    let says = says.and_then(|(value, list)| Some((value, inbound.consent_path(list)?)));
    if let Some((value, path)) = says {
        world.say(format_args!("Ory: {id} {way:?} says {value} to {path}"));
        set(&mut identity, &path, Some(json!(value)));
        world.said(*person, path, value, way);
    } else {
        world.say(format_args!("Ory: {id} changes the name"));
        set(&mut identity, "/traits/name", Some(json!(at.as_millis().to_string())));
    }
    world.write_row(id, read, identity, Writer::Others);
}
