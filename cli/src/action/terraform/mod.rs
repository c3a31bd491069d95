//! The webhooks as resources of Ory's Terraform provider.
//!
//! Source: ory/terraform-provider-ory `internal/resources/action/resource.go`,
//! `docs/resources/action.md`.

mod hcl;
mod notes;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use lint::kratos::{HookList, Method, Moment};

use self::hcl::{attributes, block, here_document, indented, quoted};
use super::{
    Caller, HookPlace, KEY_VARIABLE, NO_PROJECT, OryFunction,
    format::{Key, Project},
    forwarding_template,
};

pub(super) use notes::notes;

/// The first version with ephemeral variables and write-only arguments, which keep the key out of the
/// state. `OpenTofu` has both since its 1.11, too.
const TERRAFORM: &str = ">= 1.11";

/// The oldest release that is known to have `webhook_auth_api_key_value_wo`, and `saml`.
///
/// Source: ory/terraform-provider-ory #276, #306, #328.
const PROVIDER: &str = ">= 26.3.0";

/// It refuses `profile`.
///
/// Source: ory/terraform-provider-ory #328, #330.
const PROVIDER_WITH_PROFILE: &str = "> 26.3.0";

/// The HTTP method of each call.
const POST: &str = "POST";

/// What an import id says in the place of a method where the flow has none: the default of
/// `auth_method`, so that the first plan shows no difference.
const NO_METHOD: &str = "password";

/// Ends a template. No line of it is like this.
const DELIMITER: &str = "JSONNET";

/// Two webhooks that Terraform would take for one.
#[derive(Debug, thiserror::Error)]
#[error(
    "Terraform tells webhooks apart only by list, URL and HTTP method, so {0} cannot have this one \
     twice; name each method once"
)]
pub struct Indistinct(HookList);

/// A file for Terraform. The key is not in it.
pub(super) fn file(
    places: &[HookPlace],
    caller: &Caller,
    key: &Key,
    project: &Project,
) -> Result<String, Indistinct> {
    let mut lists = HashSet::new();
    if let Some(again) = places.iter().find(|place| !lists.insert(place.list)) {
        return Err(Indistinct(again.list));
    }
    let mut blocks = vec![head(caller.function, key), settings(places), project_id(project)];
    blocks.push(key_variable(caller.function));
    blocks.extend(places.iter().map(|place| resource(*place, caller)));
    blocks.push(imports(places, caller));
    Ok(blocks.join("\n"))
}

fn head(function: OryFunction, key: &Key) -> String {
    let variable = environment_variable(function);
    let key = source(key);
    format!(
        "# The webhooks with which Ory calls {function}. Terraform reads the key
# from the environment, for each plan and apply, and stores it nowhere:
#
#   export {variable}=\"${key}\"
#
# To replace the key, also change each webhook_auth_api_key_value_wo_version.
"
    )
}

fn settings(places: &[HookPlace]) -> String {
    let has = |method| places.iter().any(|place| place.list.method() == Some(method));
    let (mut comments, mut version) = (String::new(), PROVIDER);
    if has(Method::Saml) {
        comments += "# Earlier releases refuse `saml`.\n";
    }
    if has(Method::Profile) {
        comments += "# 26.3.0 and earlier releases refuse `profile`.\n";
        version = PROVIDER_WITH_PROFILE;
    }
    let provider = [("source", quoted("ory/ory")), ("version", quoted(version))];
    let provider = comments + &format!("ory = {{\n{}}}\n", indented(&attributes(&provider)));
    let required_version = attributes(&[("required_version", quoted(TERRAFORM))]);
    let lines = format!("{required_version}\n{}", block("required_providers", &provider));
    let once = "# A folder has this block and the next one once, however many functions.\n";
    once.to_owned() + &block("terraform", &lines)
}

/// In each resource, because a resource that leaves it to the provider is replaced whenever it changes,
/// and its replacement is refused: the hook exists already.
///
/// Source: `resource.go`, `project_id` is computed and `RequiresReplace`.
fn project_id(project: &Project) -> String {
    let about = quoted("The id of the Ory project.");
    let mut lines = vec![("description", about), ("type", "string".to_owned())];
    if project.project != NO_PROJECT {
        lines.push(("default", quoted(&project.project)));
    }
    block("variable \"ory_project_id\"", &attributes(&lines))
}

fn key_variable(function: OryFunction) -> String {
    let about = quoted(&format!("The key that Ory presents to {function}."));
    let lines = [
        ("description", about),
        ("type", "string".to_owned()),
        ("sensitive", "true".to_owned()),
        ("ephemeral", "true".to_owned()),
    ];
    block(&format!("variable {}", quoted(&variable(function))), &attributes(&lines))
}

fn resource(place: HookPlace, caller: &Caller) -> String {
    let text = |text: &str| quoted(text);
    let mut list = vec![
        ("project_id", "var.ory_project_id".to_owned()),
        ("flow", text(place.list.flow().name())),
        ("timing", text(timing(place.list))),
    ];
    list.extend(place.list.method().map(|method| ("auth_method", text(method.name()))));
    let response = if place.response.parse { "response_parse" } else { "response_ignore" };
    let call = [
        ("url", text(&caller.url)),
        ("method", text(POST)),
        (response, "true".to_owned()),
        ("body", here_document(DELIMITER, &forwarding_template(place))),
    ];
    let auth = [
        ("webhook_auth_type", text("api_key")),
        ("webhook_auth_api_key_in", text("header")),
        ("webhook_auth_api_key_name", text(&caller.api_key_name)),
        ("webhook_auth_api_key_value_wo", format!("var.{}", variable(caller.function))),
        ("webhook_auth_api_key_value_wo_version", text("1")),
    ];
    let lifecycle = attributes(&[("create_before_destroy", "true".to_owned())]);
    let parts =
        [attributes(&list), attributes(&call), attributes(&auth), block("lifecycle", &lifecycle)];
    block(
        &format!("resource \"ory_action\" {}", quoted(&name(place, caller.function))),
        &parts.join("\n"),
    )
}

/// Blocks in comments, for webhooks that exist.
fn imports(places: &[HookPlace], caller: &Caller) -> String {
    let import = |place: &HookPlace| {
        let to = format!("ory_action.{}", name(*place, caller.function));
        block("import", &attributes(&[("to", to), ("id", import_id(place.list, &caller.url))]))
    };
    let imports: Vec<_> = places.iter().map(import).collect();
    let about = "The provider refuses to create a webhook that Ory has already. For each
that it has, uncomment the block: Terraform then takes it over.\n";
    let lines = format!("{about}\n{}", imports.join("\n"));
    lines.lines().map(|line| format!("# {line}").trim_end().to_owned() + "\n").collect()
}

fn import_id(list: HookList, url: &str) -> String {
    let (flow, timing) = (list.flow(), timing(list));
    let method = match list {
        HookList::Before(_) => String::new(),
        _ => format!(":{}", list.method().map_or(NO_METHOD, Method::name)),
    };
    let tail = quoted(&format!(":{flow}:{timing}{method}:{POST}:{url}"));
    tail.replacen('"', "\"${var.ory_project_id}", 1)
}

fn timing(list: HookList) -> &'static str {
    match list {
        HookList::Before(_) => "before",
        HookList::After(_) | HookList::AfterMethod(..) => "after",
    }
}

/// The name of a resource. One that is called before the identity is saved has another name, since both
/// kinds may stand in one folder.
fn name(place: HookPlace, function: OryFunction) -> String {
    let mut words = vec![identifier(function), place.list.flow().name().to_owned()];
    words.extend(place.list.method().map(|method| method.name().to_owned()));
    if place.moment == Moment::BeforeSave {
        words.push("before_save".to_owned());
    }
    words.join("_")
}

/// The variable with the key.
fn variable(function: OryFunction) -> String {
    format!("{}_webhook_key", identifier(function))
}

/// The environment variable from which Terraform reads the key.
fn environment_variable(function: OryFunction) -> String {
    format!("TF_VAR_{}", variable(function))
}

fn identifier(function: OryFunction) -> String {
    function.name().replace('-', "_")
}

/// The environment variable with the key, before Terraform.
fn source(key: &Key) -> &str {
    match key {
        Key::Variable(name) => name,
        Key::Value(_) | Key::ByHand => KEY_VARIABLE,
    }
}
