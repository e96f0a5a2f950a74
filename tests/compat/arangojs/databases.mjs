// Checks of databases: create, list, describe, drop.

import assert from "node:assert/strict";

import { ENDPOINTS, assertRejected, root } from "./environment.mjs";

/** Creates a database, calls `use` with it, and drops it. */
async function withDatabase(name, options, use) {
  const database = await root().createDatabase(name, options);
  try {
    await use(database);
  } finally {
    await root().dropDatabase(name);
  }
}

export default {
  async a_new_database_is_listed_by_every_coordinator() {
    await withDatabase("compat_js", {}, async () => {
      for (const url of ENDPOINTS) {
        assert.ok((await root(url).listDatabases()).includes("compat_js"));
        assert.ok((await root(url).listUserDatabases()).includes("compat_js"));
        assert.equal(await root(url).database("compat_js").exists(), true);
      }
    });
    assert.equal(await root().database("compat_js").exists(), false);
  },

  async a_database_describes_itself() {
    const options = { replicationFactor: 2, writeConcern: 2, sharding: "flexible" };
    await withDatabase("compat_js", options, async (database) => {
      const { id, path, ...described } = await database.get();
      assert.deepEqual(described, { name: "compat_js", isSystem: false, ...options });
      assert.deepEqual([typeof id, typeof path], ["string", "string"]);
    });
  },

  async a_database_name_is_given_out_once_and_must_be_legal() {
    await withDatabase("compat_js", {}, async () => {
      await assertRejected(409, 1207, root(ENDPOINTS[1]).createDatabase("compat_js"));
    });
    await assertRejected(400, 1208, root().createDatabase("with/slash"));
    await assertRejected(404, 1228, root().dropDatabase("compat_js"));
  },

  async databases_are_managed_from_the_system_database_only() {
    await withDatabase("compat_js", {}, async (database) => {
      await assertRejected(403, 1230, database.createDatabase("compat_never"));
      await assertRejected(403, 1230, database.listDatabases());
      await assertRejected(403, 1230, database.dropDatabase("compat_js"));
    });
  },

  async users_of_a_new_database_may_write_to_it() {
    const users = [{ username: "compat_js_user", passwd: "pass", extra: { team: "a" } }];
    await withDatabase("compat_js", { users }, async () => {
      const own = root(ENDPOINTS[1]).database("compat_js");
      own.useBasicAuth("compat_js_user", "pass");
      const books = await own.createCollection("books");
      assert.equal((await books.save({ _key: "a" }))._key, "a");
      assert.deepEqual((await root().getUser("compat_js_user")).extra, { team: "a" });
    });
    await root().removeUser("compat_js_user");
  },

  async extra_data_of_a_user_is_merged_or_replaced() {
    await root().createUser("compat_js_user", { passwd: "pass", extra: { a: 1 } });
    const updated = await root().updateUser("compat_js_user", { extra: { b: 2 } });
    assert.deepEqual(updated.extra, { a: 1, b: 2 });
    const replaced = await root().replaceUser("compat_js_user", { passwd: "pass", extra: { c: 3 } });
    assert.deepEqual(replaced.extra, { c: 3 });
    await root().removeUser("compat_js_user");
    await assertRejected(404, 1703, root().getUser("compat_js_user"));
  },
};
