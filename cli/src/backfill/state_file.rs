//! The file with the state of a run.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::state::{State, VERSION};

/// The state cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(super) enum StateFileError {
    #[error("cannot read {0}")]
    Unreadable(PathBuf, #[source] io::Error),
    #[error("{0} is not the state of a run")]
    Foreign(PathBuf),
    #[error("{0} is of version {1}, and this program reads version {VERSION}")]
    Version(PathBuf, u64),
    #[error("cannot write {0}")]
    Unwritable(PathBuf, #[source] io::Error),
}

/// A file that holds one state at all times: the one before, or the new one.
pub(super) struct StateFile {
    path: PathBuf,
}

impl StateFile {
    /// The file at `path`, or the usual one of a function in the working directory.
    pub(super) fn of(path: Option<PathBuf>, function: &str) -> Self {
        let usual = || PathBuf::from(format!("ory-actions-backfill-{function}.json"));
        Self { path: path.unwrap_or_else(usual) }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The state that it holds; `None` if there is no file.
    pub(super) fn read(&self) -> Result<Option<State>, StateFileError> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StateFileError::Unreadable(self.path.clone(), error)),
        };
        let foreign = || StateFileError::Foreign(self.path.clone());
        let value: Value = serde_json::from_slice(&text).map_err(|_| foreign())?;
        match value["version"].as_u64() {
            Some(version) if version == u64::from(VERSION) => {
                serde_json::from_value(value).map(Some).map_err(|_| foreign())
            }
            Some(other) => Err(StateFileError::Version(self.path.clone(), other)),
            None => Err(foreign()),
        }
    }

    /// Replaces the state, at once: a process that is killed leaves one of the two.
    pub(super) fn write(&self, state: &State) -> Result<(), StateFileError> {
        self.replace(state).map_err(|error| StateFileError::Unwritable(self.path.clone(), error))
    }

    fn replace(&self, state: &State) -> io::Result<()> {
        let mut name = OsString::from(&self.path);
        name.push(".tmp");
        let unfinished = PathBuf::from(name);
        let mut file = File::create(&unfinished)?;
        file.write_all(serde_json::to_string_pretty(state)?.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        drop(file);
        fs::rename(&unfinished, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::{
        super::state::tests::{NOW, run_id},
        *,
    };

    fn file(folder: &TempDir) -> StateFile {
        StateFile::of(Some(folder.path().join("state.json")), "subscribe")
    }

    #[test]
    fn state_is_replaced_and_no_other_file_stays() {
        let folder = TempDir::new().unwrap();
        let file = file(&folder);
        assert_eq!(file.read().unwrap(), None);
        let mut state = State::new(run_id(), NOW);
        file.write(&state).unwrap();
        assert_eq!(file.read().unwrap().as_ref(), Some(&state));
        state.counts.listed = 5;
        file.write(&state).unwrap();
        assert_eq!(file.read().unwrap(), Some(state));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn usual_file_is_named_after_the_function() {
        let file = StateFile::of(None, "stack-Subscribe-1A");
        assert_eq!(file.path(), Path::new("ory-actions-backfill-stack-Subscribe-1A.json"));
    }

    #[test]
    fn foreign_file_is_not_replaced() {
        let folder = TempDir::new().unwrap();
        let file = file(&folder);
        let table = [
            ("", "is not the state of a run"),
            ("[]", "is not the state of a run"),
            (r#"{"version":1}"#, "is not the state of a run"),
            (r#"{"version":2,"run":{}}"#, "is of version 2"),
        ];
        for (text, part) in table {
            fs::write(file.path(), text).unwrap();
            let error = file.read().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        let nowhere = StateFile::of(Some(folder.path().join("no/state.json")), "x");
        let error = nowhere.write(&State::new(run_id(), NOW)).unwrap_err();
        assert!(matches!(error, StateFileError::Unwritable(..)), "{error}");
    }
}
