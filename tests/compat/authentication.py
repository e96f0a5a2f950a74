"""Promises of who is let in, and what others are told."""

import hashlib
import time

import jwt
from arango.exceptions import ArangoServerError, JWTExpiredError

from judge import eventually, holds, refused, same, shaped
from surroundings import CA_FILE, ENDPOINTS, PASSWORD, ROOT, SECRET, client, now, root, superuser, token, user_token


def checks(judge):
    """All checks of authentication."""
    passwords(judge)
    tokens(judge)
    access_tokens(judge)
    databases(judge)
    secrets(judge)


def login(index=0, **settings):
    """A database through one coordinator, with whatever credentials, not yet asked."""
    return client(ENDPOINTS[index]).db(**settings)


def bearing(text, index=0, database="_system"):
    """A database with a token as it is: the client looks into users' tokens, and not into superusers'."""
    return login(index, name=database, superuser_token=text)


def passwords(judge):
    """Names and passwords."""

    @judge.check
    def root_is_let_in_by_every_coordinator():
        for index in range(len(ENDPOINTS)):
            same(login(index, verify=True, **ROOT).properties()["name"], "_system")

    @judge.check
    def a_wrong_password_or_name_is_not_let_in_anywhere():
        for index in range(len(ENDPOINTS)):
            for name, password in [("root", PASSWORD + "x"), ("root", ""), ("nobody", PASSWORD), ("", "")]:
                refused(401, 11, login(index, username=name, password=password).cluster.server_id)
                refused(401, 11, login, index, username=name, password=password, verify=True)

    @judge.check
    def a_user_of_one_coordinator_is_a_user_of_all_and_so_is_a_changed_password():
        name = "compat_walker"
        root(0).create_user(name, "first")
        root(0).update_permission(name, "rw", "_system")
        try:
            for index in range(len(ENDPOINTS)):
                same(login(index, username=name, password="first").cluster.server_role(), "COORDINATOR")
            root(1).update_user(name, "second")
            for index in range(len(ENDPOINTS)):
                refused(401, 11, login(index, username=name, password="first").cluster.server_role)
                same(login(index, username=name, password="second").cluster.server_role(), "COORDINATOR")
            root(2).update_user(name, "second", active=False)
            refused(401, 11, login(0, username=name, password="second").cluster.server_role)
        finally:
            root(2).delete_user(name)
        refused(401, 11, login(1, username=name, password="second").cluster.server_role)


def tokens(judge):
    """JSON web tokens."""

    @judge.check
    def a_login_gives_a_token_that_every_coordinator_honours():
        database = login(0, auth_method="jwt", **ROOT)
        text = database._conn._token
        claims = jwt.decode(text, SECRET, algorithms=["HS256"], issuer="arangodb")
        same(claims["preferred_username"], "root")
        same(claims["exp"] - claims["iat"], 3600, "seconds of life")
        holds(abs(claims["iat"] - now()) < 5, f"issued at {claims['iat']}")
        for index in range(len(ENDPOINTS)):
            same(login(index, user_token=text).cluster.server_role(), "COORDINATOR")

    @judge.check
    def a_login_with_a_wrong_password_is_refused_as_such():
        refused(401, 401, login, auth_method="jwt", username="root", password=PASSWORD + "x")
        refused(401, 401, login, auth_method="jwt", username="nobody", password="")

    @judge.check
    def a_token_that_is_no_longer_honoured_is_renewed_by_the_client():
        database = login(0, auth_method="jwt", **ROOT)
        forged = user_token("root", 3600, secret=SECRET + "x")
        database._conn.set_token(forged)
        same(database.cluster.server_role(), "COORDINATOR")
        holds(database._conn._token != forged, "the token was not renewed")

    @judge.check
    def an_expired_token_is_refused_by_the_client_and_by_the_cluster():
        # Long ago, because the client looks at the machine's clock and the cluster at its own.
        expired = user_token("root", -3600)
        try:
            login(user_token=expired)
        except JWTExpiredError:
            pass
        else:
            holds(False, "the client took an expired token")
        for index in range(len(ENDPOINTS)):
            refused(401, 11, bearing(expired, index).cluster.server_role)
            refused(401, 11, bearing(user_token("root", -1), index).cluster.server_role)
            refused(401, 11, bearing(token(exp=int(now()) - 1), index).cluster.server_role)

    @judge.check
    def a_token_lives_to_its_last_second_and_not_longer():
        expires = int(now()) + 2
        short = bearing(token(exp=expires)).cluster
        same(short.server_role(), "COORDINATOR")
        time.sleep(max(0, expires - now()) + 0.05)
        refused(401, 11, short.server_role)

    @judge.check
    def a_token_of_another_secret_or_issuer_is_refused():
        refused(401, 11, bearing(token(secret=SECRET + "x")).cluster.server_role)
        refused(401, 11, bearing(token(iss="somebody")).cluster.server_role)
        refused(401, 11, bearing(user_token("nobody", 60)).cluster.server_role)
        refused(401, 11, bearing("not.a.token").cluster.server_role)

    @judge.check
    def a_token_signed_by_somebody_who_knows_the_secret_is_honoured():
        for index in range(len(ENDPOINTS)):
            same(bearing(user_token("root", 60), index).cluster.server_role(), "COORDINATOR")
            same(superuser(index).cluster.server_role(), "COORDINATOR")

    @judge.check
    def the_superuser_is_more_than_root():
        same(len(superuser().cluster.vpack_sort_migration_status()), 3, "DB-Servers")
        refused(403, 11, bearing(user_token("root", 60)).cluster.vpack_sort_migration_status)


def access_tokens(judge):
    """Passwords of their own name and life."""

    @judge.check
    def an_access_token_is_a_password_until_it_is_deleted():
        database = root(0)
        until = int(now()) + 60
        made = database.create_access_token("root", "compat", until)
        # Some versions wrap it like other answers, none adds anything else.
        public = {"id": int, "name": str, "valid_until": int, "created_at": int, "fingerprint": str, "active": bool}
        shaped({key: made[key] for key in made if key not in ("error", "code")}, public | {"token": str}, "token")
        same((made["name"], made["valid_until"], made["active"]), ("compat", until, True))
        holds(made["token"].startswith("v1."), made["token"])
        try:
            for index in range(len(ENDPOINTS)):
                for name in ("root", ""):
                    same(login(index, username=name, password=made["token"]).cluster.server_role(), "COORDINATOR")
            refused(401, 11, login(username="nobody", password=made["token"]).cluster.server_role)
            same(login(auth_method="jwt", username="root", password=made["token"]).cluster.server_mode(), "default")
            answered(409, database.create_access_token, "root", "compat", until)
            listed = [each for each in root(1).list_access_tokens("root") if each["id"] == made["id"]]
            same(len(listed), 1, "tokens with this id")
            shaped(listed[0], public, "listed token")
        finally:
            root(2).delete_access_token("root", made["id"])
        for index in range(len(ENDPOINTS)):
            refused(401, 11, login(index, username="root", password=made["token"]).cluster.server_role)
        same([each for each in database.list_access_tokens("root") if each["id"] == made["id"]], [])
        answered(404, database.delete_access_token, "root", made["id"])

    @judge.check
    def an_access_token_ends_by_itself():
        until = int(now()) + 2
        made = root().create_access_token("root", "compat short", until)
        try:
            cluster = login(1, username="root", password=made["token"]).cluster
            same(cluster.server_role(), "COORDINATOR")
            time.sleep(max(0, until - now()) + 0.05)
            eventually(lambda: is_refused(cluster.server_role), "the token has ended", 1)
            listed = [each for each in root().list_access_tokens("root") if each["id"] == made["id"]]
            same([each["active"] for each in listed], [False])
        finally:
            root().delete_access_token("root", made["id"])


def databases(judge):
    """Databases that are there, and those that are not."""

    @judge.check
    def an_unknown_database_is_named_to_those_who_might_see_it_and_to_nobody_else():
        name = "compat_guest"
        root().create_user(name, "guest")
        try:
            for index in range(len(ENDPOINTS)):
                refused(404, 1228, root(index, "never_was").cluster.server_role)
                refused(404, 1228, superuser(index, "never_was").cluster.server_role)
                guest = {"name": "never_was", "username": name, "password": "guest"}
                refused(401, 11, login(index, **guest).cluster.server_role)
                refused(401, 11, login(index, auth_method="jwt", **guest).cluster.server_role)
        finally:
            root().delete_user(name)

    @judge.check
    def a_database_of_one_coordinator_is_a_database_of_all_and_its_owner_is_let_in():
        database, owner, other = "compat_house", "compat_owner", "compat_neighbour"
        root(0).create_user(other, "neighbour")
        root(0).create_database(database, users=[{"username": owner, "password": "owner", "active": True}])
        try:
            for index in range(len(ENDPOINTS)):
                mine = login(index, name=database, username=owner, password="owner")
                same(mine.properties()["name"], database)
                # Whoever has no right on it is not told that it is there.
                theirs = login(index, name=database, username=other, password="neighbour")
                refused(401, 11, theirs.cluster.server_role)
            root(1).update_permission(other, "ro", database)
            same(login(2, name=database, username=other, password="neighbour").cluster.server_role(), "COORDINATOR")
        finally:
            root(2).delete_database(database)
            for name in (owner, other):
                root(2).delete_user(name)
        refused(404, 1228, root(0, database).cluster.server_role)


def secrets(judge):
    """What is told about secrets and certificates."""

    @judge.check
    def secrets_are_told_to_the_superuser_by_their_hash():
        expected = {"active": {"sha256": hashlib.sha256(SECRET.encode()).hexdigest()}, "passive": []}
        for index in range(len(ENDPOINTS)):
            same(superuser(index).jwt_secrets(), expected)
            same(superuser(index).reload_jwt_secrets(), expected)

    @judge.check
    def certificates_are_told_where_there_are_some_and_never_their_keys():
        told = superuser().tls()
        same(superuser().reload_tls(), told)
        if CA_FILE is None:
            same(told, {})
            return
        certificate = told["keyfile"]["certificates"][0]
        holds(certificate.startswith("-----BEGIN CERTIFICATE-----"), certificate)
        holds("PRIVATE KEY" not in str(told), "a key was told")

    @judge.check
    def whoever_is_not_let_in_is_told_nothing_of_secrets():
        stranger = bearing(token(secret=SECRET + "x"))
        for call in ("jwt_secrets", "reload_jwt_secrets", "tls", "reload_tls", "encryption"):
            refused(401, 11, getattr(stranger, call))

    @judge.check
    def root_is_not_told_of_secrets_either():
        refused(403, 11, root().reload_tls)
        refused(403, 11, root().reload_jwt_secrets)


def is_refused(call):
    """Whether the call is answered with 401/11."""
    try:
        refused(401, 11, call)
    except AssertionError:
        return False
    return True


def answered(status, call, *arguments):
    """The call is answered with this status; the error number differs between versions."""
    try:
        call(*arguments)
    except ArangoServerError as error:
        same(error.http_code, status)
        return
    holds(False, f"expected {status}, but the call succeeded")
