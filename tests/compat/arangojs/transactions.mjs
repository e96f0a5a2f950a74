// Checks of stream transactions: begin, commit, abort, status, lists, isolation, conflicts, declarations.

import assert from "node:assert/strict";

import { ENDPOINTS, assertRejected, errorNumbers, root, through, withCollection } from "./environment.mjs";

export default {
  async a_committed_transaction_is_visible_to_all_coordinators() {
    await withCollection({}, async (books) => {
      const transaction = await books.database.beginTransaction(books.name);
      assert.equal(await transaction.exists(), true);
      assert.deepEqual(await transaction.get(), { id: transaction.id, status: "running" });
      await transaction.step(() => books.save({ _key: "a", n: 1 }));
      assert.equal(await books.documentExists("a"), false);
      assert.equal((await transaction.commit()).status, "committed");
      for (const index of [0, 1, 2]) {
        assert.equal((await through(index, books).document("a")).n, 1);
      }
      assert.equal((await transaction.get()).status, "committed");
    });
  },

  async an_aborted_transaction_leaves_nothing() {
    await withCollection({}, async (books) => {
      await books.save({ _key: "a" });
      const transaction = await books.database.beginTransaction(books);
      await transaction.step(() => books.remove("a"));
      await transaction.step(() => books.saveAll([{ _key: "b" }, { _key: "c" }]));
      assert.equal((await transaction.abort()).status, "aborted");
      assert.equal((await books.count()).count, 1);
      await assertRejected(400, 1653, transaction.commit());
      await assertRejected(410, 1654, transaction.step(() => books.save({})));
    });
  },

  async a_callback_is_committed_or_aborted_as_a_whole() {
    await withCollection({}, async (books) => {
      const db = books.database;
      const saved = await db.withTransaction(books, async (step) => {
        await step(() => books.save({ _key: "a" }));
        return step(() => books.save({ _key: "b" }));
      });
      assert.equal(saved._key, "b");
      await assertRejected(409, 1210, db.withTransaction(books, async (step) => {
        await step(() => books.save({ _key: "c" }));
        await step(() => books.save({ _key: "a" }));
      }));
      assert.equal((await books.count()).count, 2);
    });
  },

  async a_transaction_sees_its_own_writes_and_others_do_not() {
    await withCollection({ numberOfShards: 3 }, async (books) => {
      const db = books.database;
      const transaction = await db.beginTransaction({ write: books });
      const query = `FOR b IN ${books.name} SORT b.n RETURN b.n`;
      await transaction.step(() => db.query(`FOR i IN 1..5 INSERT { n: i } INTO ${books.name}`));
      const within = await transaction.step(() => db.query(query));
      assert.deepEqual(await within.all(), [1, 2, 3, 4, 5]);
      assert.equal((await transaction.step(() => books.count())).count, 5);
      assert.deepEqual(await (await root(ENDPOINTS[1]).query(query)).all(), []);
      await transaction.step(() => books.truncate());
      assert.equal((await transaction.step(() => books.count())).count, 0);
      await transaction.commit();
      assert.equal((await books.count()).count, 0);
    });
  },

  async a_conflict_is_refused_and_does_not_end_the_transaction() {
    await withCollection({}, async (books) => {
      await books.saveAll([{ _key: "a" }, { _key: "b" }]);
      const db = books.database;
      const [one, other] = [await db.beginTransaction(books), await db.beginTransaction(books)];
      await one.step(() => books.update("a", { n: 1 }));
      await through(1, books).update("b", { n: 2 });
      await assertRejected(409, 1200, other.step(() => books.update("a", { n: 3 })));
      await assertRejected(409, 1200, books.update("a", { n: 4 }));
      const elements = [{ _key: "a", n: 3 }, { _key: "b", n: 3 }];
      const results = await other.step(() => books.updateAll(elements));
      assert.deepEqual(errorNumbers(results), [1200, 1200]);
      assert.equal((await other.get()).status, "running");
      await other.commit();
      await one.commit();
      assert.equal((await books.document("a")).n, 1);
    });
  },

  async undeclared_collections_are_refused() {
    await withCollection({}, async (books) => {
      await withCollection({}, async (films) => {
        const db = books.database;
        const lax = await db.beginTransaction({ read: books });
        await assertRejected(400, 1652, lax.step(() => books.save({})));
        await assertRejected(400, 1652, lax.step(() => db.collection(films.name).save({})));
        assert.equal((await lax.step(() => db.collection(films.name).count())).count, 0);
        const strict = await db.beginTransaction({ read: books }, { allowImplicit: false });
        await assertRejected(400, 1652, strict.step(() => db.collection(films.name).count()));
        await lax.abort();
        await strict.abort();
      });
      await assertRejected(404, 1203, root().beginTransaction("compat_never"));
    });
  },

  async running_transactions_are_listed_by_every_coordinator() {
    await withCollection({}, async (books) => {
      const { id } = await root().beginTransaction(books.name);
      for (const url of ENDPOINTS) {
        const listed = await root(url).listTransactions();
        assert.deepEqual(listed.filter((one) => one.id === id), [{ id, state: "running" }]);
      }
      const found = (await root(ENDPOINTS[1]).transactions()).find((one) => one.id === id);
      assert.equal((await found.abort()).status, "aborted");
      await assertRejected(404, 1655, root(ENDPOINTS[1]).transaction("4").get());
    });
  },

  async a_transaction_is_used_through_any_coordinator() {
    await withCollection({}, async (books) => {
      const { id } = await root().beginTransaction(books.name);
      const other = through(1, books);
      const transaction = other.database.transaction(id);
      await transaction.step(() => other.save({ _key: "a" }));
      assert.equal((await transaction.commit()).status, "committed");
      assert.equal((await books.document("a"))._key, "a");
    });
  },

  async a_transaction_with_an_open_cursor_is_in_use_until_that_is_read() {
    for (const stream of [true, false]) {
      await withCollection({}, async (books) => {
        const db = books.database;
        const transaction = await db.beginTransaction({ read: books });
        const query = () => db.query("FOR i IN 1..5 RETURN i", {}, { stream, batchSize: 2 });
        const cursor = await transaction.step(query);
        await assertRejected(500, 28, transaction.commit());
        assert.deepEqual(await cursor.all(), [1, 2, 3, 4, 5]);
        await transaction.commit();
      });
    }
  },
};
