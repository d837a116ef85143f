import { ROUTE_PROTOCOL, routeMetric } from "../model/names.ts";
import type { Chain, Jump, Route, Sysctl, Table } from "../model/state.ts";
import type { Difference } from "./diff.ts";
import { changeLines, putBackLines } from "./remembered.ts";
import type { Change, ShellStep, Sign } from "./step.ts";

const TABLES: readonly Table[] = ["raw", "filter", "nat"];

/** Routes, firewall and sysctls of a host in one script: `iptables-restore` is atomic by table, `ip -batch` one process. */
export const kernelStep = (all: readonly Difference[], project: string): readonly ShellStep[] => {
  const remembered = all.filter((d) => kindOf(d) === "sysctl" || kindOf(d) === "table");
  const chains = all.filter((d) => kindOf(d) === "chain" || kindOf(d) === "jump");
  const routes = all.filter((d) => kindOf(d) === "route");
  const parts = [
    ...remembered.flatMap((d) => changeLines(d, project)),
    ...heredoc(
      "iptables-restore --noflush --wait=10",
      TABLES.flatMap((table) => tableLines(table, chains)),
    ),
    ...heredoc(
      "ip -batch -",
      routes.map((d) => routeLine(d, project)),
    ),
    ...remembered.flatMap((d) => putBackLines(d, project)),
  ];
  if (parts.length === 0) return [];
  return [
    {
      kind: "shell",
      changes: [...remembered, ...chains, ...routes].map(changeOf),
      script: ["set -e", ...parts].join("\n"),
    },
  ];
};

const kindOf = (d: Difference): string | undefined => (d.want ?? d.have)?.kind;

const heredoc = (command: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`${command} <<'EOF'`, ...lines, "EOF"];

const signOf = ({ want, have }: Difference): Sign => (have === undefined ? "+" : want === undefined ? "-" : "~");

const changeOf = (d: Difference): Change => {
  const resource = d.want ?? d.have;
  const change = (what: string, detail: string): Change => ({
    sign: signOf(d),
    what,
    detail: d.changed.join(", ") || detail,
  });
  switch (resource?.kind) {
    case "route":
      return change(`route ${resource.destination}`, `via ${resource.via} dev ${resource.device}`);
    case "chain":
      return change(`chain ${resource.name} in ${resource.table}`, count(resource.rules.length, "rule"));
    case "jump":
      return change(`jump to ${resource.to} in ${resource.table}`, `at the head of ${resource.from}`);
    case "sysctl":
      return change(`sysctl ${resource.key}`, sysctlDetail(resource));
    case "table":
      return tableChange(resource.name, d.want !== undefined);
    case "network":
    case "volume":
    case "container":
    case undefined:
      throw new TypeError(`not a kernel resource: ${JSON.stringify(resource)}`);
  }
};

const sysctlDetail = ({ held, value, previous }: Sysctl): string =>
  held === undefined ? `${value} -> ${previous ?? ""}` : "stays, another project needs it";

/** Observed also while it is absent, so that the signs of the others do not fit. */
const tableChange = (table: Table, comes: boolean): Change => ({
  sign: comes ? "+" : "-",
  what: `table ${table}`,
  detail: comes ? "with its first rule" : "absent as before",
});

const count = (n: number, thing: string): string => `${n} ${thing}${n === 1 ? "" : "s"}`;

const tableLines = (table: Table, all: readonly Difference[]): readonly string[] => {
  const inTable = all.filter((d) => ((d.want ?? d.have) as Chain | Jump).table === table);
  if (inTable.length === 0) return [];
  const jumps = inTable.filter((d) => kindOf(d) === "jump");
  const chains = inTable.filter((d) => kindOf(d) === "chain");
  const have = jumps.flatMap((d) => (d.have ? [d.have as Jump] : []));
  const want = jumps.flatMap((d) => (d.want ? [d.want as Jump] : []));
  return [
    `*${table}`,
    // Naming a chain makes it, or empties it where it is there already (iptables-restore(8) with --noflush).
    ...chains.flatMap((d) => (d.want ? [`:${(d.want as Chain).name} - [0:0]`] : [])),
    ...have.flatMap((jump) => jump.rules.map((rule) => `-D ${jump.from} ${rule}`)),
    ...chains.flatMap((d) =>
      d.want ? (d.want as Chain).rules.map((rule) => `-A ${(d.want as Chain).name} ${rule}`) : [],
    ),
    ...want.flatMap((jump) => jump.rules.map((rule) => `-I ${jump.from} 1 ${rule}`)),
    ...chains.flatMap((d) => (d.want ? [] : [`-F ${(d.have as Chain).name}`, `-X ${(d.have as Chain).name}`])),
    "COMMIT",
  ];
};

const routeLine = ({ want, have }: Difference, project: string): string => {
  const owner = `proto ${ROUTE_PROTOCOL} metric ${routeMetric(project)}`;
  if (want === undefined) return `route del ${(have as Route).destination} ${owner}`;
  const { destination, via, device, source } = want as Route;
  const verb = have === undefined ? "add" : "replace";
  return `route ${verb} ${destination} via ${via} dev ${device} ${owner}${source === undefined ? "" : ` src ${source}`}`;
};
