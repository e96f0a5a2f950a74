"""The cluster under test, as described by environment variables, and clients for it."""

import json
import os
import urllib.request
import warnings

import jwt
from arango import ArangoClient
from arango.http import DefaultHTTPClient
from requests import Session

# The test secret is shorter than PyJWT recommends.
warnings.filterwarnings("ignore", message="The HMAC key is")

ENDPOINTS = os.environ["ARANGO_ENDPOINTS"].split(",")
PASSWORD = os.environ["ARANGO_ROOT_PASSWORD"]
SECRET = os.environ["ARANGO_JWT_SECRET"]
CONTROL = os.environ["ARANGO_TEST_CONTROL"]
# The certificate authority of the coordinators, if they use TLS.
CA_FILE = os.environ.get("ARANGO_CA_FILE")

ROOT = {"username": "root", "password": PASSWORD}


class OnceClient(DefaultHTTPClient):
    """Sends each request once, because a retry would hide a wrong first response."""

    def create_session(self, host):
        session = Session()
        # `REQUESTS_CA_BUNDLE` and `CURL_CA_BUNDLE` would take precedence over the cluster's authority.
        session.trust_env = False
        return session


def client(hosts, **settings):
    """Returns a client for these coordinators."""
    return ArangoClient(hosts=hosts, http_client=OnceClient(), verify_override=CA_FILE, **settings)


def root(index=0, database="_system"):
    """Returns a database through one coordinator, as root."""
    return client(ENDPOINTS[index]).db(database, **ROOT)


def superuser(index=0, database="_system"):
    """Returns a database through one coordinator, as the superuser."""
    return client(ENDPOINTS[index]).db(database, superuser_token=token())


def advertised(endpoint):
    """Returns an endpoint in the form in which the cluster lists it."""
    return endpoint.replace("https://", "ssl://").replace("http://", "tcp://")


def now():
    """Returns the time of the cluster in seconds. The system clock may be changed while a check compares times."""
    return root().time().timestamp()


def token(secret=SECRET, **claims):
    """Returns a token signed with the secret. Without claims it is a superuser token."""
    return jwt.encode({"iss": "arangodb", "server_id": "compat", **claims}, secret, algorithm="HS256")


def user_token(user, lifetime, secret=SECRET):
    """Returns a token of a user that expires `lifetime` seconds from now. A negative lifetime makes it expired."""
    begin = int(now())
    claims = {"iss": "arangodb", "preferred_username": user, "iat": begin - 60, "exp": begin + lifetime}
    return jwt.encode(claims, secret, algorithm="HS256")


def control(method, path, body=None):
    """Sends a request to the control listener and returns the parsed body."""
    data = b"" if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{CONTROL}{path}", method=method, data=data if method == "POST" else None)
    # Never through a proxy: the listener is on loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as response:
        body = response.read()
    return json.loads(body) if body else None


class Fault:
    """Injects a fault or starts a condition on entry to a `with` block and ends it at the end."""

    def __init__(self, where, **fault):
        self._where = where
        self._fault = fault

    def __enter__(self):
        self._id = control("POST", self._where, self._fault)["id"]

    def __exit__(self, *_):
        control("DELETE", f"/faults/{self._id}")


class StoppedCoordinators:
    """Kills coordinators on entry to a `with` block and restarts them at its end."""

    def __init__(self, *indexes):
        self._indexes = indexes

    def __enter__(self):
        for index in self._indexes:
            control("POST", f"/coordinators/{index}/kill")

    def __exit__(self, *_):
        for index in self._indexes:
            control("POST", f"/coordinators/{index}/restart")
