//! What a template does, as the rules see it.

use crate::Place;

use super::Path;

/// What a template does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    /// Its parameters; `None` if it is not a function, and ignores Kratos' ctx.
    pub(crate) parameters: Option<Vec<Parameter>>,
    /// What it reads from `ctx`.
    pub(crate) reads: Vec<Read>,
    /// Which parts of `ctx` it sends on.
    pub(crate) forwards: Vec<Forward>,
    /// Texts that it sends under a name.
    pub(crate) named_texts: Vec<NamedText>,
    /// The fields of its output that are not texts.
    pub(crate) no_texts: Vec<String>,
    /// All texts in it, used or not.
    pub(crate) texts: Vec<Text>,
    /// Tags that identify its hook.
    pub(crate) tags: Vec<Tag>,
    /// The types of Ory's messages in its output.
    pub(crate) message_types: Vec<MessageType>,
    /// Where it fails on purpose.
    pub(crate) errors: Vec<ErrorText>,
    /// Where it imports.
    pub(crate) imports: Vec<Place>,
    /// Where it uses an external variable or a native function.
    pub(crate) externals: Vec<Place>,
    /// Whether it does too much to be walked to its end.
    pub(crate) gave_up: bool,
}

/// A parameter of the template's function.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Parameter {
    /// Its name.
    pub(crate) name: String,
    /// Whether it is optional.
    pub(crate) has_default: bool,
}

/// A part of `ctx` that is read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Read {
    /// Which part.
    pub(crate) path: Path,
    /// Where it is read.
    pub(crate) place: Place,
    /// Whether the template handles its absence: with `std.get`, or by checking anywhere whether it
    /// is present.
    pub(crate) guarded: bool,
}

/// A part of `ctx` that becomes part of the output.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Forward {
    /// Which part.
    pub(crate) path: Path,
    /// Where it is read.
    pub(crate) place: Place,
}

/// A text in a template.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Text {
    /// The text.
    pub(crate) text: String,
    /// Its first place: found in the source, since the parser does not report it.
    pub(crate) place: Place,
}

/// A constant text in the output.
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
    /// Its place.
    pub(crate) place: Place,
}

/// The type of a message that Ory shows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct MessageType {
    /// The word.
    pub(crate) word: String,
    /// Its place.
    pub(crate) place: Place,
}

/// The text of an `error` or an assertion.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ErrorText {
    /// What is known about it.
    pub(crate) text: Certainty,
    /// Whether it is from an assertion.
    pub(crate) is_assertion: bool,
    /// Its place.
    pub(crate) place: Place,
}

/// What is known about a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Certainty {
    /// All of it.
    Whole(String),
    /// How it begins.
    Begins(String),
    /// Nothing, and it may depend on a part of `ctx`.
    FromCtx(Path),
    /// Nothing.
    Unknown,
}
