"""Promises to each of the client's host resolvers: where requests go is where they are answered and counted."""

import random

from arango.resolver import FallbackHostResolver, PeriodicHostResolver

from judge import holds, same
from surroundings import ENDPOINTS, ROOT, Down, client, control, root


def requests_per_coordinator():
    """How many requests each coordinator has read so far, by its own journal."""
    return control("GET", "/journal/summary")["requests_per_coordinator"]


def ids():
    """The ids of the coordinators, in the order of the endpoints."""
    return [root(index).cluster.server_id() for index in range(len(ENDPOINTS))]


def asked(database, times):
    """Asks for the answering coordinator's id so many times; returns the indexes of those who answered.

    What the answers say must be what the journals say.
    """
    known = ids()
    before = requests_per_coordinator()
    order = [known.index(database.cluster.server_id()) for _ in range(times)]
    counted = [now - then for now, then in zip(requests_per_coordinator(), before)]
    same([order.count(index) for index in range(len(known))], counted, "requests per coordinator, by the journal")
    return order


def spread(resolver):
    """A database through all coordinators with this resolver."""
    return client(ENDPOINTS, host_resolver=resolver).db(**ROOT)


def checks(judge):
    """All checks of where requests go."""
    sticking(judge)
    turning(judge)
    failing(judge)


def sticking(judge):
    """Resolvers that stay where they are."""

    @judge.check
    def single_asks_one_coordinator_only():
        for index, endpoint in enumerate(ENDPOINTS):
            same(asked(client(endpoint).db(**ROOT), 4), [index] * 4)

    @judge.check
    def fallback_sticks_to_the_first_that_works():
        same(asked(spread("fallback"), 6), [0] * 6)

    @judge.check
    def periodic_sticks_until_its_period_is_over():
        same(asked(spread("periodic"), 12), [0] * 12)


def turning(judge):
    """Resolvers that spread."""

    @judge.check
    def roundrobin_asks_all_in_turn():
        same(asked(spread("roundrobin"), 9), [0, 1, 2] * 3)

    @judge.check
    def random_asks_whom_its_dice_say():
        # The client throws the dice of the module, so the same seed says beforehand how they fall.
        random.seed(8529)
        expected = [random.randint(0, 2) for _ in range(30)]
        database = spread("random")
        known = ids()
        before = requests_per_coordinator()
        random.seed(8529)
        order = [known.index(database.cluster.server_id()) for _ in range(30)]
        counted = [now - then for now, then in zip(requests_per_coordinator(), before)]
        same(order, expected)
        same([expected.count(index) for index in range(3)], counted, "requests per coordinator, by the journal")
        same(set(order), {0, 1, 2})

    @judge.check
    def periodic_moves_on_after_so_many_requests():
        resolver = PeriodicHostResolver(host_count=3, requests_period=4)
        same(asked(spread(resolver), 12), [0] * 3 + [1] * 4 + [2] * 4 + [0])


def failing(judge):
    """Resolvers when coordinators are down."""

    @judge.check
    def fallback_leaves_a_dead_coordinator_and_does_not_come_back():
        known = ids()
        database = spread("fallback")
        same(known.index(database.cluster.server_id()), 0)
        with Down(0):
            same([known.index(database.cluster.server_id()) for _ in range(3)], [1] * 3)
            with Down(1):
                same([known.index(database.cluster.server_id()) for _ in range(3)], [2] * 3)
        same([known.index(database.cluster.server_id()) for _ in range(3)], [2] * 3)

    @judge.check
    def roundrobin_passes_over_a_dead_coordinator():
        known = ids()
        database = spread("roundrobin")
        with Down(1):
            # Three turns are four attempts: the dead one has its turn, and the next one answers for it.
            same([known.index(database.cluster.server_id()) for _ in range(4)], [0, 2, 0, 2])

    @judge.check
    def random_and_periodic_pass_over_a_dead_coordinator():
        known = ids()
        scattered, periodic = spread("random"), spread("periodic")
        with Down(0):
            answering = [known.index(scattered.cluster.server_id()) for _ in range(20)]
            same(set(answering), {1, 2})
            same([known.index(periodic.cluster.server_id()) for _ in range(3)], [1] * 3)

    @judge.check
    def a_coordinator_keeps_its_id_and_its_port_when_it_is_restarted():
        before = ids()
        with Down(2):
            refusing = client(ENDPOINTS[2], resolver_max_tries=1).db(**ROOT)
            abort(refusing.cluster.server_id)
        same(ids(), before)

    @judge.check
    def without_any_coordinator_the_client_gives_up():
        resolver = FallbackHostResolver(host_count=3, max_tries=3)
        database = spread(resolver)
        before = requests_per_coordinator()
        with Down(0, 1, 2):
            abort(database.cluster.server_id)
        same(requests_per_coordinator(), before, "requests that were read")
        same(database.cluster.server_role(), "COORDINATOR")


def abort(call):
    """The client finds nobody who answers."""
    try:
        answer = call()
    except ConnectionAbortedError:
        return
    holds(False, f"a dead coordinator answered: {answer!r}")
