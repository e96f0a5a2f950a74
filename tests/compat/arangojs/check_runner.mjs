// Runs and counts checks. The name of a check states what the cluster does.

/** Runs all checks in order, prints a line for each, and returns the number of failures. */
export async function run(checks) {
  let failed = 0;
  for (const [name, check] of checks) {
    const begin = performance.now();
    let result = "ok";
    try {
      await check();
    } catch (error) {
      failed += 1;
      result = "FAILED";
      console.error(error);
    }
    const seconds = ((performance.now() - begin) / 1000).toFixed(2);
    console.log(`${result.padEnd(6)} ${name.replaceAll("_", " ")} (${seconds} s)`);
  }
  console.log(`${checks.length} checks, ${failed} failed`);
  return failed;
}
