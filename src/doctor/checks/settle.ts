import type { Cause } from "../diagnosis.ts";
import type { DiagnosisId } from "../ids.ts";

/** Where the first stands on a host, the others on that host come of it. */
const FOLLOWS: readonly (readonly [DiagnosisId, readonly DiagnosisId[]])[] = [
  ["overlap", ["rules-order", "bridge-address", "rp-filter"]],
  ["route-foreign", ["rp-filter"]],
  [
    "name-taken",
    [
      ...(["network-missing", "network-wrong", "container-missing", "container-changed", "link-missing"] as const),
      ...(["route-missing", "route-wrong", "neighbour-missing", "fdb-missing", "peer-missing"] as const),
    ],
  ],
  ["firewalld", ["rules-missing"]],
  ["state-lost", ["rp-filter", "interface-forwarding"]],
  ["bridge-down", ["route-missing", "route-wrong", "bridge-mtu"]],
  ["bridge-address", ["route-missing", "route-wrong"]],
  ["route-wrong", ["rp-filter"]],
  ["route-missing", ["rp-filter"]],
  ["ip-forward", ["interface-forwarding"]],
  ["rule-blocks", ["iptables-mixed"]],
  ["firewalld", ["rules-missing", "docker-user-unreached"]],
  ["network-wrong", ["bridge-down", "bridge-mtu", "bridge-address"]],
  ["network-missing", ["bridge-down", "bridge-mtu", "bridge-address"]],
];

/**
 * Without what only follows from another one on the same host: first what keeps deploy from changing anything, then the gravest, each by host
 * in the order given. A remedy by deploy says that it has to wait for the first ones.
 */
export const settled = (all: readonly Cause[]): readonly Cause[] => {
  const stands = (host: string, id: DiagnosisId): boolean => all.some((c) => c.host === host && c.id === id);
  const roots = all.filter(({ host, id }) => !FOLLOWS.some(([root, ids]) => ids.includes(id) && stands(host, root)));
  const first = roots.filter((c) => c.blocksDeploy === true);
  const rest = roots.filter((c) => c.blocksDeploy !== true).map((c) => (first.length === 0 ? c : later(c, first)));
  return [...first, ...rest.filter((c) => c.severity === "fault"), ...rest.filter((c) => c.severity === "warning")];
};

const later = (each: Cause, first: readonly Cause[]): Cause => {
  const { on, command } = each.remedy;
  if (on !== undefined || !/^xhost deploy /m.test(command)) return each;
  const hosts = [...new Set(first.map(({ host }) => host))].join(", ");
  const wait = `# after that which stands first, on ${hosts}: deploy refuses while it does`;
  return { ...each, remedy: { on, command: `${wait}\n${command}` } };
};
