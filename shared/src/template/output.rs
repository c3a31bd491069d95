//! A template's output, as JSON: the value that its text would be read as.

use jrsonnet_evaluator::{
    NumValue, ObjValue, Result, ResultExt, Val, bail, ensure_sufficient_stack,
    in_description_frame, val::ArrValue,
};
use serde_json::{Map, Number, Value};

/// The most levels of lists and objects, which is what the JSON parser reads.
const MAX_DEPTH: usize = 127;

/// The output, with the evaluator's errors where a field cannot be evaluated; `None` if it nests too
/// deep.
pub(super) fn json(output: &Val) -> Result<Option<Value>> {
    let mut nesting = Nesting { levels: 0, deepest: 0 };
    let value = nesting.value(output)?;
    Ok((nesting.deepest <= MAX_DEPTH).then_some(value))
}

struct Nesting {
    levels: usize,
    deepest: usize,
}

impl Nesting {
    fn value(&mut self, value: &Val) -> Result<Value> {
        Ok(match value {
            Val::Null => Value::Null,
            Val::Bool(truth) => Value::Bool(*truth),
            Val::Num(number) => Value::Number(json_number(*number)?),
            Val::Str(text) => {
                let mut whole = String::with_capacity(text.len());
                text.chunks(&mut |chunk| whole.push_str(chunk));
                Value::String(whole)
            }
            Val::Arr(items) => self.deeper(|it| it.list(items))?,
            Val::Obj(object) => self.deeper(|it| it.object(object))?,
            Val::Func(_) => bail!("tried to manifest function"),
        })
    }

    fn deeper(&mut self, inner: impl FnOnce(&mut Self) -> Result<Value>) -> Result<Value> {
        self.levels += 1;
        self.deepest = self.deepest.max(self.levels);
        let value = ensure_sufficient_stack(|| inner(self));
        self.levels -= 1;
        value
    }

    fn list(&mut self, items: &ArrValue) -> Result<Value> {
        let mut list = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let item = item.with_description(|| format!("elem <{index}> evaluation"))?;
            list.push(in_description_frame(
                || format!("elem <{index}> manifestification"),
                || self.value(&item),
            )?);
        }
        Ok(Value::Array(list))
    }

    fn object(&mut self, object: &ObjValue) -> Result<Value> {
        object.run_assertions()?;
        let mut fields = Map::new();
        for (name, value) in object.iter() {
            // `locate` reads these descriptions.
            let value = value.with_description(|| format!("field <{name}> evaluation"))?;
            let value = in_description_frame(
                || format!("field <{name}> manifestification"),
                || self.value(&value),
            )?;
            fields.insert(name.to_string(), value);
        }
        Ok(Value::Object(fields))
    }
}

/// An integer stays one. Others, and those that a double may hold inexactly, go through their text.
fn json_number(number: NumValue) -> Result<Number> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let double = number.get();
    let is_whole = double.fract() == 0.0 && double.abs() <= EXACT;
    if is_whole && !(double == 0.0 && double.is_sign_negative()) {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and within the range")]
        return Ok(Number::from(double as i64));
    }
    match number.to_string().parse() {
        Ok(number) => Ok(number),
        Err(_) => bail!("no number of JSON's"),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use jrsonnet_evaluator::manifest::JsonFormat;
    use proptest::prelude::*;

    use super::*;
    use crate::template::{RenderError, Rendering, Source, Template};

    fn rendered(code: &str) -> std::result::Result<Value, RenderError> {
        let template = Template::begin(Rendering::InPlace, Source::shipped("t", code));
        template.render(vec![("ctx", Value::Null)]).now_or_never().unwrap()
    }

    fn is_like_its_text(number: f64) {
        let value = Val::Num(NumValue::new(number).unwrap());
        let text = value.manifest(JsonFormat::minify()).unwrap();
        let read: Value = serde_json::from_str(&text).unwrap();
        let ours = json(&value).unwrap().unwrap();
        // Also the sign of zero, and whether it is an integer.
        assert_eq!((&ours, ours.to_string()), (&read, read.to_string()), "{text}");
    }

    #[test]
    fn number_at_a_limit_is_what_its_text_is_read_as() {
        let limits = [9_007_199_254_740_991.0, 9_223_372_036_854_775_808.0, 1.9e19, 1e300, 5e-324];
        for limit in limits.into_iter().chain([0.0, 0.1, 1.0, 1.5]) {
            for number in [limit, limit + 1.0, limit - 1.0, limit * 2.0] {
                is_like_its_text(number);
                is_like_its_text(-number);
            }
        }
    }

    proptest! {
        #[test]
        fn number_is_what_its_text_is_read_as(number in any::<f64>(), whole in any::<i64>()) {
            is_like_its_text(number);
            #[expect(clippy::cast_precision_loss, reason = "any number will do")]
            is_like_its_text(whole as f64);
        }
    }

    #[test]
    fn output_nests_as_deep_as_the_parser_reads() {
        let nested = |levels: usize, innermost: &str| {
            format!("local f(n) = if n == 0 then {innermost} else [f(n - 1)]; f({levels})")
        };
        assert!(rendered(&nested(MAX_DEPTH, "1")).is_ok());
        let text = format!("{}1{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert!(serde_json::from_str::<Value>(&text).is_ok());
        assert!(serde_json::from_str::<Value>(&format!("[{text}]")).is_err());
        let kind = |code: &str| match rendered(code) {
            Err(RenderError::Fault(fault)) => fault.kind(),
            other => panic!("{other:?}"),
        };
        assert_eq!(kind(&nested(MAX_DEPTH + 1, "1")), "its output is no JSON");
        assert_eq!(kind(&nested(MAX_DEPTH + 1, "error 'x'")), "explicit error");
        assert_eq!(kind("local f(n) = [f(n + 1)]; f(0)"), "stack overflow");
    }
}
