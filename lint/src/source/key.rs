//! One step of a path such as `selfservice.flows.login.after.hooks[0].config`.

/// A key of a map, or a position in a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Key {
    /// A key of a map.
    Name(String),
    /// A position, from 0.
    Index(usize),
}

/// The steps of a path. A key with a dot in it becomes two: nothing has the path then, and what is
/// around it is used.
pub(crate) fn keys(path: &str) -> Vec<Key> {
    path.split('.').flat_map(steps).collect()
}

/// A key, and the positions behind it.
fn steps(part: &str) -> Vec<Key> {
    let mut name = part;
    let mut positions = Vec::new();
    while let Some((before, position)) = last_position(name) {
        name = before;
        positions.push(Key::Index(position));
    }
    let name = (!name.is_empty()).then(|| Key::Name(name.to_owned()));
    name.into_iter().chain(positions.into_iter().rev()).collect()
}

fn last_position(part: &str) -> Option<(&str, usize)> {
    let (before, position) = part.strip_suffix(']')?.rsplit_once('[')?;
    Some((before, position.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_has_names_and_positions() {
        let name = |name: &str| Key::Name(name.to_owned());
        let table = [
            ("", vec![]),
            ("a", vec![name("a")]),
            ("a.b[0].c", vec![name("a"), name("b"), Key::Index(0), name("c")]),
            ("a[1][2]", vec![name("a"), Key::Index(1), Key::Index(2)]),
            ("a[x]", vec![name("a[x]")]),
            ("a]", vec![name("a]")]),
        ];
        for (path, expected) in table {
            assert_eq!(keys(path), expected, "{path}");
        }
    }
}
