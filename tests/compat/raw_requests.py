"""Requests as root without the client, for what the client does not send or does not show."""

import requests

from environment import CA_FILE, ENDPOINTS, ROOT


def send(method, path, **options):
    """Sends a request to the first coordinator and returns the response. `json` and `data` are bodies."""
    url = f"{ENDPOINTS[0]}{path}"
    return requests.request(method, url, auth=tuple(ROOT.values()), timeout=10, verify=CA_FILE, **options)


def number(response):
    """Returns the status of a response and its error number."""
    return (response.status_code, response.json()["errorNum"])
