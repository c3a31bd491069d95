//! Reads a file, or standard input.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use crate::exit::InvalidInput;

/// Stands for standard input.
const STDIN: &str = "-";

/// More than any file that a command reads. A larger file is a mistake.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Reads all of a file, or of standard input if the name is `-`.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, InvalidInput> {
    bytes(file).map_err(|why| unreadable(file, &why))
}

/// Reads a text file.
pub(crate) fn read_text(file: &Path) -> Result<String, InvalidInput> {
    String::from_utf8(read(file)?).map_err(|_| unreadable(file, "not UTF-8"))
}

fn bytes(file: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: io::Error| error.to_string();
    let input: Box<dyn Read> = if file == Path::new(STDIN) {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(file).map_err(failed)?)
    };
    let mut bytes = Vec::new();
    input.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err("larger than 16 MiB".to_owned());
    }
    Ok(bytes)
}

fn unreadable(file: &Path, why: &str) -> InvalidInput {
    InvalidInput::new(format!("cannot read {}: {why}", file.display()))
}
