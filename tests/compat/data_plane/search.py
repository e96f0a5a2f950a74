"""Checks of definitions of views and analyzers."""

from check_runner import assert_rejected, assert_same, assert_true
from data_plane.connections import root
from data_plane.temporary import TemporaryCollection


class TemporaryView:
    """Creates a view on entry to a `with` block and drops it at the end. The block gets its definition."""

    def __init__(self, kind, properties):
        self._kind = kind
        self._properties = properties

    def __enter__(self):
        return root().create_view("compat_view", self._kind, self._properties)

    def __exit__(self, *_):
        root().delete_view("compat_view")


class TemporaryAnalyzer:
    """Creates an analyzer on entry to a `with` block and removes it at the end. The block gets its definition."""

    def __init__(self, kind, properties=None, features=None):
        self._arguments = (kind, properties, features)

    def __enter__(self):
        return root().create_analyzer("compat_analyzer", *self._arguments)

    def __exit__(self, *_):
        root().delete_analyzer("compat_analyzer", force=True)


def checks(runner):
    """Registers all checks of views and analyzers."""
    views(runner)
    analyzers(runner)


def views(runner):
    """Registers the checks of views."""

    @runner.check
    def a_view_describes_itself_to_every_coordinator():
        with TemporaryCollection() as books, TemporaryView("arangosearch", {"links": {books.name: {}}}) as made:
            found = root(1).view("compat_view")
            assert_same((found["id"], found["type"], list(found["links"])), (made["id"], "arangosearch", [books.name]))
            assert_same(root(2).view_info("compat_view")["name"], "compat_view")
            assert_same([view["name"] for view in root(1).views()], ["compat_view"])
        assert_rejected(404, 1203, root().view, "compat_view")
        assert_same(root().delete_view("compat_view", ignore_missing=True), False)

    @runner.check
    def a_view_is_updated_and_replaced():
        with TemporaryView("arangosearch", {"cleanupIntervalStep": 9, "commitIntervalMsec": 9}):
            updated = root().update_view("compat_view", {"commitIntervalMsec": 8})
            assert_same((updated["cleanup_interval_step"], updated["commit_interval_msec"]), (9, 8))
            replaced = root().replace_view("compat_view", {"commitIntervalMsec": 7})
            assert_same((replaced["cleanup_interval_step"], replaced["commit_interval_msec"]), (2, 7))
            assert_rejected(400, 10, root().update_view, "compat_view", {"links": []})
            assert_rejected(501, 1470, root().rename_view, "compat_view", "compat_other")

    @runner.check
    def an_alias_has_inverted_indexes():
        with TemporaryCollection() as books:
            books.add_index({"type": "inverted", "name": "titles", "fields": ["title"]})
            index = {"collection": books.name, "index": "titles"}
            with TemporaryView("search-alias", {"indexes": [index]}) as made:
                assert_same(made["indexes"], [index])
                remove = {"indexes": [index | {"operation": "del"}]}
                assert_same(root().update_view("compat_view", remove)["indexes"], [])
                assert_rejected(400, 10, root().update_view, "compat_view", remove)

    @runner.check
    def collections_and_views_share_their_names():
        with TemporaryCollection() as books:
            assert_rejected(409, 1207, root().create_arangosearch_view, books.name)
            with TemporaryView("arangosearch", None):
                assert_rejected(409, 1207, root().create_collection, "compat_view")
        assert_rejected(400, 10, root().create_view, "compat_view", "other")


def analyzers(runner):
    """Registers the checks of analyzers."""

    @runner.check
    def an_analyzer_describes_itself_to_every_coordinator():
        with TemporaryAnalyzer("text", {"locale": "en"}, ["frequency", "position"]) as made:
            assert_same(made["name"], "_system::compat_analyzer")
            found = root(1).analyzer("compat_analyzer")
            assert_same((found["type"], found["features"]), ("text", ["frequency", "position"]))
            assert_same(found["properties"]["locale"], "en")
            names = [analyzer["name"] for analyzer in root(2).analyzers()]
            assert_true({"identity", "text_en", "_system::compat_analyzer"} <= set(names), f"{names}")
        assert_rejected(404, 1202, root().analyzer, "compat_analyzer")
        assert_same(root().delete_analyzer("compat_analyzer", ignore_missing=True), False)

    @runner.check
    def an_analyzer_in_use_is_removed_only_by_force():
        with TemporaryCollection() as books, TemporaryAnalyzer("identity"):
            links = {books.name: {"analyzers": ["compat_analyzer"]}}
            with TemporaryView("arangosearch", {"links": links}):
                assert_rejected(409, 1200, root().delete_analyzer, "compat_analyzer")

    @runner.check
    def invalid_analyzers_are_refused():
        create = root().create_analyzer
        with TemporaryAnalyzer("identity"):
            assert_rejected(400, 10, create, "compat_analyzer", "delimiter", {"delimiter": ","})
        assert_rejected(400, 10, create, "compat_analyzer", "delimiter", {})
        assert_rejected(400, 10, create, "compat_analyzer", "identity", {}, ["position"])
        assert_rejected(501, 9, create, "compat_analyzer", "other")
        assert_rejected(403, 11, root().delete_analyzer, "identity")
