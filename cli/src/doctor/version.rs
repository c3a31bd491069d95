//! Compares the version that is deployed with the newest one that this program knows: its own.

use shared::version::VERSION;

use super::{CheckResult, stack::Stack};

const CHECK: &str = "Stack: version";

/// Whether stack and program are of one release. Asks nobody on the network.
pub(super) fn check(stack: &Stack) -> CheckResult {
    judge(stack.stack_version.as_deref(), VERSION)
}

fn judge(deployed: Option<&str>, newest: &str) -> CheckResult {
    match deployed {
        Some(deployed) if deployed == newest => {
            CheckResult::pass(CHECK, format!("{deployed}, as this ory-actions"))
        }
        // Neither is broken: a release reads what the one before has left.
        Some(deployed) => CheckResult::unknown(
            CHECK,
            format!("{deployed} is deployed, and this ory-actions is {newest}"),
            "Use the newer version of both: docs/operations.md, Upgrade and roll back",
        ),
        None => CheckResult::unknown(
            CHECK,
            "not checked: no output StackVersion",
            "Deploy the version of this ory-actions, or set --stack-version",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Verdict, *};

    #[test]
    fn another_version_is_named_and_fails_nothing() {
        assert_eq!(judge(Some("1.2.0"), "1.2.0").verdict, Verdict::Pass);
        for other in ["1.1.9", "1.3.0"] {
            let told = judge(Some(other), "1.2.0");
            assert_eq!(told.verdict, Verdict::Unknown);
            assert!(told.found.contains(other) && told.found.contains("1.2.0"), "{told:?}");
        }
        assert_eq!(judge(None, "1.2.0").verdict, Verdict::Unknown);
    }
}
