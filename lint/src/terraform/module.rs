//! The files of a module.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use hcl_edit::{
    Span,
    expr::Expression,
    structure::{Block, Body},
};
use serde_json::Value;

use super::{ACTION, action::Action, expression};
use crate::{Place, configuration::Contents};

/// A module: one file is linted, the others are its context.
pub(super) struct Module<'b> {
    own: &'b Body,
    others: &'b [Body],
    locals: BTreeMap<&'b str, &'b Expression>,
    /// Its folder, `path.module`.
    pub(super) folder: PathBuf,
}

impl<'b> Module<'b> {
    /// A file and the others of its module, in this folder.
    pub(super) fn of(own: &'b Body, others: &'b [Body], folder: &Path) -> Self {
        let blocks = [own].into_iter().chain(others).flat_map(Body::blocks);
        let locals = blocks.filter(|block| block.has_ident("locals"));
        let locals = locals.flat_map(|block| block.body.attributes());
        let locals = locals.map(|local| (local.key.as_str(), &local.value)).collect();
        Self { own, others, locals, folder: folder.to_owned() }
    }

    /// The webhooks of the file.
    pub(super) fn own_actions(&self) -> Vec<Action<'b>> {
        actions(self.own).collect()
    }

    /// The webhooks of the other files.
    pub(super) fn other_actions(&self) -> Vec<Action<'b>> {
        self.others.iter().flat_map(actions).collect()
    }

    /// A local value.
    pub(super) fn local(&self, name: &str) -> Option<&'b Expression> {
        self.locals.get(name).copied()
    }

    /// The headers that webhooks may read, if the module says so. `None`: the project decides.
    pub(super) fn header_allowlist(&self) -> Option<Value> {
        let mut configs = self.bodies().flat_map(|body| resources(body, "ory_project_config"));
        let list =
            configs.find_map(|block| block.body.get_attribute("webhook_header_allowlist"))?;
        let names = expression::constant(&list.value, self)?;
        let is_list = names.as_array().is_some_and(|names| names.iter().all(Value::is_string));
        is_list.then_some(names)
    }

    /// Configurations of Kratos that the file has as `yamlencode(…)`, `jsonencode(…)` or as a text,
    /// for a release of the Helm chart or a `ConfigMap`.
    pub(super) fn configurations(&self, text: &str) -> Contents {
        let mut contents = Contents::default();
        self.search(self.own, String::new(), text, &mut contents);
        contents
    }

    fn search(&self, body: &Body, path: String, text: &str, contents: &mut Contents) {
        for attribute in body.attributes() {
            let Some(span) = attribute.span() else { continue };
            // Evaluating costs time; most attributes have nothing to do with this.
            let is_likely = text.get(span.clone()).is_some_and(|text| text.contains("selfservice"));
            if is_likely {
                let value = expression::partial(&attribute.value, self);
                let path = format!("{path}{}.", attribute.key.as_str());
                contents.search_value(&value, &path, Place::in_text(text, span.start));
            }
        }
        for block in body.blocks().filter(|block| !block.has_ident("variable")) {
            let labels = block.labels.iter().map(hcl_edit::structure::BlockLabel::as_str);
            let names: Vec<_> = match block.ident.as_str() {
                "resource" => labels.collect(),
                other => [other].into_iter().chain(labels).collect(),
            };
            if names.first() != Some(&ACTION) {
                self.search(&block.body, format!("{path}{}.", names.join(".")), text, contents);
            }
        }
    }

    fn bodies(&self) -> impl Iterator<Item = &'b Body> {
        [self.own].into_iter().chain(self.others)
    }
}

fn actions(body: &Body) -> impl Iterator<Item = Action<'_>> {
    resources(body, ACTION).filter_map(Action::of)
}

fn resources<'b>(body: &'b Body, kind: &str) -> impl Iterator<Item = &'b Block> {
    let is_kind = move |block: &&Block| {
        block.has_ident("resource")
            && block.labels.first().is_some_and(|label| label.as_str() == kind)
    };
    body.blocks().filter(is_kind)
}
