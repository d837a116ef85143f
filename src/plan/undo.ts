import { isRemembered, type Resource, type Table } from "../model/state.ts";
import type { Difference } from "./diff.ts";
import { firewallLines } from "./firewall-lines.ts";
import { heredoc } from "./heredoc.ts";
import { linkLines } from "./link-lines.ts";
import { putSysctlBack, unmakeLines } from "./remembered.ts";
import { wayLines } from "./way-lines.ts";

const KERNEL = ["link", "peer", "neighbour", "fdb", "route", "chain", "jump"] as const;

/** Whether differences change what decides about packets, and so may cut somebody off; notes and files alone do not. */
export const isRisky = (all: readonly Difference[]): boolean =>
  all.some((d) => {
    const kind = (d.want ?? d.have)?.kind;
    return KERNEL.some((each) => each === kind) || (kind === "sysctl" && valueOf(d.want) !== valueOf(d.have));
  });

/**
 * Shell lines that take a kernel step back, wherever it was cut off: desired and actual swapped, by the same builders. Each goes on where the one
 * before it failed, because what it takes back may not have been done. The files of the project are not among them: they are copied before.
 */
export const undoLines = (all: readonly Difference[], project: string): readonly string[] => {
  const back = all.filter((d) => KERNEL.some((kind) => kind === (d.want ?? d.have)?.kind)).map(swapped);
  const of = (...kinds: readonly Resource["kind"][]): readonly Difference[] =>
    kinds.flatMap((kind) => back.filter((d) => (d.want ?? d.have)?.kind === kind));
  const links = of("link");
  const tables: readonly Table[] = ["raw", "filter", "nat"];
  const lines = [
    ...all.flatMap(loadLines),
    ...linkLines(links, of("peer"), project),
    ...wayLines({ routes: of("route"), neighbours: of("neighbour"), fdb: of("fdb"), links }, project),
    // One table after the other: iptables-restore does all of one, or nothing.
    ...tables.flatMap((table) =>
      heredoc(
        "iptables-restore --noflush --wait=10",
        firewallLines(of("chain", "jump").filter((d) => tableOf(d) === table)),
      ),
    ),
    ...all.flatMap((d) => putBack(d, project)),
  ];
  return lines.map(forced);
};

/** A line of shell text whose batch goes on after what fails. */
export const forced = (line: string): string =>
  line.startsWith("ip -batch") || line.startsWith("bridge -batch") ? line.replace("-batch", "-force -batch") : line;

/** What went by itself with something else has to come back by hand. */
const swapped = ({ want, have, changed }: Difference): Difference => ({ want: have, have: want, changed });

const tableOf = ({ want, have }: Difference): Table | undefined => {
  const resource = want ?? have;
  return resource?.kind === "chain" || resource?.kind === "jump" ? resource.table : undefined;
};

const valueOf = (resource: Resource | undefined): string | undefined =>
  resource?.kind === "sysctl" ? resource.value : undefined;

/** A module that the step unloads is there again before its devices are. */
const loadLines = ({ want, have }: Difference): readonly string[] =>
  want === undefined && have?.kind === "module" && have.present ? [`modprobe -q ${have.name}`] : [];

/** What the step sets, loads or brings into being is as it was. */
const putBack = ({ want, have }: Difference, project: string): readonly string[] => {
  if (have === undefined || !isRemembered(have)) return [];
  if (have.kind === "sysctl") return [putSysctlBack(have.key, have.value, project)];
  return want !== undefined && !have.present ? [unmakeLines(have)] : [];
};
