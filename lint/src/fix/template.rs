//! Fixes a template in its text.

use crate::Place;

/// The template with the read at a place guarded: `A.key` becomes `std.get(A, 'key', DEFAULT)`.
/// `None` where more is read below the key, since the default has nothing there, or where the text
/// is written in another way.
pub(super) fn guarded(code: &str, place: Place) -> Option<String> {
    let at = offset(code, place)?;
    let key = name_at(&code[at..]);
    let before = &code[..at];
    let object = before.strip_suffix('.')?;
    let start = object.rfind(|c: char| !is_of_chain(c)).map_or(0, |at| at + 1);
    let object = &object[start..];
    let is_chain = !object.is_empty() && !object.starts_with(|c: char| c.is_ascii_digit());
    let after = &code[at + key.len()..];
    let reads_below = after.trim_start().starts_with(['.', '[']);
    if key.is_empty() || !is_chain || reads_below {
        return None;
    }
    let read = match key {
        // It is in the flow, whatever the template took it from.
        "transient_payload" => "std.get(ctx.flow, 'transient_payload', {})".to_owned(),
        _ => format!("std.get({object}, '{key}', null)"),
    };
    Some(format!("{}{read}{after}", &code[..start]))
}

fn offset(code: &str, place: Place) -> Option<usize> {
    let lines = code.split_inclusive('\n').take(place.line - 1);
    let start: usize = lines.map(str::len).sum();
    let line = code.get(start..)?;
    let column = line.char_indices().nth(place.column - 1).map(|(at, _)| at)?;
    Some(start + column)
}

fn name_at(code: &str) -> &str {
    let end = code.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(code.len());
    &code[..end]
}

fn is_of_chain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.$".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_is_guarded_where_nothing_is_read_below_it() {
        let table = [
            (
                "function(ctx) { a: ctx.flow.return_to }",
                1,
                29,
                Some("function(ctx) { a: std.get(ctx.flow, 'return_to', null) }"),
            ),
            (
                "function(ctx)\n  ctx.transient_payload",
                2,
                7,
                Some("function(ctx)\n  std.get(ctx.flow, 'transient_payload', {})"),
            ),
            ("function(ctx) ctx.flow.active.x", 1, 24, None),
            ("function(ctx) ctx.flow['active']", 1, 23, None),
            ("function(ctx) f(ctx).active", 1, 22, None),
            ("", 3, 4, None),
        ];
        for (code, line, column, expected) in table {
            let fixed = guarded(code, Place { line, column });
            assert_eq!(fixed.as_deref(), expected, "{code}");
        }
    }
}
