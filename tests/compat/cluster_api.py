"""Checks of every call of `db.cluster`."""

import re
import time
from datetime import datetime, timedelta, timezone

import requests
from arango.cluster import Cluster
from arango.http import DeflateRequestCompression

from check_runner import assert_rejected, assert_same, assert_shape, assert_true, eventually
from environment import CA_FILE, ENDPOINTS, ROOT, advertised, client, control, now, root, superuser

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
NUMBER = (int, float)
EVERY_MOVE = {"leader_changes": True, "move_leaders": True, "move_followers": True, "pi_factor": 256e6}

SUCCEEDED = set()


def of_role(role):
    """Returns the ids of all servers of one role, from the health response."""
    health = root().cluster.health()["Health"]
    return sorted(server for server, record in health.items() if record["Role"] == role)


def parse_time(text):
    """Parses a time in the format of the agency."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def cluster_time():
    """Returns the time of the cluster's clock."""
    return datetime.fromtimestamp(now(), timezone.utc)


def imbalance():
    """Returns the imbalance of the cluster."""
    return root().cluster.calculate_imbalance()


def idle():
    """Returns whether no move is running or pending."""
    current = imbalance()
    return current["pendingMoveShards"] == 0 and current["todoMoveShards"] == 0


def record_successful_calls():
    """Wraps the client's cluster API so that successful calls are recorded in `SUCCEEDED`."""

    def recording(name, method):
        def call(self, *arguments, **named):
            result = method(self, *arguments, **named)
            SUCCEEDED.add(name)
            return result

        return call

    for name in methods():
        setattr(Cluster, name, recording(name, getattr(Cluster, name)))


def methods():
    """Returns the names of the public methods of the client's cluster API."""
    return sorted(name for name, value in vars(Cluster).items() if callable(value) and not name.startswith("_"))


def checks(runner):
    """Registers all checks of the cluster API, with those that move shards last."""
    record_successful_calls()
    servers(runner)
    maintenance(runner)
    permissions(runner)
    rebalance(runner)
    runner.check(every_call_of_the_cluster_api_succeeded_once)


def every_call_of_the_cluster_api_succeeded_once():
    assert_true(len(methods()) >= 19, f"the client has fewer methods than expected: {methods()}")
    assert_same(sorted(SUCCEEDED), methods(), "calls that succeeded at least once")


def servers(runner):
    """Registers the checks of servers: ids, roles, health, versions, engines and statistics."""

    @runner.check
    def every_coordinator_returns_a_different_id():
        ids = [root(index).cluster.server_id() for index in range(len(ENDPOINTS))]
        assert_true(all(re.fullmatch(f"CRDN-{UUID}", each) for each in ids), f"ids of coordinators: {ids}")
        assert_same(sorted(ids), of_role("Coordinator"), "ids in health")
        health = root().cluster.health()["Health"]
        for server, endpoint in zip(ids, ENDPOINTS):
            assert_same(health[server]["Endpoint"], advertised(endpoint), f"endpoint of {server}")

    @runner.check
    def every_coordinator_returns_the_same_id_again():
        for index in range(len(ENDPOINTS)):
            cluster = root(index).cluster
            assert_same(len({cluster.server_id() for _ in range(5)}), 1, "distinct ids")

    @runner.check
    def every_coordinator_reports_its_role():
        for index in range(len(ENDPOINTS)):
            assert_same(root(index).cluster.server_role(), "COORDINATOR")

    @runner.check
    def the_mode_of_one_coordinator_is_the_mode_of_all():
        modes = [root(index).cluster for index in range(len(ENDPOINTS))]
        assert_same([one.server_mode() for one in modes], ["default"] * 3)
        # The client has no method for this.
        set_mode("readonly")
        try:
            eventually(lambda: all(one.server_mode() == "readonly" for one in modes), "all are read-only", 5)
        finally:
            set_mode("default")
        eventually(lambda: all(one.server_mode() == "default" for one in modes), "all may write", 5)

    @runner.check
    def health_has_the_keys_of_each_role_and_no_others():
        document = root().cluster.health()
        assert_shape(document, {"ClusterId": str, "Health": dict}, "health")
        assert_true(re.fullmatch(UUID, document["ClusterId"]) is not None, f"cluster id: {document['ClusterId']}")
        server = dict.fromkeys(
            ["Role", "Status", "Endpoint", "ShortName", "Host", "SyncStatus", "SyncTime", "Version", "Engine"]
            + ["LastAckedTime", "Timestamp"],
            str,
        )
        agent = dict.fromkeys(["Role", "Status", "Endpoint", "Leader", "Version", "Engine"], str)
        roles = {
            "CRDN": ("Coordinator", server | {"CanBeDeleted": bool}),
            "PRMR": ("DBServer", server | {"CanBeDeleted": bool}),
            "AGNT": ("Agent", agent | {"CanBeDeleted": bool, "Leading": bool, "LastAckedTime": NUMBER}),
        }
        for name, record in document["Health"].items():
            assert_true(re.fullmatch(f"(CRDN|PRMR|AGNT)-{UUID}", name) is not None, f"server id: {name}")
            role, shape = roles[name[:4]]
            assert_shape(record, shape, name)
            assert_same((record["Role"], record["Status"], record["CanBeDeleted"]), (role, "GOOD", False), name)
            assert_same((record["Version"], record["Engine"]), ("3.12.5", "rocksdb"), name)
            endpoint = record["Endpoint"]
            assert_true(re.fullmatch(r"(tcp|ssl)://127\.0\.0\.1:\d+", endpoint) is not None, endpoint)

    @runner.check
    def health_counts_three_servers_of_each_role_with_names_in_order():
        health = root().cluster.health()["Health"]
        assert_same(len(health), 9, "servers")
        for role, prefix in [("Coordinator", "Coordinator"), ("DBServer", "DBServer")]:
            names = sorted(record["ShortName"] for record in health.values() if record["Role"] == role)
            assert_same(names, [f"{prefix}{number:04}" for number in (1, 2, 3)])
        assert_same(len({record["Endpoint"] for record in health.values()}), 9, "distinct endpoints")

    @runner.check
    def servers_serve_and_were_acknowledged_before_the_record_was_written():
        for name, record in root().cluster.health()["Health"].items():
            if record["Role"] == "Agent":
                continue
            assert_same(record["SyncStatus"], "SERVING", name)
            synced, acked, written = (parse_time(record[key]) for key in ("SyncTime", "LastAckedTime", "Timestamp"))
            assert_true(synced <= acked <= written, f"{name}: {synced} <= {acked} <= {written}")
            assert_true(written <= cluster_time() + timedelta(seconds=1), f"{name}: {written} is in the future")

    @runner.check
    def one_agent_leads_and_all_report_the_same_leader():
        health = root().cluster.health()["Health"]
        agents = {name: record for name, record in health.items() if record["Role"] == "Agent"}
        leaders = [name for name, record in agents.items() if record["Leading"]]
        assert_same(len(leaders), 1, "leaders")
        assert_same({record["Leader"] for record in agents.values()}, set(leaders), "reported leaders")
        assert_true(agents[leaders[0]]["LastAckedTime"] == 0, "the leader acknowledges itself at once")
        others = [record["LastAckedTime"] for name, record in agents.items() if name != leaders[0]]
        assert_true(all(0 < age < 5 for age in others), f"ages: {others}")

    @runner.check
    def all_coordinators_report_the_same_cluster():
        documents = [root(index).cluster.health() for index in range(len(ENDPOINTS))]
        assert_same(len({document["ClusterId"] for document in documents}), 1, "distinct cluster ids")
        assert_same(len({frozenset(document["Health"]) for document in documents}), 1, "distinct sets of servers")

    @runner.check
    def the_control_listener_and_health_report_the_same_servers():
        ids = {part for part in re.findall(f"(?:CRDN|PRMR)-{UUID}", repr(control("GET", "/cluster")))}
        assert_true(set(of_role("Coordinator")) <= ids, f"coordinators: {ids}")

    @runner.check
    def every_coordinator_returns_the_version_of_every_server():
        expected = {"server": "arango", "license": "enterprise", "version": "3.12.5"}
        for index in range(len(ENDPOINTS)):
            for server in of_role("Coordinator") + of_role("DBServer"):
                assert_same(root(index).cluster.server_version(server), expected, server)
        assert_same(root().version(), "3.12.5")

    @runner.check
    def a_server_can_be_addressed_by_its_short_name():
        assert_same(root().cluster.server_version("DBServer0002")["version"], "3.12.5")
        assert_same(root().cluster.server_version("Coordinator0003")["version"], "3.12.5")

    @runner.check
    def the_engine_of_every_server_is_returned():
        for role, more in [("Coordinator", {}), ("DBServer", {"endianness": str})]:
            for server in of_role(role):
                engine = root().cluster.server_engine(server)
                assert_shape(engine, {"name": str, "supports": dict} | more, server)
                assert_same(engine["name"], "rocksdb")
                assert_shape(engine["supports"], {"indexes": list, "aliases": dict}, server)
                assert_true({"primary", "edge", "persistent", "geo"} <= set(engine["supports"]["indexes"]), f"{engine}")

    @runner.check
    def the_statistics_of_a_server_have_every_group():
        for server in (of_role("Coordinator")[0], of_role("DBServer")[0]):
            document = root().cluster.server_statistics(server)
            groups = dict.fromkeys(["system", "client", "clientUser", "http", "server"], dict)
            assert_shape(document, groups | {"time": float, "enabled": bool}, server)
            assert_same(document["enabled"], True)
            assert_true(0 <= now() - document["time"] < 5, f"time: {document['time']}")
            requests = document["http"]
            kinds = ["Get", "Head", "Post", "Put", "Patch", "Delete", "Options", "Other"]
            assert_same(sum(requests[f"requests{kind}"] for kind in kinds), requests["requestsTotal"], "requests")
            total = document["client"]["totalTime"]
            assert_same((len(total["counts"]), sum(total["counts"])), (10, total["count"]), "counts of totalTime")

    @runner.check
    def the_statistics_count_the_requests_that_were_made():
        cluster = root().cluster
        own = cluster.server_id()
        before = cluster.server_statistics(own)["http"]["requestsGet"]
        for _ in range(10):
            cluster.server_role()
        after = cluster.server_statistics(own)["http"]["requestsGet"]
        assert_true(after - before >= 10, f"{before} and 10 more: {after}")

    @runner.check
    def servers_are_counted():
        # The client returns this response with its envelope.
        envelope = {"error": False, "code": 200}
        expected = envelope | {"numberOfCoordinators": 3, "numberOfDBServers": 3, "cleanedServers": []}
        for index in range(len(ENDPOINTS)):
            assert_same(root(index).cluster.server_count(), expected)

    @runner.check
    def the_endpoints_are_those_of_all_coordinators():
        expected = sorted(advertised(endpoint) for endpoint in ENDPOINTS)
        for index in range(len(ENDPOINTS)):
            assert_same(sorted(root(index).cluster.endpoints()), expected)

    @runner.check
    def the_clocks_of_all_coordinators_agree_and_show_the_time_of_day():
        begin = now()
        clocks = [root(index).time().timestamp() for index in range(len(ENDPOINTS))]
        assert_true(begin <= clocks[0] <= clocks[1] <= clocks[2] <= begin + 5, f"clocks: {clocks}")
        # Roughly: the machine's clock may have been set since the cluster started.
        assert_true(abs(begin - time.time()) < 600, f"the cluster's clock: {begin}, the machine's: {time.time()}")

    @runner.check
    def a_background_job_returns_the_result_of_the_call():
        database = root()
        job = database.begin_async_execution(return_result=True).cluster.server_count()
        eventually(lambda: job.status() == "done", "the job is done", 5)
        assert_same(job.result(), database.cluster.server_count())


def maintenance(runner):
    """Registers the checks of the maintenance of a DB-Server and of the supervision."""

    @runner.check
    def maintenance_of_a_server_is_seen_by_all_coordinators_and_expires():
        server, other = of_role("DBServer")[:2]
        clusters = [root(index).cluster for index in range(len(ENDPOINTS))]
        assert_same([one.server_maintenance_mode(server) for one in clusters], [{}] * 3)
        before = cluster_time().replace(microsecond=0)
        assert_same(clusters[0].toggle_server_maintenance_mode(server, "maintenance", timeout=2), {})
        for one in clusters:
            status = one.server_maintenance_mode(server)
            assert_shape(status, {"Mode": str, "Until": str}, server)
            assert_same(status["Mode"], "maintenance")
            left = parse_time(status["Until"]) - before
            in_range = timedelta(seconds=2) <= left <= timedelta(seconds=4)
            assert_true(in_range, f"until {status['Until']}, {left} from then")
        assert_same(clusters[0].server_maintenance_mode(other), {}, "another server")
        eventually(lambda: clusters[1].server_maintenance_mode(server) == {}, "maintenance is over", 5)

    @runner.check
    def maintenance_of_a_server_can_be_ended_early_by_another_coordinator():
        server = of_role("DBServer")[0]
        root(0).cluster.toggle_server_maintenance_mode(server, "maintenance")
        until = parse_time(root(2).cluster.server_maintenance_mode(server)["Until"])
        left = until - cluster_time()
        assert_true(timedelta(minutes=59) < left <= timedelta(minutes=61), f"an hour by default, not {left}")
        assert_same(root(1).cluster.toggle_server_maintenance_mode(server, "normal"), {})
        assert_same(root(0).cluster.server_maintenance_mode(server), {})

    @runner.check
    def only_an_existing_server_can_be_maintained():
        unknown = "PRMR-00000000-0000-4000-8000-000000000000"
        assert_same(root().cluster.server_maintenance_mode(unknown), {})
        assert_rejected(412, 412, root().cluster.toggle_server_maintenance_mode, unknown, "maintenance", 2)
        assert_rejected(400, 10, root().cluster.toggle_server_maintenance_mode, of_role("DBServer")[0], "resting", 2)

    @runner.check
    def supervision_is_paused_for_an_hour_unless_resumed():
        cluster = root().cluster
        try:
            response = cluster.toggle_maintenance_mode("on")
            assert_shape(response, {"warning": str})
            form = r"Cluster supervision deactivated\. It will be reactivated automatically on (\S+) unless this call is repeated until then\."
            match = re.fullmatch(form, response["warning"])
            assert_true(match is not None, response["warning"])
            left = parse_time(match[1]) - cluster_time()
            assert_true(timedelta(minutes=59) < left <= timedelta(minutes=60), f"an hour, not {left}")
            assert_same(supervision(), "Maintenance")
        finally:
            response = cluster.toggle_maintenance_mode("off")
        assert_same(response, {"warning": "Cluster supervision reactivated."})
        assert_same(supervision(), "Normal")

    @runner.check
    def an_unknown_supervision_mode_is_rejected():
        assert_rejected(400, 10, root().cluster.toggle_maintenance_mode, "perhaps")


def permissions(runner):
    """Registers the checks of missing permissions and of unknown servers."""

    @runner.check
    def an_unknown_database_is_unauthorized_for_a_user_without_access():
        name = "compat_no_access"
        root().create_user(name, "password")
        try:
            cluster = client(ENDPOINTS[1]).db("never_was", name, "password").cluster
            for method, arguments in arguments_of_calls().items():
                assert_rejected(401, 11, getattr(cluster, method), *arguments)
        finally:
            root().delete_user(name)

    @runner.check
    def an_unknown_database_is_not_found_for_root():
        for index in range(len(ENDPOINTS)):
            cluster = root(index, "never_was").cluster
            for method, arguments in arguments_of_calls().items():
                assert_rejected(404, 1228, getattr(cluster, method), *arguments)

    @runner.check
    def an_ordinary_user_has_read_only_access():
        name, database = "compat_reader", "compat_readers"
        root().create_database(database, users=[{"username": name, "password": "reader", "active": True}])
        try:
            cluster = client(ENDPOINTS[0]).db(database, name, "reader").cluster
            assert_same(cluster.server_role(), "COORDINATOR")
            assert_same(len(cluster.health()["Health"]), 9, "servers")
            assert_same(len(cluster.endpoints()), 3, "endpoints")
            assert_same(cluster.server_count()["numberOfDBServers"], 3)
            server = of_role("DBServer")[0]
            for method, arguments in {
                "calculate_imbalance": [],
                "calculate_rebalance_plan": [],
                "rebalance": [],
                "execute_rebalance_plan": [[]],
                "toggle_maintenance_mode": ["on"],
                "server_maintenance_mode": [server],
                "toggle_server_maintenance_mode": [server, "maintenance", 2],
            }.items():
                assert_rejected(403, 403, getattr(cluster, method), *arguments)
            # Without access to the database named in the path, the status is 401.
            assert_rejected(401, 11, client(ENDPOINTS[0]).db("_system", name, "reader").cluster.calculate_imbalance)
        finally:
            root().delete_database(database)
            root().delete_user(name)

    @runner.check
    def an_unknown_server_cannot_be_queried():
        for name in ["PRMR-00000000-0000-4000-8000-000000000000", of_role("Agent")[0]]:
            for call in (root().cluster.server_version, root().cluster.server_engine, root().cluster.server_statistics):
                assert_rejected(503, 1478, call, name)
        assert_rejected(400, 400, root().cluster.server_version, "")

    @runner.check
    def sort_migration_requires_the_superuser():
        for call in ("vpack_sort_migration_status", "vpack_sort_migration_index_check", "migrate_vpack_sorting"):
            assert_rejected(403, 11, getattr(root().cluster, call))

    @runner.check
    def the_sort_order_is_correct_on_every_db_server():
        cluster = superuser().cluster
        expected = {
            "vpack_sort_migration_status": {"next": "CORRECT", "current": "CORRECT"},
            "vpack_sort_migration_index_check": {
                "affected": [],
                "error": False,
                "errorCode": 0,
                "errorMessage": "all good with sorting order",
            },
            "migrate_vpack_sorting": {"error": False, "errorCode": 0, "errorMessage": "VPack sorting migration done."},
        }
        for call, result in expected.items():
            response = getattr(cluster, call)()
            assert_same(sorted(response), of_role("DBServer"), call)
            for server, body in response.items():
                assert_same(body, {"error": False, "code": 200, "result": result}, f"{call} of {server}")


def rebalance(runner):
    """Registers the checks of the imbalance, and of planning and executing a rebalance."""

    @runner.check
    def the_imbalance_agrees_with_its_parts():
        current = imbalance()
        assert_shape(current, {"leader": dict, "shards": dict, "pendingMoveShards": int, "todoMoveShards": int})
        assert_consistent(current)
        assert_same((current["pendingMoveShards"], current["todoMoveShards"]), (0, 0))

    @runner.check
    def the_cluster_begins_with_leaders_on_one_db_server():
        leaders = imbalance()["leader"]["numberShards"]
        assert_true(max(leaders) > 0.8 * sum(leaders), f"leaders: {leaders}")

    @runner.check
    def a_plan_improves_the_balance_and_changes_nothing():
        before = imbalance()
        plan = root().cluster.calculate_rebalance_plan(**EVERY_MOVE)
        assert_shape(plan, {"imbalanceBefore": dict, "imbalanceAfter": dict, "moves": list})
        for side in ("imbalanceBefore", "imbalanceAfter"):
            assert_shape(plan[side], {"leader": dict, "shards": dict}, side)
            assert_consistent(plan[side])
        assert_same(plan["imbalanceBefore"]["leader"], before["leader"])
        assert_same(plan["imbalanceBefore"]["shards"], before["shards"])
        improves = score(plan["imbalanceAfter"]) < score(plan["imbalanceBefore"])
        assert_true(improves, "the plan does not improve the balance")
        assert_moves(plan["moves"])
        assert_same(imbalance(), before, "the imbalance after planning")

    @runner.check
    def a_plan_respects_its_limits():
        cluster = root().cluster
        assert_same(len(cluster.calculate_rebalance_plan(max_moves=2, **EVERY_MOVE)["moves"]), 2, "moves")
        assert_same(cluster.calculate_rebalance_plan(max_moves=0, **EVERY_MOVE)["moves"], [], "moves")
        none = cluster.calculate_rebalance_plan(leader_changes=False, move_leaders=False, move_followers=False)
        assert_same(none["moves"], [], "moves, if none is allowed")

    @runner.check
    def a_plan_respects_its_exclusions():
        cluster = root().cluster
        databases = {move["database"] for move in cluster.calculate_rebalance_plan(**EVERY_MOVE)["moves"]}
        assert_true("shop" in databases, f"databases: {databases}")
        without = cluster.calculate_rebalance_plan(databases_excluded=["shop"], **EVERY_MOVE)
        assert_true(all(move["database"] != "shop" for move in without["moves"]), "moves of an excluded database")
        assert_true(
            without["imbalanceBefore"]["shards"]["totalShards"] < imbalance()["shards"]["totalShards"],
            "an excluded database is not counted either",
        )
        assert_true(imbalance()["shards"]["totalShardsFromSystemCollections"] > 0, "there are no system collections")
        users = cluster.calculate_rebalance_plan(exclude_system_collections=True, **EVERY_MOVE)
        assert_same(users["imbalanceBefore"]["shards"]["totalShardsFromSystemCollections"], 0)

    @runner.check
    def a_compressed_plan_request_returns_the_same_plan():
        compressed = client(ENDPOINTS[0], request_compression=DeflateRequestCompression(threshold=1)).db(**ROOT)
        plain = root().cluster.calculate_rebalance_plan(max_moves=3, **EVERY_MOVE)
        assert_same(compressed.cluster.calculate_rebalance_plan(max_moves=3, **EVERY_MOVE), plain)

    @runner.check
    def a_plan_of_another_version_or_beyond_the_limit_is_rejected():
        cluster = root().cluster
        assert_rejected(400, 400, cluster.calculate_rebalance_plan, version=2)
        assert_rejected(400, 400, cluster.calculate_rebalance_plan, max_moves=5001)
        assert_rejected(400, 400, cluster.rebalance, version=2)
        assert_rejected(400, 400, cluster.execute_rebalance_plan, [], version=2)
        assert_rejected(500, 4, cluster.execute_rebalance_plan, [{"shard": "s1"}])

    @runner.check
    def a_plan_without_moves_is_not_accepted_for_execution():
        assert_same(root().cluster.execute_rebalance_plan([]), False)

    @runner.check
    def accepted_moves_are_executed_and_no_others():
        before = imbalance()
        plan = root(0).cluster.calculate_rebalance_plan(max_moves=4, **EVERY_MOVE)
        assert_same(root(1).cluster.execute_rebalance_plan(plan["moves"]), True)
        eventually(idle, "all moves are complete", 15)
        after = imbalance()
        assert_same(after["leader"], plan["imbalanceAfter"]["leader"])
        assert_same(after["shards"], plan["imbalanceAfter"]["shards"])
        assert_true(score(after) < score(before), "the balance has not improved")

    @runner.check
    def moves_wait_while_supervision_is_paused():
        cluster = root().cluster
        before = imbalance()
        cluster.toggle_maintenance_mode("on")
        try:
            plan = cluster.calculate_rebalance_plan(max_moves=2, **EVERY_MOVE)
            assert_same((len(plan["moves"]), cluster.execute_rebalance_plan(plan["moves"])), (2, True))
            waiting = imbalance()
            assert_same(waiting["pendingMoveShards"] + waiting["todoMoveShards"], 2, "waiting moves")
            assert_same(waiting["leader"], before["leader"])
        finally:
            cluster.toggle_maintenance_mode("off")
        eventually(idle, "all moves are complete", 15)
        assert_same(imbalance()["leader"], plan["imbalanceAfter"]["leader"])

    @runner.check
    def a_rebalance_executes_its_plan():
        plan = root(2).cluster.rebalance(**EVERY_MOVE)
        assert_shape(plan, {"imbalanceBefore": dict, "imbalanceAfter": dict, "moves": list})
        assert_moves(plan["moves"])
        begun = imbalance()
        assert_true(begun["pendingMoveShards"] + begun["todoMoveShards"] > 0, "nothing was scheduled")
        eventually(idle, "all moves are complete", 20)
        after = imbalance()
        assert_same(after["leader"], plan["imbalanceAfter"]["leader"])
        assert_same(after["shards"], plan["imbalanceAfter"]["shards"])

    @runner.check
    def rebalancing_converges():
        # One plan may leave imbalance for the next, because each of its moves is scored after the preceding ones.
        scores = [score(imbalance())]
        for _ in range(10):
            if not root().cluster.rebalance(**EVERY_MOVE)["moves"]:
                break
            eventually(idle, "all moves are complete", 20)
            scores.append(score(imbalance()))
        assert_same(root().cluster.calculate_rebalance_plan(**EVERY_MOVE)["moves"], [], f"moves after {scores}")
        assert_same(scores, sorted(set(scores), reverse=True), "scores, each below the one before")
        shards = imbalance()["shards"]["numberShards"]
        assert_true(max(shards) - min(shards) <= 1, f"shards: {shards}")


def arguments_of_calls():
    """Returns valid arguments for each method of the API."""
    server = of_role("DBServer")[0]
    one_server = ["server_version", "server_engine", "server_statistics", "server_maintenance_mode"]
    arguments = {name: [] for name in methods()} | {name: [server] for name in one_server}
    arguments["toggle_server_maintenance_mode"] = [server, "normal", 2]
    arguments["toggle_maintenance_mode"] = ["off"]
    arguments["execute_rebalance_plan"] = [[]]
    return arguments


def assert_consistent(document):
    """Asserts that the sums of both imbalances agree with their parts."""
    shards, leader = document["shards"], document["leader"]
    lists, totals = ["sizeUsed", "targetSize", "numberShards"], ["totalShards", "totalShardsFromSystemCollections"]
    shape = dict.fromkeys(lists, list) | dict.fromkeys(totals, int)
    assert_shape(shards, shape | {"totalUsed": NUMBER, "imbalance": NUMBER}, "shards")
    lists = ["weightUsed", "targetWeight", "numberShards", "leaderDupl"]
    shape = dict.fromkeys(lists, list) | {"totalShards": int, "totalWeight": NUMBER, "imbalance": NUMBER}
    assert_shape(leader, shape, "leader")
    for part, name in [(shards, "shards"), (leader, "leader")]:
        for key, value in part.items():
            complete = not isinstance(value, list) or len(value) == 3
            assert_true(complete, f"{name}[{key!r}] has a number for each DB-Server")
        assert_same(part["totalShards"], sum(part["numberShards"]), f"totalShards of {name}")
    assert_close(shards["totalUsed"], sum(shards["sizeUsed"]))
    assert_close(leader["totalWeight"], sum(leader["weightUsed"]))
    parts = zip(shards["sizeUsed"], shards["targetSize"])
    assert_close(shards["imbalance"], sum((used - aim) ** 2 for used, aim in parts))
    parts = zip(leader["weightUsed"], leader["targetWeight"], leader["leaderDupl"])
    assert_close(leader["imbalance"], sum((used - aim) ** 2 + twice for used, aim, twice in parts))


def assert_close(actual, expected):
    """Asserts equality up to rounding."""
    tolerance = 1e-9 * max(abs(actual), abs(expected), 1)
    assert_true(abs(actual - expected) <= tolerance, f"expected {expected}, got {actual}")


def score(document):
    """Returns the total imbalance, which a rebalance reduces."""
    return document["leader"]["imbalance"] + document["shards"]["imbalance"]


def assert_moves(moves):
    """Asserts that each move has all fields and leads from one DB-Server to another."""
    assert_true(len(moves) > 0, "there are no moves")
    texts = dict.fromkeys(["from", "to", "shard", "collection", "database"], str)
    db_servers = of_role("DBServer")
    for move in moves:
        assert_shape(move, texts | {"isLeader": bool}, "move")
        assert_true(move["from"] in db_servers and move["to"] in db_servers, f"servers: {move}")
        assert_true(move["from"] != move["to"], f"source and destination are equal: {move}")
        assert_true(re.fullmatch(r"s\d+", move["shard"]) is not None, f"shard: {move}")
        assert_true(re.fullmatch(r"\d+", move["collection"]) is not None, f"collection: {move}")


def set_mode(mode):
    """Sets the server mode of the whole cluster."""
    url = f"{ENDPOINTS[0]}/_admin/server/mode"
    response = requests.put(url, json={"mode": mode}, auth=tuple(ROOT.values()), timeout=10, verify=CA_FILE)
    assert_same(response.status_code, 200, response.text)


def supervision():
    """Returns the mode of the supervision. The client has no method for this."""
    url = f"{ENDPOINTS[0]}/_admin/cluster/maintenance"
    return requests.get(url, auth=tuple(ROOT.values()), timeout=10, verify=CA_FILE).json()["result"]
