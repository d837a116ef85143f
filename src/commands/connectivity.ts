import { dockerNetworkOf } from "../inventory/placement.ts";
import { phase } from "../apply/phase.ts";
import { endpointsOf } from "../doctor/endpoints.ts";
import type { XhostError } from "../errors.ts";
import type { Endpoint, Finding } from "../doctor/finding.ts";
import { expectedOf } from "../doctor/expected.ts";
import { reach } from "../doctor/reach.ts";
import type { Fabric } from "../model/fabric.ts";
import type { Check, Inventory, InventoryContainer } from "../inventory/inventory.ts";
import { quote } from "../ssh/quote.ts";
import type { Context } from "./context.ts";
import type { Look } from "./look.ts";
import { table } from "./table.ts";

/** What the checks gave, and the hosts on which they could not be made. */
type Connectivity = { readonly findings: readonly Finding[]; readonly errors: readonly XhostError[] };

/** The checks that have an end on a chosen host. */
export const checksOf = ({ inventory, chosen }: Look): readonly Check[] => {
  const near = new Set(inventory.containers.filter((c) => chosen.has(c.host)).map((c) => c.ref));
  return inventory.checks.filter((c) => near.has(c.from) || near.has(c.to));
};

/** Makes checks; those with an end on a host that cannot be asked say so. */
export const connectivity = async (
  look: Look,
  whole: Fabric,
  context: Context,
  checks = checksOf(look),
): Promise<Connectivity> => {
  const { inventory, hosts } = look;
  if (checks.length === 0 || hosts.size === 0) return { findings: [], errors: [] };
  const checked = new Set(checks.flatMap((c) => [c.from, c.to]));
  const containers = inventory.containers
    .filter((c) => checked.has(c.ref))
    .map((c) => ({ ...c, dockerNetwork: dockerNetwork(c, inventory) }));
  const { done, failed } = await phase(
    "Find the containers",
    [...hosts.values()],
    (host) =>
      endpointsOf(
        host,
        containers.filter((c) => c.host === host.name),
      ),
    context.progress,
  );
  const endpoints = new Map([...done.values()].flat().map((end): [string, Endpoint] => [end.ref, end]));
  const { done: made, failed: unmade } = await phase(
    "Check connectivity",
    [{ name: "all" }],
    () => reach(checks, { hosts, endpoints, ...expectedOf(whole) }),
    context.progress,
  );
  const { findings = [], errors = [] } = made.get("all") ?? {};
  return { findings, errors: [...failed.values(), ...unmade.values(), ...errors] };
};

const dockerNetwork = (c: InventoryContainer, { networks }: Inventory): string => {
  const network = networks.find((n) => n.name === c.network);
  return network === undefined ? c.network : dockerNetworkOf(network, c.host);
};

const MAX_ROWS = 60;

/** The findings as a table; of very many only the failures, and how many were fine. */
export const findingsTable = (findings: readonly Finding[], inventory: string): string => {
  const bad = findings.filter((f) => f.result === "failed");
  const shown = findings.length > MAX_ROWS ? bad : findings;
  const rows = shown
    .slice(0, MAX_ROWS)
    .map((f) => [
      f.from,
      f.to,
      probeText(f),
      f.address ?? "",
      f.result === "failed" ? "FAILED" : f.result,
      f.rtt === undefined ? "" : `${f.rtt} ms`,
      f.source ?? "",
      f.note,
    ]);
  const passed = findings.filter((f) => f.result === "ok").length;
  const unchecked = findings.length - passed - bad.length;
  const total = `${passed} of ${findings.length} checks passed${unchecked > 0 ? `, ${unchecked} could not be made` : ""}`;
  const more = shown.length > MAX_ROWS ? [`and ${shown.length - MAX_ROWS} more failures`] : [];
  return [
    ...(rows.length > 0 ? [table(["FROM", "TO", "CHECK", "ADDRESS", "RESULT", "RTT", "SEEN FROM", "NOTE"], rows)] : []),
    ...more,
    total,
    ...(bad.length > 0 ? [`What is guilty, and the remedy: xhost doctor ${quote(inventory)}`] : []),
  ].join("\n");
};

/** The check in one word or two. */
export const probeText = ({ probe }: Finding): string =>
  probe.kind === "ping" ? "ping" : probe.kind === "tcp" ? `tcp ${probe.port}` : `${probe.url} ${probe.status}`;
