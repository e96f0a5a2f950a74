"""Checks of single servers: log, statistics, metrics and licence."""

import json

from check_runner import assert_rejected, assert_same, assert_shape, assert_true
from environment import ENDPOINTS, root, superuser

DISK_USAGE = {
    "bytesUsed": int,
    "bytesLimit": int,
    "limitReached": bool,
    "secondsUntilReadOnly": int,
    "secondsUntilShutDown": int,
    "status": str,
}
LICENSE = {"features": dict, "license": str, "hash": str, "version": int, "status": str, "upgrading": bool}
ENTRY = {"id": int, "topic": str, "level": str, "date": str, "message": str}


def checks(runner):
    """Registers all checks of single servers."""
    logs(runner)
    statistics_and_metrics(runner)
    javascript_endpoints(runner)
    licence(runner)


def logs(runner):
    """Registers the checks of log entries, log levels and recorded API calls."""

    @runner.check
    def a_log_is_read_in_full_by_level_and_through_another_server():
        whole = root().read_log_entries()
        assert_same(whole["total"], len(whole["messages"]))
        for entry in whole["messages"]:
            assert_shape(entry, ENTRY)
        assert_same(root().read_log_entries(upto="fatal"), {"total": 0, "messages": []})
        first = root().read_log_entries(size=1)
        assert_same((first["total"], len(first["messages"])), (whole["total"], 1))
        other = root(1).cluster.server_id()
        assert_same(root().read_log_entries(server_id=other), root(1).read_log_entries())
        assert_rejected(404, 400, root().read_log_entries, server_id="unknown")

    @runner.check
    def levels_of_a_log_are_set_by_topic_and_reset():
        before = root().log_levels()
        assert_same(root().set_log_levels(requests="DEBUG")["requests"], "DEBUG")
        assert_same(root(1).log_levels()["requests"], "INFO", "another server")
        assert_same(root(1).log_levels(server_id=root().cluster.server_id())["requests"], "DEBUG")
        assert_same(sorted(root().log_levels(with_appenders=True)), ["appenders", "global"])
        assert_same(root().reset_log_levels(), before)

    @runner.check
    def calls_are_recorded_by_the_server_that_received_them():
        root(2, "_system").version()
        calls = root(2).api_calls()["calls"]
        assert_shape(calls[0], {"timeStamp": str, "requestType": str, "path": str, "database": str})
        assert_same([call["path"] for call in calls[:2]], ["/_admin/server/api-calls", "/_api/version"])


def statistics_and_metrics(runner):
    """Registers the checks of statistics, metrics and the calls restricted to admins."""

    @runner.check
    def statistics_are_described():
        described = root().statistics(description=True)
        named = {(figure["group"], figure["identifier"]) for figure in described["figures"]}
        statistics = root().statistics()
        for group, identifier in named:
            assert_true(identifier in statistics[group], f"{group}.{identifier}")

    @runner.check
    def metrics_are_text():
        assert_true(root().metrics().startswith("# HELP "), "metrics")

    @runner.check
    def only_the_superuser_compacts_and_only_admins_get_support_info():
        assert_rejected(403, 11, root().compact)
        superuser().compact()
        assert_same(root().support_info()["deployment"]["type"], "cluster")


def javascript_endpoints(runner):
    """Registers the checks of what a server does with JavaScript: echo, scripts, tasks and routes."""

    @runner.check
    def a_coordinator_echoes_the_request_that_it_received():
        echo = root(1).echo({"a": 1})
        assert_same(json.loads(echo["requestBody"]), {"a": 1})
        assert_same(bytes(echo["rawRequestBody"]).decode(), echo["requestBody"])
        expected = {"user": "root", "authorized": True, "database": "_system", "path": "/", "suffix": []}
        assert_same({key: echo[key] for key in expected}, expected)
        assert_true(ENDPOINTS[1].endswith(f":{echo['server']['port']}"), "the port of the coordinator")

    @runner.check
    def scripts_are_not_executed_and_there_are_no_tasks():
        assert_rejected(404, 404, root().execute, "return 1")
        assert_same(root().tasks(), [])
        assert_rejected(404, 1852, root().task, "1")
        assert_rejected(404, 1852, root().delete_task, "1")
        assert_same(root().reload_routing(), True)


def licence(runner):
    """Registers the checks of the licence, which all servers share."""

    @runner.check
    def a_licence_set_on_one_coordinator_applies_to_all():
        before = root().license()
        assert_shape(before, {"upgrading": bool, "diskUsage": dict}, "without a licence")
        assert_shape(before["diskUsage"], DISK_USAGE)
        assert_same(root().set_license(json.dumps("V0h/Y29tcGF0")), {"result": {"error": False, "code": 201}})
        for index in range(len(ENDPOINTS)):
            licence = root(index).license()
            assert_shape(licence, LICENSE)
            assert_same(licence["license"], "V0h/Y29tcGF0")
