"""Serves MiniStack on a port of loopback, with what it lacks or gets wrong of AWS.

Nothing is taken out of the template: what MiniStack does not know is added here, one file per
subject, and what it does not enforce is enforced."""

import os
import sys
import tempfile

port = sys.argv[1]
scratch = tempfile.TemporaryDirectory(prefix="ministack-")
tempfile.tempdir = scratch.name
os.environ.update(
    TMPDIR=scratch.name,
    STATE_DIR=scratch.name,
    GATEWAY_PORT=port,
    BIND_HOST="127.0.0.1",
    MINISTACK_HOST="127.0.0.1",
    AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}",  # the functions inherit it
    AUTH="true",  # each call needs a permission, those of a function in its role
    IOT_MTLS_ENABLED="false",  # it would listen on all interfaces
)

# They import MiniStack, which reads the environment.
import alarms  # noqa: E402
import deployments  # noqa: E402
import lambdas  # noqa: E402
import log_queries  # noqa: E402
import queues  # noqa: E402
import secrets_manager  # noqa: E402
import transforms  # noqa: E402
from ministack.app import main  # noqa: E402

for subject in (alarms, deployments, lambdas, log_queries, queues, secrets_manager, transforms):
    subject.mend()

sys.argv = sys.argv[:1]  # MiniStack reads its own arguments from here
with scratch:
    main()
