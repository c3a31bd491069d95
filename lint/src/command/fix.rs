//! Shows what can be fixed, and writes it.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

use similar::TextDiff;

use super::{Failure, Verdict, input::STDIN};
use crate::{Change, Fixed, Options, Policy, fix};

/// The lines that a difference shows around a change.
const CONTEXT_LINES: usize = 3;

/// What can be fixed in these files.
pub(super) fn fixed(
    texts: &[(PathBuf, String)],
    options: &Options<'_>,
    policy: &Policy,
) -> Result<Vec<Fixed>, Failure> {
    let fixes = texts.iter().map(|(file, text)| {
        let name = || file.display().to_string();
        fix(file, text, options, policy).map_err(|error| Failure::NotLinted { file: name(), error })
    });
    fixes.collect()
}

/// Prints the changes. There are some: the check has failed.
pub(super) fn show(fixed: &[Fixed]) -> Result<Verdict, Failure> {
    let differences: String = fixed.iter().map(differences).collect();
    let mut output = anstream::stdout();
    write!(output, "{differences}")?;
    output.flush()?;
    tell_notes(fixed);
    let is_fine = fixed.iter().all(|fixed| fixed.fixes.is_empty());
    Ok(if is_fine { Verdict::Passed } else { Verdict::Failed })
}

/// Shows the changes, asks unless told not to, and writes them. Gives the texts as they are then.
pub(super) fn write(
    mut texts: Vec<(PathBuf, String)>,
    fixed: Vec<Fixed>,
    is_agreed: bool,
) -> Result<Vec<(PathBuf, String)>, Failure> {
    if fixed.iter().all(|fixed| fixed.fixes.is_empty()) {
        note("Nothing can be fixed without a decision.");
        return Ok(texts);
    }
    for fixed in &fixed {
        note(&differences(fixed));
    }
    tell_notes(&fixed);
    let files = || fixed.iter().flat_map(|fixed| fixed.files.keys());
    let changes_a_file = files().any(|file| file != Path::new(STDIN));
    if changes_a_file && !is_agreed && !agrees()? {
        note("Nothing was changed.");
        return Ok(texts);
    }
    for (file, change) in fixed.into_iter().flat_map(|fixed| fixed.files) {
        write_file(&file, &change.new)?;
        let read = texts.iter_mut().filter(|(read, _)| *read == file);
        read.for_each(|(_, text)| text.clone_from(&change.new));
    }
    Ok(texts)
}

/// Whether standard input is among the files.
pub(super) fn is_piped(texts: &[(PathBuf, String)]) -> bool {
    texts.iter().any(|(file, _)| file == Path::new(STDIN))
}

/// Prints the text of standard input as it is then.
pub(super) fn print_piped(texts: &[(PathBuf, String)]) -> Result<(), Failure> {
    let mut output = anstream::stdout();
    for (_, text) in texts.iter().filter(|(file, _)| file == Path::new(STDIN)) {
        write!(output, "{text}")?;
    }
    Ok(output.flush()?)
}

fn write_file(file: &Path, text: &str) -> Result<(), Failure> {
    if file == Path::new(STDIN) {
        return Ok(()); // It is printed when all is done.
    }
    let unwritable = |error| Failure::Unwritable { file: file.display().to_string(), error };
    fs::write(file, text).map_err(unwritable)
}

/// The changed templates as people read them, then the changed files.
fn differences(fixed: &Fixed) -> String {
    let templates = fixed.templates.iter().map(|(path, change)| {
        let name = format!("{path} (decoded)");
        difference(&name, change)
    });
    let files = fixed.files.iter().map(|(file, change)| {
        let name = file.display().to_string();
        difference(&name, change)
    });
    templates.chain(files).collect()
}

fn difference(name: &str, change: &Change) -> String {
    TextDiff::from_lines(&change.old, &change.new)
        .unified_diff()
        .context_radius(CONTEXT_LINES)
        .header(&format!("a/{name}"), &format!("b/{name}"))
        .to_string()
}

/// Prints what to know about the changes, beside the difference and not in it: a program may read
/// that.
fn tell_notes(fixed: &[Fixed]) {
    let notes: BTreeSet<_> = fixed.iter().flat_map(|fixed| &fixed.notes).collect();
    for text in notes {
        note(&format!("note: {text}"));
    }
}

/// Whether the person at the terminal agrees. Anything but `y` and `yes` is a no.
fn agrees() -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::NoTerminal);
    }
    write!(io::stderr(), "Go on? [y/N] ")?;
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Prints what is no result. A failure is ignored, since there is nowhere left to report it.
fn note(text: &str) {
    writeln!(anstream::stderr(), "{}", text.trim_end()).ok();
}
