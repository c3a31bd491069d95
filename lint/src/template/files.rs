//! Finds the file of a template that the configuration names by its path on another machine.

use std::{
    cell::OnceCell,
    fs,
    path::{Component, Path, PathBuf},
};

/// How many folders below that of the configuration are searched, and how many entries in all.
const MAX_DEPTH: usize = 4;
const MAX_ENTRIES: usize = 5_000;

/// The files around a configuration.
pub(crate) struct Files<'o> {
    /// The folder of the configuration.
    folder: &'o Path,
    /// Folders of the other machine, and where they are here.
    roots: &'o [(String, PathBuf)],
    below: OnceCell<Vec<PathBuf>>,
}

/// Where a template may be.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Candidate {
    /// Where the configuration says.
    Named(PathBuf),
    /// Elsewhere, by its name.
    Instead(PathBuf),
}

impl<'o> Files<'o> {
    /// Those around a configuration in this folder.
    pub(crate) fn new(folder: &'o Path, roots: &'o [(String, PathBuf)]) -> Self {
        Self { folder, roots, below: OnceCell::new() }
    }

    /// The path in the folder of the configuration, where Kratos' working directory is assumed.
    pub(crate) fn named(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// The file that a path means under a root.
    pub(crate) fn rooted(&self, path: &str) -> Option<PathBuf> {
        let files = self.roots.iter().filter_map(|(from, to)| {
            Some(to.join(Path::new(path).strip_prefix(from.trim_end_matches('/')).ok()?))
        });
        files.into_iter().find(|file| file.is_file())
    }

    /// The file that a path means elsewhere: as written, relative to the configuration or to the
    /// working directory, and then any file of that name below the configuration.
    ///
    /// # Errors
    /// The files of that name, if there are none or several.
    pub(crate) fn find(&self, path: &str) -> Result<Candidate, Vec<PathBuf>> {
        let named = [self.named(path), PathBuf::from(path)];
        if let Some(found) = named.into_iter().find(|candidate| candidate.is_file()) {
            return Ok(Candidate::Named(found));
        }
        self.by_name(Path::new(path)).map(Candidate::Instead)
    }

    /// The file whose path shares the most with the one that is named.
    fn by_name(&self, path: &Path) -> Result<PathBuf, Vec<PathBuf>> {
        let Some(name) = path.file_name() else { return Err(Vec::new()) };
        let alike: Vec<_> =
            self.below().iter().filter(|file| file.file_name() == Some(name)).collect();
        let beside = alike.iter().find(|file| file.parent() == Some(self.folder));
        let most = alike.iter().map(|file| shared(file, path)).max().unwrap_or_default();
        let closest: Vec<_> = alike.iter().filter(|file| shared(file, path) == most).collect();
        match closest.as_slice() {
            [only] => Ok((**only).clone()),
            _ => beside
                .filter(|_| most == 1)
                .map(|file| (*file).clone())
                .ok_or_else(|| alike.into_iter().cloned().collect()),
        }
    }

    fn below(&self) -> &[PathBuf] {
        self.below.get_or_init(|| {
            let mut files = Vec::new();
            let mut left = MAX_ENTRIES;
            // The files of a Helm chart are beside its templates.
            let chart = self.folder.parent().filter(|chart| chart.join("Chart.yaml").is_file());
            collect(chart.unwrap_or(self.folder), MAX_DEPTH, &mut left, &mut files);
            files.sort();
            files
        })
    }
}

/// How many components two paths have in common at their ends.
fn shared(one: &Path, other: &Path) -> usize {
    let parts = |path: &Path| -> Vec<String> {
        let names = path.components().rev().filter(|part| matches!(part, Component::Normal(_)));
        names.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
    };
    parts(one).iter().zip(&parts(other)).take_while(|(one, other)| one == other).count()
}

/// The files in a folder and below; neither hidden ones nor those behind links to folders.
fn collect(folder: &Path, depth: usize, left: &mut usize, files: &mut Vec<PathBuf>) {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = fs::read_dir(here) else { return };
    let mut folders = Vec::new();
    for entry in entries.flatten() {
        if *left == 0 {
            return;
        }
        *left -= 1;
        let name = entry.file_name();
        let is_skipped = name.to_string_lossy().starts_with('.')
            || ["node_modules", "target", "vendor"].iter().any(|skipped| name == *skipped);
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && !is_skipped => folders.push(folder.join(name)),
            Ok(kind) if kind.is_file() => files.push(folder.join(name)),
            _ => {}
        }
    }
    folders.sort();
    if depth > 0 {
        for below in folders {
            collect(&below, depth - 1, left, files);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_is_found_under_a_root_and_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        for file in ["a.jsonnet", "x/b.jsonnet", "y/b.jsonnet", "x/a.jsonnet", "y/deep/c.jsonnet"] {
            fs::create_dir_all(at(file).parent().unwrap()).unwrap();
            fs::write(at(file), "{}").unwrap();
        }
        let roots = [("/etc/config/kratos/".to_owned(), at("y"))];
        let files = Files::new(folder.path(), &roots);
        let named = |path: &str| Ok(Candidate::Named(at(path)));
        let instead = |path: &str| Ok(Candidate::Instead(at(path)));
        let table = [
            ("a.jsonnet", named("a.jsonnet")),
            ("./x/b.jsonnet", named("./x/b.jsonnet")),
            ("/etc/other/a.jsonnet", instead("a.jsonnet")),
            ("/etc/other/x/a.jsonnet", instead("x/a.jsonnet")),
            ("/etc/other/c.jsonnet", instead("y/deep/c.jsonnet")),
            ("/etc/x/b.jsonnet", instead("x/b.jsonnet")),
            ("/etc/b.jsonnet", Err(vec![at("x/b.jsonnet"), at("y/b.jsonnet")])),
            ("/etc/none.jsonnet", Err(vec![])),
            ("", Err(vec![])),
        ];
        assert_eq!(files.rooted("/etc/config/kratos/deep/c.jsonnet"), Some(at("y/deep/c.jsonnet")));
        assert_eq!(files.rooted("/etc/config/kratos/a.jsonnet"), None);
        for (path, expected) in table {
            assert_eq!(files.find(path), expected, "{path}");
        }
        // Relative to the working directory of these tests, which is the crate's folder.
        assert_eq!(files.find("src/lib.rs"), Ok(Candidate::Named("src/lib.rs".into())));
    }
}
