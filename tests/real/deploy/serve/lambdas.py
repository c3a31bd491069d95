"""MiniStack runs a bootstrap whatever processor it is for, and serves a function URL that nobody is
permitted to call."""

import io
import struct
import zipfile

from ministack.services import lambda_svc

# The field e_machine in the header of ELF, and what Lambda calls it.
MACHINES = {0x3E: "x86_64", 0xB7: "arm64"}


def processor(code):
    """The processor that the bootstrap in a zip is for; `None` where it is no ELF file."""
    with zipfile.ZipFile(io.BytesIO(code)) as files, files.open("bootstrap") as bootstrap:
        header = bootstrap.read(20)
    if not header.startswith(b"\x7fELF"):
        return None
    (machine,) = struct.unpack_from("<H", header, 18)
    return MACHINES.get(machine, hex(machine))


def refuse_other_processors():
    run = lambda_svc._execute_function_provided_warm

    def checked(function, *rest):
        config = function.get("config") or function
        declared = (config.get("Architectures") or ["x86_64"])[0]
        if processor(function["code_zip"]) in (declared, None):
            return run(function, *rest)
        why = "fork/exec /var/task/bootstrap: exec format error"
        body = {"errorType": "Runtime.InvalidEntrypoint", "errorMessage": why}
        return {"body": body, "error": True, "log": ""}

    lambda_svc._execute_function_provided_warm = checked


def is_public(function, arn):
    """Whether everybody may call a function through its URL. AWS wants both statements since October
    2025."""
    for_all = [
        (one["Action"], one.get("Condition"))
        for one in function["policy"]["Statement"]
        if one["Resource"] == arn and one["Principal"] == "*"
    ]
    return (
        "lambda:InvokeFunctionUrl",
        {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
    ) in for_all and (
        "lambda:InvokeFunction",
        {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    ) in for_all


def ask_for_permission():
    serve = lambda_svc.handle_function_url_request

    async def checked(url_id, *rest, **more):
        resolved = lambda_svc.resolve_function_url(url_id)
        if resolved:
            account, region, name, qualifier, _ = resolved
            function = lambda_svc._functions.get_scoped(account, region, name)
            arn = f"arn:aws:lambda:{region}:{account}:function:{name}"
            if not is_public(function, f"{arn}:{qualifier}" if qualifier else arn):
                return 403, {"Content-Type": "application/json"}, b'{"Message":"Forbidden"}'
        return await serve(url_id, *rest, **more)

    lambda_svc.handle_function_url_request = checked


def mend():
    refuse_other_processors()
    ask_for_permission()
