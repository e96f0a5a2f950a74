// Checks of administration: servers, logins, shards, jobs.

import assert from "node:assert/strict";

import {
  Database,
  ENDPOINTS,
  PASSWORD,
  TOKEN,
  assertRejected,
  control,
  eventually,
  get,
  post,
  root,
} from "./environment.mjs";

async function idle() {
  const imbalance = await root().getClusterImbalance();
  return imbalance.pendingMoveShards === 0 && imbalance.todoMoveShards === 0;
}

const EVERY_MOVE = { leaderChanges: true, moveLeaders: true, moveFollowers: true, piFactor: 256e6 };

export default {
  async every_coordinator_reports_its_identity() {
    for (const url of ENDPOINTS) {
      const db = root(url);
      const version = await db.version(true);
      assert.deepEqual([version.server, version.license], ["arango", "enterprise"]);
      assert.equal(version.details.role, "COORDINATOR");
      assert.equal((await db.engine()).name, "rocksdb");
      const status = await db.status();
      assert.deepEqual([status.version, status.serverInfo.role], [version.version, "COORDINATOR"]);
      assert.equal(await db.availability(), "default");
      assert.ok(Math.abs((await db.time()) - Date.now()) < 60_000);
    }
  },

  async a_login_token_is_accepted_by_all_coordinators() {
    const db = new Database({ url: ENDPOINTS[0] });
    await assertRejected(401, 401, db.login("root", "wrong"));
    const token = await db.login("root", PASSWORD);
    assert.equal(await db.renewAuthToken(), null, "the token is new");
    for (const url of ENDPOINTS) {
      const other = new Database({ url });
      await assertRejected(401, 11, other.version());
      other.useBearerAuth(token);
      assert.equal((await other.version()).server, "arango");
    }
  },

  async an_access_token_is_a_password() {
    const token = await root().createAccessToken("root", { name: "compat", valid_until: 4_000_000_000 });
    const db = new Database({ url: ENDPOINTS[1] });
    db.useAccessToken(token.token);
    assert.equal((await db.version()).server, "arango");
    const listed = await root().getAccessTokens("root");
    assert.deepEqual(listed.map((token) => token.name), ["compat"]);
    await root().deleteAccessToken("root", token.id);
    await assertRejected(401, 11, db.version());
  },

  async the_endpoints_are_those_that_the_cluster_was_started_with() {
    const db = root();
    await db.acquireHostList(true);
    const { endpoints } = await get("_api/cluster/endpoints");
    const urls = endpoints.map(({ endpoint }) => endpoint.replace("tcp:", "http:").replace("ssl:", "https:"));
    assert.deepEqual(urls.sort(), [...ENDPOINTS].sort());
    assert.equal((await db.version()).server, "arango");
  },

  async requests_round_robin_and_skip_a_killed_coordinator() {
    const db = root(ENDPOINTS, { loadBalancingStrategy: "ROUND_ROBIN" });
    const ids = new Set();
    for (const _ of ENDPOINTS) ids.add((await db.route("_admin/server/id").get()).parsedBody.id);
    assert.equal(ids.size, ENDPOINTS.length);
    await control("POST", "/coordinators/1/kill");
    try {
      for (const _ of ENDPOINTS) assert.equal((await db.version()).server, "arango");
    } finally {
      await control("POST", "/coordinators/1/restart");
    }
  },

  async health_lists_every_server_of_every_role() {
    const health = await get("_admin/cluster/health");
    const roles = Object.values(health.Health).map((record) => record.Role);
    for (const role of ["Coordinator", "DBServer", "Agent"]) {
      assert.equal(roles.filter((each) => each === role).length, 3, role);
    }
    assert.match(health.ClusterId, /^[0-9a-f-]{36}$/);
    const role = await get("_admin/server/role");
    assert.deepEqual(role, { error: false, code: 200, role: "COORDINATOR", mode: "default" });
    assert.deepEqual(await get("_admin/server/mode"), { error: false, code: 200, mode: "default" });
  },

  async the_mode_applies_to_the_whole_cluster() {
    await root().route("_admin/server/mode").put({ mode: "readonly" });
    try {
      assert.equal(await root(ENDPOINTS[1]).availability(), "readonly");
      await assertRejected(403, 11, root(ENDPOINTS[1]).createCollection("compat_never"));
    } finally {
      await root().route("_admin/server/mode").put({ mode: "default" });
    }
  },

  async metrics_are_text_of_this_server_or_of_another() {
    const own = await root().route("_admin/metrics").get();
    assert.match(String(own.parsedBody), /^# HELP /);
    const { id } = (await root(ENDPOINTS[1]).route("_admin/server/id").get()).parsedBody;
    const other = await root().route("_admin/metrics").get("", { serverId: id });
    assert.match(String(other.parsedBody), /shortname="Coordinator0002"/);
    await assertRejected(404, 400, root().route("_admin/metrics").get("", { serverId: "unknown" }));
  },

  async licence_support_info_and_compaction_are_supported() {
    const usage = (await root().getLicense()).diskUsage;
    assert.deepEqual([usage.status, usage.limitReached], ["good", false]);
    // The client sends a string unencoded, and the server expects JSON.
    await root().setLicense(JSON.stringify("V0h/Y29tcGF0"));
    assert.equal((await root().getLicense()).status, "good");
    assert.equal((await root().supportInfo()).deployment.type, "cluster");
    await assertRejected(403, 11, root().compact());
    const superuser = new Database({ url: ENDPOINTS[0], auth: { token: TOKEN } });
    await superuser.compact({ changeLevel: true });
  },

  async the_log_is_read_and_its_levels_are_set() {
    const { total, messages } = await root().getLogEntries({ upto: "info", sort: "asc" });
    assert.equal(total, messages.length);
    assert.deepEqual(Object.keys(messages[0]).sort(), ["date", "id", "level", "message", "topic"]);
    assert.equal((await root().setLogLevel({ requests: "DEBUG" })).requests, "DEBUG");
    assert.equal((await root().getLogLevel()).requests, "DEBUG");
    await root().route("_admin/log/level").delete();
    assert.equal((await root().getLogLevel()).requests, "INFO");
  },

  async supervision_enters_and_leaves_maintenance() {
    const supervision = root().route("_admin/cluster/maintenance");
    const response = await supervision.put("", JSON.stringify("on"));
    assert.match(response.parsedBody.warning, /deactivated/);
    assert.equal((await supervision.get()).parsedBody.result, "Maintenance");
    await supervision.put("", JSON.stringify("off"));
    assert.equal((await supervision.get()).parsedBody.result, "Normal");
  },

  async an_executed_plan_has_the_predicted_effect() {
    const before = await root().getClusterImbalance();
    assert.ok(before.leader.imbalance > 0);
    const plan = await root().computeClusterRebalance({ ...EVERY_MOVE, maximumNumberOfMoves: 5 });
    assert.equal(plan.moves.length, 5);
    assert.deepEqual(plan.imbalanceBefore.leader, before.leader);
    const accepted = await root().executeClusterRebalance(plan.moves);
    assert.deepEqual([accepted.code, accepted.error], [202, false]);
    await eventually(idle, "the moves have ended");
    assert.deepEqual((await root().getClusterImbalance()).leader, plan.imbalanceAfter.leader);
  },

  async a_rebalance_completes() {
    const { code, result } = await root().rebalanceCluster(EVERY_MOVE);
    assert.equal(code, 202);
    await eventually(idle, "the moves have ended");
    assert.deepEqual((await root().getClusterImbalance()).shards, result.imbalanceAfter.shards);
  },

  async a_job_is_polled_cancelled_and_fails_on_request() {
    const query = async (id) => get("_admin/cluster/queryAgencyJob", { id });
    const ended = (id) => async () => ["Finished", "Failed"].includes((await query(id)).status);
    await control("POST", "/agency-jobs/next", { outcome: "hang" });
    const { id } = await post("_admin/cluster/cleanOutServer", { server: "DBServer0003" });
    assert.equal((await query(id)).status, "Pending");
    const cancelled = await post("_admin/cluster/cancelAgencyJob", { id });
    assert.deepEqual(cancelled, { job: id, status: "aborted", error: false });
    await eventually(ended(id), "the cancelled job has ended");
    assert.deepEqual([(await query(id)).status, (await query(id)).reason], ["Failed", "Killed via API"]);

    await control("POST", "/agency-jobs/next", { outcome: "fail", reason: "compat" });
    const failing = (await post("_admin/cluster/resignLeadership", { server: "DBServer0003" })).id;
    await eventually(ended(failing), "the failing job has ended");
    assert.equal((await query(failing)).reason, "compat");
    await assertRejected(404, 404, query("1"));
  },

  async a_follower_falls_behind_and_catches_up() {
    const collection = await root().createCollection("compat_sync", { replicationFactor: 2, numberOfShards: 3 });
    const inSync = async () => {
      const { results } = await get("_admin/cluster/collectionShardDistribution", { collection: "compat_sync" });
      const { Plan, Current } = results.compat_sync;
      return Object.keys(Plan).every((shard) => Plan[shard].followers.length === Current[shard].followers.length);
    };
    assert.equal(await inSync(), true);
    await control("POST", "/db-servers/1/pause");
    assert.equal(await inSync(), false);
    await control("POST", "/db-servers/1/resume");
    await eventually(inSync, "all followers are in sync");
    await collection.drop();
  },

  async a_database_is_usable_through_different_coordinators() {
    const name = "compat_js";
    await root().createDatabase(name, { users: [{ username: "root" }] });
    const db = root(ENDPOINTS[1]).database(name);
    assert.equal(await db.exists(), true);
    assert.equal((await db.get()).name, name);
    assert.ok((await root(ENDPOINTS[2]).listDatabases()).includes(name));
    await root(ENDPOINTS[2]).dropDatabase(name);
    assert.equal(await db.exists(), false);
    await assertRejected(404, 1228, db.listCollections());
  },

  async a_collection_is_usable_through_different_coordinators() {
    const books = await root().createCollection("compat_books", { numberOfShards: 2 });
    const other = root(ENDPOINTS[1]).collection("compat_books");
    assert.equal(await other.exists(), true);
    assert.equal((await other.properties()).numberOfShards, 2);
    const saved = await books.save({ _key: "one", title: "a" });
    assert.equal((await other.document("one")).title, "a");
    await assertRejected(409, 1210, other.save({ _key: "one" }));
    await other.update("one", { pages: 3 });
    await assertRejected(412, 1200, books.replace("one", { title: "b" }, { ifMatch: saved._rev }));
    await books.replace("one", { title: "b" });
    assert.equal((await other.document("one")).pages, undefined);
    assert.equal((await other.count()).count, 1);
    await books.remove("one");
    assert.equal(await other.documentExists("one"), false);
    await other.truncate();
    await books.drop();
    await assertRejected(404, 1203, other.get());
  },

  async a_query_returns_batches_and_can_be_killed() {
    const cursor = await root().query("FOR i IN 1..10 RETURN i", {}, { batchSize: 3, count: true });
    assert.equal(cursor.count, 10);
    assert.deepEqual(await cursor.all(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const bound = await root().query("RETURN @x", { x: { a: 1 } });
    assert.deepEqual(await bound.next(), { a: 1 });
    const left = await root().query("FOR i IN 1..10 RETURN i", {}, { batchSize: 3 });
    await left.kill();
  },

  async the_result_of_a_background_request_is_fetched_once() {
    const db = root();
    const job = await db.createJob(() => db.version());
    await eventually(() => job.load().then(() => job.isLoaded), "the job is done");
    assert.equal(job.result.server, "arango");
    await assertRejected(404, 404, db.job(job._id).load());
  },

  async a_shutdown_stops_one_coordinator_only() {
    await root(ENDPOINTS[2]).shutdown();
    const stopped = async () => (await control("GET", "/cluster")).coordinators[2].up === false;
    await eventually(stopped, "the coordinator has stopped");
    assert.equal((await root(ENDPOINTS[0]).version()).server, "arango");
    await control("POST", "/coordinators/2/restart");
    assert.equal((await root(ENDPOINTS[2]).version()).server, "arango");
  },
};
