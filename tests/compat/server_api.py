"""Promises of what a server says of itself: its log, its numbers, its licence."""

import json

from judge import holds, refused, same, shaped
from surroundings import ENDPOINTS, root, superuser

LICENSE = {"features": dict, "license": str, "hash": str, "version": int, "status": str, "upgrading": bool}
ENTRY = {"id": int, "topic": str, "level": str, "date": str, "message": str}


def checks(judge):
    """All checks of servers."""
    logs(judge)
    numbers(judge)
    licence(judge)


def logs(judge):
    """What a server writes down."""

    @judge.check
    def a_log_is_read_whole_by_level_and_through_another_server():
        whole = root().read_log_entries()
        same(whole["total"], len(whole["messages"]))
        for entry in whole["messages"]:
            shaped(entry, ENTRY)
        same(root().read_log_entries(upto="fatal"), {"total": 0, "messages": []})
        first = root().read_log_entries(size=1)
        same((first["total"], len(first["messages"])), (whole["total"], 1))
        other = root(1).cluster.server_id()
        same(root().read_log_entries(server_id=other), root(1).read_log_entries())
        refused(404, 400, root().read_log_entries, server_id="nobody")

    @judge.check
    def levels_of_a_log_are_set_by_topic_and_reset():
        before = root().log_levels()
        same(root().set_log_levels(requests="DEBUG")["requests"], "DEBUG")
        same(root(1).log_levels()["requests"], "INFO", "another server")
        same(root(1).log_levels(server_id=root().cluster.server_id())["requests"], "DEBUG")
        same(sorted(root().log_levels(with_appenders=True)), ["appenders", "global"])
        same(root().reset_log_levels(), before)

    @judge.check
    def calls_are_recorded_by_the_server_that_was_asked():
        root(2, "_system").version()
        calls = root(2).api_calls()["calls"]
        shaped(calls[0], {"timeStamp": str, "requestType": str, "path": str, "database": str})
        same([call["path"] for call in calls[:2]], ["/_admin/server/api-calls", "/_api/version"])


def numbers(judge):
    """What a server counts."""

    @judge.check
    def statistics_are_described():
        described = root().statistics(description=True)
        named = {(figure["group"], figure["identifier"]) for figure in described["figures"]}
        statistics = root().statistics()
        for group, identifier in named:
            holds(identifier in statistics[group], f"{group}.{identifier}")

    @judge.check
    def metrics_are_text():
        holds(root().metrics().startswith("# HELP "), "metrics")

    @judge.check
    def only_the_superuser_compacts_and_only_admins_ask_for_support():
        refused(403, 11, root().compact)
        superuser().compact()
        same(root().support_info()["deployment"]["type"], "cluster")


def licence(judge):
    """The licence, which is the whole cluster's."""

    @judge.check
    def a_licence_that_was_set_is_that_of_all_coordinators():
        before = root().license()
        shaped(before, LICENSE)
        same(root().set_license(json.dumps("V0h/Y29tcGF0")), {"result": {"error": False, "code": 201}})
        for index in range(len(ENDPOINTS)):
            same(root(index).license()["license"], "V0h/Y29tcGF0")
        root().set_license(json.dumps(before["license"]))
        same(root().license(), before)
