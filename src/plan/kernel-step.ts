import { hostFolder } from "../model/names.ts";
import type { Resource } from "../model/state.ts";
import type { Difference } from "./diff.ts";
import { removeLines, writeLines } from "./file-lines.ts";
import { firewallLines } from "./firewall-lines.ts";
import { heredoc } from "./heredoc.ts";
import { kernelChange } from "./kernel-changes.ts";
import { linkLines } from "./link-lines.ts";
import { changeLines, forgetLine, noteLines, putBackLines } from "./remembered.ts";
import type { ShellStep } from "./step.ts";
import { isRisky, undoLines } from "./undo.ts";
import { wayLines } from "./way-lines.ts";

/**
 * Modules, tunnels, routes, firewall, files and sysctls of a host in one script: `iptables-restore` is atomic by table, `ip -batch`
 * one process however many routes. What packets need to get through is there before the routes lead them to it. The texts are rendered when they are
 * asked for: of hundreds of hosts with hundreds of routes each they do not fit into memory all at once. `unnoted`: what is as it should be, and is written down
 * by the way: should somebody else change it later, it is known what was there before xhost came.
 */
export const kernelStep = (
  all: readonly Difference[],
  project: string,
  unnoted: readonly Difference[] = [],
): readonly ShellStep[] => {
  if (!all.some(({ want, have, byItself }) => isKernels(want ?? have) && byItself !== true)) return [];
  return [
    {
      kind: "shell",
      get changes() {
        return TOLD.flatMap((kind) => all.filter((d) => (d.want ?? d.have)?.kind === kind)).map(kernelChange);
      },
      get script() {
        return ["set -e", ...kernelLines(all, project, unnoted)].join("\n");
      },
      undo: isRisky(all)
        ? {
            project,
            get script() {
              return undoLines(all, project).join("\n");
            },
          }
        : undefined,
    },
  ];
};

/** What the step is about, in the order in which it is read, not done. */
const TOLD: readonly Resource["kind"][] = [
  ...(["sysctl", "table", "module", "key", "file", "link", "peer", "chain", "jump"] as const),
  ...(["neighbour", "fdb", "route"] as const),
];

const isKernels = (resource: Resource | undefined): boolean => resource !== undefined && TOLD.includes(resource.kind);

const kernelLines = (
  all: readonly Difference[],
  project: string,
  unnoted: readonly Difference[],
): readonly string[] => {
  const of = (...kinds: readonly Resource["kind"][]): readonly Difference[] =>
    kinds.flatMap((kind) => all.filter((d) => (d.want ?? d.have)?.kind === kind && d.byItself !== true));
  const remembered = of("sysctl", "table", "module");
  const [files, links, peers] = [of("key", "file"), of("link"), of("peer")];
  const firewall = of("chain", "jump");
  const ways = { routes: of("route"), neighbours: of("neighbour"), fdb: of("fdb"), links };
  return [
    ...([...remembered, ...files, ...unnoted].some((d) => d.want !== undefined)
      ? [`mkdir -p ${hostFolder(project)}`]
      : []),
    ...unnoted.flatMap((d) => noteLines(d, project)),
    ...remembered.flatMap((d) => changeLines(d, project)),
    ...writeLines(files),
    ...heredoc("iptables-restore --noflush --wait=10", firewallLines(firewall)),
    ...linkLines(links, peers, project),
    ...wayLines(ways, project),
    ...remembered.flatMap((d) => putBackLines(d, project)),
    ...removeLines(files),
    ...([...remembered, ...files].some((d) => d.want === undefined) ? [forgetLine(project)] : []),
  ];
};
