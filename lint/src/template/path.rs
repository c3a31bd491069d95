//! Paths in `ctx`.

use std::fmt;

/// One step into a value.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Step {
    /// A key of an object.
    Key(String),
    /// Some element of an array, or a key that is computed.
    Some,
    /// Any key but these.
    But(Vec<String>),
}

/// A path from `ctx`; the empty one is `ctx` itself.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) struct Path(Vec<Step>);

impl Path {
    /// The path extended by one step.
    #[must_use]
    pub(crate) fn then(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }

    /// The steps from `ctx`.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether it consists of exactly these keys.
    pub(crate) fn is(&self, keys: &[&str]) -> bool {
        self.0.len() == keys.len() && self.is_within(keys)
    }

    /// Whether it is everything below these keys, this key among it.
    pub(crate) fn is_all_of(&self, keys: &[&str], key: &str) -> bool {
        self.is_within(keys)
            && match &self.0[keys.len()..] {
                [Step::Some] => true,
                [Step::But(names)] => names.iter().all(|name| name != key),
                _ => false,
            }
    }

    /// Whether it starts with these keys.
    pub(crate) fn is_within(&self, keys: &[&str]) -> bool {
        let holds = |(step, key): (&Step, &&str)| matches!(step, Step::Key(name) if name == key);
        self.0.len() >= keys.len() && self.0.iter().zip(keys).all(holds)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ctx")?;
        self.0.iter().try_for_each(|step| match step {
            Step::Key(name) => write!(f, ".{name}"),
            Step::Some | Step::But(_) => f.write_str("[…]"),
        })
    }
}
