//! Finds the identities that an event is about: the one that it names, or the one that signs in by
//! its address.

use uuid::Uuid;

use super::{Named, PersonEvent};
use crate::{
    deliver::DeliveryReport,
    ory::{Admin, Identity},
    outcome::Outcome,
};

/// The identities that an event is about.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Subjects {
    /// Their ids, without duplicates.
    pub(super) ids: Vec<Uuid>,
    /// Whether the event names somebody else than its address does.
    pub(super) differ: bool,
}

/// The identities that the event is about. A withdrawal is about every possible one; any other
/// event is about one at most.
///
/// # Errors
/// The outcome of an event whose identity cannot be determined.
pub(super) async fn find<E: PersonEvent>(
    admin: &Admin<'_>,
    event: &E,
) -> Result<Subjects, DeliveryReport> {
    let named = match event.named() {
        Some(named) => admin.identity(named.id()).await?,
        None => None,
    };
    if event.withdraws() {
        return all_meant(admin, event, named).await;
    }
    let is_known = matches!(event.named(), Some(Named::Known(_)));
    let is_proved =
        |identity: &Identity| event.address().is_some_and(|address| identity.has_verified(address));
    if let Some(identity) = named.filter(|named| is_known || is_proved(named)) {
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
async fn all_meant<E: PersonEvent>(
    admin: &Admin<'_>,
    event: &E,
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
