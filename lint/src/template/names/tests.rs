use jrsonnet_ir::Source;
use jrsonnet_ir_parser::{ParserSettings, parse};
use proptest::prelude::*;

use super::*;

fn names(code: &str) -> Names {
    let settings = ParserSettings { source: Source::new_virtual("template".into(), code.into()) };
    check(&parse(code, &settings).unwrap_or_else(|error| panic!("{code}: {error:?}")), code)
}

fn refused(code: &str) -> Vec<(String, u32)> {
    names(code).refused
}

#[test]
fn what_the_evaluator_refuses_is_found_at_its_place() {
    let table = [
        // Nothing binds the name.
        (
            "local i = ctx.identity; { id: i.id }",
            "Unknown variable `ctx`. Begin the template with `function(ctx)`",
            10,
        ),
        ("function(ctx) { id: identity.id }", "Unknown variable `identity`", 20),
        ("function(ctx) { id: Ctx.identity.id }", "Unknown variable `Ctx`. There is `ctx`", 20),
        ("{ a: True }", "Unknown variable `True`. Jsonnet has `true`", 5),
        ("{ a: NULL }", "Unknown variable `NULL`. Jsonnet has `null`", 5),
        ("[nil]", "Unknown variable `nil`. Jsonnet has `null`", 1),
        ("if false then never else 1", "Unknown variable `never`", 14),
        ("error why", "Unknown variable `why`", 6),
        ("assert why; 1", "Unknown variable `why`", 7),
        ("{ assert true: why }", "Unknown variable `why`", 15),
        ("function(x=y) x", "Unknown variable `y`", 11),
        ("std.map(f, [])", "Unknown variable `f`", 8),
        ("std.get(o={}, f=key)", "Unknown variable `key`", 16),
        ("{}[key]", "Unknown variable `key`", 3),
        ("'abc'[:end]", "Unknown variable `end`", 7),
        ("'%s' % who", "Unknown variable `who`", 7),
        ("{} { a: b }", "Unknown variable `b`", 8),
        ("-x", "Unknown variable `x`", 1),
        // A scope ends.
        ("[(local a = 1; a), a]", "Unknown variable `a`", 19),
        ("[function(a) a, a]", "Unknown variable `a`", 16),
        ("local f(x) = x; x", "Unknown variable `x`", 16),
        ("{ f(x): x, y: x }", "Unknown variable `x`", 14),
        ("{ local a = 1, [a]: 1 }", "Unknown variable `a`", 16),
        ("{ local a = 'b', [k + a]: 1 for k in [] }", "Unknown variable `a`", 22),
        ("[x for y in x for x in [1]]", "Unknown variable `x`", 12),
        ("[1 for x in [1] if y]", "Unknown variable `y`", 19),
        ("{ [x]: 1 for x in [] } + { a: x }", "Unknown variable `x`", 30),
        // Twice.
        ("{ a: 1, a: 2 }", "Duplicate field `a`", 8),
        ("{ a: 1, 'a': 2 }", "Duplicate field `a`", 8),
        ("{ a: 1, a+: 2 }", "Duplicate field `a`", 8),
        ("{ f: 1, f(x): 2 }", "Duplicate field `f`", 8),
        ("local a = 1, b = 2, a = 3; a", "Duplicate local variable `a`", 20),
        ("local a = 1, a(x) = x; a", "Duplicate local variable `a`", 13),
        ("{ local a = 1, local a = 2, b: a }", "Duplicate local variable `a`", 21),
        // No object is around.
        ("function(ctx) self.x", "`self` is used outside of an object", 14),
        ("[1, $]", "`$` is used outside of an object", 4),
        ("super.x", "`super` is used outside of an object", 0),
        ("'x' in super", "`super` is used outside of an object", 7),
        ("{ [self.a]: 1 }", "`self` is used outside of an object", 3),
        ("{ [k]: 1 for k in $.a }", "`$` is used outside of an object", 18),
        ("[{ a: self }, self]", "`self` is used outside of an object", 14),
        ("{ a: super }", "Expected `.` or `[` after `super`", 5),
        ("import x", "The path of an import is not a plain string", 0),
    ];
    for (code, what, at) in table {
        assert_eq!(refused(code), [(what.to_owned(), at)], "{code}");
    }
}

#[test]
fn what_the_evaluator_accepts_is_not_found() {
    let table = [
        "function(ctx) ctx.identity.id",
        "local a = b, b = a; a",
        "local f(x) = if x == 0 then 0 else f(x - 1); f(3)",
        "local a = 1; local a = 2; a",
        "local a = a; 1",
        "function(x=y, y=1) x",
        "function(a, a) a",
        "{ local b = c, local c = self.d, d: $.e, e: b }",
        "{ f(x, y=x):: x + y, g: self.f(1) }",
        "{ a: { [$.b]: self }, b: 'c' }",
        "{ assert self.a == 1, a: 1 } { a: super.a, b: 'a' in super }",
        "{ local z = k, [k]: z for k in ['a'] }",
        "[[x, y] for x in [1] for y in [x] if x == y]",
        "[x for x in [1] for x in [x]]",
        "{ [k]: self for k in ['a'] }",
        "{ a: 1, ['a' + 'b']: 2, [null]: 3 }",
        "{ a: function() self.b, b: [$ for x in []] }",
        "local std = { nope: 1 }; std.nope",
        "(import 'a')",
        "// ctx\n{ a: 'nil', nil: 1 }.nil",
    ];
    for code in table {
        let Names { refused, not_in_std } = names(code);
        assert_eq!((refused, not_in_std), (vec![], vec![]), "{code}");
    }
}

#[test]
fn field_that_std_lacks_is_found() {
    let table: [(&str, &[(&str, u32)]); 8] = [
        ("std.nope(1)", &[("nope", 4)]),
        ("std['nope']", &[("nope", 4)]),
        ("[std.isNull(std.get({}, 'a')), std.mapp]", &[("isNull", 5), ("mapp", 35)]),
        ("std.length(std.trim(' '))", &[]),
        ("std.thisFile", &[]),
        ("if std.objectHas(std, 'nope') then std.nope(1)", &[]),
        ("local s = std; s.nope", &[]),
        ("function(std) std.nope", &[]),
    ];
    for (code, expected) in table {
        let expected: Vec<_> =
            expected.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect();
        assert_eq!(names(code).not_in_std, expected, "{code}");
    }
}

/// Writes templates in which every name is bound.
struct Writer<'b> {
    choices: std::slice::Iter<'b, u8>,
    names: Vec<String>,
    objects: usize,
    next: usize,
}

impl Writer<'_> {
    fn choose(&mut self, of: usize) -> usize {
        usize::from(*self.choices.next().unwrap_or(&0)) % of
    }

    fn fresh(&mut self) -> String {
        self.next += 1;
        format!("n{}", self.next)
    }

    fn within(&mut self, names: &[&String], write: impl FnOnce(&mut Self) -> String) -> String {
        let around = self.names.len();
        self.names.extend(names.iter().copied().cloned());
        let written = write(self);
        self.names.truncate(around);
        written
    }

    fn leaf(&mut self) -> String {
        match self.choose(6) {
            0 | 1 if !self.names.is_empty() => {
                let at = self.choose(self.names.len());
                self.names[at].clone()
            }
            2 if self.objects > 0 => {
                ["self", "$", "super.x", "('x' in super)"][self.choose(4)].to_owned()
            }
            3 => "std.length('unbound')".to_owned(),
            4 => "null".to_owned(),
            _ => "1".to_owned(),
        }
    }

    fn expr(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.leaf();
        }
        let deeper = depth - 1;
        match self.choose(9) {
            0 => {
                let (a, b) = (self.fresh(), self.fresh());
                self.within(&[&a, &b], |w| {
                    let (one, other, body) = (w.expr(deeper), w.expr(deeper), w.expr(deeper));
                    format!("(local {a} = {one}, {b}() = {other}; {body})")
                })
            }
            1 => {
                let (a, b) = (self.fresh(), self.fresh());
                self.within(&[&a, &b], |w| {
                    format!("function({a}, {b}={}) {}", w.expr(deeper), w.expr(deeper))
                })
            }
            2 => {
                let outer = self.expr(deeper);
                let (local, field) = (self.fresh(), self.fresh());
                self.objects += 1;
                let object = self.within(&[&local], |w| {
                    let (one, other) = (w.expr(deeper), w.expr(deeper));
                    let method = w.within(&[&field], |w| w.expr(deeper));
                    let check = w.expr(deeper);
                    format!(
                        "{{ local {local} = {one}, {field}: {other}, m({field}): {method}, assert {check}, [{outer}]: 1 }}"
                    )
                });
                self.objects -= 1;
                object
            }
            3 => {
                let over = self.expr(deeper);
                let each = self.fresh();
                self.within(&[&each], |w| {
                    format!("[{} for {each} in {over} if {}]", w.expr(deeper), w.expr(deeper))
                })
            }
            4 => {
                let over = self.expr(deeper);
                let each = self.fresh();
                self.within(&[&each], |w| {
                    let name = w.expr(deeper);
                    w.objects += 1;
                    let value = w.expr(deeper);
                    w.objects -= 1;
                    format!("{{ [{name}]: {value} for {each} in {over} }}")
                })
            }
            5 => format!(
                "(if {} then {} else {})",
                self.expr(deeper),
                self.expr(deeper),
                self.expr(deeper)
            ),
            6 => format!("({}).unbound[{}]", self.expr(deeper), self.expr(deeper)),
            7 => format!(
                "({})({}, unbound={})",
                self.expr(deeper),
                self.expr(deeper),
                self.expr(deeper)
            ),
            _ => self.leaf(),
        }
    }
}

proptest! {
    #[test]
    fn template_in_which_every_name_is_bound_is_accepted(
        choices in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut writer = Writer { choices: choices.iter(), names: Vec::new(), objects: 0, next: 0 };
        let code = writer.expr(4);
        let Names { refused, not_in_std } = names(&code);
        prop_assert_eq!((refused, not_in_std), (vec![], vec![]), "{}", code);
    }
}
