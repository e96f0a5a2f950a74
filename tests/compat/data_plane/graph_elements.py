"""Checks of vertices and edges of named graphs, and of the edges of a vertex."""

from check_runner import assert_rejected, assert_same
from data_plane.connections import root
from data_plane.graphs import ROADS, TemporaryGraph


class Towns:
    """Creates a graph of two towns with a road on entry to a `with` block and drops it at the end.

    The block gets the vertex collection and the edge collection.
    """

    def __enter__(self):
        definition = ROADS | {"to_vertex_collections": ["compat_towns"]}
        self._graph = TemporaryGraph(edge_definitions=[definition], orphan_collections=["compat_lakes"])
        graph = self._graph.__enter__()
        towns, roads = graph.vertex_collection("compat_towns"), graph.edge_collection("compat_roads")
        for key in ("a", "b"):
            towns.insert({"_key": key, "x": 1})
        roads.insert({"_key": "r", "_from": "compat_towns/a", "_to": "compat_towns/b"})
        return towns, roads

    def __exit__(self, *_):
        self._graph.__exit__()


def checks(runner):
    """Registers all checks of vertices and edges."""

    @runner.check
    def a_vertex_is_created_read_changed_and_removed():
        with Towns() as (towns, _):
            made = towns.insert({"_key": "c", "x": 1}, return_new=True)
            assert_same((made["vertex"]["_id"], made["new"]["x"]), ("compat_towns/c", 1))
            updated = towns.update({"_key": "c", "y": 2}, return_new=True, return_old=True)
            assert_same((updated["new"]["y"], updated["old"]["x"], updated["vertex"]["_old_rev"]), (2, 1, made["vertex"]["_rev"]))
            towns.update({"_key": "c", "x": None}, keep_none=False)
            assert_same("x" in towns.get("c"), False)
            towns.replace({"_key": "c", "z": 3}, sync=True)
            found = root(1).graph("compat_graph").vertex_collection("compat_towns").get("c")
            assert_same((found["z"], "y" in found), (3, False))
            assert_same(towns.delete("c", return_old=True)["old"]["z"], 3)
            assert_same(towns.get("c"), None)
            assert_rejected(404, 1202, towns.delete, "c")

    @runner.check
    def an_edge_is_created_read_changed_and_removed():
        with Towns() as (_, roads):
            made = roads.link("compat_towns/b", "compat_towns/a", data={"_key": "s", "x": 1})
            assert_same(made["_id"], "compat_roads/s")
            roads.update({"_key": "s", "x": 2})
            roads.replace({"_key": "s", "_from": "compat_towns/b", "_to": "compat_towns/b", "y": 3})
            found = roads.get("s")
            assert_same((found["_to"], found["y"], "x" in found), ("compat_towns/b", 3, False))
            assert_same(roads.delete("s"), True)
            assert_same(roads.get("s"), None)

    @runner.check
    def the_ends_of_an_edge_must_exist_in_the_graph():
        with Towns() as (_, roads):
            assert_rejected(404, 1947, roads.insert, {"_from": "compat_towns/a", "_to": "elsewhere/b"})
            assert_rejected(404, 1202, roads.insert, {"_from": "compat_towns/a", "_to": "compat_towns/z"})
            assert_rejected(400, 1233, roads.insert, {"_from": "compat_towns/a"})
            assert_rejected(404, 1202, roads.update, {"_key": "r", "_to": "compat_towns/z"})
            assert_same(roads.count(), 1)

    @runner.check
    def a_vertex_must_be_in_a_collection_of_the_graph():
        with Towns():
            others = root().graph("compat_graph").vertex_collection("compat_never")
            assert_rejected(404, 1949, others.insert, {})

    @runner.check
    def a_removed_vertex_takes_its_edges_with_it():
        with Towns() as (towns, roads):
            assert_same(towns.delete("b"), True)
            assert_same((towns.count(), roads.count()), (1, 0))

    @runner.check
    def a_revision_is_a_condition():
        with Towns() as (towns, _):
            stale = towns.get("a")
            towns.update({"_key": "a", "x": 2})
            for call in (towns.update, towns.replace, towns.delete):
                assert_rejected(412, 1200, call, stale, check_rev=True)
            assert_rejected(412, 1200, towns.get, stale, check_rev=True)

    @runner.check
    def the_edges_of_a_vertex_are_listed_by_direction():
        with Towns() as (_, roads):
            for direction, count in [(None, 1), ("in", 0), ("out", 1)]:
                found = roads.edges("compat_towns/a", direction=direction)
                assert_same((len(found["edges"]), found["stats"]), (count, {"filtered": 0, "scanned_index": count}))
            assert_same(len(roads.edges("compat_towns/b", allow_dirty_read=True)["edges"]), 1)
