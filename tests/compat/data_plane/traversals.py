"""Checks of traversals of named graphs and of edge collections."""

from check_runner import assert_rejected, assert_same, assert_true
from data_plane.connections import root

ROUTES = [("a", "b"), ("b", "c"), ("c", "a"), ("a", "d")]
DEFINITION = {
    "edge_collection": "compat_routes",
    "from_vertex_collections": ["compat_stations"],
    "to_vertex_collections": ["compat_stations"],
}


class Network:
    """Creates a graph of four stations and four routes on entry to a `with` block, and drops it at the end."""

    def __enter__(self):
        graph = root().create_graph("compat_network", edge_definitions=[DEFINITION], shard_count=3)
        root().collection("compat_stations").insert_many([{"_key": key} for key in "abcd"])
        routes = [
            {"_key": start + end, "_from": f"compat_stations/{start}", "_to": f"compat_stations/{end}"}
            for start, end in ROUTES
        ]
        root().collection("compat_routes").insert_many(routes)
        return graph

    def __exit__(self, *_):
        root().delete_graph("compat_network", drop_collections=True)


def run(query, **bound):
    """Returns all rows of a query, through the second coordinator."""
    return list(root(1).aql.execute(query, bind_vars=bound))


def checks(runner):
    """Registers all checks of traversals."""

    @runner.check
    def a_traversal_follows_the_edges_of_a_named_graph():
        with Network():
            query = "FOR v IN @min..@max OUTBOUND @start GRAPH @graph SORT v._key RETURN v._key"
            bound = {"start": "compat_stations/a", "graph": "compat_network"}
            assert_same(run(query, min=1, max=1, **bound), ["b", "d"])
            assert_same(run(query, min=0, max=3, **bound), ["a", "a", "b", "c", "d"])
            query = "FOR v IN ANY 'compat_stations/a' GRAPH 'compat_network' SORT v._key RETURN v._key"
            assert_same(run(query), ["b", "c", "d"])

    @runner.check
    def a_path_has_vertices_edges_and_weights():
        with Network():
            query = """
                FOR v, e, p IN 2 OUTBOUND 'compat_stations/a' GRAPH 'compat_network'
                  RETURN [v._key, e._key, p.vertices[*]._key, p.edges[*]._key, p.weights]
            """
            assert_same(run(query), [["c", "bc", ["a", "b", "c"], ["ab", "bc"], [0, 1, 2]]])

    @runner.check
    def a_path_is_filtered_and_pruned():
        with Network():
            start = "FOR v, e, p IN 1..9 OUTBOUND 'compat_stations/a' GRAPH 'compat_network'"
            query = f"{start} FILTER p.vertices[*]._key NONE == 'c' SORT v._key RETURN v._key"
            assert_same(run(query), ["b", "d"])
            query = f"{start} PRUNE last = v._key == 'b' FILTER last RETURN v._key"
            assert_same(run(query), ["b"])

    @runner.check
    def a_traversal_of_edge_collections_declares_its_vertices():
        with Network():
            query = "FOR v IN OUTBOUND 'compat_stations/a' @@routes SORT v._key RETURN v._key"
            bound = {"@routes": "compat_routes"}
            assert_rejected(400, 1521, root().aql.execute, query, bind_vars=bound)
            assert_same(run(f"WITH compat_stations {query}", **bound), ["b", "d"])

    @runner.check
    def each_vertex_is_met_once_breadth_first():
        with Network():
            start = "FOR v, e, p IN 0..9 ANY 'compat_stations/a' GRAPH 'compat_network' OPTIONS"
            query = f"{start} {{ order: 'bfs', uniqueVertices: 'global' }} RETURN LENGTH(p.edges)"
            assert_same(run(query), [0, 1, 1, 1])
            query = f"{start} {{ uniqueVertices: 'global' }} RETURN v"
            assert_rejected(400, 10, root().aql.execute, query)

    @runner.check
    def a_traversal_from_a_missing_vertex_yields_nothing():
        with Network():
            query = "FOR v IN 0..1 OUTBOUND @start GRAPH 'compat_network' RETURN v"
            for start, numbers in [("compat_stations/x", []), ("nonsense", [10])]:
                cursor = root().aql.execute(query, bind_vars={"start": start})
                assert_same(list(cursor), [])
                assert_same([warning["code"] for warning in cursor.warnings()], numbers, str(start))
            # A constant that can be no vertex.
            assert_rejected(400, 1501, root().aql.execute, query, bind_vars={"start": None})
            assert_rejected(404, 1924, root().aql.execute, "FOR v IN ANY 'a/b' GRAPH 'compat_none' RETURN v")

    @runner.check
    def a_traversal_changes_what_it_meets():
        with Network():
            query = """
                FOR v, e IN 1..3 OUTBOUND 'compat_stations/a' GRAPH 'compat_network'
                  REMOVE e IN compat_routes RETURN OLD._key
            """
            assert_same(sorted(run(query)), ["ab", "ad", "bc", "ca"])
            assert_same(root().collection("compat_routes").count(), 0)

    @runner.check
    def the_plan_names_the_collections_of_the_graph():
        with Network():
            plan = root().aql.explain("FOR v IN ANY 'compat_stations/a' GRAPH 'compat_network' RETURN v")
            names = {collection["name"] for collection in plan["collections"]}
            assert_true({"compat_routes", "compat_stations"} <= names, str(names))
