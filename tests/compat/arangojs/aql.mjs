// Checks of AQL: binds, reads, writes, errors, options.

import assert from "node:assert/strict";

import { aql, assertRejected, root, through, withCollection } from "./environment.mjs";

/** Returns all rows of a query. */
async function rows(query, bound, options) {
  return (await root().query(query, bound, options)).all();
}

async function fill(books, count = 10) {
  await books.saveAll(Array.from({ length: count }, (_, n) => ({ _key: `${n}`, n, deep: { odd: n % 2 } })));
}

export default {
  async queries_that_change_one_document_at_the_same_time_conflict_until_they_are_repeated() {
    await withCollection({}, async (books) => {
      await books.save({ _key: "a", n: 0 });
      const increment = (retryOnConflict) =>
        root().query(
          aql`LET a = DOCUMENT(${books}, "a") LET s = SLEEP(0.05) UPDATE a WITH { n: a.n + 1 + s } IN ${books}`,
          { retryOnConflict },
        );
      const calls = (count, retries) => Promise.allSettled(Array.from({ length: count }, () => increment(retries)));
      const once = await calls(5, 0);
      const failed = once.filter(({ status }) => status === "rejected").map(({ reason }) => reason.errorNum);
      assert.ok(failed.length > 0 && failed.length < 5 && failed.every((number) => number === 1200), String(failed));
      assert.equal((await books.document("a")).n, 5 - failed.length);
      const repeated = await calls(5, 1000);
      assert.ok(repeated.every(({ status }) => status === "fulfilled"));
      assert.equal((await books.document("a")).n, 10 - failed.length);
    });
  },

  async a_template_binds_values_and_collections() {
    await withCollection({ numberOfShards: 3 }, async (books) => {
      await fill(books);
      const filter = aql`FILTER b.n > ${6}`;
      assert.deepEqual(await rows(aql`FOR b IN ${books} ${filter} SORT b.n DESC RETURN b.n`), [9, 8, 7]);
      assert.deepEqual(await rows(aql`RETURN ${{ a: [1, null] }}`), [{ a: [1, null] }]);
    });
  },

  async rows_are_grouped_sorted_and_limited() {
    await withCollection({ numberOfShards: 3 }, async (books) => {
      await fill(books);
      const grouped = aql`FOR b IN ${books} COLLECT odd = b.deep.odd AGGREGATE sum = SUM(b.n) RETURN { odd, sum }`;
      assert.deepEqual(await rows(grouped), [{ odd: 0, sum: 20 }, { odd: 1, sum: 25 }]);
      const limited = aql`FOR b IN ${books} SORT b.deep.odd DESC, b.n LIMIT ${3}, ${4} RETURN b.n`;
      assert.deepEqual(await rows(limited), [7, 9, 0, 2]);
      assert.deepEqual(await rows(aql`RETURN COUNT(${books})`), [10]);
    });
  },

  async a_query_writes_and_returns_old_and_new() {
    await withCollection({ numberOfShards: 3 }, async (books) => {
      await rows(aql`FOR i IN 1..3 INSERT { _key: TO_STRING(i), n: i } INTO ${books}`);
      const updated = aql`FOR b IN ${books} SORT b.n UPDATE b WITH { n: b.n * 10 } IN ${books} RETURN [OLD.n, NEW.n]`;
      assert.deepEqual(await rows(updated), [[1, 10], [2, 20], [3, 30]]);
      const upsert = (k) => aql`UPSERT { k: ${k} } INSERT { k: ${k}, n: 1 } UPDATE { n: OLD.n + 1 } IN ${books} RETURN NEW.n`;
      assert.deepEqual([await rows(upsert("x")), await rows(upsert("x"))], [[1], [2]]);
      assert.deepEqual(await rows(aql`REMOVE "1" IN ${books} RETURN OLD.n`), [10]);
      const cursor = await root().query(aql`FOR b IN ${books} REMOVE b IN ${books}`);
      assert.equal(cursor.extra.stats.writesExecuted, 3);
      assert.equal((await through(1, books).count()).count, 0);
    });
  },

  async a_query_that_fails_writes_nothing() {
    await withCollection({ numberOfShards: 3 }, async (books) => {
      await books.save({ _key: "5" });
      await assertRejected(409, 1210, rows(aql`FOR i IN 0..9 INSERT { _key: TO_STRING(i) } INTO ${books}`));
      assert.equal((await through(1, books).count()).count, 1);
      await assertRejected(404, 1202, rows(aql`UPDATE "missing" WITH {} IN ${books}`));
    });
  },

  async invalid_queries_are_rejected_with_their_numbers() {
    for (const [number, query, bound] of [
      [1501, "INVALID QUERY"],
      [1501, "RETURN"],
      [1502, ""],
      [1512, "RETURN unknown"],
      [1540, "RETURN NO_SUCH_FUNCTION()"],
      [1541, "RETURN LENGTH(1, 2, 3)"],
      [1551, "RETURN @a"],
      [1552, "RETURN 1", { a: 1 }],
      [1553, "FOR d IN @@c RETURN d", { "@c": 1 }],
      [1569, "RETURN FAIL('on request')"],
    ]) {
      // A name that is no variable is looked up as a collection.
      const [status, expected] = number === 1512 ? [404, 1203] : [400, number];
      await assertRejected(status, expected, rows(query, bound));
    }
    await assertRejected(404, 1203, rows("FOR d IN compat_js_missing RETURN d"));
  },

  async warnings_are_reported_or_fail_the_query() {
    const cursor = await root().query("FOR i IN 1..20 RETURN i / 0", {}, { maxWarningCount: 3 });
    assert.deepEqual(cursor.extra.warnings.map(({ code }) => code), [1562, 1562, 1562]);
    await assertRejected(400, 1562, rows("RETURN 1 / 0", {}, { failOnWarning: true }));
  },

  async the_full_count_is_that_before_the_limit() {
    const cursor = await root().query("FOR i IN 1..100 LIMIT 10 RETURN i", {}, { fullCount: true, count: true });
    assert.deepEqual([cursor.count, cursor.extra.stats.fullCount], [10, 100]);
  },

  async a_query_is_ended_by_its_limits() {
    await assertRejected(500, 32, rows("RETURN 1..100000", {}, { memoryLimit: 40_000 }));
    await assertRejected(410, 1500, rows("RETURN SLEEP(10)", {}, { maxRuntime: 0.1 }));
  },

  async a_profile_has_phases_nodes_and_the_plan() {
    const { extra } = await root().query("FOR i IN 1..3 RETURN i", {}, { profile: 2 });
    assert.equal(Object.keys(extra.profile).length, 9);
    assert.ok(Object.values(extra.profile).every((seconds) => seconds > 0));
    assert.deepEqual(extra.stats.nodes.map(({ id }) => id), extra.plan.nodes.map(({ id }) => id));
    assert.equal((await root().query("RETURN 1")).extra.profile, undefined);
  },

  async functions_search_positions_and_words() {
    await withCollection({ numberOfShards: 2 }, async (places) => {
      await places.ensureIndex({ type: "geo", fields: ["at"] });
      await places.ensureIndex({ type: "fulltext", fields: ["text"] });
      await places.saveAll([{ _key: "a", at: [1, 1], text: "a red house" }, { _key: "b", at: [2, 2], text: "a blue house" }]);
      assert.deepEqual(await rows(aql`FOR p IN NEAR(${places}, 2.1, 2, 1) RETURN p._key`), ["b"]);
      assert.deepEqual(await rows(aql`FOR p IN WITHIN(${places}, 1, 1, 10) RETURN p._key`), ["a"]);
      assert.deepEqual(await rows(aql`FOR p IN FULLTEXT(${places}, "text", "house,-blue") RETURN p._key`), ["a"]);
    });
  },
};
