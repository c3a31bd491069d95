//! Decides into which lists a webhook goes, or why it goes into none.

use lint::kratos::{Flow, HookList, HookResponse, Method, Moment};

use super::OryFunction;

/// The request for webhooks.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The function to call.
    pub function: OryFunction,
    /// The flow after which it is called.
    pub flow: Flow,
    /// The methods of the flow; empty for those that matter.
    pub methods: Vec<Method>,
    /// Whether a reply is wanted.
    pub parse: bool,
}

/// The place of one webhook, and what follows from it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HookPlace {
    /// The list that it goes into.
    pub list: HookList,
    /// What Ory does with the answer.
    pub response: HookResponse,
    /// When it is called.
    pub moment: Moment,
    /// Whether the address from which the person calls is forwarded, too.
    pub forwards_ip: bool,
}

/// Why no webhook is printed: what would happen to it, and what to do instead.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refused {
    /// The flow has one list per method, and none for this method.
    #[error(
        "a hook for {method} in {flow} never runs: Ory has no such list. Methods of {flow}: {}",
        listed(*flow)
    )]
    NoSuchList {
        /// The flow.
        flow: Flow,
        /// The method.
        method: Method,
    },
    /// The flow has one list.
    #[error("{flow} has one list for all methods; remove --method")]
    OneList {
        /// The flow.
        flow: Flow,
    },
    /// The reply could do nothing but stop the flow.
    #[error(
        "in {flow}, Ory throws away an `identity` in a reply: the reply could only stop the flow, and \
         everybody would wait for it. Remove --parse. To change the identity, reply in registration or \
         settings; to keep somebody out, in login"
    )]
    StopsOnly {
        /// The flow.
        flow: Flow,
    },
    /// The function writes no reply.
    #[error(
        "a reply in login can only stop it, and {function} has no REPLY_TEMPLATE to write one with. \
         Remove --parse; mandrill-welcome and segment-identify have one"
    )]
    NoReply {
        /// The function.
        function: OryFunction,
    },
    /// The function would receive identities that may never be saved.
    #[error(
        "with --parse, Ory calls before the identity is saved, and may never save it. \
         {function} sends only identities that are saved, so this hook would send nothing. \
         Remove --parse; to reply with a REPLY_TEMPLATE, use mandrill-welcome"
    )]
    Unsaved {
        /// The function.
        function: OryFunction,
    },
    /// The flow changes nothing that the function writes.
    #[error(
        "a recovery changes neither consent nor traits, so mailchimp-subscribe would do nothing. \
         Flows that matter: verification, settings, registration"
    )]
    NothingToFollow,
    /// The method changes no traits.
    #[error(
        "in settings, {method} changes no traits, so mailchimp-subscribe would do nothing. Use \
         --method profile"
    )]
    NoTraits {
        /// The method.
        method: Method,
    },
    /// According to the facts about Kratos, it is never called.
    #[error("a hook in {0} with this response never runs")]
    NeverFires(HookList),
}

fn listed(flow: Flow) -> String {
    flow.methods().iter().map(|method| method.name()).collect::<Vec<_>>().join(", ")
}

impl Wish {
    /// The places of the webhooks, one for each method.
    ///
    /// # Errors
    /// If one would never be called, or be called for an identity that is not saved.
    pub fn places(&self) -> Result<Vec<HookPlace>, Refused> {
        self.check_reply()?;
        self.check_use()?;
        let lists = self.lists()?;
        let response = if self.parse { HookResponse::PARSED } else { HookResponse::IGNORED };
        let place = |list: HookList| {
            let moment = list.moment(response).ok_or(Refused::NeverFires(list))?;
            Ok(HookPlace { list, response, moment, forwards_ip: false })
        };
        lists.into_iter().map(place).collect()
    }

    /// In registration and settings, a reply can change the identity, which is not saved yet. In login
    /// it can only stop the flow, which the operator may want. In the other flows there is nothing left
    /// to keep anybody from.
    fn check_reply(&self) -> Result<(), Refused> {
        use OryFunction::{MandrillWelcome, SegmentIdentify};
        match (self.flow, self.function) {
            _ if !self.parse => Ok(()),
            (flow @ (Flow::Verification | Flow::Recovery), _) => Err(Refused::StopsOnly { flow }),
            (Flow::Login, MandrillWelcome | SegmentIdentify) => Ok(()),
            (Flow::Login, function) => Err(Refused::NoReply { function }),
            (_, MandrillWelcome) => Ok(()),
            (_, function) => Err(Refused::Unsaved { function }),
        }
    }

    /// Whether the function has something to do there.
    fn check_use(&self) -> Result<(), Refused> {
        if self.function != OryFunction::MailchimpSubscribe {
            return Ok(());
        }
        let is_known = |method: &&Method| self.flow.methods().contains(method);
        let other = self.methods.iter().filter(is_known).find(|one| **one != Method::Profile);
        match (self.flow, other) {
            (Flow::Recovery, _) => Err(Refused::NothingToFollow),
            (Flow::Settings, Some(method)) => Err(Refused::NoTraits { method: *method }),
            _ => Ok(()),
        }
    }

    fn lists(&self) -> Result<Vec<HookList>, Refused> {
        let flow = self.flow;
        if flow.methods().is_empty() {
            let none_named = self.methods.is_empty();
            return none_named
                .then(|| vec![HookList::After(flow)])
                .ok_or(Refused::OneList { flow });
        }
        let methods = if self.methods.is_empty() { usual(flow) } else { self.methods.clone() };
        let list = |method: Method| {
            let is_known = flow.methods().contains(&method);
            is_known
                .then_some(HookList::AfterMethod(flow, method))
                .ok_or(Refused::NoSuchList { flow, method })
        };
        methods.into_iter().map(list).collect()
    }
}

/// The default is all methods. Exceptions: for settings, only those that change traits; and no
/// SAML, since a self-hosted Kratos rejects a configuration that names it.
fn usual(flow: Flow) -> Vec<Method> {
    match flow {
        Flow::Settings => vec![Method::Profile],
        _ => flow.methods().iter().copied().filter(|method| *method != Method::Saml).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By function and flow: the result with `--parse`; without it, everything is printed.
    #[test]
    fn parsed_reply_is_printed_or_refused() {
        use Flow::{Login, Recovery, Registration, Settings, Verification};
        use OryFunction::{MailchimpSubscribe, MandrillWelcome, Relay, SegmentIdentify};
        let unsaved = |function| Err(Refused::Unsaved { function });
        let stops = |flow| Err(Refused::StopsOnly { flow });
        let none = |function| Err(Refused::NoReply { function });
        let table = [
            (MandrillWelcome, Registration, Ok(Moment::BeforeSave)),
            (MandrillWelcome, Settings, Ok(Moment::BeforeSave)),
            (MandrillWelcome, Login, Ok(Moment::AfterSave)),
            (MandrillWelcome, Verification, stops(Verification)),
            (MandrillWelcome, Recovery, stops(Recovery)),
            (SegmentIdentify, Registration, unsaved(SegmentIdentify)),
            (SegmentIdentify, Settings, unsaved(SegmentIdentify)),
            (SegmentIdentify, Login, Ok(Moment::AfterSave)),
            (SegmentIdentify, Verification, stops(Verification)),
            (SegmentIdentify, Recovery, stops(Recovery)),
            (MailchimpSubscribe, Registration, unsaved(MailchimpSubscribe)),
            (MailchimpSubscribe, Settings, unsaved(MailchimpSubscribe)),
            (MailchimpSubscribe, Login, none(MailchimpSubscribe)),
            (MailchimpSubscribe, Verification, stops(Verification)),
            (Relay, Registration, unsaved(Relay)),
            (Relay, Settings, unsaved(Relay)),
            (Relay, Login, none(Relay)),
            (Relay, Verification, stops(Verification)),
            (Relay, Recovery, stops(Recovery)),
        ];
        for (function, flow, expected) in table {
            let with = |parse| Wish { function, flow, methods: Vec::new(), parse }.places();
            let moments =
                |places: Vec<HookPlace>| places.iter().map(|place| place.moment).next().unwrap();
            assert_eq!(with(true).map(moments), expected, "{function} {flow}");
            for place in with(false).unwrap() {
                assert_eq!(place.moment, Moment::AfterSave, "{function} {flow}");
                assert_eq!(place.response, HookResponse::IGNORED);
            }
        }
    }

    #[test]
    fn hook_with_which_mailchimp_subscribe_can_do_nothing_is_refused() {
        let function = OryFunction::MailchimpSubscribe;
        let places =
            |flow, methods| Wish { function, flow, methods, parse: false }.places().map(|_| ());
        assert_eq!(places(Flow::Recovery, vec![]), Err(Refused::NothingToFollow));
        for method in Flow::Settings.methods().iter().copied() {
            let expected = match method {
                Method::Profile => Ok(()),
                method => Err(Refused::NoTraits { method }),
            };
            assert_eq!(places(Flow::Settings, vec![method]), expected, "{method}");
        }
        for flow in [Flow::Verification, Flow::Settings, Flow::Registration, Flow::Login] {
            assert_eq!(places(flow, vec![]), Ok(()), "{flow}");
        }
    }

    /// Every flow with every method.
    #[test]
    fn unknown_method_is_refused_with_the_known_ones() {
        for flow in Flow::ALL {
            for method in Method::ALL {
                let function = OryFunction::SegmentIdentify;
                let wish = Wish { function, flow, methods: vec![method], parse: false };
                match wish.places() {
                    Ok(places) => {
                        let [HookPlace { list, .. }] = places[..] else { panic!("{places:?}") };
                        assert_eq!(list, HookList::AfterMethod(flow, method));
                        assert!(flow.methods().contains(&method));
                    }
                    Err(refused) if flow.methods().is_empty() => {
                        assert_eq!(refused, Refused::OneList { flow });
                        assert!(refused.to_string().contains("remove --method"));
                    }
                    Err(refused) => {
                        assert_eq!(refused, Refused::NoSuchList { flow, method });
                        let message = refused.to_string();
                        assert!(
                            flow.methods().iter().all(|method| message.contains(method.name()))
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn without_a_method_every_list_gets_a_hook() {
        let of = |flow| {
            let function = OryFunction::MandrillWelcome;
            let wish = Wish { function, flow, methods: Vec::new(), parse: false };
            let names = wish.places().unwrap().into_iter().map(|place| place.list.to_string());
            names.map(|name| name.replacen("selfservice.flows.", "", 1)).collect::<Vec<_>>()
        };
        let registration = ["password", "oidc", "code", "passkey", "webauthn"];
        assert_eq!(
            of(Flow::Registration),
            registration.map(|method| format!("registration.after.{method}.hooks"))
        );
        assert_eq!(of(Flow::Settings), ["settings.after.profile.hooks"]);
        assert_eq!(of(Flow::Verification), ["verification.after.hooks"]);
        assert_eq!(of(Flow::Recovery), ["recovery.after.hooks"]);
        assert_eq!(of(Flow::Login).len(), 7);
    }
}
