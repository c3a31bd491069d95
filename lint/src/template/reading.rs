//! What a template does, as the rules look at it.

use crate::Place;

use super::Path;

/// What a template does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    /// Its parameters; `None` where it is no function, and Kratos' ctx goes nowhere.
    pub(crate) parameters: Option<Vec<Parameter>>,
    /// What it reads of `ctx`.
    pub(crate) reads: Vec<Read>,
    /// What of `ctx` it sends on.
    pub(crate) forwards: Vec<Forward>,
    /// Texts that it sends under a name.
    pub(crate) named_texts: Vec<NamedText>,
    /// The fields of its result that are no text.
    pub(crate) no_texts: Vec<String>,
    /// All texts that stand in it, used or not.
    pub(crate) texts: Vec<Text>,
    /// Tags that tell which hook it is for.
    pub(crate) tags: Vec<Tag>,
    /// The types of Ory's messages in its result.
    pub(crate) message_types: Vec<MessageType>,
    /// Where it fails on purpose.
    pub(crate) errors: Vec<ErrorText>,
    /// Where it imports.
    pub(crate) imports: Vec<Place>,
    /// Where it asks for an external variable or a native function.
    pub(crate) externals: Vec<Place>,
    /// Whether it does too much to be followed to its end.
    pub(crate) gave_up: bool,
}

/// A parameter of the template's function.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Parameter {
    /// Its name.
    pub(crate) name: String,
    /// Whether it may be left out.
    pub(crate) has_default: bool,
}

/// A part of `ctx` that is read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Read {
    /// Which part.
    pub(crate) path: Path,
    /// Where it is read.
    pub(crate) place: Place,
    /// Whether the template is prepared for its absence: by `std.get`, or by asking anywhere
    /// whether it is there.
    pub(crate) guarded: bool,
}

/// A part of `ctx` that becomes part of the result.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Forward {
    /// Which part.
    pub(crate) path: Path,
    /// Where it is read.
    pub(crate) place: Place,
}

/// A text that stands in a template.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Text {
    /// The text.
    pub(crate) text: String,
    /// Where it stands first: the parser does not tell, the template's source does.
    pub(crate) place: Place,
}

/// A constant text in the result.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct NamedText {
    /// The fields that lead to it.
    pub(crate) fields: Vec<String>,
    /// The text.
    pub(crate) text: String,
    /// Where the last of the fields is.
    pub(crate) place: Place,
}

/// The words of a `{ flow: …, method: …, when: … }`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Tag {
    /// The flow.
    pub(crate) flow: String,
    /// The method.
    pub(crate) method: String,
    /// Before or after the identity is saved.
    pub(crate) when: String,
    /// Where it stands.
    pub(crate) place: Place,
}

/// The type of a message that Ory is to show.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct MessageType {
    /// The word.
    pub(crate) word: String,
    /// Where it stands.
    pub(crate) place: Place,
}

/// The text of an `error` or an assertion.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ErrorText {
    /// What is known of it.
    pub(crate) text: Certainty,
    /// Whether an assertion says it.
    pub(crate) is_assertion: bool,
    /// Where it stands.
    pub(crate) place: Place,
}

/// What is known of a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Certainty {
    /// All of it.
    Whole(String),
    /// How it begins.
    Begins(String),
    /// Nothing, and a part of `ctx` may decide it.
    FromCtx(Path),
    /// Nothing.
    Unknown,
}
