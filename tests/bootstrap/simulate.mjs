// Evaluates IAM requests: a JSON list of simulations on stdin, a JSON list of results on stdout.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const { runSimulation } = createRequire(process.argv[2])("@cloud-copilot/iam-simulate");
const results = [];
for (const simulation of JSON.parse(readFileSync(0, "utf8"))) {
  const { resultType, errors, overallResult, analysis } = await runSimulation(simulation, {});
  results.push({ resultType, errors, result: overallResult ?? analysis?.result });
}
process.stdout.write(JSON.stringify(results));
