"""MiniStack generates punctuation in spite of `ExcludePunctuation`, and `Ref` of a secret is its name
there, not its ARN: no role would match it."""

import string

from ministack.services.cloudformation import provisioners


def without_punctuation():
    secret_string = provisioners._sm_secret_string

    def generated(props):
        wish = props.get("GenerateSecretString") or {}
        if str(wish.get("ExcludePunctuation")).lower() == "true":
            wish = {**wish, "ExcludeCharacters": string.punctuation}
            props = {**props, "GenerateSecretString": wish}
        return secret_string(props)

    provisioners._sm_secret_string = generated


def name(arn):
    """The name in an ARN, which ends in six characters of its own."""
    return arn.rpartition(":")[2].rpartition("-")[0]


def known_by_arn():
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    create, update, delete = (handlers[action] for action in ("create", "update", "delete"))

    def by_arn(changed):
        _, attributes = changed
        return attributes["Arn"], attributes

    handlers.update(
        create=lambda *rest: by_arn(create(*rest)),
        update=lambda arn, *rest: by_arn(update(name(arn), *rest)),
        delete=lambda arn, props: delete(name(arn), props),
    )


def mend():
    without_punctuation()
    known_by_arn()
