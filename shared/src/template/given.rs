//! A template's input, as the evaluator sees it: an object's fields are converted to the
//! evaluator's values when they are read, and not before. A template reads a few of ctx's many.

use std::{cell::RefCell, collections::HashMap, fmt, mem, ops::ControlFlow};

use jrsonnet_evaluator::{
    EnumFields, EnumFieldsHandler, FieldVisibility, GetFor, HasFieldIncludeHidden, IStr, NumValue,
    ObjValue, ObjectCore, Result, SupThis, Val, Visibility, bail,
    ordering::{FieldIndex, SuperDepth},
};
use jrsonnet_gcmodule::Trace;
use serde_json::{Map, Value};

/// The value as the evaluator sees it.
pub(super) fn given(value: Value) -> Result<Val> {
    Ok(match value {
        Value::Null => Val::Null,
        Value::Bool(truth) => Val::Bool(truth),
        Value::Number(number) => match number.as_f64().and_then(NumValue::new) {
            Some(number) => Val::Num(number),
            None => bail!("no number of Jsonnet's"),
        },
        Value::String(text) => Val::string(text),
        Value::Array(items) => Val::arr(items.into_iter().map(given).collect::<Result<Vec<_>>>()?),
        Value::Object(fields) if fields.is_empty() => Val::Obj(ObjValue::empty()),
        Value::Object(fields) => {
            let mut object = ObjValue::builder();
            object.extend_with_core(Given::of(fields));
            Val::Obj(object.build())
        }
    })
}

/// An object's fields.
///
/// The input has no cycles, so the cycle collector need not look into it.
#[derive(Trace)]
struct Given {
    /// All fields; values that were read have been moved out.
    #[trace(skip)]
    fields: RefCell<Map<String, Value>>,
    /// The values of the fields that were read.
    #[trace(skip)]
    read: RefCell<HashMap<IStr, Val>>,
}

impl Given {
    fn of(fields: Map<String, Value>) -> Self {
        Self { fields: RefCell::new(fields), read: RefCell::default() }
    }

    fn has(&self, name: &IStr) -> bool {
        self.fields.borrow().contains_key(&**name)
    }

    fn read(&self, name: IStr) -> Result<Option<Val>> {
        if let Some(value) = self.read.borrow().get(&name) {
            return Ok(Some(value.clone()));
        }
        let Some(value) = self.fields.borrow_mut().get_mut(&*name).map(mem::take) else {
            return Ok(None);
        };
        let value = given(value)?;
        self.read.borrow_mut().insert(name, value.clone());
        Ok(Some(value))
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
        let fields = self.fields.borrow();
        fields.keys().all(|name| {
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
        Ok(self.read(key)?.map_or(GetFor::NotFound, GetFor::Final))
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
