//! Writes Terraform's language, in the style of `terraform fmt`.
//!
//! Source: the HCL native syntax specification, `hclsyntax/spec.md` in hashicorp/hcl.

/// One level.
const INDENT: &str = "  ";

/// The lines of a block, or of a part of it.
pub(super) fn indented(lines: &str) -> String {
    let line = |line: &str| if line.is_empty() { String::new() } else { format!("{INDENT}{line}") };
    lines.lines().fold(String::new(), |done, text| done + &line(text) + "\n")
}

/// A block with this head.
pub(super) fn block(head: &str, lines: &str) -> String {
    format!("{head} {{\n{}}}\n", indented(lines))
}

/// Consecutive attributes, with their `=` aligned.
pub(super) fn attributes(all: &[(&str, String)]) -> String {
    let width = all.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let lines: Vec<_> =
        all.iter().map(|(name, value)| format!("{name:width$} = {value}\n")).collect();
    lines.concat()
}

/// A quoted string. Neither `${` nor `%{` in it begins an expression.
pub(super) fn quoted(text: &str) -> String {
    let mut escaped = String::new();
    for one in text.chars() {
        match one {
            '"' | '\\' => escaped.extend(['\\', one]),
            '\n' => escaped += "\\n",
            '\r' => escaped += "\\r",
            '\t' => escaped += "\\t",
            one if one.is_control() => escaped.extend(["\\u", &format!("{:04X}", u32::from(one))]),
            one => escaped.push(one),
        }
    }
    format!("\"{}\"", without_expressions(&escaped))
}

/// Lines as a here-document that may be indented, which Terraform reads back byte for byte: of the
/// indentation it removes what the least indented line has. So one line has to begin without any, as a
/// Jsonnet template does, and the last one has to end with a line break.
pub(super) fn here_document(delimiter: &str, lines: &str) -> String {
    format!("<<-{delimiter}\n{}{delimiter}", without_expressions(lines))
}

/// The only two escapes that a here-document has.
fn without_expressions(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}
