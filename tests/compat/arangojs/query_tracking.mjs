// Checks of explaining, parsing, listing and killing queries, and of queries in the background.

import assert from "node:assert/strict";

import { ENDPOINTS, aql, assertRejected, eventually, root, withCollection } from "./environment.mjs";

export default {
  async a_query_is_explained_without_being_run() {
    await withCollection({}, async (books) => {
      const { plan } = await root().explain(aql`FOR i IN 1..3 INSERT {} INTO ${books}`);
      assert.equal(plan.isModificationQuery, true);
      assert.deepEqual(plan.collections, [{ name: books.name, type: "write" }]);
      assert.equal((await books.count()).count, 0);
      const { plans } = await root().explain(aql`FOR b IN ${books} RETURN b`, { allPlans: true });
      assert.ok(plans.length >= 1 && plans.every(({ isModificationQuery }) => !isModificationQuery));
    });
    await assertRejected(400, 1501, root().explain("INVALID QUERY"));
  },

  async an_explanation_takes_options_and_warns_of_divisions_of_constants() {
    const explain = (query, options) => root().explain(query, {}, options);
    const query = "FOR i IN 1..10 RETURN [1 / 0, i, 7 % 0]";
    assert.deepEqual((await explain(query)).warnings.map(({ code }) => code), [1562, 1562]);
    assert.equal((await explain(query, { maxWarningCount: 1 })).warnings.length, 1);
    await assertRejected(400, 1562, explain(query, { failOnWarning: true }));
    const harmless = { failOnWarning: true, fullCount: true, maxNodesPerCallstack: 200 };
    assert.deepEqual((await explain("RETURN 1 / 2", harmless)).warnings, []);
    assert.equal((await explain("RETURN 1", { profile: 1 })).stats.rules, undefined);
    assert.equal(typeof (await explain("RETURN 1", { profile: 2 })).stats.rules, "object");
  },

  async a_query_is_parsed_without_its_bind_parameters() {
    const parsed = await root().parse("FOR d IN compat_missing FILTER d.a == @a RETURN d");
    assert.deepEqual([parsed.parsed, parsed.collections, parsed.bindVars], [true, ["compat_missing"], ["a"]]);
    await assertRejected(400, 1501, root().parse("FOR"));
  },

  async a_running_query_is_listed_and_killed() {
    const ended = assertRejected(410, 1500, root().query("RETURN SLEEP(@s)", { s: 20 }));
    let listed = [];
    await eventually(async () => {
      listed = await root(ENDPOINTS[1]).listRunningQueries();
      return listed.length > 0;
    }, "the query is listed");
    const [{ id, query, bindVars, database, user, stream }] = listed;
    assert.deepEqual({ query, bindVars, database, user, stream }, {
      query: "RETURN SLEEP(@s)", bindVars: { s: 20 }, database: "_system", user: "root", stream: false,
    });
    await root(ENDPOINTS[2]).killQuery(id);
    await ended;
    assert.deepEqual(await root().listRunningQueries(), []);
    await assertRejected(404, 1591, root().killQuery(id));
  },

  async slow_queries_are_listed_as_tracking_was_set() {
    const before = await root().queryTracking();
    const changed = await root().queryTracking({ slowQueryThreshold: 0.05, maxSlowQueries: 1 });
    assert.deepEqual([changed.slowQueryThreshold, changed.maxSlowQueries], [0.05, 1]);
    assert.equal((await root(ENDPOINTS[1]).queryTracking()).maxSlowQueries, 64);
    await root().query("RETURN SLEEP(0.1)");
    await root().query("RETURN SLEEP(0.11)");
    await root().query("RETURN 1");
    const slow = await root(ENDPOINTS[1]).listSlowQueries();
    assert.deepEqual(slow.map(({ query }) => query), ["RETURN SLEEP(0.11)"]);
    await root().clearSlowQueries();
    assert.deepEqual(await root().listSlowQueries(), []);
    const { error, code, ...settings } = before;
    assert.deepEqual(await root().queryTracking(settings), before);
  },

  async a_query_in_the_background_is_pending_until_it_has_ended() {
    const db = root();
    const job = await db.createJob(() => db.query("RETURN SLEEP(0.4)"));
    assert.ok((await db.listPendingJobs()).includes(job._id));
    assert.equal(await job.getCompleted(), false);
    await eventually(async () => (await db.listCompletedJobs()).includes(job._id), "the job is done");
    await job.load();
    assert.deepEqual(await job.result.all(), [null]);
  },

  async a_query_in_the_background_is_cancelled() {
    const db = root();
    let query;
    const job = await db.createJob(() => (query = db.query("RETURN SLEEP(20)")));
    const ended = assertRejected(410, 21, query);
    await job.cancel();
    await eventually(async () => (await db.listCompletedJobs()).includes(job._id), "the job has ended");
    await assertRejected(410, 21, job.load());
    await ended;
    await db.deleteAllJobResults();
  },

  async results_of_background_requests_expire() {
    const db = root();
    const job = await db.createJob(() => db.version());
    const isKept = async () => (await db.listCompletedJobs()).includes(job._id);
    await eventually(isKept, "the job is done");
    await db.deleteExpiredJobResults(Date.now() - 3_600_000);
    assert.equal(await isKept(), true);
    await db.deleteExpiredJobResults(Date.now() + 60_000);
    assert.equal(await isKept(), false);
  },
};
