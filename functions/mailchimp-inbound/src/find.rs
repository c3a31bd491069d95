//! Finds the identities that an event is about: the one that its merge field `ORY_ID` names, or the
//! one that signs in by its address.

use shared::{
    deliver::DeliveryReport,
    ory::{Admin, Identity},
    outcome::Outcome,
};
use uuid::Uuid;

use crate::event::Event;

/// The identities that an event is about.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Subjects {
    /// Their ids, without duplicates.
    pub(crate) ids: Vec<Uuid>,
    /// Whether `ORY_ID` names somebody else than the address does.
    pub(crate) differ: bool,
}

/// The identities that the event is about. A withdrawal is about every possible one; any other
/// event is about one at most.
///
/// # Errors
/// The outcome of an event whose identity cannot be determined.
pub(crate) async fn find(admin: &Admin<'_>, event: &Event) -> Result<Subjects, DeliveryReport> {
    let named = match event.ory_id().and_then(|id| Uuid::try_parse(id).ok()) {
        Some(id) => admin.identity(id).await?,
        None => None,
    };
    if event.withdraws() {
        return all_meant(admin, event, named).await;
    }
    // Anybody can type any id into a contact of their own, so it must be proved.
    let proved = named.filter(|one| event.address().is_some_and(|it| one.has_verified(it)));
    if let Some(identity) = proved {
        return Ok(Subjects::one(identity.id()));
    }
    for address in event.addresses() {
        let found = admin.identities(address).await?;
        if let Some(id) = the_one(&found, address).map_err(DeliveryReport::from)? {
            return Ok(Subjects::one(id));
        }
    }
    Ok(Subjects::default())
}

/// The named one and those with the address: a mail too few does less harm than one too many.
async fn all_meant(
    admin: &Admin<'_>,
    event: &Event,
    named: Option<Identity>,
) -> Result<Subjects, DeliveryReport> {
    let named = named.map(|identity| identity.id());
    let mut by_address = Vec::new();
    for address in event.addresses() {
        by_address.extend(admin.identities(address).await?.iter().map(Identity::id));
    }
    let differ = named.is_some_and(|id| !by_address.is_empty() && !by_address.contains(&id));
    let mut ids = Vec::new();
    for id in named.into_iter().chain(by_address) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(Subjects { ids, differ })
}

impl Subjects {
    fn one(id: Uuid) -> Self {
        Self { ids: vec![id], differ: false }
    }
}

/// The one that signs in by the address. Identifiers are unique per kind of credential only, so
/// there may be several: then the one with the verified address.
///
/// # Errors
/// The outcome of an event that may be about several.
fn the_one(found: &[Identity], address: &str) -> Result<Option<Uuid>, Outcome> {
    if let [] | [_] = found {
        return Ok(found.first().map(Identity::id));
    }
    let mut verified = found.iter().filter(|identity| identity.has_verified(address));
    match (verified.next(), verified.next()) {
        (Some(one), None) => Ok(Some(one.id())),
        _ => Err(Outcome::blocked(
            "Ory knows more than one identity by this address, and not which has verified it",
        )),
    }
}
