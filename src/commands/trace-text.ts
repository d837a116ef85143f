import type { Fault, Question, Way } from "../doctor/trace-way.ts";
import type { Traced } from "../doctor/trace.ts";
import { deciderText, type Hop } from "../walk/hop.ts";
import { isDockers, removal } from "../walk/removal.ts";
import { table } from "./table.ts";

/** Names of containers by their id. */
export type Names = ReadonlyMap<string, string>;

/** `c1 (172.30.194.2 on h1) to c2 (172.30.189.2 on h2): echo requests of 84 and 1450 bytes`. */
export const headText = ({ from, to, port }: Question, ways: readonly Way[]): string => {
  const end = ({ ref, address, place }: Question["from"]): string => `${ref} (${address} on ${place.host})`;
  const sizes = ways.map(({ size }) => size).join(" and ");
  const what = port === undefined ? "echo requests" : `first packets of TCP connections to port ${port}`;
  return `${end(from)} to ${end(to)}: ${what} of ${sizes} bytes`;
};

/** The hops in one direction, with what was seen of each size. */
export const wayText = (
  title: string,
  hops: readonly Hop[],
  { names, columns }: { readonly names: Names; readonly columns: readonly Column[] },
): string => {
  if (hops.length === 0) return `${title}\n  nothing arrives that could be answered`;
  const rows = hops.map((hop, at) => [
    hop.host,
    `${hop.isOuter ? "  " : ""}${hop.container === undefined ? "" : `${names.get(hop.container) ?? hop.container.slice(0, 12)} `}${pointText(hop)}`,
    hop.verdict === "passes" ? "" : hop.verdict.toUpperCase(),
    ...columns.map(({ cell }) => cell(at)),
    hop.decides.kind === "tap" ? "" : shortText(hop),
    hop.verdict === "passes" && hop.becomes === undefined ? "" : hop.why,
  ]);
  return `${title}\n${table(["HOST", "POINT", "VERDICT", ...columns.map(({ head }) => head), "DECIDES", "WHY"], rows)}`;
};

/** Without the comment of xhost's own rules: the name of their chain says it. */
const shortText = ({ decides }: Hop): string =>
  deciderText(decides).replace(/ -m comment --comment "?xhost:[a-z0-9-]+"?/, "");

const pointText = ({ point, decides }: Hop): string => (decides.kind === "tap" ? `${point} ${decides.way}` : point);

/** What was seen of the packets of one size, by the place of a hop in its list. */
export type Column = { readonly head: string; readonly cell: (at: number) => string };

export const columnsOf = (traced: readonly Traced[], way: "there" | "back"): readonly Column[] =>
  traced.map((one) => ({
    head: `${one.way.size} B`,
    cell: (at) => {
      const seen = one[way].find((each) => each.at === at);
      if (seen === undefined) return "";
      return seen.ids === undefined ? "?" : `${one.ids.filter((id) => seen.ids?.has(id)).length}/${one.ids.length}`;
    },
  }));

type Showing = { readonly names: Names; readonly inventory: string; readonly isStatic: boolean };

/** What is blamed, why, and what takes it away. */
export const faultText = (
  { hop, why, last, missing, evidence, command: told }: Fault,
  { names, inventory, isStatic }: Showing,
): string => {
  const [before, behind] = isStatic ? ["behind", "before"] : ["last seen:", "first missing:"];
  const command = remedyOf({ hop, command: told }, inventory);
  return [
    `FAULT on ${placeText(hop, names)}, ${hop.point}: ${why}`,
    `  ${deciderText(hop.decides)}`,
    ...(last === undefined ? [] : [`  ${before} ${tapText(last, names)}`]),
    ...(missing === undefined ? [] : [`  ${behind} ${tapText(missing, names)}`]),
    ...evidence.map((text) => `  ${text}`),
    ...(command === undefined
      ? []
      : [`  remedy${command.on === undefined ? "" : ` on ${command.on}`}: ${command.command}`]),
  ].join("\n");
};

const placeText = ({ host, container }: Hop, names: Names): string =>
  container === undefined ? host : `${host} in ${names.get(container) ?? container.slice(0, 12)}`;

const tapText = (hop: Hop, names: Names): string =>
  `${pointText(hop)} on ${placeText(hop, names)}${hop.isOuter ? ", inside of the tunnel's packet" : ""}`;

/** What takes the hop's objection away: a command for its host, or a deploy from here; undefined for what is not on the hosts. */
export const remedyOf = (
  { hop, command: told }: Pick<Fault, "hop" | "command">,
  inventory: string,
): { readonly on: string | undefined; readonly command: string } | undefined => {
  const { decides } = hop;
  if (decides.kind === "network") return { on: undefined, command: `xhost deploy ${inventory} --reprobe` };
  const command = told ?? removal(hop);
  if (command !== undefined) return { on: hop.host, command };
  return ["fdb", "peer", "route"].includes(decides.kind) || isDockers(decides)
    ? { on: undefined, command: `xhost deploy ${inventory}` }
    : undefined;
};
