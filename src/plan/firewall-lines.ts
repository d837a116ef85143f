import type { Chain, Jump, Table } from "../model/state.ts";
import type { Difference } from "./diff.ts";

const TABLES: readonly Table[] = ["raw", "filter", "nat"];

/** Lines for `iptables-restore --noflush` that bring chains and jumps to what they should be, table by table. */
export const firewallLines = (all: readonly Difference[]): readonly string[] =>
  TABLES.flatMap((table) => tableLines(table, all));

const tableLines = (table: Table, all: readonly Difference[]): readonly string[] => {
  const inTable = all.filter((d) => ((d.want ?? d.have) as Chain | Jump).table === table);
  if (inTable.length === 0) return [];
  const jumps = inTable.filter((d) => (d.want ?? d.have)?.kind === "jump");
  const chains = inTable.filter((d) => (d.want ?? d.have)?.kind === "chain");
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
