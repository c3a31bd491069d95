"""MiniStack has no saved queries."""

import uuid

from ministack.core.responses import json_response
from ministack.services import cloudwatch_logs
from ministack.services.cloudformation import provisioners

saved = {}


def put(query, props):
    saved[query] = {
        "queryDefinitionId": query,
        "name": props["Name"],
        "queryString": props["QueryString"],
        "logGroupNames": props.get("LogGroupNames", []),
    }
    return query, {"QueryDefinitionId": query}


def mend():
    provisioners._RESOURCE_HANDLERS["AWS::Logs::QueryDefinition"] = {
        "create": lambda logical_id, props, stack: put(str(uuid.uuid4()), props),
        "update": lambda query, old, new, stack: put(query, new),
        "delete": lambda query, props: saved.pop(query, None),
    }
    handle = cloudwatch_logs.handle_request

    async def handled(method, path, headers, body, query_params):
        if headers.get("x-amz-target", "").endswith(".DescribeQueryDefinitions"):
            return json_response({"queryDefinitions": list(saved.values())})
        return await handle(method, path, headers, body, query_params)

    cloudwatch_logs.handle_request = handled
