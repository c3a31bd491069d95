//! What `renew` is about to do, or why it must not.

use std::fmt;

use super::{
    deployed::{Configuration, Deployed},
    lambda::MARKER,
};
use crate::aws::ALIAS;

/// Why a function must not be renewed.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Refusal {
    /// The alias serves other code than the latest: somebody rolled back.
    #[error(
        "`{ALIAS}` serves version {0}, whose code is not the latest. To publish the latest would undo \
         a roll-back. Deploy the release that you want first"
    )]
    OtherCode(String),
    /// A gradual deployment has not ended.
    #[error(
        "`{ALIAS}` is shifting from one version to another. Wait until the deployment has ended"
    )]
    Shifting,
}

/// What changes.
#[derive(Debug)]
pub(super) struct Plan {
    function: String,
    from: String,
    changed: Vec<String>,
}

impl Plan {
    /// What renewing this function changes.
    pub(super) fn of(deployed: &Deployed) -> Result<Self, Refusal> {
        let Deployed { name, latest, live, alias } = deployed;
        if alias.is_shifting {
            return Err(Refusal::Shifting);
        }
        if latest.code != live.code {
            return Err(Refusal::OtherCode(alias.version.clone()));
        }
        Ok(Self {
            function: name.clone(),
            from: alias.version.clone(),
            changed: changed(latest, live),
        })
    }
}

/// The variables that differ, without the one that `renew` sets itself.
fn changed(latest: &Configuration, live: &Configuration) -> Vec<String> {
    let names = latest.variables.keys().chain(live.variables.keys());
    let differs = |name: &&String| latest.variables.get(*name) != live.variables.get(*name);
    let mut names: Vec<_> = names.filter(differs).filter(|name| *name != MARKER).cloned().collect();
    names.sort();
    names.dedup();
    names
}

/// Values are left out: they are settings, but nobody needs them in a terminal's history.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, from, changed } = self;
        writeln!(f, "{function}")?;
        writeln!(f, "  publishes a version and moves `{ALIAS}` from version {from} to it")?;
        match changed.as_slice() {
            [] => write!(f, "  its environment is that of version {from}"),
            names => write!(f, "  changed since version {from}: {}", names.join(", ")),
        }
    }
}

/// What was done, and how to undo it.
pub(super) fn done(deployed: &Deployed, version: &str) -> String {
    let (name, before) = (&deployed.name, &deployed.alias.version);
    format!(
        "`{ALIAS}` is at version {version}. To go back:\n  aws lambda update-alias --function-name \
         {name} --name {ALIAS} --function-version {before}"
    )
}

#[cfg(test)]
mod tests {
    use super::{super::deployed::Alias, *};

    fn configuration(code: &str, variables: &[(&str, &str)]) -> Configuration {
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Configuration { code: code.into(), variables: variables.collect(), revision: "r".into() }
    }

    fn deployed() -> Deployed {
        let live = configuration("code", &[("STACK", "s"), ("MANDRILL_URL", "canary-1")]);
        let alias = Alias { version: "3".into(), is_shifting: false, revision: "r".into() };
        Deployed { name: "welcome".into(), latest: live.clone(), live, alias }
    }

    #[test]
    fn plan_names_the_variables_that_changed_without_their_values() {
        let mut deployed = deployed();
        let plan = Plan::of(&deployed).unwrap().to_string();
        assert!(plan.contains("from version 3"), "{plan}");
        assert!(plan.ends_with("its environment is that of version 3"), "{plan}");
        let variables = [("MANDRILL_URL", "canary-2"), ("SUBJECT", "canary"), (MARKER, "canary")];
        deployed.latest = configuration("code", &variables);
        let plan = Plan::of(&deployed).unwrap().to_string();
        assert!(plan.ends_with("changed since version 3: MANDRILL_URL, STACK, SUBJECT"), "{plan}");
        assert!(!plan.contains("canary"), "{plan}");
    }

    #[test]
    fn roll_back_is_not_undone() {
        let deployed = Deployed { latest: configuration("newer", &[]), ..deployed() };
        assert_eq!(Plan::of(&deployed).unwrap_err(), Refusal::OtherCode("3".into()));
    }

    #[test]
    fn gradual_deployment_is_not_interrupted() {
        let mut deployed = deployed();
        deployed.alias.is_shifting = true;
        assert_eq!(Plan::of(&deployed).unwrap_err(), Refusal::Shifting);
    }
}
