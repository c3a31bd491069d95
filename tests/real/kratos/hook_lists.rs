//! Which hook lists Kratos uses.

use super::{
    config::{ALL, Config, parsed_hook, session, web_hook},
    person::go_through_each_flow,
    process::Kratos,
    recorder::Recorder,
};

const ANN: &str = "ann@example.com";
const NEW: &str = "ann.lee@example.com";

/// Signs somebody up and changes the address; which hooks were called.
async fn called(recorder: &Recorder, config: Config) -> Vec<String> {
    let kratos = Kratos::start(&config).await;
    go_through_each_flow(&kratos, ANN, NEW).await;
    recorder.paths_called().await
}

/// The lists for all methods, with a hook that is parsed and one that is not.
fn for_any_method(recorder: &Recorder) -> Config {
    let hooks = |flow: &str| {
        [
            parsed_hook(&recorder.url(&format!("/{flow}/parsed")), ALL),
            web_hook(&recorder.url(&format!("/{flow}/plain")), ALL),
        ]
    };
    Config::new()
        .after_any("registration", &hooks("registration"))
        .after_any("settings", &hooks("settings"))
}

#[tokio::test]
async fn hook_for_all_methods_is_called_if_the_method_has_no_list() {
    let recorder = Recorder::start().await;
    let called = called(&recorder, for_any_method(&recorder)).await;
    assert_eq!(called, ["/registration/plain", "/settings/plain"]);
}

#[tokio::test]
async fn any_method_hook_shadows_the_global_list() {
    let recorder = Recorder::start().await;
    let config = for_any_method(&recorder).after("registration", "password", &[session()]).after(
        "settings",
        "profile",
        &[web_hook(&recorder.url("/settings/own"), ALL)],
    );
    assert_eq!(called(&recorder, config).await, ["/settings/own"]);
}

#[tokio::test]
async fn empty_method_list_does_not_shadow_the_global_list() {
    let recorder = Recorder::start().await;
    let config = for_any_method(&recorder).after("registration", "password", &[]);
    assert_eq!(called(&recorder, config).await, ["/registration/plain", "/settings/plain"]);
}
