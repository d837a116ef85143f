import type { Cause } from "../diagnosis.ts";
import type { DiagnosisId } from "../ids.ts";

/** Where the first stands on a host, the others on that host come of it. */
const FOLLOWS: readonly (readonly [DiagnosisId, readonly DiagnosisId[]])[] = [
  ["overlap", ["rules-order", "bridge-address"]],
  [
    "name-taken",
    [
      ...(["network-missing", "network-wrong", "container-missing", "container-changed", "link-missing"] as const),
      ...(["route-missing", "route-wrong", "neighbour-missing", "fdb-missing", "peer-missing"] as const),
    ],
  ],
  ["bridge-down", ["route-missing", "route-wrong", "bridge-mtu"]],
  ["bridge-address", ["route-missing", "route-wrong"]],
  ["route-wrong", ["rp-filter"]],
  ["route-missing", ["rp-filter"]],
  ["ip-forward", ["interface-forwarding"]],
  ["rule-blocks", ["iptables-mixed"]],
  ["network-wrong", ["bridge-down", "bridge-mtu", "bridge-address"]],
  ["network-missing", ["bridge-down", "bridge-mtu", "bridge-address"]],
];

/** Without what only follows from another one on the same host, gravest first, then by host in the order given. */
export const settled = (all: readonly Cause[]): readonly Cause[] => {
  const stands = (host: string, id: DiagnosisId): boolean => all.some((c) => c.host === host && c.id === id);
  const roots = all.filter(({ host, id }) => !FOLLOWS.some(([root, ids]) => ids.includes(id) && stands(host, root)));
  return [...roots.filter((c) => c.severity === "fault"), ...roots.filter((c) => c.severity === "warning")];
};
