"""Serves moto on a port. One request after another: moto's own server answers them at once, and its
tables are not made for that. It is no peer for who comes first; DynamoDB Local is."""

import sys

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

run_simple(
    "127.0.0.1",
    int(sys.argv[1]),
    DomainDispatcherApplication(create_backend_app),
    threaded=False,
)
