"""Checks of AQL: bind parameters, reads, writes, errors, warnings, options."""

from check_runner import assert_rejected, assert_same, assert_true
from data_plane.connections import root
from data_plane.temporary import TemporaryCollection, through, values
from environment import ENDPOINTS, client


def run(query, index=0, **options):
    """Returns all rows of a query."""
    return list(root(index).aql.execute(query, **options))


def checks(runner):
    """Registers all checks of AQL."""
    reads(runner)
    writes(runner)
    failed_writes(runner)
    failures(runner)
    warnings(runner)
    options(runner)


def filled(books, count=10):
    """Inserts documents `0`, `1` … with their number as `n`, and returns the collection."""
    books.insert_many([{"_key": str(number), "n": number, "deep": {"odd": number % 2}} for number in range(count)])
    return books


def reads(runner):
    """Registers the checks of queries that read."""

    @runner.check
    def bind_parameters_hold_values_collections_and_attributes():
        with TemporaryCollection(shard_count=3) as books:
            filled(books)
            bound = {"@c": books.name, "n": 7, "path": ["deep", "odd"], "name": "_key"}
            query = "FOR d IN @@c FILTER d.n >= @n AND d.@path == 1 SORT d.n RETURN d.@name"
            assert_same(run(query, 1, bind_vars=bound), ["7", "9"])
            value = {"a": [1, None, {"b": "x"}]}
            assert_same(run("RETURN @v", bind_vars={"v": value}), [value])

    @runner.check
    def rows_are_filtered_sorted_and_limited():
        with TemporaryCollection(shard_count=3) as books:
            filled(books)
            query = "FOR d IN @@c SORT d.deep.odd DESC, d.n LIMIT @skip, @limit RETURN d.n"
            assert_same(run(query, bind_vars={"@c": books.name, "skip": 3, "limit": 4}), [7, 9, 0, 2])
            query = "FOR d IN @@c FILTER d.`n` IN [1, 2] OR d['deep'].missing == 1 SORT d.n RETURN d.n"
            assert_same(run(query, bind_vars={"@c": books.name}), [1, 2])
            assert_same(sorted(run("FOR d IN @@c LIMIT 0, null RETURN d.n", bind_vars={"@c": books.name})), list(range(10)))

    @runner.check
    def rows_are_grouped_and_counted():
        with TemporaryCollection(shard_count=3) as books:
            filled(books)
            bound = {"@c": books.name}
            query = "FOR d IN @@c COLLECT odd = d.deep.odd WITH COUNT INTO c RETURN {odd, c}"
            assert_same(run(query, bind_vars=bound), [{"odd": 0, "c": 5}, {"odd": 1, "c": 5}])
            query = "FOR d IN @@c COLLECT AGGREGATE s = SUM(d.n), m = MAX(d.n) RETURN [s, m]"
            assert_same(run(query, bind_vars=bound), [[45, 9]])
            assert_same(run("FOR d IN @@c COLLECT WITH COUNT INTO c RETURN c", bind_vars=bound), [10])
            assert_same(run("RETURN LENGTH(@@c)", bind_vars=bound), [10])
            assert_same(run("FOR d IN @@c RETURN DISTINCT d.deep.odd", bind_vars=bound).__len__(), 2)

    @runner.check
    def subqueries_and_nested_loops_are_evaluated():
        assert_same(run("FOR i IN 1..2 FOR j IN [10, 20] RETURN i * j"), [10, 20, 20, 40])
        assert_same(run("RETURN (FOR i IN RANGE(1, @n) FILTER i > 1 RETURN i)", bind_vars={"n": 3}), [[2, 3]])
        assert_same(run("LET a = [{b: 1}, {b: 2}] RETURN a[*].b"), [[1, 2]])
        assert_same(run("RETURN 1 IN [1, 2] ? 'yes' : 'no'"), ["yes"])
        assert_same(run("// comment\nRETURN /* another */ 1"), [1])

    @runner.check
    def documents_are_looked_up_by_id():
        with TemporaryCollection() as books:
            filled(books)
            bound = {"@c": books.name, "ids": [f"{books.name}/1", f"{books.name}/missing"]}
            query = "RETURN [DOCUMENT(@@c, '2').n, DOCUMENT(@ids)[*].n, DOCUMENT(@@c, 'missing')]"
            assert_same(run(query, bind_vars=bound), [[2, [1], None]])

    @runner.check
    def functions_compute_what_they_are_named_after():
        expected = {
            "CONCAT('a', 1, null)": "a1",
            "UPPER('abc')": "ABC",
            "SUBSTRING('hello', 1, 3)": "ell",
            "MERGE({a: 1}, {b: 2})": {"a": 1, "b": 2},
            "UNIQUE([1, 1, 2])": [1, 2],
            "SORTED(['b', 'a'])": ["a", "b"],
            "ROUND(2.5)": 3,
            "AVERAGE([1, 2])": 1.5,
            "HAS({a: null}, 'a')": True,
            "REGEX_TEST('abc', '^a')": True,
            "DATE_ISO8601(0)": "1970-01-01T00:00:00.000Z",
            "SPLIT('a,b', ',')": ["a", "b"],
            "CURRENT_DATABASE()": "_system",
            "CURRENT_USER()": "root",
        }
        assert_same(dict(zip(expected, run(f"RETURN [{', '.join(expected)}]")[0])), expected)

    @runner.check
    def values_of_different_types_have_one_order():
        query = "FOR v IN [{}, [], 'a', 1, true, false, null, -1, ['a'], {a: 1}] SORT v RETURN v"
        assert_same(run(query), [None, False, True, -1, 1, "a", [], ["a"], {}, {"a": 1}])


def writes(runner):
    """Registers the checks of queries that write."""

    @runner.check
    def a_query_inserts_updates_replaces_and_removes():
        with TemporaryCollection(shard_count=3) as books:
            bound = {"@c": books.name}
            query = "FOR i IN 1..3 INSERT {_key: TO_STRING(i), n: i} INTO @@c RETURN NEW.n"
            assert_same(run(query, bind_vars=bound), [1, 2, 3])
            query = "FOR d IN @@c FILTER d.n > 1 SORT d.n UPDATE d WITH {n: d.n * 10} IN @@c RETURN [OLD.n, NEW.n]"
            assert_same(run(query, bind_vars=bound), [[2, 20], [3, 30]])
            query = "REPLACE '1' WITH {m: 1} IN @@c RETURN KEEP(NEW, 'n', 'm')"
            assert_same(run(query, bind_vars=bound), [{"m": 1}])
            assert_same(run("REMOVE {_key: '2'} IN @@c RETURN OLD.n", bind_vars=bound), [20])
            assert_same(values(through(1, books), "n"), [None, 30])

    @runner.check
    def an_upsert_inserts_once_and_then_updates():
        with TemporaryCollection() as books:
            query = "UPSERT {k: @k} INSERT {k: @k, n: 1} UPDATE {n: OLD.n + 1} IN @@c RETURN NEW.n"
            found = [run(query, index, bind_vars={"@c": books.name, "k": "a"}) for index in range(3)]
            assert_same((found, books.count()), ([[1], [2], [3]], 1))

    @runner.check
    def options_of_a_write_come_from_bind_parameters():
        with TemporaryCollection() as books:
            books.insert({"_key": "a", "n": 1, "deep": {"x": 1}})
            query = "FOR d IN @@c UPDATE d WITH @body IN @@c OPTIONS {keepNull: @keep, mergeObjects: @merge} RETURN NEW"
            bound = {"@c": books.name, "body": {"n": None, "deep": {"y": 2}}, "keep": False, "merge": False}
            new = run(query, bind_vars=bound)[0]
            assert_same(("n" in new, new["deep"]), (False, {"y": 2}))
            query = "INSERT {_key: 'a', m: 1} INTO @@c OPTIONS {overwriteMode: 'update'} RETURN NEW.deep"
            assert_same(run(query, bind_vars={"@c": books.name}), [{"y": 2}])

    @runner.check
    def writes_are_counted_in_the_statistics():
        with TemporaryCollection() as books:
            filled(books)
            query = "FOR d IN @@c FILTER d.n < 4 REMOVE d IN @@c"
            cursor = root().aql.execute(query, bind_vars={"@c": books.name})
            statistics = cursor.statistics()
            counted = [statistics[key] for key in ("modified", "ignored", "filtered", "scanned_full")]
            assert_same((counted, cursor.batch().__len__()), ([4, 0, 6, 10], 0))
            query = "FOR k IN ['4', 'missing'] REMOVE k IN @@c OPTIONS {ignoreErrors: true}"
            statistics = root().aql.execute(query, bind_vars={"@c": books.name}).statistics()
            assert_same((statistics["modified"], statistics["ignored"]), (1, 1))

    @runner.check
    def many_documents_are_written_at_once():
        with TemporaryCollection(shard_count=3) as books:
            run("FOR i IN 1..1000 INSERT {_key: CONCAT('k', i), n: i} INTO @@c", bind_vars={"@c": books.name})
            query = "FOR k IN @keys LET d = DOCUMENT(@@c, k) UPDATE d WITH {n: d.n + 1} IN @@c"
            keys = [f"k{number}" for number in range(1, 1001)]
            run(query, 1, bind_vars={"@c": books.name, "keys": keys})
            assert_same(run("RETURN SUM(FOR d IN @@c RETURN d.n)", bind_vars={"@c": books.name}), [501_500])


def failed_writes(runner):
    """Registers the checks of writes that fail."""

    @runner.check
    def a_query_that_fails_writes_nothing():
        with TemporaryCollection(shard_count=3) as books:
            filled(books, 3)
            query = "FOR i IN 0..9 INSERT {_key: TO_STRING(9 - i)} INTO @@c"
            assert_rejected(409, 1210, run, query, bind_vars={"@c": books.name})
            assert_same(through(1, books).count(), 3)

    @runner.check
    def a_write_to_a_missing_document_is_not_found():
        with TemporaryCollection() as books:
            for query in ["UPDATE 'm' WITH {} IN @@c", "REPLACE 'm' WITH {} IN @@c", "REMOVE 'm' IN @@c"]:
                assert_rejected(404, 1202, run, query, bind_vars={"@c": books.name})

    @runner.check
    def a_write_compares_revisions_on_request():
        with TemporaryCollection() as books:
            old = books.insert({"_key": "a"})
            books.update({"_key": "a", "n": 1})
            query = "UPDATE @d WITH {n: 2} IN @@c OPTIONS {ignoreRevs: false}"
            assert_rejected(409, 1200, run, query, bind_vars={"@c": books.name, "d": old})
            query = "UPDATE @d WITH {n: 2} IN @@c RETURN NEW.n"
            assert_same(run(query, bind_vars={"@c": books.name, "d": old}), [2])

    @runner.check
    def a_collection_is_not_read_after_it_was_written():
        with TemporaryCollection() as books:
            query = "INSERT {} INTO @@c FOR d IN @@c RETURN d"
            assert_rejected(400, 1579, run, query, bind_vars={"@c": books.name})


def failures(runner):
    """Registers the checks of queries that are rejected."""

    @runner.check
    def a_query_that_is_no_aql_is_rejected():
        for query in ["INVALID QUERY", "RETURN", "FOR d IN", "RETURN 1 RETURN 2", "RETURN {a: }"]:
            assert_rejected(400, 1501, run, query)
            assert_rejected(400, 1501, root().aql.validate, query)
        assert_rejected(400, 1502, run, "")

    @runner.check
    def bind_parameters_must_fit_the_query():
        assert_rejected(400, 1551, run, "RETURN @a")
        assert_rejected(400, 1552, run, "RETURN 1", bind_vars={"a": 1})
        assert_rejected(400, 1553, run, "FOR d IN @@c RETURN d", bind_vars={"@c": 1})

    @runner.check
    def unknown_names_are_rejected():
        assert_rejected(404, 1203, run, "FOR d IN compat_missing RETURN d")
        assert_rejected(404, 1203, run, "FOR d IN @@c RETURN d", bind_vars={"@c": "compat_missing"})
        assert_rejected(400, 1540, run, "RETURN NO_SUCH_FUNCTION(1)")
        assert_rejected(400, 1541, run, "RETURN LENGTH()")
        assert_rejected(400, 1569, run, "RETURN FAIL('on request')")

    @runner.check
    def a_reader_may_not_write():
        with TemporaryCollection() as books:
            root().create_user("compat_query", "pass")
            root().update_permission("compat_query", "ro", "_system")
            reader = client(ENDPOINTS[0]).db("_system", username="compat_query", password="pass")
            bound = {"@c": books.name}
            assert_same(list(reader.aql.execute("FOR d IN @@c RETURN d", bind_vars=bound)), [])
            assert_rejected(403, 1004, reader.aql.execute, "INSERT {} INTO @@c", bind_vars=bound)
            root().delete_user("compat_query")


def warnings(runner):
    """Registers the checks of warnings."""

    @runner.check
    def a_warning_is_reported_with_its_number():
        cursor = root().aql.execute("RETURN 1 / 0")
        assert_same(list(cursor), [None])
        assert_same([warning["code"] for warning in cursor.warnings()], [1562])
        assert_same(root().aql.execute("RETURN 1").warnings(), [])

    @runner.check
    def warnings_fail_a_query_on_request():
        assert_rejected(400, 1562, run, "RETURN 1 / 0", fail_on_warning=True)

    @runner.check
    def at_most_as_many_warnings_are_reported_as_were_asked_for():
        cursor = root().aql.execute("FOR i IN 1..20 RETURN i / 0", max_warning_count=3)
        assert_same(len(cursor.warnings()), 3)
        assert_same(len(root().aql.execute("FOR i IN 1..20 RETURN i / 0").warnings()), 10)


def options(runner):
    """Registers the checks of options of queries."""

    @runner.check
    def the_full_count_is_that_before_the_limit():
        with TemporaryCollection(shard_count=3) as books:
            filled(books)
            query = "FOR d IN @@c FILTER d.n > 0 SORT d.n LIMIT 2 RETURN d.n"
            cursor = root().aql.execute(query, bind_vars={"@c": books.name}, full_count=True, count=True)
            assert_same((cursor.count(), cursor.statistics()["fullCount"], list(cursor)), (2, 9, [1, 2]))
            cursor = root().aql.execute(query, bind_vars={"@c": books.name})
            assert_same("fullCount" in cursor.statistics(), False)

    @runner.check
    def a_query_is_ended_by_its_limits():
        assert_rejected(500, 32, run, "RETURN RANGE(1, 100000)", memory_limit=40_000)
        assert_rejected(410, 1500, run, "RETURN SLEEP(10)", max_runtime=0.1)
        with TemporaryCollection() as books:
            query = "FOR i IN 1..1000 INSERT {n: i} INTO @@c"
            assert_rejected(500, 32, run, query, bind_vars={"@c": books.name}, max_transaction_size=1000)
            assert_same(books.count(), 0)

    @runner.check
    def options_without_an_effect_on_results_are_accepted():
        harmless = {"cache": True, "fill_block_cache": False, "max_plans": 5, "satellite_sync_wait": 5}
        harmless |= {"optimizer_rules": ["-all", "+use-indexes"], "intermediate_commit_count": 1000, "ttl": 10}
        harmless |= {"skip_inaccessible_cols": False, "use_plan_cache": False, "max_transaction_size": 10**8}
        cursor = root().aql.execute("RETURN 1", **harmless)
        assert_same((list(cursor), cursor.cached()), ([1], False))

    @runner.check
    def a_write_of_one_shard_may_commit_in_between():
        with TemporaryCollection() as books:
            query = "FOR i IN 1..5 INSERT {n: i} INTO @@c"
            root().aql.execute(query, bind_vars={"@c": books.name}, intermediate_commit_count=2)
            assert_same(books.count(), 5)

    @runner.check
    def one_shard_can_be_read_alone():
        with TemporaryCollection(shard_count=5, shard_fields=["kind"]) as books:
            books.insert_many([{"kind": str(number % 10)} for number in range(30)])
            query = "FOR b IN @@c RETURN b.kind"
            found = run(query, bind_vars={"@c": books.name}, force_one_shard_attribute_value="3")
            assert_same(found.count("3"), 3)
            assert_true(len(found) < 30, f"{len(found)}")

    @runner.check
    def collections_that_all_may_read_are_not_skipped():
        with TemporaryCollection() as books:
            filled(books)
            assert_same(run("RETURN LENGTH(@@c)", bind_vars={"@c": books.name}, skip_inaccessible_cols=True), [10])

    @runner.check
    def a_profile_has_the_phases_of_a_query():
        phases = {"initializing", "parsing", "optimizing ast", "loading collections", "instantiating plan"}
        phases |= {"optimizing plan", "instantiating executors", "executing", "finalizing"}
        profile = root().aql.execute("RETURN 1", profile=True).profile()
        assert_same(set(profile), phases)
        assert_true(all(time > 0 for time in profile.values()), f"times: {profile}")
        assert_same(root().aql.execute("RETURN 1").profile(), None)

    @runner.check
    def a_full_profile_has_the_plan_and_its_nodes():
        with TemporaryCollection() as books:
            filled(books)
            query = "FOR d IN @@c RETURN d.n"
            for stream in (False, True):
                cursor = root().aql.execute(query, bind_vars={"@c": books.name}, profile=2, batch_size=4, stream=stream)
                assert_same(len(list(cursor)), 10)
                plan, statistics = cursor.plan(), cursor.statistics()
                assert_same((plan["collections"][0]["name"], plan["isModificationQuery"]), (books.name, False))
                nodes = {node["id"]: node for node in statistics["nodes"]}
                assert_same(sorted(nodes), sorted(node["id"] for node in plan["nodes"]))
                assert_same(nodes[plan["nodes"][-1]["id"]]["items"], 10)
                assert_true(statistics["execution_time"] > 0, f"{statistics}")
        assert_same(root().aql.execute("RETURN 1", profile=1).plan(), None)

    @runner.check
    def a_dirty_read_returns_the_same_documents():
        with TemporaryCollection(replication_factor=2) as books:
            filled(books)
            cursor = root().aql.execute("FOR d IN @@c RETURN d.n", bind_vars={"@c": books.name}, allow_dirty_read=True)
            assert_same(sorted(cursor), list(range(10)))
            assert_true(books.get("1", allow_dirty_read=True)["n"] == 1, "a dirty read of a document")
