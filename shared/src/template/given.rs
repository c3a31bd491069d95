//! A template's input, as the evaluator sees it: an object's fields are converted to the
//! evaluator's values when they are read, and not before. A template reads a few of ctx's many.

use std::{fmt, ops::ControlFlow, sync::Arc};

use jrsonnet_evaluator::{
    EnumFields, EnumFieldsHandler, FieldVisibility, GetFor, HasFieldIncludeHidden, IStr, NumValue,
    ObjValue, ObjectCore, Result, SupThis, Val, Visibility, bail,
    ordering::{FieldIndex, SuperDepth},
};
use jrsonnet_gcmodule::Trace;
use serde_json::{Map, Value};
use yoke::Yoke;

use super::Input;

/// A part of a value, which holds the whole.
type Part = Yoke<&'static Value, Arc<Value>>;

/// The input as the evaluator sees it.
pub(super) fn given(input: &Input) -> Result<Val> {
    let whole = |value: &Arc<Value>| Part::attach_to_cart(value.clone(), |value| value);
    let Some(fields) = &input.fields else { return part(&whole(&input.value)) };
    let mut object = ObjValue::builder();
    object.extend_with_core(Given(whole(&input.value)));
    object.extend_with_core(Given(whole(fields)));
    Ok(Val::Obj(object.build()))
}

fn part(part: &Part) -> Result<Val> {
    Ok(match *part.get() {
        Value::Null => Val::Null,
        Value::Bool(truth) => Val::Bool(*truth),
        Value::Number(number) => match number.as_f64().and_then(NumValue::new) {
            Some(number) => Val::Num(number),
            None => bail!("no number of Jsonnet's"),
        },
        Value::String(text) => Val::string(text.as_str()),
        Value::Array(items) => {
            let items = (0..items.len()).map(|index| item(part, index));
            Val::arr(items.collect::<Result<Vec<_>>>()?)
        }
        Value::Object(fields) if fields.is_empty() => Val::Obj(ObjValue::empty()),
        Value::Object(_) => {
            let mut object = ObjValue::builder();
            object.extend_with_core(Given(part.clone()));
            Val::Obj(object.build())
        }
    })
}

fn item(list: &Part, index: usize) -> Result<Val> {
    part(&list.map_project_cloned(move |list, _| list.get(index).unwrap_or(&Value::Null)))
}

/// An object.
///
/// The input has no cycles, so the cycle collector need not look into it.
#[derive(Trace)]
struct Given(#[trace(skip)] Part);

impl Given {
    fn fields(&self) -> Option<&Map<String, Value>> {
        self.0.get().as_object()
    }

    fn has(&self, name: &str) -> bool {
        self.fields().is_some_and(|fields| fields.contains_key(name))
    }

    fn read(&self, name: &str) -> Result<Option<Val>> {
        if !self.has(name) {
            return Ok(None);
        }
        let field = self.0.map_project_cloned(|object, _| object.get(name).unwrap_or(&Value::Null));
        part(&field).map(Some)
    }
}

impl fmt::Debug for Given {
    /// A person's data is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given")
    }
}

impl ObjectCore for Given {
    fn enum_fields_core(
        &self,
        super_depth: &mut SuperDepth,
        handler: &mut EnumFieldsHandler<'_>,
    ) -> bool {
        self.fields().into_iter().flat_map(Map::keys).all(|name| {
            let normal = EnumFields::Normal(Visibility::Normal);
            handler(*super_depth, FieldIndex::default(), name.as_str().into(), normal)
                == ControlFlow::Continue(())
        })
    }

    fn has_field_include_hidden_core(&self, name: IStr) -> HasFieldIncludeHidden {
        if self.has(&name) {
            HasFieldIncludeHidden::Exists
        } else {
            HasFieldIncludeHidden::NotFound
        }
    }

    fn get_for_core(&self, key: IStr, _sup_this: SupThis, omit_only: bool) -> Result<GetFor> {
        if omit_only {
            return Ok(GetFor::NotFound);
        }
        Ok(self.read(&key)?.map_or(GetFor::NotFound, GetFor::Final))
    }

    fn field_visibility_core(&self, field: IStr) -> FieldVisibility {
        if self.has(&field) {
            FieldVisibility::Found(Visibility::Normal)
        } else {
            FieldVisibility::NotFound
        }
    }

    fn run_assertions_core(&self, _sup_this: SupThis) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::template::{Rendering, Source, Template};

    /// What a template can do with an object: with the one that it is given, and with the one that
    /// the evaluator itself has read from a text.
    const USES: &str = "
        local names = ['a', 'b', 'c', 'd', ''];
        local uses(o) = {
          json: std.manifestJson(o),
          text: '' + o,
          fields: std.objectFields(o),
          hidden: std.objectFieldsAll(o),
          values: std.objectValues(o),
          length: std.length(o),
          has: [[name in o, std.objectHas(o, name)] for name in names],
          read: [std.get(o, name, 'none') for name in names],
          twice: [if name in o then o[name] == o[name] for name in names],
          under: { a: 'under', z: 'under' } + o,
          over: o { a: 'over', z: self.a },
          added: o { a: [if 'a' in super then super.a] },
          hides: o { b:: 1 } == o,
          unhides: { a:: 1 } + o,
          names: (o { own: std.objectFields(self) }).own,
          same: o == o,
          mapped: std.mapWithKey(function(name, value) [name, value], o),
          pruned: std.prune(o),
          patched: std.mergePatch(o, { a: null, b: { c: 1 } }),
          lists: [if std.isArray(o[name]) then o[name] + [1] for name in std.objectFields(o)],
          copy: { [name]: o[name] for name in std.objectFields(o) },
        };
        function(ctx, text)
          local own = std.parseJson(text);
          { given: uses(ctx), own: uses(own), equal: ctx == own && own == ctx }";

    fn object() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            (-1e9..1e9).prop_map(Value::from),
            "[a-z\"\\\\é😀]{0,4}".prop_map(Value::from),
        ];
        let value = leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from), of(inner)]
        });
        of(value)
    }

    fn of(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
        let fields = prop::collection::btree_map("[a-e]?", values, 0..5);
        fields.prop_map(|fields| Value::Object(fields.into_iter().collect()))
    }

    fn used(input: Input) -> Value {
        let template = Template::begin(Rendering::InPlace, Source::shipped("uses.jsonnet", USES));
        let text = input.clone().into_value().to_string();
        let rendered = template.render(vec![("ctx", input), ("text", Value::from(text).into())]);
        rendered.now_or_never().unwrap().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn given_object_is_like_one_that_the_evaluator_has_read(
            value in object(),
            fields in prop::option::of(object()),
        ) {
            let input = Input::from(value);
            let input = match fields {
                Some(Value::Object(fields)) => input.with_fields(fields),
                _ => input,
            };
            let used = used(input);
            prop_assert_eq!(&used["given"], &used["own"]);
            prop_assert_eq!(&used["equal"], &json!(true));
        }
    }

    #[test]
    fn shared_value_is_neither_changed_nor_kept() {
        let value = Arc::new(json!({"a": {"b": [1, {"c": 2}]}, "d": "text"}));
        let input = Input::from(value.clone()).with_fields(Map::new());
        let expected = Value::clone(&value);
        assert_eq!(used(input)["given"]["copy"], expected);
        assert_eq!((&*value, Arc::strong_count(&value)), (&expected, 1));
    }
}
