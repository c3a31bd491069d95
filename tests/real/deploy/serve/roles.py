"""What the role of a function allows to Lambda itself."""

from ministack.core.iam_evaluator import EvalContext, _gather_role_policies, evaluate


def allows(role_arn, action, resource_arn):
    """Whether a role allows an action on a resource."""
    _, _, _, _, account, role = role_arn.split(":", 5)
    region = resource_arn.split(":")[3]
    asked = EvalContext(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource_arn,
        region=region,
    )
    policies = _gather_role_policies(role.rpartition("/")[2], account)
    return evaluate(asked, policies).decision == "Allow"
