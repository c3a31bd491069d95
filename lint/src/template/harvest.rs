//! Which values of a walked template become part of its output, and which texts it contains.

use std::collections::HashSet;

use jrsonnet_ir::{
    Expr, FieldMember, FieldName, IStr, LiteralType, ObjBody,
    visit::{Visitor, visit_expr},
};

use super::{
    Forward, MessageType, NamedText, Tag, Text,
    value::{Member, ThunkId, Value},
    walk::Walk,
};

/// A message of Ory's to a person has at least these fields.
const OF_A_MESSAGE: [&str; 3] = ["id", "text", "type"];

impl<'a> Walk<'a> {
    /// Follows the output to everything in it.
    pub(super) fn harvest(&mut self, result: &Value<'a>) {
        if let Value::Object(members) = result {
            self.what_is_no_text(members);
        }
        let mut seen = HashSet::new();
        self.take(result, &mut Vec::new(), None, &mut seen);
    }

    /// A form consists of texts only.
    fn what_is_no_text(&mut self, members: &[Member]) {
        for member in members.iter().filter(|member| !member.hidden) {
            let value = self.force(member.value);
            if let (Value::Object(_) | Value::List(_) | Value::Scalar, Some(name)) =
                (value, &member.name)
            {
                self.reading.no_texts.push(name.to_string());
            }
        }
    }

    fn take(
        &mut self,
        value: &Value<'a>,
        fields: &mut Vec<IStr>,
        named_at: Option<u32>,
        seen: &mut HashSet<ThunkId>,
    ) {
        if !self.may_go_on() {
            return;
        }
        match value {
            Value::Ctx(path, at) => {
                if self.sent.insert((path.clone(), *at)) {
                    let forward = Forward { path: path.clone(), place: self.place(*at) };
                    self.reading.forwards.push(forward);
                }
            }
            Value::Text(text) => {
                let fields = fields.iter().map(IStr::to_string).collect();
                if let Some(at) = named_at {
                    let place = self.place(at);
                    self.reading.named_texts.push(NamedText {
                        fields,
                        text: text.to_string(),
                        place,
                    });
                }
            }
            Value::Object(members) => {
                self.message(members);
                for member in members.iter().filter(|member| !member.hidden) {
                    if seen.insert(member.value) {
                        fields.push(member.name.clone().unwrap_or_else(|| "[…]".into()));
                        let value = self.force(member.value);
                        self.take(&value, fields, Some(member.at), seen);
                        fields.pop();
                    }
                }
            }
            Value::Sum(summands) => {
                for (position, summand) in summands.iter().enumerate() {
                    let after = &summands[position + 1..];
                    let overridden: Vec<_> = after.iter().flat_map(Value::overridden).collect();
                    self.take(&summand.without(&overridden), fields, named_at, seen);
                }
            }
            Value::List(values) | Value::Mix(values) => {
                for value in values.iter() {
                    self.take(value, fields, named_at, seen);
                }
            }
            Value::Scalar
            | Value::Null
            | Value::Fields(_)
            | Value::TextBut(_)
            | Value::Function(_)
            | Value::Library
            | Value::LibraryFunction(_)
            | Value::Opaque => {}
        }
    }

    fn message(&mut self, members: &[Member]) {
        let field = |name: &str| {
            members.iter().find(|member| member.name.as_deref().is_some_and(|known| known == name))
        };
        let kind = OF_A_MESSAGE.iter().all(|name| field(name).is_some()).then(|| field("type"));
        if let Some(kind) = kind.flatten() {
            let (value, place) = (kind.value, self.place(kind.at));
            let types =
                words_of(&self.force(value)).into_iter().map(|word| MessageType { word, place });
            self.reading.message_types.extend(types);
        }
    }

    fn text(&self, text: String) -> Text {
        let at = self.code.find(&text).and_then(|at| u32::try_from(at).ok()).unwrap_or_default();
        let place = self.place(at);
        Text { text, place }
    }

    /// What the template contains, used or not.
    pub(super) fn texts_and_tags(&mut self, template: &Expr) {
        let mut standing = Standing::default();
        standing.visit_expr(template);
        self.reading.texts = standing.texts.into_iter().map(|text| self.text(text)).collect();
        let tags = standing.tags.into_iter().map(|([flow, method, when], at)| Tag {
            flow,
            method,
            when,
            place: self.place(at),
        });
        self.reading.tags = tags.collect();
    }
}

/// The possible words of a value.
fn words_of(value: &Value<'_>) -> Vec<String> {
    let word = |value: &Value<'_>| match value {
        Value::Text(word) => Some(word.to_string()),
        _ => None,
    };
    match value {
        Value::Mix(values) => values.iter().filter_map(word).collect(),
        other => word(other).into_iter().collect(),
    }
}

#[derive(Default)]
struct Standing {
    texts: Vec<String>,
    tags: Vec<([String; 3], u32)>,
}

impl Visitor for Standing {
    fn visit_expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Str(text) => self.texts.push(text.to_string()),
            Expr::Obj(ObjBody::MemberList(members)) => self.tags.extend(tag(&members.fields)),
            _ => {}
        }
        visit_expr(self, expr);
    }
}

/// The three words of a tag, and the place of the first.
fn tag(fields: &[FieldMember]) -> Option<([String; 3], u32)> {
    let word = |name: &str| {
        fields.iter().find_map(|field| match (&field.name.value, &field.value) {
            (FieldName::Fixed(known), Expr::Str(word)) if &**known == name => {
                Some(word.to_string())
            }
            _ => None,
        })
    };
    // A flow with one list for all methods has none.
    let no_method = || {
        let is_null = |field: &FieldMember| {
            matches!(&field.name.value, FieldName::Fixed(known) if &**known == "method")
                && matches!(&field.value, Expr::Literal(LiteralType::Null))
        };
        fields.iter().any(is_null).then(|| "null".to_owned())
    };
    let words = [word("flow")?, word("method").or_else(no_method)?, word("when")?];
    fields.first().map(|first| (words, first.name.span.1))
}
