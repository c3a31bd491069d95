//! The zip of a Lambda layer: Lambda unpacks it below `/opt`.

use std::io::{Cursor, Write};

use zip::{CompressionMethod, DateTime, ZipWriter, result::ZipError, write::SimpleFileOptions};

/// Readable for the user that Lambda runs a function as.
const PERMISSIONS: u32 = 0o644;

/// The zip of these files, by name and text. The same files give the same bytes.
///
/// # Errors
/// Two files have one name.
pub(super) fn zipped<'f>(
    files: impl Iterator<Item = (&'f str, &'f str)>,
) -> Result<Vec<u8>, ZipError> {
    let mut sorted: Vec<_> = files.collect();
    sorted.sort_unstable();
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(PERMISSIONS);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in sorted {
        zip.start_file(name, options)?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use zip::ZipArchive;

    use super::*;

    const FILES: [(&str, &str); 2] = [("b.jsonnet", "function(ctx) 1"), ("a.jsonnet", "{}")];

    #[test]
    fn zip_has_the_files_readable_at_its_root() {
        let bytes = zipped(FILES.into_iter()).unwrap();
        let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
        assert_eq!(archive.len(), 2);
        for (name, text) in FILES {
            let mut file = archive.by_name(name).unwrap();
            let mut read = String::new();
            file.read_to_string(&mut read).unwrap();
            assert_eq!(read, text);
            assert_eq!(file.unix_mode().unwrap() & 0o777, PERMISSIONS);
        }
    }

    #[test]
    fn same_files_give_the_same_bytes_in_any_order() {
        let [one, other] = FILES;
        let zip = |files: [_; 2]| zipped(files.into_iter()).unwrap();
        assert_eq!(zip([one, other]), zip([other, one]));
    }

    #[test]
    fn two_files_of_one_name_are_refused() {
        assert!(zipped([FILES[0], FILES[0]].into_iter()).is_err());
    }
}
