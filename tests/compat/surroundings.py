"""The cluster under test, as the environment names it."""

import json
import os
import urllib.request
import warnings

import jwt
from arango import ArangoClient
from arango.http import DefaultHTTPClient
from requests import Session

# The secret is short because a test's secret keeps nothing secret.
warnings.filterwarnings("ignore", message="The HMAC key is")

ENDPOINTS = os.environ["ARANGO_ENDPOINTS"].split(",")
PASSWORD = os.environ["ARANGO_ROOT_PASSWORD"]
SECRET = os.environ["ARANGO_JWT_SECRET"]
CONTROL = os.environ["ARANGO_TEST_CONTROL"]
# The authority of the coordinators' certificates, if they speak TLS.
CA_FILE = os.environ.get("ARANGO_CA_FILE")

ROOT = {"username": "root", "password": PASSWORD}


class OnceClient(DefaultHTTPClient):
    """Sends a request once: repeating would hide a first answer that is wrong."""

    def create_session(self, host):
        session = Session()
        # Not the authorities that the machine names for everybody: they would stand before the cluster's own.
        session.trust_env = False
        return session


def client(hosts, **settings):
    """A client of these coordinators."""
    return ArangoClient(hosts=hosts, http_client=OnceClient(), verify_override=CA_FILE, **settings)


def root(index=0, database="_system"):
    """A database through one coordinator, as root."""
    return client(ENDPOINTS[index]).db(database, **ROOT)


def superuser(index=0, database="_system"):
    """A database through one coordinator, as the superuser."""
    return client(ENDPOINTS[index]).db(database, superuser_token=token())


def advertised(endpoint):
    """An endpoint as the cluster names it to others."""
    return endpoint.replace("https://", "ssl://").replace("http://", "tcp://")


def now():
    """The cluster's own clock, in seconds: the machine's calendar may be set anew while a check looks at both."""
    return root().time().timestamp()


def token(secret=SECRET, **claims):
    """A token that anybody who knows the secret can make; without claims, the superuser's."""
    return jwt.encode({"iss": "arangodb", "server_id": "compat", **claims}, secret, algorithm="HS256")


def user_token(user, lifetime, secret=SECRET):
    """A token for a user that is valid for so many seconds, or was, if they are negative."""
    begin = int(now())
    claims = {"iss": "arangodb", "preferred_username": user, "iat": begin - 60, "exp": begin + lifetime}
    return jwt.encode(claims, secret, algorithm="HS256")


def control(method, path):
    """Asks the control door."""
    request = urllib.request.Request(f"{CONTROL}{path}", method=method, data=b"" if method == "POST" else None)
    # Never through a proxy: the door is on loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        body = answer.read()
    return json.loads(body) if body else None


class Down:
    """A coordinator that is killed for as long as the `with` block lasts."""

    def __init__(self, *indexes):
        self._indexes = indexes

    def __enter__(self):
        for index in self._indexes:
            control("POST", f"/coordinators/{index}/kill")

    def __exit__(self, *_):
        for index in self._indexes:
            control("POST", f"/coordinators/{index}/restart")
