//! `samconfig.toml`: what is deployed is what was built.

use std::{fs, path::Path};

fn lines_of(section: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samconfig.toml");
    let text = fs::read_to_string(path).unwrap();
    let rest = text.split_once(&format!("[default.{section}.parameters]\n")).unwrap().1;
    rest.lines().take_while(|line| !line.starts_with('[')).map(str::to_owned).collect()
}

/// A template in the sources has no code beside it: SAM would upload the sources in its place.
#[test]
fn only_a_build_is_deployed() {
    let line = r#"template_file = ".aws-sam/build/template.yaml""#;
    assert!(lines_of("deploy").iter().any(|it| it == line));
}

#[test]
fn one_line_names_the_architecture_for_build_and_deployment() {
    let line = r#"parameter_overrides = "Architecture=arm64""#;
    assert!(lines_of("global").iter().any(|it| it == line));
    for command in ["build", "deploy", "validate"] {
        let own = lines_of(command);
        assert!(!own.iter().any(|it| it.starts_with("parameter_overrides")), "{command}: {own:?}");
    }
}
