"""Does what mandrill-welcome does: authenticates the caller, sends the mail, reports the outcome."""

import base64
import hmac
import html
import json
import os
import re
import time

import urllib3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities import parameters

from runtime import serve

logger = Logger(service="mandrill-welcome")
metrics = Metrics(namespace="OryActions", service="mandrill-welcome")
pool = urllib3.PoolManager()
SECRET_TTL_SECONDS = 300
GREETABLE = re.compile(r"[^/:@.\x00-\x1f\x7f-\x9f]{1,40}")


def secret(variable):
    return parameters.get_secret(os.environ[variable], max_age=SECRET_TTL_SECONDS)


def answer(status, body):
    headers = {"content-type": "application/json"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}


def mail(ctx):
    text = "Welcome to Ory! Have fun and happy hacking!"
    traits = ctx["identity"]["traits"]
    name = traits.get("name")
    name = name.get("first") if isinstance(name, dict) else name
    greeting = f"Hello {html.escape(name)}," if name and GREETABLE.fullmatch(name) else "Hello,"
    verifiable = ctx["identity"].get("verifiable_addresses")
    email = verifiable[0]["value"] if verifiable else traits["email"]
    return {
        "from_email": "hello@example.com",
        "subject": "Hello from Ory",
        "text": text,
        "html": f"<p>{greeting}</p><p>{html.escape(text)}</p>",
        "to": [{"email": email, "type": "to"}],
        "tags": ["welcome"],
    }


def send(event):
    """Sends the mail of one event; returns the answer of Mandrill."""
    message = {**mail(event["ctx"]), "metadata": {"ory_key": event["key"]}}
    response = pool.request(
        "POST",
        f"{os.environ['MANDRILL_URL']}/messages/send",
        body=json.dumps({"message": message, "key": secret("MANDRILL_SECRET_ID")}),
        headers={"content-type": "application/json"},
        timeout=15,
        redirect=False,
        retries=False,
    )
    if response.status != 200:
        raise RuntimeError(f"Mandrill answered {response.status}")
    row = response.json()[0]
    return {"status": row["status"], "message_id": row["_id"]}


def once(sending):
    """The same, at most once per key, with Powertools' idempotency."""
    from aws_lambda_powertools.utilities.idempotency import (
        DynamoDBPersistenceLayer,
        IdempotencyConfig,
        idempotent_function,
    )

    config = IdempotencyConfig(event_key_jmespath="key")
    store = DynamoDBPersistenceLayer(table_name=os.environ["RECORDS_TABLE"])
    wrap = idempotent_function(data_keyword_argument="event", config=config, persistence_store=store)
    wrapped = wrap(sending)

    def send_once(event, context):
        config.register_lambda_context(context)
        return wrapped(event=event)

    return send_once


sending = once(send) if "RECORDS_TABLE" in os.environ else lambda event, context: send(event)


def handler(event, context):
    started = time.monotonic()
    theirs = event["headers"].get("authorization", "")
    if not hmac.compare_digest(secret("WEBHOOK_SECRET_ID"), theirs):
        return answer(401, {"error": "unauthorized"})
    body = base64.b64decode(event["body"]) if event["isBase64Encoded"] else event["body"]
    parsed = json.loads(body)
    ctx = parsed.get("ctx", parsed)
    if "identity" not in ctx:
        return answer(400, {"error": "no identity"})
    key = event["headers"]["ory-webhook-trigger-id"]
    vendor = sending({"ctx": ctx, "key": key}, context)
    took = int((time.monotonic() - started) * 1000)
    metrics.add_metric(name="Delivered", unit=MetricUnit.Count, value=1)
    metrics.add_metric(name="VendorLatency", unit=MetricUnit.Milliseconds, value=took)
    metrics.flush_metrics()
    logger.info("request", extra={"key": key, "outcome": "delivered", "duration_ms": took})
    return answer(200, {"status": "delivered", "id": key, "vendor": vendor})


serve(handler)
