//! Where in the template a fault lies.
//!
//! The pinned evaluator gives a place to explicit errors, assertions, calls and syntax errors. A
//! missing field, the most frequent fault of templates, gets none; but the error names the field
//! and the fields that were being evaluated, and the parsed source shows where those are.

use jrsonnet_evaluator::{Error, IStr, Span, error::ErrorKind};
use jrsonnet_ir::{
    Expr, FieldMember, FieldName, ObjBody, ObjMembers,
    visit::{Visitor, visit_assert_stmt, visit_bind_spec, visit_expr, visit_obj_body},
};
use jrsonnet_ir_parser::{ParserSettings, parse};

use super::{Place, Source};

/// The place of the fault, as close as possible.
pub(super) fn place(source: &Source, error: &Error) -> Option<Place> {
    let offset = match error.error() {
        ErrorKind::ImportSyntaxError { error, .. } => Some(start(&error.location)),
        ErrorKind::StaticAnalysisError(all) => {
            all.iter().find_map(|one| one.span.as_ref()).map(start)
        }
        ErrorKind::NoSuchField(name, _) => Outline::of(source)
            .and_then(|outline| nearest(&outline.uses, name, &fields_at_work(error)))
            .or_else(|| enclosing(source, error)),
        _ => enclosing(source, error),
    };
    let offset = offset.or_else(|| body(source.code()));
    offset.map(|offset| Place::at(source.code(), offset))
}

/// The innermost frame that has a place, or the innermost field under evaluation if that is closer.
fn enclosing(source: &Source, error: &Error) -> Option<usize> {
    let frames = &error.trace().0;
    let located = || frames.iter().find_map(|frame| frame.location.as_ref()).map(start);
    if frames.first().is_some_and(|frame| frame.location.is_some()) {
        return located();
    }
    let fields = fields_at_work(error);
    fields
        .first()
        .and_then(|innermost| nearest(&Outline::of(source)?.fields, innermost, &fields))
        .or_else(located)
}

/// Where the body of the template's function begins: all that is known about a fault outside any
/// field, to which the evaluator gives no place.
fn body(code: &str) -> Option<usize> {
    let parameters = code.find("function(ctx").or_else(|| code.find("function (ctx"))?;
    let end = parameters + code[parameters..].find(')')? + 1;
    let space = code[end..].len() - code[end..].trim_start().len();
    Some(end + space)
}

fn start(span: &Span) -> usize {
    span.1 as usize
}

/// The fields that were being evaluated, innermost first, from the frames' descriptions:
/// `field <name> evaluation`.
fn fields_at_work(error: &Error) -> Vec<IStr> {
    let name = |text: &str| Some(IStr::from(text.strip_prefix("field <")?.split_once('>')?.0));
    error.trace().0.iter().filter_map(|frame| name(&frame.desc)).collect()
}

/// The mention of `name` whose surrounding fields match those under evaluation best.
fn nearest(mentions: &[Mention], name: &IStr, at_work: &[IStr]) -> Option<usize> {
    let shared = |mention: &Mention| mention.within.iter().filter(|f| at_work.contains(f)).count();
    let mentions = mentions.iter().filter(|mention| mention.name == *name);
    // `max_by_key` returns the last of equals; a reader looks at the first.
    mentions.rev().max_by_key(|mention| shared(mention)).map(|mention| mention.offset)
}

/// A field's name in the source, with the names of the fields around it.
struct Mention {
    name: IStr,
    offset: usize,
    within: Vec<IStr>,
}

/// Where fields are used (`x.name`) and where they are defined (`name: …`).
#[derive(Default)]
struct Outline {
    uses: Vec<Mention>,
    fields: Vec<Mention>,
    within: Vec<IStr>,
}

impl Outline {
    fn of(source: &Source) -> Option<Self> {
        let (name, code) = (IStr::from(source.name()), IStr::from(source.code()));
        let settings = ParserSettings { source: jrsonnet_ir::Source::new_virtual(name, code) };
        let mut outline = Self::default();
        outline.visit_expr(&parse(source.code(), &settings).ok()?);
        Some(outline)
    }

    fn mention(&self, name: &IStr, span: &Span) -> Mention {
        Mention { name: name.clone(), offset: start(span), within: self.within.clone() }
    }

    fn visit_members(&mut self, members: &ObjMembers) {
        members.locals.iter().for_each(|local| visit_bind_spec(self, local));
        members.asserts.iter().for_each(|assert| visit_assert_stmt(self, assert));
        members.fields.iter().for_each(|field| self.visit_field(field));
    }

    fn visit_field(&mut self, field: &FieldMember) {
        match &field.name.value {
            FieldName::Dyn(name) => {
                self.visit_expr(name);
                self.visit_expr(&field.value);
            }
            FieldName::Fixed(name) => {
                let mention = self.mention(name, &field.name.span);
                self.fields.push(mention);
                self.within.push(name.clone());
                self.visit_expr(&field.value);
                self.within.pop();
            }
        }
    }
}

impl Visitor for Outline {
    fn visit_expr(&mut self, expression: &Expr) {
        match expression {
            Expr::Obj(ObjBody::MemberList(members)) => self.visit_members(members),
            Expr::ObjExtend(base, ObjBody::MemberList(members)) => {
                self.visit_expr(base);
                self.visit_members(members);
            }
            Expr::Obj(comprehension) => visit_obj_body(self, comprehension),
            Expr::Index { parts, .. } => {
                for part in parts {
                    if let Expr::Str(name) = &part.value {
                        let mention = self.mention(name, &part.span);
                        self.uses.push(mention);
                    }
                }
                visit_expr(self, expression);
            }
            _ => visit_expr(self, expression),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{RenderError, Template};
    use super::*;

    #[tokio::test]
    async fn position_is_that_of_the_faulty_expression() {
        let table = [
            ("function(ctx) {\n  a: ctx.x,\n  b: ctx.missing,\n}", 3, 10),
            ("function(ctx) ctx.missing", 1, 19),
            ("function(ctx) {\n a: { m: ctx.y.m },\n b: { m:\n ctx.x.m } }", 4, 8),
            ("local g(v) =\n v.missing;\nfunction(ctx) { a: g(ctx) }", 2, 4),
            ("function(ctx) {\n a: 1,\n b: ctx + 1 }", 3, 2),
            ("function(ctx) {\n a: error 'no' }", 2, 5),
            ("local a = 1;\nfunction(ctx)\n  1 / 0", 3, 3),
        ];
        for (code, line, column) in table {
            let template = Template::prepare(Source::shipped("t", code)).unwrap();
            let ctx = json!({"x": {}, "y": {"m": 1}});
            match template.render(vec![("ctx", ctx)]).await {
                Err(RenderError::Fault(fault)) => {
                    let place = fault.place().unwrap_or_else(|| panic!("{code}: no place"));
                    assert_eq!((place.line, place.column), (line, column), "{code}");
                }
                other => panic!("{code}: {other:?}"),
            }
        }
    }
}
