use std::path::{Path, PathBuf};

use crate::{Kind, Options, Report, lint, lint_module};

fn report(text: &str) -> Report {
    lint(Path::new("main.tf"), text).unwrap()
}

/// What was found: rule, path and line.
fn found(report: &Report) -> Vec<(&'static str, &str, usize)> {
    let findings = report.findings.iter();
    let line = |finding: &crate::Finding| finding.at.map_or(0, |at| at.line);
    findings.map(|finding| (finding.rule.name, finding.path.as_str(), line(finding))).collect()
}

fn action(rest: &str) -> String {
    format!("resource \"ory_action\" \"a\" {{\n{rest}\n}}\n")
}

const SIGN_UP: &str = "flow = \"registration\"\ntiming = \"after\"\nurl = \"https://example.com/\"";

#[test]
fn attribute_is_the_place_of_a_finding() {
    let body = "body = <<-X\n    function(ctx) {\n      all: ctx,\n    }\n  X\n";
    let report = report(&action(&format!("{SIGN_UP}\n{body}")));
    let expected = [
        ("whole-ctx", "ory_action.a.body", 5),
        ("fails-after-saving", "ory_action.a.response_ignore", 1),
    ];
    assert_eq!(found(&report), expected);
    assert_eq!(report.kind, Kind::Terraform);
    let place = report.findings[0].place.unwrap();
    assert_eq!((place.line, place.column), (2, 8));
}

#[test]
fn body_is_read_in_every_notation() {
    let quiet = format!("{SIGN_UP}\nresponse_ignore = true\n");
    let table = [
        ("body = \"function(ctx) ctx\"", vec!["whole-ctx"], 1),
        ("body = \"base64://ZnVuY3Rpb24oY3R4KSBjdHg=\"", vec!["whole-ctx"], 1),
        ("body = \"base64://${base64encode(\"function(ctx) ctx\")}\"", vec!["whole-ctx"], 1),
        ("body = jsonencode({ a = 1 })", vec![], 1),
        ("body = local.body", vec![], 0),
        ("body = <<X\nfunction(ctx) {\n  a: \"$${x}\",\n}\nX\n", vec![], 1),
        // The provider encodes whatever does not begin with `base64://`.
        ("body = \"https://example.com/x.jsonnet\"", vec!["syntax"], 0),
        ("body = base64encode(\"function(ctx) {}\")", vec!["syntax"], 0),
        ("body = file(\"not/there.jsonnet\")", vec!["file-not-here"], 0),
        ("body = var.body", vec![], 0),
        ("body = \"function(ctx) { a: '${var.a}' }\"", vec![], 0),
        ("body = templatefile(\"x\", {})", vec![], 0),
        ("", vec!["no-body"], 0),
    ];
    for (body, rules, read) in table {
        let report = report(&action(&format!("{quiet}{body}")));
        let names: Vec<_> = report.findings.iter().map(|finding| finding.rule.name).collect();
        assert_eq!(names, rules, "{body}");
        assert_eq!(report.templates, read, "{body}");
    }
}

#[test]
fn what_the_file_does_not_say_is_not_judged() {
    let quiet = "body = \"function(ctx) { id: ctx.flow.id }\"\n";
    let table = [
        "flow = \"registration\"\ntiming = \"after\"\nurl = var.url\nresponse_ignore = true",
        "flow = \"verification\"\ntiming = \"after\"\nurl = \"https://${var.host}/\"\nresponse_ignore = true",
        "flow = \"registration\"\ntiming = \"after\"\nurl = \"https://example.com/\"\nresponse_ignore = var.ignore",
        "flow = \"login\"\ntiming = \"before\"\nurl = \"http://${var.host}/\"\nresponse_parse = local.x",
        "flow = \"settings\"\ntiming = \"after\"\nauth_method = \"profile\"\nurl = \"https://api.segment.io/\"\n\
         response_ignore = true\nwebhook_auth_type = \"api_key\"\nwebhook_auth_api_key_name = \"A\"\n\
         webhook_auth_api_key_value_wo = var.key\nwebhook_auth_api_key_in = \"header\"",
    ];
    for rest in table {
        assert_eq!(found(&report(&action(&format!("{quiet}{rest}")))), [], "{rest}");
    }
    let unknown =
        report(&action(&format!("{quiet}flow = var.flow\ntiming = \"after\"\nurl = \"x\"")));
    assert_eq!((found(&unknown), unknown.notes.len()), (vec![], 1));
}

#[test]
fn list_is_the_one_that_the_provider_writes() {
    let rest =
        "url = \"https://example.com/\"\nresponse_ignore = true\nbody = \"function(ctx) {}\"\n";
    let table = [
        (
            "flow = \"registration\"\ntiming = \"after\"\nauth_method = \"totp\"",
            vec![("unknown-list", "ory_action.a.auth_method", 7)],
        ),
        ("flow = \"recovery\"\ntiming = \"after\"\nauth_method = \"totp\"", vec![]),
        ("flow = \"login\"\ntiming = \"before\"\nauth_method = \"totp\"", vec![]),
        ("flow = \"sign_up\"\ntiming = \"after\"", vec![("unknown-list", "ory_action.a.flow", 5)]),
        ("flow = \"login\"\ntiming = \"later\"", vec![("unknown-list", "ory_action.a.timing", 6)]),
        ("flow = \"login\"", vec![("terraform-argument", "ory_action.a", 1)]),
    ];
    for (list, expected) in table {
        assert_eq!(found(&report(&action(&format!("{rest}{list}")))), expected, "{list}");
    }
}

#[test]
fn all_missing_arguments_are_reported_at_once() {
    let table = [
        ("", vec!["flow", "timing", "url"]),
        ("flow = \"registration\"\nhook = \"after\"", vec!["timing", "url"]),
        ("flow = \"registration\"\ntiming = \"after\"", vec!["url"]),
        ("flow = \"registration\"\ntiming = \"after\"\nurl = null", vec!["url"]),
        (SIGN_UP, vec![]),
    ];
    for (rest, names) in table {
        let report = report(&action(rest));
        let missing = report.findings.iter().filter(|one| one.detail.ends_with("is missing."));
        let missing: Vec<_> = missing.map(|one| one.detail.as_str()).collect();
        let expected: Vec<_> = names.iter().map(|name| format!("`{name}` is missing.")).collect();
        assert_eq!(missing, expected, "{rest}");
    }
}

#[test]
fn webhooks_of_the_same_list_url_and_method_are_the_same() {
    let quiet = "response_ignore = true\nbody = \"function(ctx) {}\"";
    let of = |name: &str, rest: &str| {
        format!("resource \"ory_action\" \"{name}\" {{\n{rest}\n{quiet}\n}}\n")
    };
    let first = of("first", SIGN_UP);
    let table = [
        (SIGN_UP.to_owned(), true),
        (format!("{SIGN_UP}\nauth_method = \"password\"\nmethod = \"POST\""), true),
        (format!("{SIGN_UP}\nauth_method = \"oidc\""), false),
        (format!("{SIGN_UP}\nmethod = \"PUT\""), false),
        (format!("{SIGN_UP}\nproject_id = var.other"), false),
        (format!("{SIGN_UP}\ncount = var.on ? 0 : 1"), false),
        (SIGN_UP.replace("com/", "com/?parse"), false),
        (SIGN_UP.replace("after", "before"), false),
    ];
    for (rest, expected) in table {
        let second = of("second", &rest);
        let in_one = found(&report(&format!("{first}{second}"))).iter().any(|(rule, path, _)| {
            (*rule, *path) == ("terraform-same-hook", "ory_action.second.url")
        });
        assert_eq!(in_one, expected, "{rest}");
        let files = [("a.tf", &first), ("b.tf", &second)];
        let files = files.map(|(name, text)| (PathBuf::from(name), text.clone()));
        let reports = lint_module(&files, &Options::default());
        for report in reports {
            let rules: Vec<_> = found(report.as_ref().unwrap()).iter().map(|one| one.0).collect();
            assert_eq!(rules.contains(&"terraform-same-hook"), expected, "{rest}");
        }
    }
}

#[test]
fn module_shares_its_local_values() {
    let texts = [
        action(&format!("{SIGN_UP}\nresponse_ignore = true\nbody = local.body")),
        "locals {\n  body = \"function(ctx) ctx\"\n}\n".to_owned(),
    ];
    let files = texts.map(|text| (PathBuf::from("x.tf"), text));
    let reports = lint_module(&files, &Options::default());
    assert_eq!(found(reports[0].as_ref().unwrap())[0].0, "whole-ctx");
    assert!(reports[1].is_err());
}

#[test]
fn configuration_within_an_expression_is_found() {
    let text = "resource \"helm_release\" \"kratos\" {\n  values = [yamlencode({\n    kratos = { config = {\n      \
                selfservice = { flows = { registration = { after = { password = { hooks = [{\n        \
                hook = \"web_hook\"\n        config = { url = var.url, method = \"POST\", body = \
                \"base64://${base64encode(\"function(ctx) ctx\")}\", response = { ignore = true } }\n      \
                }] } } } } }\n    } }\n  })]\n}\n";
    let path = "helm_release.kratos.values[0].kratos.config.selfservice.flows.registration.after.\
                password.hooks[0].config.body";
    let report = report(text);
    assert_eq!(found(&report), [("whole-ctx", path, 2)]);
    assert_eq!(report.kind, Kind::Helm);
}

#[test]
fn file_without_webhooks_is_refused() {
    for (text, part) in
        [("", "no resource"), ("a = ", "not valid Terraform"), ("a = 1\n", "no resource")]
    {
        let error = lint(Path::new("main.tf"), text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn terraform_is_recognized_on_standard_input() {
    let text = action(&format!("{SIGN_UP}\nbody = \"function(ctx) ctx\""));
    assert_eq!(lint(Path::new("-"), &text).unwrap().kind, Kind::Terraform);
}

#[test]
fn headers_are_not_judged_where_their_list_is_elsewhere() {
    let action = "\
resource \"ory_action\" \"a\" {
  flow            = \"registration\"
  timing          = \"after\"
  url             = \"https://example.com/\"
  body            = \"function(ctx) { ip: ctx.request_headers['X-Forwarded-For'][0] }\"
  response_ignore = true
}
";
    let rules = |text: &str| -> Vec<_> {
        let report = crate::lint(Path::new("main.tf"), text).unwrap();
        report.findings.iter().map(|finding| finding.rule.name).collect()
    };
    assert_eq!(rules(action), [""; 0]);
    let project =
        "resource \"ory_project_config\" \"p\" { webhook_header_allowlist = [\"User-Agent\"] }\n";
    assert_eq!(rules(&format!("{project}{action}")), ["no-such-field"]);
}
