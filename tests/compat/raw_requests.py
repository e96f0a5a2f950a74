"""Requests as root without the client, for what the client does not send or does not show."""

import requests

from environment import CA_FILE, ENDPOINTS, ROOT

# Its connections are reused: a new one with TLS takes longer than most requests.
SESSION = requests.Session()
SESSION.trust_env = False


def send(method, path, coordinator=0, **options):
    """Sends a request to a coordinator and returns the response. `json` and `data` are bodies."""
    url = f"{ENDPOINTS[coordinator]}{path}"
    return SESSION.request(method, url, auth=tuple(ROOT.values()), timeout=10, verify=CA_FILE, **options)


def number(response):
    """Returns the status of a response and its error number."""
    return (response.status_code, response.json()["errorNum"])
