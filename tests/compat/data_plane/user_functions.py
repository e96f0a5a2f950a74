"""Checks of AQL functions that users define. Their code is kept and not run."""

from check_runner import assert_rejected, assert_same
from data_plane.connections import root
from data_plane.temporary import TemporaryDatabase

DOUBLE = "function (x) { return x * 2; }"


def checks(runner):
    """Registers all checks of functions of users."""

    @runner.check
    def a_function_of_a_user_is_new_once_and_known_to_all_coordinators():
        with TemporaryDatabase() as database:
            aql = root(0, database).aql
            assert_same(aql.create_function("math::twice", DOUBLE), {"is_new": True})
            assert_same(aql.create_function("MATH::TWICE", DOUBLE), {"is_new": False})
            stored = {"name": "MATH::TWICE", "code": DOUBLE, "is_deterministic": False}
            assert_same(root(1, database).aql.functions(), [stored])
            assert_same(root().aql.functions(), [], "functions of another database")

    @runner.check
    def functions_of_users_are_removed_one_by_one_or_by_namespace():
        with TemporaryDatabase() as database:
            aql = root(0, database).aql
            for name in ("math::twice", "math::more::thrice", "mathematics::half"):
                aql.create_function(name, DOUBLE)
            assert_same(aql.delete_function("math::twice"), {"deleted": 1})
            assert_rejected(404, 1582, aql.delete_function, "math::twice")
            assert_same(aql.delete_function("math", group=True), {"deleted": 1})
            assert_same([one["name"] for one in aql.functions()], ["mathematics::half"])

    @runner.check
    def invalid_functions_of_users_are_refused():
        create = root().aql.create_function
        assert_rejected(400, 1580, create, "twice", DOUBLE)
        assert_rejected(400, 1581, create, "math::twice", "function (x) { invalid syntax }")
        assert_rejected(400, 1581, create, "math::twice", "2")
        assert_rejected(400, 1580, root().aql.delete_function, "math:twice")
        assert_same(root().aql.functions(), [])
