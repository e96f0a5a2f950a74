"""Checks of authentication, permissions and the disclosure of secrets."""

import hashlib
import time

import jwt
from arango.exceptions import ArangoServerError, JWTExpiredError

from check_runner import assert_rejected, assert_same, assert_shape, assert_true, eventually
from environment import CA_FILE, ENDPOINTS, PASSWORD, ROOT, SECRET, client, now, root, superuser, token, user_token


def checks(runner):
    """Registers all checks of authentication."""
    passwords(runner)
    tokens(runner)
    access_tokens(runner)
    databases(runner)
    secrets(runner)


def login(index=0, **settings):
    """Returns a database through one coordinator with the given credentials. Sends no request."""
    return client(ENDPOINTS[index]).db(**settings)


def with_token(text, index=0, database="_system"):
    """Returns a database with an unchecked token. The client parses user tokens but not superuser tokens."""
    return login(index, name=database, superuser_token=text)


def passwords(runner):
    """Registers the checks of names and passwords."""

    @runner.check
    def root_can_log_in_on_every_coordinator():
        for index in range(len(ENDPOINTS)):
            assert_same(login(index, verify=True, **ROOT).properties()["name"], "_system")

    @runner.check
    def a_wrong_password_or_name_is_rejected_everywhere():
        for index in range(len(ENDPOINTS)):
            for name, password in [("root", PASSWORD + "x"), ("root", ""), ("unknown", PASSWORD), ("", "")]:
                assert_rejected(401, 11, login(index, username=name, password=password).cluster.server_id)
                assert_rejected(401, 11, login, index, username=name, password=password, verify=True)

    @runner.check
    def a_user_of_one_coordinator_is_a_user_of_all_and_so_is_a_changed_password():
        name = "compat_walker"
        root(0).create_user(name, "first")
        root(0).update_permission(name, "rw", "_system")
        try:
            for index in range(len(ENDPOINTS)):
                assert_same(login(index, username=name, password="first").cluster.server_role(), "COORDINATOR")
            root(1).update_user(name, "second")
            for index in range(len(ENDPOINTS)):
                assert_rejected(401, 11, login(index, username=name, password="first").cluster.server_role)
                assert_same(login(index, username=name, password="second").cluster.server_role(), "COORDINATOR")
            root(2).update_user(name, "second", active=False)
            assert_rejected(401, 11, login(0, username=name, password="second").cluster.server_role)
        finally:
            root(2).delete_user(name)
        assert_rejected(401, 11, login(1, username=name, password="second").cluster.server_role)


def tokens(runner):
    """Registers the checks of JSON web tokens."""

    @runner.check
    def a_login_token_is_accepted_by_every_coordinator():
        database = login(0, auth_method="jwt", **ROOT)
        text = database._conn._token
        claims = jwt.decode(text, SECRET, algorithms=["HS256"], issuer="arangodb")
        assert_same(claims["preferred_username"], "root")
        assert_same(claims["exp"] - claims["iat"], 3600, "lifetime in seconds")
        assert_true(abs(claims["iat"] - now()) < 5, f"issued at {claims['iat']}")
        for index in range(len(ENDPOINTS)):
            assert_same(login(index, user_token=text).cluster.server_role(), "COORDINATOR")

    @runner.check
    def a_login_with_a_wrong_password_is_rejected():
        assert_rejected(401, 401, login, auth_method="jwt", username="root", password=PASSWORD + "x")
        assert_rejected(401, 401, login, auth_method="jwt", username="unknown", password="")

    @runner.check
    def a_rejected_token_is_renewed_by_the_client():
        database = login(0, auth_method="jwt", **ROOT)
        forged = user_token("root", 3600, secret=SECRET + "x")
        database._conn.set_token(forged)
        assert_same(database.cluster.server_role(), "COORDINATOR")
        assert_true(database._conn._token != forged, "the token was not renewed")

    @runner.check
    def an_expired_token_is_rejected_by_the_client_and_by_the_cluster():
        # Expired an hour ago, because the client uses the system clock and the cluster has its own.
        expired = user_token("root", -3600)
        try:
            login(user_token=expired)
        except JWTExpiredError:
            pass
        else:
            assert_true(False, "the client accepted an expired token")
        for index in range(len(ENDPOINTS)):
            assert_rejected(401, 11, with_token(expired, index).cluster.server_role)
            assert_rejected(401, 11, with_token(user_token("root", -1), index).cluster.server_role)
            assert_rejected(401, 11, with_token(token(exp=int(now()) - 1), index).cluster.server_role)

    @runner.check
    def a_token_is_valid_until_its_last_second():
        expires = int(now()) + 2
        short = with_token(token(exp=expires)).cluster
        assert_same(short.server_role(), "COORDINATOR")
        time.sleep(max(0, expires - now()) + 0.05)
        assert_rejected(401, 11, short.server_role)

    @runner.check
    def a_token_of_another_secret_or_issuer_is_rejected():
        assert_rejected(401, 11, with_token(token(secret=SECRET + "x")).cluster.server_role)
        assert_rejected(401, 11, with_token(token(iss="unknown")).cluster.server_role)
        assert_rejected(401, 11, with_token(user_token("unknown", 60)).cluster.server_role)
        assert_rejected(401, 11, with_token("not.a.token").cluster.server_role)

    @runner.check
    def a_token_signed_with_the_secret_is_accepted():
        for index in range(len(ENDPOINTS)):
            assert_same(with_token(user_token("root", 60), index).cluster.server_role(), "COORDINATOR")
            assert_same(superuser(index).cluster.server_role(), "COORDINATOR")

    @runner.check
    def the_superuser_has_more_permissions_than_root():
        assert_same(len(superuser().cluster.vpack_sort_migration_status()), 3, "DB-Servers")
        assert_rejected(403, 11, with_token(user_token("root", 60)).cluster.vpack_sort_migration_status)


def access_tokens(runner):
    """Registers the checks of access tokens, which are passwords with a name and an expiry."""

    @runner.check
    def an_access_token_is_a_password_until_it_is_deleted():
        database = root(0)
        valid_until = int(now()) + 60
        made = database.create_access_token("root", "compat", valid_until)
        # Some versions add `error` and `code`; no version adds any other key.
        public = {"id": int, "name": str, "valid_until": int, "created_at": int, "fingerprint": str, "active": bool}
        assert_shape({key: made[key] for key in made if key not in ("error", "code")}, public | {"token": str}, "token")
        assert_same((made["name"], made["valid_until"], made["active"]), ("compat", valid_until, True))
        assert_true(made["token"].startswith("v1."), made["token"])
        try:
            for index in range(len(ENDPOINTS)):
                for name in ("root", ""):
                    cluster = login(index, username=name, password=made["token"]).cluster
                    assert_same(cluster.server_role(), "COORDINATOR")
            assert_rejected(401, 11, login(username="unknown", password=made["token"]).cluster.server_role)
            cluster = login(auth_method="jwt", username="root", password=made["token"]).cluster
            assert_same(cluster.server_mode(), "default")
            assert_status(409, database.create_access_token, "root", "compat", valid_until)
            listed = [each for each in root(1).list_access_tokens("root") if each["id"] == made["id"]]
            assert_same(len(listed), 1, "tokens with this id")
            assert_shape(listed[0], public, "listed token")
        finally:
            root(2).delete_access_token("root", made["id"])
        for index in range(len(ENDPOINTS)):
            assert_rejected(401, 11, login(index, username="root", password=made["token"]).cluster.server_role)
        assert_same([each for each in database.list_access_tokens("root") if each["id"] == made["id"]], [])
        database.delete_access_token("root", made["id"])  # one that does not exist counts as deleted
        assert_status(404, database.delete_access_token, "unknown", made["id"])

    @runner.check
    def an_access_token_expires():
        valid_until = int(now()) + 2
        made = root().create_access_token("root", "compat short", valid_until)
        try:
            cluster = login(1, username="root", password=made["token"]).cluster
            assert_same(cluster.server_role(), "COORDINATOR")
            time.sleep(max(0, valid_until - now()) + 0.05)
            eventually(lambda: is_rejected(cluster.server_role), "the token has expired", 1)
            listed = [each for each in root().list_access_tokens("root") if each["id"] == made["id"]]
            assert_same([each["active"] for each in listed], [False])
        finally:
            root().delete_access_token("root", made["id"])


def databases(runner):
    """Registers the checks of existing and unknown databases."""

    @runner.check
    def an_unknown_database_is_reported_only_to_authorized_users():
        name = "compat_guest"
        root().create_user(name, "guest")
        try:
            for index in range(len(ENDPOINTS)):
                assert_rejected(404, 1228, root(index, "never_was").cluster.server_role)
                assert_rejected(404, 1228, superuser(index, "never_was").cluster.server_role)
                guest = {"name": "never_was", "username": name, "password": "guest"}
                assert_rejected(401, 11, login(index, **guest).cluster.server_role)
                assert_rejected(401, 11, login(index, auth_method="jwt", **guest).cluster.server_role)
        finally:
            root().delete_user(name)

    @runner.check
    def a_new_database_exists_on_all_coordinators_and_its_owner_can_log_in():
        database, owner, other = "compat_owned", "compat_owner", "compat_other"
        root(0).create_user(other, "other")
        root(0).create_database(database, users=[{"username": owner, "password": "owner", "active": True}])
        try:
            for index in range(len(ENDPOINTS)):
                mine = login(index, name=database, username=owner, password="owner")
                assert_same(mine.properties()["name"], database)
                # The status does not reveal to an unauthorized user that the database exists.
                theirs = login(index, name=database, username=other, password="other")
                assert_rejected(401, 11, theirs.cluster.server_role)
            root(1).update_permission(other, "ro", database)
            assert_same(login(2, name=database, username=other, password="other").cluster.server_role(), "COORDINATOR")
        finally:
            root(2).delete_database(database)
            for name in (owner, other):
                root(2).delete_user(name)
        assert_rejected(404, 1228, root(0, database).cluster.server_role)


def secrets(runner):
    """Registers the checks of the routes that describe secrets and certificates."""

    @runner.check
    def secret_hashes_are_returned_to_the_superuser():
        expected = {"active": {"sha256": hashlib.sha256(SECRET.encode()).hexdigest()}, "passive": []}
        for index in range(len(ENDPOINTS)):
            assert_same(superuser(index).jwt_secrets(), expected)
            assert_same(superuser(index).reload_jwt_secrets(), expected)

    @runner.check
    def certificates_are_returned_without_their_keys():
        described = superuser().tls()
        assert_same(superuser().reload_tls(), described)
        if CA_FILE is None:
            assert_same(described, {})
            return
        certificate = described["keyfile"]["certificates"][0]
        assert_true(certificate.startswith("-----BEGIN CERTIFICATE-----"), certificate)
        assert_true("PRIVATE KEY" not in str(described), "the response contains a private key")

    @runner.check
    def unauthenticated_users_get_no_secrets():
        unauthenticated = with_token(token(secret=SECRET + "x"))
        for call in ("jwt_secrets", "reload_jwt_secrets", "tls", "reload_tls", "encryption"):
            assert_rejected(401, 11, getattr(unauthenticated, call))

    @runner.check
    def root_gets_no_secrets():
        assert_rejected(403, 11, root().reload_tls)
        assert_rejected(403, 11, root().reload_jwt_secrets)


def is_rejected(call):
    """Returns whether the call fails with 401/11."""
    try:
        assert_rejected(401, 11, call)
    except AssertionError:
        return False
    return True


def assert_status(status, call, *arguments):
    """Asserts that the call fails with this HTTP status. The error number differs between versions."""
    try:
        call(*arguments)
    except ArangoServerError as error:
        assert_same(error.http_code, status)
        return
    assert_true(False, f"expected {status}, but the call succeeded")
