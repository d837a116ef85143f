import type { Link } from "../model/link.ts";
import type { Boot, Resource, Route, Sysctl } from "../model/state.ts";
import type { Difference } from "./diff.ts";
import { isReplaced } from "./link-lines.ts";
import type { Change, Sign } from "./step.ts";

type Kind = Exclude<Resource["kind"], "network" | "volume" | "container">;
type OfKind<K extends Kind> = Extract<Resource, { kind: K }>;

/** What a resource is called in a plan, and what is said of it where nothing of it is compared. */
const TOLD: { readonly [K in Kind]: (resource: OfKind<K>) => readonly [string, string] } = {
  route: (r) => [`route ${r.destination}`, routeDetail(r)],
  link: (r) => [`link ${r.name}`, linkDetail(r)],
  neighbour: (r) => [`neighbour ${r.address}`, `${r.mac} on ${r.device}`],
  fdb: (r) => [`FDB entry ${r.mac}`, `to ${r.destination} on ${r.device}`],
  peer: (r) => [`peer ${r.publicKey}`, `${r.endpoint}, ${r.allowed.join(", ")}`],
  chain: (r) => [`chain ${r.name} in ${r.table}`, count(r.rules.length, "rule")],
  jump: (r) => [`jump to ${r.to} in ${r.table}`, `at the head of ${r.from}`],
  sysctl: (r) => [`sysctl ${r.key}`, sysctlDetail(r)],
  table: (r) => [r.name === "INPUT" ? "chain INPUT in filter" : `table ${r.name}`, ""],
  module: (r) => [`module ${r.name}`, ""],
  file: (r) => [`file ${r.path}`, `what was measured toward ${count(r.content.split("\n").length - 1, "host")}`],
  key: (r) => [`key ${r.path}`, "made on the host"],
  boot: (r) => [`boot script ${[...r.digests.keys()][0] ?? ""}`, bootDetail(r)],
};

/** A difference of the kernel's state as a line of the plan. */
export const kernelChange = (d: Difference): Change => {
  const resource = (d.want ?? d.have) as OfKind<Kind>;
  const [what, detail] = (TOLD[resource.kind] as (r: Resource) => readonly [string, string])(resource);
  // Observed also while they are absent, so that the signs of the others do not fit.
  if (resource.kind === "table" || resource.kind === "module")
    return { sign: d.want === undefined ? "-" : "+", what, detail: presence(resource.kind, d) };
  return { sign: signOf(d), what, detail: d.changed.join(", ") || detail };
};

const bootDetail = ({ digests, unit, lacking }: Boot): string => {
  if (lacking !== undefined)
    return `nothing runs it after a restart, because ${lacking}: have the host run it after Docker`;
  const unitName = [...digests.keys()]
    .find((path) => path.endsWith(".service"))
    ?.split("/")
    .at(-1);
  return unit === undefined || unitName === undefined ? "" : `run by ${unitName}`;
};

const presence = (kind: "table" | "module", { want, changed }: Difference): string => {
  if (want === undefined) return kind === "table" ? "absent as before" : "unloaded, as before";
  const plain = kind === "table" ? "with its first rule" : "loaded";
  return changed.some((text) => text.startsWith("shared")) ? changed.join(", ") : plain;
};

const signOf = (d: Difference): Sign =>
  d.have === undefined ? "+" : d.want === undefined ? "-" : isReplaced(d) ? "±" : "~";

const routeDetail = ({ via, device, mtu }: Route): string =>
  `${via === undefined ? "" : `via ${via} `}dev ${device}${mtu === undefined ? "" : `, MTU ${mtu}`}`;

const linkDetail = ({ type, mtu, local, vni, port, userspace }: Link): string =>
  [
    userspace === true ? "wireguard by the process wireguard-go" : type,
    `MTU ${mtu}`,
    ...(local === undefined ? [] : [`local ${local}`]),
    ...(vni === undefined ? [] : [`VNI ${vni}`]),
    ...(port === undefined ? [] : [`UDP port ${port}`]),
  ].join(", ");

const sysctlDetail = ({ held, value, previous }: Sysctl): string =>
  held === undefined
    ? value === previous
      ? `stays ${value}`
      : `${value} -> ${previous ?? ""}`
    : "stays, another project needs it";

const count = (n: number, thing: string): string => `${n} ${thing}${n === 1 ? "" : "s"}`;
