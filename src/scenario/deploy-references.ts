import { XhostError } from "../errors.ts";
import { parseInventory } from "../inventory/parse.ts";
import type { Path, Problem } from "../inventory/problem.ts";
import { inventoryText } from "./deploy-inventory.ts";
import type { DeployScenario, Wanted } from "./deploy-scenario.ts";

/** Names that lead nowhere, and inventories that are none, at where the file has them; pure. */
export const deployProblems = (scenario: DeployScenario): readonly Problem[] => {
  const { deploy, checks, breaks } = scenario;
  const known = (names: readonly string[], what: string, name: string, path: Path): readonly Problem[] =>
    names.some((each) => each === name) ? [] : [{ path, message: `no ${what} ${name} (known: ${names.join(", ")})` }];
  const containers = Object.keys(deploy.wanted.containers);
  return [
    ...Object.entries(deploy.wanted.containers).flatMap(([name, { host }]) =>
      known(deploy.hosts, "host", host, ["deploy", "containers", name, "host"]),
    ),
    ...checks.flatMap((check, i): readonly Problem[] => {
      if (check.kind === "run") return known(deploy.hosts, "host", check.in, ["checks", i, "in"]);
      if (check.kind === "plan") return [];
      return (["from", "to"] as const).flatMap((end) =>
        known(containers, "container", check[end], ["checks", i, "ping", end]),
      );
    }),
    ...breaks.flatMap(({ name, exec, fails }) => [
      ...exec.flatMap((each, i) => known(deploy.hosts, "host", each.in, ["breaks", name, "exec", i, "in"])),
      ...fails.flatMap((claim, i) =>
        checks.some((check) => check.claim === claim)
          ? []
          : [
              {
                path: ["breaks", name, "fails", i],
                message: "is the claim of no check: write it as it stands there",
              },
            ],
      ),
    ]),
    ...inventoryProblems(scenario, deploy.wanted, ["deploy"]),
    ...(deploy.refused === undefined ? [] : inventoryProblems(scenario, deploy.refused.wanted, ["deploy", "refused"])),
  ];
};

/** What the inventory's own reader says of it, on hosts that are not there. */
const inventoryProblems = (scenario: DeployScenario, wanted: Wanted, path: Path): readonly Problem[] => {
  const hosts = new Map(scenario.deploy.hosts.map((name, i) => [name, `192.0.2.${i + 1}`]));
  const text = inventoryText(scenario, wanted, { defaults: undefined, hosts, image: "busybox" });
  try {
    parseInventory(text, { file: "", env: {} });
    return [];
  } catch (error) {
    if (!(error instanceof XhostError)) throw error;
    return error.message.split("\n").map((line) => ({ path, message: line.replace(/^:\d+:\d+ /, "") }));
  }
};
