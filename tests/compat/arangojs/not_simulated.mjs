// Checks that what the embedded cluster does not simulate is refused by its name, with 501 and error number 9.

import assert from "node:assert/strict";

import { root, withCollection } from "./environment.mjs";

/** Asserts that the promise rejects with 501 and error number 9, and that the message has the name. */
async function assertRefused(name, promise) {
  await assert.rejects(promise, (error) => {
    assert.deepEqual([error.code, error.errorNum], [501, 9], `${name}: ${error}`);
    assert.ok(String(error.message).includes(name), `the message does not name ${name}: ${error.message}`);
    return true;
  });
}

export default {
  async areas_that_are_not_simulated_are_refused() {
    await withCollection({ type: 3 }, async (links) => {
      const db = root();
      for (const [name, call] of Object.entries({
        "/_api/transaction": () => db.executeTransaction([], "function () {}"),
      })) {
        await assertRefused(name, call());
      }
    });
  },

  async parts_of_requests_that_are_not_simulated_are_refused() {
    await withCollection({ type: 3 }, async (links) => {
      for (const [name, call] of Object.entries({
        K_PATHS: () => root().query(`FOR p IN 1..2 OUTBOUND K_PATHS "a/1" TO "a/2" ${links.name} RETURN p`),
        "options.shardIds": () => root().query("RETURN 1", {}, { shardIds: ["s1"] }),
        smartJoinAttribute: () => root().createCollection("compat_never", { smartJoinAttribute: "a" }),
      })) {
        await assertRefused(name, call());
      }
    });
  },
};
