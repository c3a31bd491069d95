//! The template as CloudFormation deploys it with some parameters: without what a condition leaves
//! out, and with its functions of text worked out.

use std::{cell::RefCell, collections::BTreeSet};

use yaml_serde::{Mapping, Value};

use super::{Template, plain};

/// What is deployed, and what it refers to.
pub(super) struct Live {
    pub(super) resources: Mapping,
    pub(super) outputs: Mapping,
    /// The resources that are referred to.
    pub(super) references: BTreeSet<String>,
}

impl Live {
    pub(super) fn of(template: &Template) -> Self {
        let worker = Worker { template, references: RefCell::default() };
        let section = |name: &str| {
            let all = template.0[name].as_mapping().into_iter().flatten();
            let live = all.filter(|(_, one)| {
                one["Condition"].as_str().is_none_or(|condition| template.has(condition))
            });
            live.map(|(id, one)| (id.clone(), worker.worked_out(one).unwrap())).collect()
        };
        let (resources, outputs) = (section("Resources"), section("Outputs"));
        worker.worked_out(&template.0["Globals"]);
        Self { resources, outputs, references: worker.references.into_inner() }
    }

    /// The properties of a resource.
    pub(super) fn resource(&self, id: &str) -> &Value {
        &self.resources[id]["Properties"]
    }

    /// The names of all resources of a type.
    pub(super) fn all(&self, kind: &str) -> Vec<&str> {
        let of_kind = self.resources.iter().filter(|(_, resource)| resource["Type"] == kind);
        of_kind.map(|(id, _)| id.as_str().unwrap()).collect()
    }
}

struct Worker<'a> {
    template: &'a Template,
    references: RefCell<BTreeSet<String>>,
}

impl Worker<'_> {
    /// What a value comes to; nothing for what is left out.
    fn worked_out(&self, value: &Value) -> Option<Value> {
        Some(match value {
            Value::Tagged(tagged) => match tagged.tag.to_string().as_str() {
                "!Ref" => return self.reference(&plain(&tagged.value)),
                "!GetAtt" => {
                    let attribute = plain(&tagged.value);
                    self.refer(attribute.split_once('.').unwrap().0);
                    attribute.into()
                }
                "!If" => {
                    let holds = self.template.has(&plain(&tagged.value[0]));
                    return self.worked_out(&tagged.value[if holds { 1 } else { 2 }]);
                }
                "!Sub" => self.filled_in(&tagged.value).into(),
                "!Join" => {
                    let parts = self.worked_out(&tagged.value[1]).unwrap();
                    let parts: Vec<_> = parts.as_sequence().unwrap().iter().map(plain).collect();
                    parts.join(&plain(&tagged.value[0])).into()
                }
                "!Split" => {
                    let text = plain(&self.worked_out(&tagged.value[1]).unwrap());
                    text.split(&plain(&tagged.value[0])).collect::<Vec<_>>().into()
                }
                "!FindInMap" => {
                    let map = &self.template.0["Mappings"][plain(&tagged.value[0]).as_str()];
                    map["aws"][plain(&tagged.value[2]).as_str()].clone()
                }
                other => panic!("{other} is not known"),
            },
            Value::Sequence(values) => {
                values.iter().filter_map(|value| self.worked_out(value)).collect::<Vec<_>>().into()
            }
            Value::Mapping(pairs) => {
                let pairs = pairs.iter().filter_map(|(name, value)| {
                    self.worked_out(value).map(|value| (name.clone(), value))
                });
                pairs.collect::<Mapping>().into()
            }
            other => other.clone(),
        })
    }

    fn refer(&self, name: &str) {
        if !name.starts_with("AWS::") {
            self.references.borrow_mut().insert(name.to_owned());
        }
    }

    fn reference(&self, name: &str) -> Option<Value> {
        if name == "AWS::NoValue" {
            return None;
        }
        let parameter = &self.template.0["Parameters"][name]["Default"];
        if parameter.is_null() {
            self.refer(name);
            return Some(format!("${{{name}}}").into());
        }
        Some(plain(parameter).into())
    }

    /// A text in which what is known is filled in.
    fn filled_in(&self, value: &Value) -> String {
        let (text, own) = match value {
            Value::Sequence(parts) => (plain(&parts[0]), parts[1].as_mapping()),
            text => (plain(text), None),
        };
        let mut parts = text.split("${");
        let mut filled = parts.next().unwrap().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap();
            let own = own.and_then(|own| own.get(name));
            let value = match own {
                Some(value) => self.worked_out(value),
                None => match name.split_once('.') {
                    Some((resource, _)) => {
                        self.refer(resource);
                        Some(format!("${{{name}}}").into())
                    }
                    None => self.reference(name),
                },
            };
            filled += &plain(&value.unwrap());
            filled += rest;
        }
        filled
    }
}
