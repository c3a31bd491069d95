//! `samconfig.toml`: what is deployed is what was built.

use std::{fs, path::Path};

/// That of `template.yaml`, and that of a relay.
const ENVIRONMENTS: [&str; 2] = ["default", "relay"];

fn lines_of(environment: &str, section: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samconfig.toml");
    let text = fs::read_to_string(path).unwrap();
    let heading = format!("[{environment}.{section}.parameters]\n");
    let rest = text.split_once(&heading).unwrap().1;
    rest.lines().take_while(|line| !line.starts_with('[')).map(str::to_owned).collect()
}

/// What a section sets, without what names a file or a stack.
fn settings(environment: &str, section: &str) -> Vec<String> {
    let mut lines = lines_of(environment, section);
    let named = ["template_file", "build_dir", "stack_name"];
    lines.retain(|line| line.contains(" = ") && !line.starts_with('#'));
    lines.retain(|line| !named.iter().any(|name| line.starts_with(name)));
    lines
}

/// A template in the sources has no code beside it: SAM would upload the sources in its place.
#[test]
fn only_a_build_is_deployed() {
    for (environment, folder) in [("default", "build"), ("relay", "relay")] {
        let line = format!(r#"template_file = ".aws-sam/{folder}/template.yaml""#);
        assert!(lines_of(environment, "deploy").contains(&line), "{environment}");
    }
    let lines = [r#"template_file = "relay.yaml""#, r#"build_dir = ".aws-sam/relay""#];
    let build = lines_of("relay", "build");
    assert!(lines.iter().all(|line| build.iter().any(|it| it == line)), "{build:?}");
}

/// An environment of SAM takes nothing from another.
#[test]
fn relay_has_the_settings_of_the_other_functions() {
    for section in ["global", "validate", "build", "deploy"] {
        assert_eq!(settings("relay", section), settings("default", section), "{section}");
    }
}

/// A second relay would be deployed over the first.
#[test]
fn relay_has_no_default_for_the_name_of_its_stack() {
    for section in ["global", "deploy"] {
        let lines = lines_of("relay", section);
        assert!(!lines.iter().any(|line| line.starts_with("stack_name")), "{lines:?}");
    }
}

#[test]
fn one_line_of_an_environment_names_the_architecture_for_build_and_deployment() {
    let line = r#"parameter_overrides = "Architecture=arm64""#;
    for environment in ENVIRONMENTS {
        assert!(lines_of(environment, "global").iter().any(|it| it == line));
        for command in ["build", "deploy", "validate"] {
            let own = lines_of(environment, command);
            let names = own.iter().any(|it| it.starts_with("parameter_overrides"));
            assert!(!names, "{environment}, {command}: {own:?}");
        }
    }
}
