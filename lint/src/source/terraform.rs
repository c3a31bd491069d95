//! Places in Terraform resources: `TYPE.NAME.ATTRIBUTE`.

use std::collections::BTreeMap;

use super::{Key, Locate};
use crate::Place;

/// The resources and their attributes, by their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes {
    text: String,
    offsets: BTreeMap<Vec<String>, usize>,
}

impl Attributes {
    /// Those of a file with this text.
    pub(crate) fn of(text: &str) -> Self {
        Self { text: text.to_owned(), offsets: BTreeMap::new() }
    }

    /// Adds a resource or an attribute that begins at this byte.
    pub(crate) fn add(&mut self, names: Vec<&str>, offset: usize) {
        self.offsets.insert(names.into_iter().map(str::to_owned).collect(), offset);
    }
}

impl Locate for Attributes {
    fn place(&self, keys: &[Key]) -> Option<Place> {
        let names = keys.iter().map(|key| match key {
            Key::Name(name) => Some(name.clone()),
            Key::Index(_) => None,
        });
        let offset = self.offsets.get(&names.collect::<Option<Vec<_>>>()?)?;
        Some(Place::in_text(&self.text, *offset))
    }
}
