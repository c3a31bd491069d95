"""MiniStack has no StartMessageMoveTask, lets Lambda receive from and delete in a queue that the role of
the function does not allow, and knows a permission for batches that AWS does not have. A wait of
minutes takes seconds here."""

import json

import roles
from ministack.core import iam_actions
from ministack.services import lambda_svc, sqs

# A blocked event waits for 15 minutes.
LONGEST_WAIT_SECONDS = 2


def roles_of_readers(queue):
    """The roles with which Lambda reads a queue."""
    arn = queue["attributes"]["QueueArn"]
    for _, _, mapping in lambda_svc._iter_all_esms():
        if mapping["EventSourceArn"] == arn:
            _, config = lambda_svc._get_func_record_for_qualifier(
                mapping["FunctionName"], mapping.get("Qualifier")
            )
            if config:
                yield config["Role"]


def may(url, *actions):
    queue = sqs._queues[url]
    arn = queue["attributes"]["QueueArn"]
    return all(
        roles.allows(role, action, arn) for role in roles_of_readers(queue) for action in actions
    )


def poll_with_the_role():
    receive, delete = sqs._receive_messages_for_esm, sqs._delete_messages_for_esm

    def received(url, most):
        allowed = may(url, "sqs:ReceiveMessage", "sqs:GetQueueAttributes")
        return receive(url, most) if allowed else []

    def deleted(url, receipts):
        if may(url, "sqs:DeleteMessage"):
            delete(url, receipts)

    sqs._receive_messages_for_esm, sqs._delete_messages_for_esm = received, deleted


def wait_shortly():
    change = sqs._HANDLERS["ChangeMessageVisibility"]

    def changed(data, url):
        wait = min(int(data["VisibilityTimeout"]), LONGEST_WAIT_SECONDS)
        return change({**data, "VisibilityTimeout": wait}, url)

    sqs._HANDLERS["ChangeMessageVisibility"] = changed


def move_messages():
    def policy(queue, name):
        return json.loads(queue["attributes"].get(name) or "{}")

    def start(data, _):
        source = data["SourceArn"]
        queues = [sqs._queues[url] for url in list(sqs._queues)]
        (dead,) = (one for one in queues if one["attributes"]["QueueArn"] == source)
        (live,) = (
            one for one in queues if policy(one, "RedrivePolicy").get("deadLetterTargetArn") == source
        )
        allowed = policy(dead, "RedriveAllowPolicy").get("sourceQueueArns", [])
        if live["attributes"]["QueueArn"] not in allowed:
            raise sqs._Err("AccessDeniedException", "RedriveAllowPolicy denies it.")
        for message in dead["messages"]:
            url = live["url"]
            sqs._act_send_message({"QueueUrl": url, "MessageBody": message["body"]}, url)
        dead["messages"].clear()
        return {"TaskHandle": "moved"}

    sqs._HANDLERS["StartMessageMoveTask"] = start


def batches_need_no_permission_of_their_own():
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html"""
    action = iam_actions._action_from_target

    def needed(headers):
        name = action(headers)
        return "SendMessage" if name == "SendMessageBatch" else name

    iam_actions._action_from_target = needed


def mend():
    batches_need_no_permission_of_their_own()
    poll_with_the_role()
    wait_shortly()
    move_messages()
