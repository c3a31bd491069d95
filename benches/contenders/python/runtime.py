"""A client of the Runtime API. It does less than Lambda's own, which favors this contender."""

import http.client
import json
import os
import time
import traceback

ROOT = "/2018-06-01/runtime"


class Context:
    """The context of one invocation, limited to what Powertools reads."""

    function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
    memory_limit_in_mb = int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"])

    def __init__(self, headers):
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers["lambda-runtime-invoked-function-arn"]
        self._deadline = int(headers["lambda-runtime-deadline-ms"])

    def get_remaining_time_in_millis(self):
        return self._deadline - int(time.time() * 1000)


def serve(handler):
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def call(method, path, body=None):
        api.request(method, f"{ROOT}/{path}", body)
        response = api.getresponse()
        return response.headers, response.read()

    while True:
        headers, event = call("GET", "invocation/next")
        context = Context(headers)
        invocation = f"invocation/{context.aws_request_id}"
        try:
            answer = handler(json.loads(event), context)
            call("POST", f"{invocation}/response", json.dumps(answer))
        except Exception as error:
            failure = {"errorType": type(error).__name__, "errorMessage": traceback.format_exc()}
            call("POST", f"{invocation}/error", json.dumps(failure))
