"""Promises of every call of `db.cluster`."""

import re
import time
from datetime import datetime, timedelta, timezone

import requests
from arango.cluster import Cluster
from arango.http import DeflateRequestCompression

from judge import eventually, holds, refused, same, shaped
from surroundings import CA_FILE, ENDPOINTS, ROOT, advertised, client, control, now, root, superuser

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
NUMBER = (int, float)
EVERY_MOVE = {"leader_changes": True, "move_leaders": True, "move_followers": True, "pi_factor": 256e6}

DRIVEN = set()


def of_role(role):
    """The ids of all servers of one role, as health names it."""
    health = root().cluster.health()["Health"]
    return sorted(server for server, record in health.items() if record["Role"] == role)


def instant(text):
    """A time as the agency writes it."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def today():
    """The time by the cluster's own clock."""
    return datetime.fromtimestamp(now(), timezone.utc)


def imbalance():
    """How unbalanced the cluster is."""
    return root().cluster.calculate_imbalance()


def idle():
    """Whether nothing is being moved, nor waits for it."""
    current = imbalance()
    return current["pendingMoveShards"] == 0 and current["todoMoveShards"] == 0


def record_what_is_driven():
    """Notes each call of the client's cluster API that was answered with success."""

    def recording(name, method):
        def call(self, *arguments, **named):
            result = method(self, *arguments, **named)
            DRIVEN.add(name)
            return result

        return call

    for name in methods():
        setattr(Cluster, name, recording(name, getattr(Cluster, name)))


def methods():
    """The public methods of the client's cluster API, whichever they are."""
    return sorted(name for name, value in vars(Cluster).items() if callable(value) and not name.startswith("_"))


def checks(judge):
    """All checks of the cluster API, those that move shards last."""
    record_what_is_driven()
    servers(judge)
    maintenance(judge)
    refusals(judge)
    rebalance(judge)
    judge.check(every_call_of_the_cluster_api_was_driven)


def every_call_of_the_cluster_api_was_driven():
    holds(len(methods()) >= 19, f"the client has lost calls: {methods()}")
    same(sorted(DRIVEN), methods(), "calls that succeeded at least once")


def servers(judge):
    """Who is there, and what they say of themselves."""

    @judge.check
    def every_coordinator_answers_with_its_own_id():
        ids = [root(index).cluster.server_id() for index in range(len(ENDPOINTS))]
        holds(all(re.fullmatch(f"CRDN-{UUID}", each) for each in ids), f"ids of coordinators: {ids}")
        same(sorted(ids), of_role("Coordinator"), "ids in health")
        health = root().cluster.health()["Health"]
        for server, endpoint in zip(ids, ENDPOINTS):
            same(health[server]["Endpoint"], advertised(endpoint), f"endpoint of {server}")

    @judge.check
    def every_coordinator_answers_with_the_same_id_again():
        for index in range(len(ENDPOINTS)):
            cluster = root(index).cluster
            same(len({cluster.server_id() for _ in range(5)}), 1, "distinct ids")

    @judge.check
    def every_coordinator_says_that_it_is_one():
        for index in range(len(ENDPOINTS)):
            same(root(index).cluster.server_role(), "COORDINATOR")

    @judge.check
    def the_mode_of_one_coordinator_is_the_mode_of_all():
        modes = [root(index).cluster for index in range(len(ENDPOINTS))]
        same([one.server_mode() for one in modes], ["default"] * 3)
        # The client cannot set it, so the request is written by hand.
        set_mode("readonly")
        try:
            eventually(lambda: all(one.server_mode() == "readonly" for one in modes), "all are read-only", 5)
        finally:
            set_mode("default")
        eventually(lambda: all(one.server_mode() == "default" for one in modes), "all may write", 5)

    @judge.check
    def health_has_the_keys_of_each_role_and_no_others():
        document = root().cluster.health()
        shaped(document, {"ClusterId": str, "Health": dict}, "health")
        holds(re.fullmatch(UUID, document["ClusterId"]) is not None, f"cluster id: {document['ClusterId']}")
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
            holds(re.fullmatch(f"(CRDN|PRMR|AGNT)-{UUID}", name) is not None, f"server id: {name}")
            role, shape = roles[name[:4]]
            shaped(record, shape, name)
            same((record["Role"], record["Status"], record["CanBeDeleted"]), (role, "GOOD", False), name)
            same((record["Version"], record["Engine"]), ("3.12.5", "rocksdb"), name)
            holds(re.fullmatch(r"(tcp|ssl)://127\.0\.0\.1:\d+", record["Endpoint"]) is not None, record["Endpoint"])

    @judge.check
    def health_counts_three_servers_of_each_role_with_names_in_order():
        health = root().cluster.health()["Health"]
        same(len(health), 9, "servers")
        for role, prefix in [("Coordinator", "Coordinator"), ("DBServer", "DBServer")]:
            names = sorted(record["ShortName"] for record in health.values() if record["Role"] == role)
            same(names, [f"{prefix}{number:04}" for number in (1, 2, 3)])
        same(len({record["Endpoint"] for record in health.values()}), 9, "distinct endpoints")

    @judge.check
    def servers_serve_and_were_acknowledged_before_the_record_was_written():
        for name, record in root().cluster.health()["Health"].items():
            if record["Role"] == "Agent":
                continue
            same(record["SyncStatus"], "SERVING", name)
            synced, acked, written = (instant(record[key]) for key in ("SyncTime", "LastAckedTime", "Timestamp"))
            holds(synced <= acked <= written, f"{name}: {synced} <= {acked} <= {written}")
            holds(written <= today() + timedelta(seconds=1), f"{name}: {written} is to come")

    @judge.check
    def one_agent_leads_and_all_agree_who():
        health = root().cluster.health()["Health"]
        agents = {name: record for name, record in health.items() if record["Role"] == "Agent"}
        leaders = [name for name, record in agents.items() if record["Leading"]]
        same(len(leaders), 1, "leaders")
        same({record["Leader"] for record in agents.values()}, set(leaders), "opinions")
        holds(agents[leaders[0]]["LastAckedTime"] == 0, "the leader acknowledges itself at once")
        others = [record["LastAckedTime"] for name, record in agents.items() if name != leaders[0]]
        holds(all(0 < age < 5 for age in others), f"ages: {others}")

    @judge.check
    def all_coordinators_tell_of_the_same_cluster():
        documents = [root(index).cluster.health() for index in range(len(ENDPOINTS))]
        same(len({document["ClusterId"] for document in documents}), 1, "distinct cluster ids")
        same(len({frozenset(document["Health"]) for document in documents}), 1, "distinct sets of servers")

    @judge.check
    def the_control_door_and_the_health_know_the_same_servers():
        ids = {part for part in re.findall(f"(?:CRDN|PRMR)-{UUID}", repr(control("GET", "/cluster")))}
        holds(set(of_role("Coordinator")) <= ids, f"coordinators: {ids}")

    @judge.check
    def the_version_of_every_server_is_told_by_every_coordinator():
        expected = {"server": "arango", "license": "enterprise", "version": "3.12.5"}
        for index in range(len(ENDPOINTS)):
            for server in of_role("Coordinator") + of_role("DBServer"):
                same(root(index).cluster.server_version(server), expected, server)
        same(root().version(), "3.12.5")

    @judge.check
    def a_server_may_be_named_by_its_short_name():
        same(root().cluster.server_version("DBServer0002")["version"], "3.12.5")
        same(root().cluster.server_version("Coordinator0003")["version"], "3.12.5")

    @judge.check
    def the_engine_of_every_server_is_told():
        for role, more in [("Coordinator", {}), ("DBServer", {"endianness": str})]:
            for server in of_role(role):
                engine = root().cluster.server_engine(server)
                shaped(engine, {"name": str, "supports": dict} | more, server)
                same(engine["name"], "rocksdb")
                shaped(engine["supports"], {"indexes": list, "aliases": dict}, server)
                holds({"primary", "edge", "persistent", "geo"} <= set(engine["supports"]["indexes"]), f"{engine}")

    @judge.check
    def the_statistics_of_a_server_have_every_group():
        for server in (of_role("Coordinator")[0], of_role("DBServer")[0]):
            document = root().cluster.server_statistics(server)
            groups = dict.fromkeys(["system", "client", "clientUser", "http", "server"], dict)
            shaped(document, groups | {"time": float, "enabled": bool}, server)
            same(document["enabled"], True)
            holds(0 <= now() - document["time"] < 5, f"time: {document['time']}")
            requests = document["http"]
            kinds = ["Get", "Head", "Post", "Put", "Patch", "Delete", "Options", "Other"]
            same(sum(requests[f"requests{kind}"] for kind in kinds), requests["requestsTotal"], "requests")
            total = document["client"]["totalTime"]
            same((len(total["counts"]), sum(total["counts"])), (10, total["count"]), "counts of totalTime")

    @judge.check
    def the_statistics_count_the_requests_that_were_made():
        cluster = root().cluster
        own = cluster.server_id()
        before = cluster.server_statistics(own)["http"]["requestsGet"]
        for _ in range(10):
            cluster.server_role()
        after = cluster.server_statistics(own)["http"]["requestsGet"]
        holds(after - before >= 10, f"{before} and 10 more: {after}")

    @judge.check
    def servers_are_counted():
        # The client passes this answer on with its envelope.
        envelope = {"error": False, "code": 200}
        expected = envelope | {"numberOfCoordinators": 3, "numberOfDBServers": 3, "cleanedServers": []}
        for index in range(len(ENDPOINTS)):
            same(root(index).cluster.server_count(), expected)

    @judge.check
    def the_endpoints_are_those_of_all_coordinators():
        expected = sorted(advertised(endpoint) for endpoint in ENDPOINTS)
        for index in range(len(ENDPOINTS)):
            same(sorted(root(index).cluster.endpoints()), expected)

    @judge.check
    def the_clocks_of_all_coordinators_agree_and_show_the_time_of_day():
        begin = now()
        clocks = [root(index).time().timestamp() for index in range(len(ENDPOINTS))]
        holds(begin <= clocks[0] <= clocks[1] <= clocks[2] <= begin + 5, f"clocks: {clocks}")
        # Roughly: the machine's clock may have been set since the cluster started.
        holds(abs(begin - time.time()) < 600, f"the cluster's clock: {begin}, the machine's: {time.time()}")

    @judge.check
    def a_background_job_gives_what_the_call_would_have_given():
        database = root()
        job = database.begin_async_execution(return_result=True).cluster.server_count()
        eventually(lambda: job.status() == "done", "the job is done", 5)
        same(job.result(), database.cluster.server_count())


def maintenance(judge):
    """Maintenance of one DB-Server, and of the supervision."""

    @judge.check
    def maintenance_of_a_server_is_seen_by_all_coordinators_and_ends_by_itself():
        server, other = of_role("DBServer")[:2]
        clusters = [root(index).cluster for index in range(len(ENDPOINTS))]
        same([one.server_maintenance_mode(server) for one in clusters], [{}] * 3)
        before = today().replace(microsecond=0)
        same(clusters[0].toggle_server_maintenance_mode(server, "maintenance", timeout=2), {})
        for one in clusters:
            status = one.server_maintenance_mode(server)
            shaped(status, {"Mode": str, "Until": str}, server)
            same(status["Mode"], "maintenance")
            left = instant(status["Until"]) - before
            holds(timedelta(seconds=2) <= left <= timedelta(seconds=4), f"until {status['Until']}, {left} from then")
        same(clusters[0].server_maintenance_mode(other), {}, "another server")
        eventually(lambda: clusters[1].server_maintenance_mode(server) == {}, "maintenance is over", 5)

    @judge.check
    def maintenance_of_a_server_can_be_ended_early_by_another_coordinator():
        server = of_role("DBServer")[0]
        root(0).cluster.toggle_server_maintenance_mode(server, "maintenance")
        until = instant(root(2).cluster.server_maintenance_mode(server)["Until"])
        left = until - today()
        holds(timedelta(minutes=59) < left <= timedelta(minutes=61), f"an hour by default, not {left}")
        same(root(1).cluster.toggle_server_maintenance_mode(server, "normal"), {})
        same(root(0).cluster.server_maintenance_mode(server), {})

    @judge.check
    def only_a_server_that_is_there_can_be_maintained():
        unknown = "PRMR-00000000-0000-4000-8000-000000000000"
        same(root().cluster.server_maintenance_mode(unknown), {})
        refused(412, 412, root().cluster.toggle_server_maintenance_mode, unknown, "maintenance", 2)
        refused(400, 10, root().cluster.toggle_server_maintenance_mode, of_role("DBServer")[0], "resting", 2)

    @judge.check
    def supervision_stands_still_for_an_hour_unless_it_is_woken():
        cluster = root().cluster
        try:
            answer = cluster.toggle_maintenance_mode("on")
            shaped(answer, {"warning": str})
            form = r"Cluster supervision deactivated\. It will be reactivated automatically on (\S+) unless this call is repeated until then\."
            match = re.fullmatch(form, answer["warning"])
            holds(match is not None, answer["warning"])
            left = instant(match[1]) - today()
            holds(timedelta(minutes=59) < left <= timedelta(minutes=60), f"an hour, not {left}")
            same(supervision(), "Maintenance")
        finally:
            answer = cluster.toggle_maintenance_mode("off")
        same(answer, {"warning": "Cluster supervision reactivated."})
        same(supervision(), "Normal")

    @judge.check
    def supervision_knows_no_other_words():
        refused(400, 10, root().cluster.toggle_maintenance_mode, "perhaps")


def refusals(judge):
    """Who may not ask, and what cannot be asked."""

    @judge.check
    def in_a_database_that_never_was_nothing_is_told_to_a_user_who_has_none():
        name = "compat_stranger"
        root().create_user(name, "stranger")
        try:
            cluster = client(ENDPOINTS[1]).db("never_was", name, "stranger").cluster
            for method, arguments in every_call().items():
                refused(401, 11, getattr(cluster, method), *arguments)
        finally:
            root().delete_user(name)

    @judge.check
    def in_a_database_that_never_was_root_is_told_so():
        for index in range(len(ENDPOINTS)):
            cluster = root(index, "never_was").cluster
            for method, arguments in every_call().items():
                refused(404, 1228, getattr(cluster, method), *arguments)

    @judge.check
    def an_ordinary_user_may_look_and_may_not_touch():
        name, database = "compat_reader", "compat_readers"
        root().create_database(database, users=[{"username": name, "password": "reader", "active": True}])
        try:
            cluster = client(ENDPOINTS[0]).db(database, name, "reader").cluster
            same(cluster.server_role(), "COORDINATOR")
            same(len(cluster.health()["Health"]), 9, "servers")
            same(len(cluster.endpoints()), 3, "endpoints")
            same(cluster.server_count()["numberOfDBServers"], 3)
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
                refused(403, 403, getattr(cluster, method), *arguments)
            # By the name of the database, which any of its users may see, whoever may see the database itself.
            refused(401, 11, client(ENDPOINTS[0]).db("_system", name, "reader").cluster.calculate_imbalance)
        finally:
            root().delete_database(database)
            root().delete_user(name)

    @judge.check
    def a_server_that_is_not_there_cannot_be_asked():
        for name in ["PRMR-00000000-0000-4000-8000-000000000000", of_role("Agent")[0]]:
            for call in (root().cluster.server_version, root().cluster.server_engine, root().cluster.server_statistics):
                refused(503, 1478, call, name)
        refused(400, 400, root().cluster.server_version, "")

    @judge.check
    def sorting_is_the_superusers_business():
        for call in ("vpack_sort_migration_status", "vpack_sort_migration_index_check", "migrate_vpack_sorting"):
            refused(403, 11, getattr(root().cluster, call))

    @judge.check
    def sorting_is_in_order_on_every_db_server():
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
            answer = getattr(cluster, call)()
            same(sorted(answer), of_role("DBServer"), call)
            for server, body in answer.items():
                same(body, {"error": False, "code": 200, "result": result}, f"{call} of {server}")


def rebalance(judge):
    """How unbalanced the cluster is, what would help, and doing it."""

    @judge.check
    def the_imbalance_is_what_its_own_numbers_make_it():
        current = imbalance()
        shaped(current, {"leader": dict, "shards": dict, "pendingMoveShards": int, "todoMoveShards": int})
        balanced(current)
        same((current["pendingMoveShards"], current["todoMoveShards"]), (0, 0))

    @judge.check
    def the_cluster_begins_with_leaders_on_one_db_server():
        leaders = imbalance()["leader"]["numberShards"]
        holds(max(leaders) > 0.8 * sum(leaders), f"leaders: {leaders}")

    @judge.check
    def a_plan_improves_what_it_says_and_changes_nothing():
        before = imbalance()
        plan = root().cluster.calculate_rebalance_plan(**EVERY_MOVE)
        shaped(plan, {"imbalanceBefore": dict, "imbalanceAfter": dict, "moves": list})
        for side in ("imbalanceBefore", "imbalanceAfter"):
            shaped(plan[side], {"leader": dict, "shards": dict}, side)
            balanced(plan[side])
        same(plan["imbalanceBefore"]["leader"], before["leader"])
        same(plan["imbalanceBefore"]["shards"], before["shards"])
        holds(score(plan["imbalanceAfter"]) < score(plan["imbalanceBefore"]), "the plan does not help")
        moved(plan["moves"])
        same(imbalance(), before, "the imbalance after planning")

    @judge.check
    def a_plan_keeps_to_its_limits():
        cluster = root().cluster
        same(len(cluster.calculate_rebalance_plan(max_moves=2, **EVERY_MOVE)["moves"]), 2, "moves")
        same(cluster.calculate_rebalance_plan(max_moves=0, **EVERY_MOVE)["moves"], [], "moves")
        none = cluster.calculate_rebalance_plan(leader_changes=False, move_leaders=False, move_followers=False)
        same(none["moves"], [], "moves, if none is allowed")

    @judge.check
    def a_plan_leaves_out_what_it_is_told_to():
        cluster = root().cluster
        databases = {move["database"] for move in cluster.calculate_rebalance_plan(**EVERY_MOVE)["moves"]}
        holds("shop" in databases, f"databases: {databases}")
        without = cluster.calculate_rebalance_plan(databases_excluded=["shop"], **EVERY_MOVE)
        holds(all(move["database"] != "shop" for move in without["moves"]), "moves of an excluded database")
        holds(
            without["imbalanceBefore"]["shards"]["totalShards"] < imbalance()["shards"]["totalShards"],
            "an excluded database is not counted either",
        )
        holds(imbalance()["shards"]["totalShardsFromSystemCollections"] > 0, "there are no system collections")
        users = cluster.calculate_rebalance_plan(exclude_system_collections=True, **EVERY_MOVE)
        same(users["imbalanceBefore"]["shards"]["totalShardsFromSystemCollections"], 0)

    @judge.check
    def a_compressed_plan_is_planned_like_a_plain_one():
        squeezed = client(ENDPOINTS[0], request_compression=DeflateRequestCompression(threshold=1)).db(**ROOT)
        plain = root().cluster.calculate_rebalance_plan(max_moves=3, **EVERY_MOVE)
        same(squeezed.cluster.calculate_rebalance_plan(max_moves=3, **EVERY_MOVE), plain)

    @judge.check
    def a_plan_of_another_version_or_beyond_the_limit_is_refused():
        cluster = root().cluster
        refused(400, 400, cluster.calculate_rebalance_plan, version=2)
        refused(400, 400, cluster.calculate_rebalance_plan, max_moves=5001)
        refused(400, 400, cluster.rebalance, version=2)
        refused(400, 400, cluster.execute_rebalance_plan, [], version=2)
        refused(500, 4, cluster.execute_rebalance_plan, [{"shard": "s1"}])

    @judge.check
    def a_plan_without_moves_is_not_accepted_for_execution():
        same(root().cluster.execute_rebalance_plan([]), False)

    @judge.check
    def moves_that_were_accepted_are_made_and_no_others():
        before = imbalance()
        plan = root(0).cluster.calculate_rebalance_plan(max_moves=4, **EVERY_MOVE)
        same(root(1).cluster.execute_rebalance_plan(plan["moves"]), True)
        eventually(idle, "the moves are made", 15)
        after = imbalance()
        same(after["leader"], plan["imbalanceAfter"]["leader"])
        same(after["shards"], plan["imbalanceAfter"]["shards"])
        holds(score(after) < score(before), "nothing has improved")

    @judge.check
    def moves_wait_while_supervision_stands_still():
        cluster = root().cluster
        before = imbalance()
        cluster.toggle_maintenance_mode("on")
        try:
            plan = cluster.calculate_rebalance_plan(max_moves=2, **EVERY_MOVE)
            same((len(plan["moves"]), cluster.execute_rebalance_plan(plan["moves"])), (2, True))
            waiting = imbalance()
            same(waiting["pendingMoveShards"] + waiting["todoMoveShards"], 2, "moves that wait")
            same(waiting["leader"], before["leader"])
        finally:
            cluster.toggle_maintenance_mode("off")
        eventually(idle, "the moves are made", 15)
        same(imbalance()["leader"], plan["imbalanceAfter"]["leader"])

    @judge.check
    def a_rebalance_does_what_it_says():
        plan = root(2).cluster.rebalance(**EVERY_MOVE)
        shaped(plan, {"imbalanceBefore": dict, "imbalanceAfter": dict, "moves": list})
        moved(plan["moves"])
        begun = imbalance()
        holds(begun["pendingMoveShards"] + begun["todoMoveShards"] > 0, "nothing was scheduled")
        eventually(idle, "the moves are made", 20)
        after = imbalance()
        same(after["leader"], plan["imbalanceAfter"]["leader"])
        same(after["shards"], plan["imbalanceAfter"]["shards"])

    @judge.check
    def rebalancing_comes_to_rest():
        # A plan may leave something for the next one, as each move is judged by what the ones before it left.
        scores = [score(imbalance())]
        for _ in range(10):
            if not root().cluster.rebalance(**EVERY_MOVE)["moves"]:
                break
            eventually(idle, "the moves are made", 20)
            scores.append(score(imbalance()))
        same(root().cluster.calculate_rebalance_plan(**EVERY_MOVE)["moves"], [], f"moves after {scores}")
        same(scores, sorted(set(scores), reverse=True), "scores, each below the one before")
        shards = imbalance()["shards"]["numberShards"]
        holds(max(shards) - min(shards) <= 1, f"shards: {shards}")


def every_call():
    """The arguments with which each call of the API can be made."""
    server = of_role("DBServer")[0]
    one_server = ["server_version", "server_engine", "server_statistics", "server_maintenance_mode"]
    arguments = {name: [] for name in methods()} | {name: [server] for name in one_server}
    arguments["toggle_server_maintenance_mode"] = [server, "normal", 2]
    arguments["toggle_maintenance_mode"] = ["off"]
    arguments["execute_rebalance_plan"] = [[]]
    return arguments


def balanced(document):
    """The sums of both imbalances agree with their parts."""
    shards, leader = document["shards"], document["leader"]
    lists, totals = ["sizeUsed", "targetSize", "numberShards"], ["totalShards", "totalShardsFromSystemCollections"]
    shape = dict.fromkeys(lists, list) | dict.fromkeys(totals, int)
    shaped(shards, shape | {"totalUsed": NUMBER, "imbalance": NUMBER}, "shards")
    lists = ["weightUsed", "targetWeight", "numberShards", "leaderDupl"]
    shape = dict.fromkeys(lists, list) | {"totalShards": int, "totalWeight": NUMBER, "imbalance": NUMBER}
    shaped(leader, shape, "leader")
    for part, name in [(shards, "shards"), (leader, "leader")]:
        for key, value in part.items():
            holds(not isinstance(value, list) or len(value) == 3, f"{name}[{key!r}] has a number for each DB-Server")
        same(part["totalShards"], sum(part["numberShards"]), f"totalShards of {name}")
    close(shards["totalUsed"], sum(shards["sizeUsed"]))
    close(leader["totalWeight"], sum(leader["weightUsed"]))
    close(shards["imbalance"], sum((used - aim) ** 2 for used, aim in zip(shards["sizeUsed"], shards["targetSize"])))
    parts = zip(leader["weightUsed"], leader["targetWeight"], leader["leaderDupl"])
    close(leader["imbalance"], sum((used - aim) ** 2 + twice for used, aim, twice in parts))


def close(actual, expected):
    """Equal but for rounding."""
    holds(abs(actual - expected) <= 1e-9 * max(abs(actual), abs(expected), 1), f"expected {expected}, got {actual}")


def score(document):
    """What a rebalance makes smaller."""
    return document["leader"]["imbalance"] + document["shards"]["imbalance"]


def moved(moves):
    """Moves are complete, and lead from one DB-Server to another."""
    holds(len(moves) > 0, "there are no moves")
    texts = dict.fromkeys(["from", "to", "shard", "collection", "database"], str)
    db_servers = of_role("DBServer")
    for move in moves:
        shaped(move, texts | {"isLeader": bool}, "move")
        holds(move["from"] in db_servers and move["to"] in db_servers, f"servers: {move}")
        holds(move["from"] != move["to"], f"a move to where it is: {move}")
        holds(re.fullmatch(r"s\d+", move["shard"]) is not None, f"shard: {move}")
        holds(re.fullmatch(r"\d+", move["collection"]) is not None, f"collection: {move}")


def set_mode(mode):
    """Lets all coordinators write, or none."""
    url = f"{ENDPOINTS[0]}/_admin/server/mode"
    answer = requests.put(url, json={"mode": mode}, auth=tuple(ROOT.values()), timeout=10, verify=CA_FILE)
    same(answer.status_code, 200, answer.text)


def supervision():
    """The mode of the supervision, which the client cannot ask for."""
    url = f"{ENDPOINTS[0]}/_admin/cluster/maintenance"
    return requests.get(url, auth=tuple(ROOT.values()), timeout=10, verify=CA_FILE).json()["result"]
