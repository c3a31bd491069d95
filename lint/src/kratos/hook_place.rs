//! A hook as people write it on a command line: its list, and what happens to its answer.

use std::{fmt, str::FromStr};

use super::{Flow, HookList, HookResponse, Method, Moment, UnknownName};

/// The list of a hook, and its response: `registration.after.password,parse`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HookPlace {
    /// The list.
    pub list: HookList,
    /// What Kratos does with the answer.
    pub response: HookResponse,
}

impl HookPlace {
    /// The same hook where Kratos calls it: one that it never calls from the list for all methods is
    /// in the list of one. With a password, nothing is known that is not known with any method.
    #[must_use]
    pub fn where_it_runs(self) -> Self {
        match (self.list, self.list.moment(self.response)) {
            (HookList::After(flow), None) => {
                Self { list: HookList::AfterMethod(flow, Method::Password), ..self }
            }
            _ => self,
        }
    }

    /// When it is called, if it is in the list of a method should it need to be.
    pub(crate) fn moment(self) -> Option<Moment> {
        self.where_it_runs().list.moment(self.response)
    }
}

/// Why a text names no hook.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoHookPlace {
    /// A flow or a method that does not exist.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// It has another form.
    #[error(
        "expected a list of hooks such as `registration.after.password`, `login.before` or \
         `verification.after`, got {0}"
    )]
    NoList(String),
    /// The flow has no list for this method.
    #[error("{flow} has no list for {method}: expected one of {known}")]
    NoMethodOf {
        /// The flow.
        flow: Flow,
        /// The method.
        method: Method,
        /// The methods that have a list.
        known: String,
    },
    /// A response that Kratos does not have, or refuses.
    #[error("expected `parse`, `ignore` or `can_interrupt` after the list, got {0}")]
    NoResponse(String),
    /// Kratos calls a hook with this response only from the list of a method.
    #[error("Kratos never calls a hook with `parse` or `can_interrupt` from {0}: name a method")]
    NeverCalled(HookList),
}

/// `registration.after.password`; the path in the configuration is accepted too.
impl FromStr for HookList {
    type Err = NoHookPlace;

    fn from_str(text: &str) -> Result<Self, NoHookPlace> {
        let short = text.strip_prefix("selfservice.flows.").unwrap_or(text);
        let short = short.strip_suffix(".hooks").unwrap_or(short);
        match *short.split('.').collect::<Vec<_>>() {
            [flow, "before"] => Ok(Self::Before(flow.parse()?)),
            [flow, "after"] => Ok(Self::After(flow.parse()?)),
            [flow, "after", method] => of_method(flow.parse()?, method.parse()?),
            _ => Err(NoHookPlace::NoList(text.to_owned())),
        }
    }
}

fn of_method(flow: Flow, method: Method) -> Result<HookList, NoHookPlace> {
    if flow.methods().contains(&method) {
        return Ok(HookList::AfterMethod(flow, method));
    }
    let known: Vec<_> = flow.methods().iter().map(|method| method.name()).collect();
    let known = if known.is_empty() { format!("{flow}.after") } else { known.join(", ") };
    Err(NoHookPlace::NoMethodOf { flow, method, known })
}

/// `parse`, `ignore` or `can_interrupt`.
impl FromStr for HookResponse {
    type Err = NoHookPlace;

    fn from_str(text: &str) -> Result<Self, NoHookPlace> {
        match text {
            "parse" => Ok(Self::PARSED),
            "ignore" => Ok(Self::IGNORED),
            "can_interrupt" => Ok(Self { can_interrupt: true, ..Self::default() }),
            _ => Err(NoHookPlace::NoResponse(text.to_owned())),
        }
    }
}

impl FromStr for HookPlace {
    type Err = NoHookPlace;

    fn from_str(text: &str) -> Result<Self, NoHookPlace> {
        let (list, response) = match text.split_once(',') {
            Some((list, response)) => (list.trim().parse()?, response.trim().parse()?),
            None => (text.trim().parse()?, HookResponse::default()),
        };
        let place = Self { list, response };
        list.moment(response).map(|_| place).ok_or(NoHookPlace::NeverCalled(list))
    }
}

/// The form that is parsed.
impl fmt::Display for HookPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.list.keys();
        f.write_str(&keys[2..keys.len() - 1].join("."))?;
        f.write_str(match self.response {
            HookResponse { parse: true, .. } => ",parse",
            HookResponse { ignore: true, .. } => ",ignore",
            HookResponse { can_interrupt: true, .. } => ",can_interrupt",
            _ => "",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hook_is_named_by_its_list_and_its_response() {
        use Flow::{Login, Registration, Settings, Verification};
        let plain = HookResponse::default();
        let table = [
            ("registration.before", HookList::Before(Registration), plain),
            ("login.after", HookList::After(Login), plain),
            (
                "registration.after.password,parse",
                HookList::AfterMethod(Registration, Method::Password),
                HookResponse::PARSED,
            ),
            (
                "settings.after.lookup_secret,ignore",
                HookList::AfterMethod(Settings, Method::LookupSecret),
                HookResponse::IGNORED,
            ),
            ("verification.after,parse", HookList::After(Verification), HookResponse::PARSED),
        ];
        for (text, list, response) in table {
            assert_eq!(text.parse(), Ok(HookPlace { list, response }), "{text}");
            assert_eq!(HookPlace { list, response }.to_string(), text);
        }
        let interrupts: HookPlace = "login.after.password, can_interrupt".parse().unwrap();
        assert!(interrupts.response.can_interrupt);
    }

    #[test]
    fn every_list_is_read_from_its_path() {
        for list in Flow::ALL.into_iter().flat_map(HookList::of) {
            assert_eq!(list.to_string().parse(), Ok(list));
        }
    }

    #[test]
    fn text_that_names_no_hook_is_refused_with_the_reason() {
        let table = [
            ("", "expected a list of hooks"),
            ("registration", "expected a list of hooks"),
            ("registration.during", "expected a list of hooks"),
            ("registration.before.password", "expected a list of hooks"),
            ("signup.after", "unknown flow signup"),
            ("registration.after.google", "unknown method google"),
            ("registration.after.profile", "registration has no list for profile"),
            ("verification.after.code", "expected one of verification.after"),
            ("login.after.password,", "expected `parse`, `ignore` or `can_interrupt`"),
            ("login.after.password,parse,ignore", "expected `parse`"),
            ("registration.after,parse", "name a method"),
        ];
        for (text, part) in table {
            let error = text.parse::<HookPlace>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
