"""Checks of the client's host resolvers: each request is served and counted by the chosen coordinator."""

import random

from arango.resolver import FallbackHostResolver, PeriodicHostResolver

from check_runner import assert_same, assert_true
from environment import ENDPOINTS, ROOT, StoppedCoordinators, client, control, root


def requests_per_coordinator():
    """Returns how many requests each coordinator has read so far, from the journal."""
    return control("GET", "/journal/summary")["requests_per_coordinator"]


def ids():
    """Returns the ids of the coordinators, in the order of the endpoints."""
    return [root(index).cluster.server_id() for index in range(len(ENDPOINTS))]


def used_coordinators(database, times):
    """Requests the server id `times` times and returns the indexes of the coordinators that responded.

    Asserts that the journal counts the same requests.
    """
    known = ids()
    before = requests_per_coordinator()
    order = [known.index(database.cluster.server_id()) for _ in range(times)]
    counted = [now - then for now, then in zip(requests_per_coordinator(), before)]
    responded = [order.count(index) for index in range(len(known))]
    assert_same(responded, counted, "requests per coordinator, by the journal")
    return order


def through_all(resolver):
    """Returns a database through all coordinators with this resolver."""
    return client(ENDPOINTS, host_resolver=resolver).db(**ROOT)


def checks(runner):
    """Registers all checks of host resolvers."""
    sticky_resolvers(runner)
    distributing_resolvers(runner)
    failover(runner)


def sticky_resolvers(runner):
    """Registers the checks of resolvers that keep using one coordinator."""

    @runner.check
    def single_uses_one_coordinator_only():
        for index, endpoint in enumerate(ENDPOINTS):
            assert_same(used_coordinators(client(endpoint).db(**ROOT), 4), [index] * 4)

    @runner.check
    def fallback_sticks_to_the_first_that_works():
        assert_same(used_coordinators(through_all("fallback"), 6), [0] * 6)

    @runner.check
    def periodic_sticks_until_its_period_is_over():
        assert_same(used_coordinators(through_all("periodic"), 12), [0] * 12)


def distributing_resolvers(runner):
    """Registers the checks of resolvers that distribute requests."""

    @runner.check
    def roundrobin_uses_all_in_turn():
        assert_same(used_coordinators(through_all("roundrobin"), 9), [0, 1, 2] * 3)

    @runner.check
    def random_follows_its_random_source():
        # The client uses the module's global generator, so the same seed predicts its choices.
        random.seed(8529)
        expected = [random.randint(0, 2) for _ in range(30)]
        database = through_all("random")
        known = ids()
        before = requests_per_coordinator()
        random.seed(8529)
        order = [known.index(database.cluster.server_id()) for _ in range(30)]
        counted = [now - then for now, then in zip(requests_per_coordinator(), before)]
        assert_same(order, expected)
        assert_same([expected.count(index) for index in range(3)], counted, "requests per coordinator, by the journal")
        assert_same(set(order), {0, 1, 2})

    @runner.check
    def periodic_moves_on_after_so_many_requests():
        resolver = PeriodicHostResolver(host_count=3, requests_period=4)
        assert_same(used_coordinators(through_all(resolver), 12), [0] * 3 + [1] * 4 + [2] * 4 + [0])


def failover(runner):
    """Registers the checks of resolvers when coordinators are down."""

    @runner.check
    def fallback_leaves_a_dead_coordinator_and_does_not_come_back():
        known = ids()
        database = through_all("fallback")
        assert_same(known.index(database.cluster.server_id()), 0)
        with StoppedCoordinators(0):
            assert_same([known.index(database.cluster.server_id()) for _ in range(3)], [1] * 3)
            with StoppedCoordinators(1):
                assert_same([known.index(database.cluster.server_id()) for _ in range(3)], [2] * 3)
        assert_same([known.index(database.cluster.server_id()) for _ in range(3)], [2] * 3)

    @runner.check
    def roundrobin_skips_a_dead_coordinator():
        known = ids()
        database = through_all("roundrobin")
        with StoppedCoordinators(1):
            # An attempt at the stopped coordinator fails, and the retry goes to the next one.
            assert_same([known.index(database.cluster.server_id()) for _ in range(4)], [0, 2, 0, 2])

    @runner.check
    def random_and_periodic_skip_a_dead_coordinator():
        known = ids()
        scattered, periodic = through_all("random"), through_all("periodic")
        with StoppedCoordinators(0):
            responding = [known.index(scattered.cluster.server_id()) for _ in range(20)]
            assert_same(set(responding), {1, 2})
            assert_same([known.index(periodic.cluster.server_id()) for _ in range(3)], [1] * 3)

    @runner.check
    def a_coordinator_keeps_its_id_and_its_port_when_it_is_restarted():
        before = ids()
        with StoppedCoordinators(2):
            refusing = client(ENDPOINTS[2], resolver_max_tries=1).db(**ROOT)
            assert_aborted(refusing.cluster.server_id)
        assert_same(ids(), before)

    @runner.check
    def without_any_coordinator_the_client_gives_up():
        resolver = FallbackHostResolver(host_count=3, max_tries=3)
        database = through_all(resolver)
        before = requests_per_coordinator()
        with StoppedCoordinators(0, 1, 2):
            assert_aborted(database.cluster.server_id)
        assert_same(requests_per_coordinator(), before, "requests that were read")
        assert_same(database.cluster.server_role(), "COORDINATOR")


def assert_aborted(call):
    """Asserts that the client reaches no coordinator."""
    try:
        result = call()
    except ConnectionAbortedError:
        return
    assert_true(False, f"a stopped coordinator responded: {result!r}")
