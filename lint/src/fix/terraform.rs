//! Changes an attribute of a resource in Terraform without writing the rest of it anew.

use hcl_edit::{
    Span as _,
    structure::{Block, BlockLabel, Body},
};
use serde_json::Value;

/// The text with this value at a path such as `ory_action.welcome.response_ignore`; `None` if there
/// is no such resource.
pub(super) fn set(text: &str, path: &str, value: &Value) -> Option<String> {
    let mut parts = path.split('.');
    let (kind, name, attribute) = (parts.next()?, parts.next()?, parts.next()?);
    let body: Body = text.parse().ok()?;
    let block = body.iter().filter_map(|structure| structure.as_block()).find(|block| {
        let labels: Vec<_> = block.labels.iter().map(BlockLabel::as_str).collect();
        block.ident.as_str() == "resource" && labels == [kind, name]
    })?;
    if let Some(set) = block.body.get_attribute(attribute) {
        let span = set.value.span()?;
        return Some(format!("{}{value}{}", &text[..span.start], &text[span.end..]));
    }
    let end = last_attribute(block)?;
    let line = text[..end].rfind('\n').map_or(0, |at| at + 1);
    let start = &text[line..];
    let indentation = &start[..start.len() - start.trim_start().len()];
    let (before, after) = text.split_at(text[end..].find('\n').map_or(text.len(), |at| end + at));
    Some(format!("{before}\n{indentation}{attribute} = {value}{after}"))
}

/// Where the last attribute of one line ends.
fn last_attribute(block: &Block) -> Option<usize> {
    let attributes = block.body.iter().filter_map(|structure| structure.as_attribute());
    let short = attributes.filter(|attribute| attribute.value.as_heredoc_template().is_none());
    short.filter_map(|attribute| Some(attribute.span()?.end)).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_is_set_or_added() {
        let text = "\
resource \"ory_action\" \"a\" {
  url  = \"https://a.example\" # of a
  body = <<-EOT
    {}
  EOT
}

resource \"ory_action\" \"b\" {
  url             = \"https://b.example\"
  response_ignore = false
}
";
        let set = |path: &str| super::set(text, path, &Value::from(true));
        assert_eq!(
            set("ory_action.a.response_ignore").unwrap(),
            text.replace("# of a\n", "# of a\n  response_ignore = true\n")
        );
        assert_eq!(set("ory_action.b.response_ignore").unwrap(), text.replace("= false", "= true"));
        assert_eq!(set("ory_action.c.response_ignore"), None);
        assert_eq!(set("ory_action"), None);
        assert_eq!(super::set("x {", "a.b.c", &Value::from(true)), None);
    }
}
