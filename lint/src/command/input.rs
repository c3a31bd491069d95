//! Reads a file, or standard input.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// Stands for standard input.
pub(super) const STDIN: &str = "-";

/// More than any configuration has. A larger file is a mistake.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// A file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {file}: {why}")]
pub struct Unreadable {
    file: String,
    why: String,
}

/// Reads all of a file, or of standard input if the name is `-`.
pub(super) fn read(file: &Path) -> Result<String, Unreadable> {
    let text = bytes(file).map_err(|error| error.to_string()).and_then(|bytes| {
        if bytes.len() as u64 > MAX_BYTES {
            return Err("larger than 16 MiB".to_owned());
        }
        String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())
    });
    text.map_err(|why| Unreadable { file: file.display().to_string(), why })
}

fn bytes(file: &Path) -> io::Result<Vec<u8>> {
    let input: Box<dyn Read> =
        if file == Path::new(STDIN) { Box::new(io::stdin()) } else { Box::new(File::open(file)?) };
    let mut bytes = Vec::new();
    input.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
