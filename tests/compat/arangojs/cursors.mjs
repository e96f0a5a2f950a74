// Checks of cursors: batches, streams, retries, ends.

import assert from "node:assert/strict";

import { ENDPOINTS, aql, assertRejected, root, through, withCollection } from "./environment.mjs";

const TEN = "FOR i IN 1..10 RETURN i";

/** Returns the body of a request for a batch. The client keeps no batch ids that it has used. */
async function batch(id, number, url = ENDPOINTS[0]) {
  return (await root(url).route("_api/cursor").post(number === undefined ? id : `${id}/${number}`)).parsedBody;
}

export default {
  async batches_have_the_wanted_size() {
    const cursor = await root().query(TEN, {}, { batchSize: 4, count: true });
    assert.equal(cursor.count, 10);
    assert.deepEqual(await cursor.batches.all(), [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]);
    assert.equal(cursor.batches.hasMore, false);
  },

  async many_batches_contain_every_row_once_and_in_order() {
    const cursor = await root().query("FOR i IN 1..2500 RETURN i", {}, { batchSize: 100 });
    let expected = 0;
    for await (const row of cursor) {
      expected += 1;
      assert.equal(row, expected);
    }
    assert.equal(expected, 2500);
  },

  async a_result_that_fits_into_one_batch_has_no_cursor() {
    const cursor = await root().query(TEN, {}, { batchSize: 10 });
    assert.deepEqual([cursor.id, cursor.batches.hasMore, cursor.count], [undefined, false, undefined]);
    assert.deepEqual(await (await root().query("FOR i IN [] RETURN i")).all(), []);
  },

  async a_cursor_is_read_through_another_coordinator() {
    const { id } = await root().query(TEN, {}, { batchSize: 4 });
    assert.deepEqual((await batch(id, undefined, ENDPOINTS[1])).result, [5, 6, 7, 8]);
    assert.deepEqual((await batch(id, 3, ENDPOINTS[2])).result, [9, 10]);
    await assertRejected(404, 1600, batch(id));
  },

  async a_killed_cursor_is_gone() {
    const cursor = await root().query(TEN, {}, { batchSize: 3 });
    await cursor.kill();
    await assertRejected(404, 1600, batch(cursor.id));
    const again = root().route("_api/cursor").delete(cursor.id);
    await assertRejected(404, 1600, again);
  },

  async the_latest_batch_is_read_again_with_retries() {
    const { id } = await root().query(TEN, {}, { batchSize: 4, allowRetry: true });
    const first = await batch(id, 2);
    assert.deepEqual(await batch(id, 2), first);
    assert.deepEqual([first.result, first.nextBatchId], [[5, 6, 7, 8], "3"]);
    await assertRejected(404, 1600, batch(id, 5));
    assert.deepEqual((await batch(id, 3)).result, [9, 10]);
    assert.deepEqual((await batch(id, 3)).hasMore, false);
    assert.equal((await root().route("_api/cursor").delete(id)).parsedBody.id, id);
  },

  async without_retries_the_latest_batch_is_lost() {
    const { id } = await root().query(TEN, {}, { batchSize: 3 });
    await batch(id, 2);
    await assertRejected(400, 400, batch(id, 2));
  },

  async a_batch_size_must_be_positive() {
    await assertRejected(400, 17, root().query(TEN, {}, { batchSize: 0 }));
  },

  async a_stream_returns_the_same_rows_and_its_statistics_last() {
    const cursor = await root().query(TEN, {}, { stream: true, batchSize: 3, count: true });
    assert.deepEqual([cursor.count, cursor.extra], [undefined, undefined]);
    assert.deepEqual(await cursor.all(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const { id } = await root().query(TEN, {}, { stream: true, batchSize: 6 });
    const last = await batch(id, 2);
    assert.deepEqual([last.hasMore, last.extra.stats.writesExecuted], [false, 0]);
  },

  async a_stream_writes_with_its_last_batch() {
    await withCollection({}, async (books) => {
      const insert = aql`FOR i IN 1..5 INSERT { n: i } INTO ${books} RETURN i`;
      const cursor = await root().query(insert, { stream: true, batchSize: 2 });
      assert.equal((await through(1, books).count()).count, 0);
      assert.deepEqual(await cursor.all(), [1, 2, 3, 4, 5]);
      assert.equal((await through(1, books).count()).count, 5);
      const left = await root().query(insert, { stream: true, batchSize: 2 });
      await left.kill();
      assert.equal((await books.count()).count, 5);
    });
  },

  async a_document_that_an_open_stream_has_written_is_locked() {
    await withCollection({}, async (books) => {
      await books.saveAll([{ _key: "a" }, { _key: "b" }]);
      const update = aql`FOR k IN ["a", "b"] UPDATE k WITH { n: 1 } IN ${books} RETURN NEW.n`;
      const cursor = await root().query(update, { stream: true, batchSize: 1 });
      await assertRejected(409, 1200, through(1, books).update("a", { n: 2 }));
      assert.deepEqual(await cursor.all(), [1, 1]);
      assert.equal((await books.update("a", { n: 2 }, { returnNew: true })).new.n, 2);
    });
  },
};
