"""Checks of the definitions of named graphs."""

from check_runner import assert_rejected, assert_same
from data_plane.connections import root
from environment import ENDPOINTS

ROADS = {
    "edge_collection": "compat_roads",
    "from_vertex_collections": ["compat_towns"],
    "to_vertex_collections": ["compat_cities"],
}


class TemporaryGraph:
    """Creates a graph on entry to a `with` block and drops it with its collections at the end."""

    def __init__(self, **options):
        self._options = options

    def __enter__(self):
        return root().create_graph("compat_graph", **self._options)

    def __exit__(self, *_):
        root().delete_graph("compat_graph", drop_collections=True)


def checks(runner):
    """Registers all checks of graphs."""

    @runner.check
    def a_new_graph_creates_the_collections_of_its_definitions():
        with TemporaryGraph(edge_definitions=[ROADS], orphan_collections=["compat_lakes"], shard_count=2):
            for name, edge in [("roads", True), ("towns", False), ("cities", False), ("lakes", False)]:
                properties = root(1).collection(f"compat_{name}").properties()
                assert_same((properties["edge"], properties["shard_count"]), (edge, 2), name)
        assert_same(root(1).has_collection("compat_towns"), False)

    @runner.check
    def a_graph_describes_itself_to_every_coordinator():
        with TemporaryGraph(edge_definitions=[ROADS], replication_factor=2, write_concern=2):
            for index in range(len(ENDPOINTS)):
                properties = root(index).graph("compat_graph").properties()
                assert_same(properties["edge_definitions"], [ROADS])
                assert_same((properties["replication_factor"], properties["write_concern"]), (2, 2))
                assert_same([graph["name"] for graph in root(index).graphs()], ["compat_graph"])
                assert_same(root(index).has_graph("compat_graph"), True)
        assert_same(root(1).has_graph("compat_graph"), False)

    @runner.check
    def a_collection_is_an_orphan_until_a_definition_uses_it():
        with TemporaryGraph() as graph:
            graph.create_vertex_collection("compat_towns")
            graph.create_vertex_collection("compat_lakes")
            assert_same(graph.properties()["orphan_collections"], ["compat_lakes", "compat_towns"])
            assert_rejected(400, 1938, graph.create_vertex_collection, "compat_lakes")
            graph.create_edge_definition(**ROADS)
            assert_same(graph.properties()["orphan_collections"], ["compat_lakes"])
            assert_rejected(400, 1920, graph.create_edge_definition, **ROADS)
            assert_rejected(400, 1929, graph.create_vertex_collection, "compat_towns")
            found = (graph.edge_definitions(), graph.has_edge_definition("compat_roads"))
            assert_same(found, ([ROADS], True))

    @runner.check
    def the_collections_of_a_graph_are_listed():
        with TemporaryGraph(edge_definitions=[ROADS], orphan_collections=["compat_lakes"]):
            graph = root(1).graph("compat_graph")
            assert_same(graph.vertex_collections(), ["compat_cities", "compat_lakes", "compat_towns"])
            assert_same(graph.edge_collections(), ["compat_roads"])
            assert_same((graph.has_vertex_collection("compat_lakes"), graph.has_edge_collection("other")), (True, False))

    @runner.check
    def an_orphan_is_removed_from_a_graph_and_a_used_collection_is_not():
        with TemporaryGraph(edge_definitions=[ROADS], orphan_collections=["compat_lakes"]) as graph:
            assert_rejected(400, 1928, graph.delete_vertex_collection, "compat_towns")
            assert_same(graph.delete_vertex_collection("compat_lakes", purge=True), True)
            assert_same((graph.has_vertex_collection("compat_lakes"), root(1).has_collection("compat_lakes")), (False, False))

    @runner.check
    def an_edge_definition_is_replaced_and_removed():
        with TemporaryGraph(edge_definitions=[ROADS]) as graph:
            other = ROADS | {"to_vertex_collections": ["compat_lakes"]}
            graph.replace_edge_definition(**other)
            found = root(1).graph("compat_graph").properties()
            assert_same((found["edge_definitions"], found["orphan_collections"]), ([other], ["compat_cities"]))
            assert_rejected(404, 1930, graph.replace_edge_definition, **(other | {"edge_collection": "compat_rails"}))
            assert_same(graph.delete_edge_definition("compat_roads", purge=True), True)
            assert_rejected(404, 1930, graph.delete_edge_definition, "compat_roads")
            assert_same((graph.edge_definitions(), root(1).has_collection("compat_roads")), ([], False))
            expected = ["compat_cities", "compat_lakes", "compat_towns"]
            assert_same(sorted(graph.properties()["orphan_collections"]), expected)

    @runner.check
    def a_graph_keeps_its_collections_unless_they_are_to_be_dropped():
        root().create_graph("compat_graph", edge_definitions=[ROADS])
        assert_same(root().delete_graph("compat_graph"), True)
        assert_same(root().has_collection("compat_towns"), True)
        for name in ("compat_roads", "compat_towns", "compat_cities"):
            root().delete_collection(name)

    @runner.check
    def a_graph_exists_once_or_is_not_found():
        with TemporaryGraph():
            assert_rejected(409, 1925, root(1).create_graph, "compat_graph")
        assert_rejected(404, 1924, root().graph("compat_graph").properties)
        assert_rejected(404, 1924, root().delete_graph, "compat_graph")
        assert_same(root().delete_graph("compat_graph", ignore_missing=True), False)
