//! Where the parts of a configuration are in its file.

mod key;
mod terraform;
mod toml;
mod yaml;

pub(crate) use key::{Key, keys};
pub(crate) use terraform::Attributes;

use std::rc::Rc;

use crate::Place;

/// Finds the parts of a file by their keys.
pub(crate) trait Locate {
    /// Where a part begins; `None` if there is no such part.
    fn place(&self, keys: &[Key]) -> Option<Place>;

    /// Where the text of a part begins, if each of its lines is a line of the file.
    fn text(&self, _keys: &[Key]) -> Option<Place> {
        None
    }
}

/// The places in a file, or in a part of one that was parsed on its own.
#[derive(Clone)]
pub(crate) struct Places {
    locate: Option<Rc<dyn Locate>>,
    /// What the paths of this part begin with.
    prefix: String,
    start: Start,
}

/// Where a part begins in its file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Start {
    /// At this place, and each of its lines is one of the file, indented by as much.
    At(Place),
    /// Its lines are not those of the file: all of it is at this place.
    Whole(Option<Place>),
}

impl Start {
    /// The beginning of the file.
    pub(crate) const FILE: Self = Self::At(Place { line: 1, column: 1 });

    /// The place in the file of a place in this part.
    pub(crate) fn of(self, place: Place) -> Option<Place> {
        match self {
            Self::Whole(place) => place,
            Self::At(start) => Some(Place {
                line: start.line + place.line - 1,
                column: start.column + place.column - 1,
            }),
        }
    }
}

impl Places {
    /// Those of a file in YAML or JSON. A file that the second parser cannot read has none: its
    /// findings are still right, they only name no line.
    pub(crate) fn of_yaml(text: &str) -> Self {
        Self::with(yaml::Yaml::new(text))
    }

    /// Those of a file in TOML.
    pub(crate) fn of_toml(text: &str) -> Self {
        Self::with(toml::Toml::new(text))
    }

    /// Those of Terraform resources.
    pub(crate) fn of_terraform(attributes: Attributes) -> Self {
        Self::with(Some(attributes))
    }

    fn with(locate: Option<impl Locate + 'static>) -> Self {
        let locate = locate.map(|locate| Rc::new(locate) as Rc<dyn Locate>);
        Self { locate, prefix: String::new(), start: Start::FILE }
    }

    /// The same for a part of a file, whose paths begin with this.
    pub(crate) fn within(self, prefix: &str, start: Start) -> Self {
        // A position follows without a dot.
        Self { prefix: prefix.trim_end_matches('.').to_owned(), start, ..self }
    }

    /// Where a part begins, or the smallest part around it that is in the file.
    pub(crate) fn of(&self, path: &str) -> Option<Place> {
        let keys = self.keys(path)?;
        let locate = self.locate.as_deref();
        let depths = (1..=keys.len()).rev();
        let place = locate
            .and_then(|locate| depths.into_iter().find_map(|depth| locate.place(&keys[..depth])));
        match (place, self.start) {
            (Some(place), start) => start.of(place),
            (None, Start::Whole(place)) => place,
            (None, Start::At(_)) => None,
        }
    }

    /// Whether the file has this part.
    pub(crate) fn has(&self, path: &str) -> bool {
        let locate = self.locate.as_deref();
        let place = locate.zip(self.keys(path)).and_then(|(locate, keys)| locate.place(&keys));
        place.is_some()
    }

    /// The lines on which a part and the parts around it begin, the innermost first.
    pub(crate) fn lines(&self, path: &str) -> Vec<usize> {
        let (Some(locate), Some(keys)) = (self.locate.as_deref(), self.keys(path)) else {
            return Vec::new();
        };
        let around = (1..=keys.len()).rev();
        let places = around.filter_map(|depth| locate.place(&keys[..depth]));
        places.filter_map(|place| Some(self.start.of(place)?.line)).collect()
    }

    /// Where the text at these keys begins.
    pub(crate) fn start_of(&self, keys: &[Key]) -> Start {
        let Some(locate) = self.locate.as_deref() else { return Start::Whole(None) };
        match locate.text(keys).and_then(|place| self.start.of(place)) {
            Some(place) if matches!(self.start, Start::At(_)) => Start::At(place),
            _ => Start::Whole(locate.place(keys).and_then(|place| self.start.of(place))),
        }
    }

    /// The keys of a path of this part; `None` if it is elsewhere.
    fn keys(&self, path: &str) -> Option<Vec<Key>> {
        path.strip_prefix(&self.prefix).map(keys)
    }
}
