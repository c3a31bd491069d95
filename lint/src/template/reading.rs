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
    /// Which parts of `ctx` it asks for, whether they are present.
    pub(crate) asked: Vec<Asked>,
    /// Which parts of `ctx` it looks into, or uses as an object or an array.
    pub(crate) uses: Vec<Use>,
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
    /// The places of its errors, if it has no other result; otherwise empty.
    pub(crate) only_errors: Vec<Place>,
    /// Whether, as a mapper, it always writes an object to `metadata_public`.
    pub(crate) writes_public_metadata: bool,
    /// Where it imports.
    pub(crate) imports: Vec<Place>,
    /// Where it uses an external variable or a native function.
    pub(crate) externals: Vec<External>,
    /// What the evaluator refuses before it evaluates.
    pub(crate) refused: Vec<Refused>,
    /// Fields of `std` that the evaluator does not have.
    pub(crate) not_in_std: Vec<Refused>,
    /// Whether it does too much to be walked to its end.
    pub(crate) gave_up: bool,
}

impl Reading {
    /// Whether its output is the same whatever `ctx` is, as far as it was followed.
    pub(crate) fn ignores_ctx(&self) -> bool {
        let is_closed = self.refused.is_empty() && self.imports.is_empty();
        let is_known = !self.gave_up && self.externals.is_empty() && is_closed;
        let has_ctx = self
            .parameters
            .as_ref()
            .is_none_or(|parameters| parameters.iter().any(|parameter| parameter.name == "ctx"));
        let touches = self.reads.len() + self.asked.len() + self.uses.len() + self.forwards.len();
        is_known && has_ctx && touches == 0 && self.only_errors.is_empty()
    }
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

/// A part of `ctx` of which the template asks whether it is present.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Asked {
    /// Which part.
    pub(crate) path: Path,
    /// Where the object is read that may have it.
    pub(crate) place: Place,
}

/// An external variable, or a native function.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct External {
    /// The name of the variable; `None` if it is not known, or for a function.
    pub(crate) variable: Option<String>,
    /// Its place.
    pub(crate) place: Place,
}

/// What an evaluator does not accept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Refused {
    /// What.
    pub(crate) what: String,
    /// Where.
    pub(crate) place: Place,
}

/// A part of `ctx` that must not be null where it is used: a key of it is read, or a function gets
/// it that takes only an object or an array.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Use {
    /// Which part.
    pub(crate) path: Path,
    /// Where it is used.
    pub(crate) place: Place,
    /// Whether the template handles null: it compares the part with null, or checks its type,
    /// anywhere. Also whether it is never null in this hook.
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
