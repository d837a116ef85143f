import { createHash } from "node:crypto";
import type { Facts } from "../model/facts.ts";
import { downFile, hostFolder, pathUnitFile, rulesFile, unitFile, upFile } from "../model/names.ts";
import type { Boot, HostState, Resource } from "../model/state.ts";
import { bootRules, downLines, OWN_RUN, upLines } from "./boot-script.ts";
import { disableLines, enableLines, isUnit, pathUnitLines, unitLacking, unitLines } from "./boot-unit.ts";
import type { Difference } from "./diff.ts";
import { heredoc } from "./heredoc.ts";
import { kernelChange } from "./kernel-changes.ts";
import { forgetLine } from "./remembered.ts";
import type { ShellStep } from "./step.ts";

const VOLATILE: readonly Resource["kind"][] = ["link", "peer", "neighbour", "fdb", "route", "chain", "jump", "sysctl"];

/** Whether a restart of the host takes it away. */
export const isVolatile = ({ kind }: Resource): boolean => VOLATILE.includes(kind);

/** The state that `make` makes, each time the same, with what brings it back after a restart of the host; nothing is added where nothing of it would be lost. */
export const withBoot = (
  make: () => HostState,
  project: string,
  { systemd, programs }: Pick<Facts, "systemd" | "programs">,
): HostState => {
  const desired = make();
  if (!desired.some(isVolatile)) return desired;
  // Of hundreds of hosts' routes those that stand already are not kept for what is written in the end.
  let kept: HostState | undefined = desired;
  const lacking = unitLacking(systemd);
  const unit = lacking === undefined ? { path: programs.has("firewalld") } : undefined;
  let digests: Boot["digests"] | undefined;
  const boot: Boot = {
    ...{ kind: "boot", unit: unit && "enabled", lacking },
    // Where nothing stands that it is compared with, nobody asks for it.
    get digests() {
      digests ??= new Map(bootFiles(kept ?? make(), project, unit).map(([path, lines]) => [path, digestOf(lines)]));
      kept = undefined;
      return digests;
    },
    // Rendered anew where they are to be written: many hosts' do not fit into memory.
    get files() {
      return new Map(bootFiles(kept ?? make(), project, unit));
    },
  };
  return [...desired, boot];
};

const bootFiles = (
  desired: HostState,
  project: string,
  unit: { readonly path: boolean } | undefined,
): readonly (readonly [path: string, lines: readonly string[]])[] =>
  [
    [upFile(project), upLines(desired, project)] as const,
    [downFile(project), downLines(desired, project)] as const,
    [rulesFile(project), bootRules(desired)] as const,
    [unitFile(project), unit === undefined ? [] : unitLines(project)] as const,
    [pathUnitFile(project), unit?.path === true ? pathUnitLines(project) : []] as const,
  ].filter(([, lines]) => lines.length > 0);

/** Of a file with these lines; some at a time, since V8 has a place of its own for what is longer than 128 kB, and that takes longer than the hashing. */
const digestOf = (lines: readonly string[]): string => {
  const hash = createHash("sha256");
  for (let i = 0; i < lines.length; i += AT_ONCE) hash.update(`${lines.slice(i, i + AT_ONCE).join("\n")}\n`);
  return hash.digest("hex");
};

const AT_ONCE = 500;

/**
 * The step that writes or removes what brings the state back; to be done once the state has been confirmed, so that a restart before that leads back to
 * what was there. Nothing where it stands.
 */
export const bootStep = (all: readonly Difference[], project: string): readonly ShellStep[] => {
  const difference = all.find((d) => (d.want ?? d.have)?.kind === "boot");
  if (difference === undefined) return [];
  const [want, have] = [difference.want, difference.have] as readonly (Boot | undefined)[];
  if (want === undefined) {
    const changes = [kernelChange(difference)];
    const lines = [...goneLines(project, want, have), forgetLine(project)];
    return [{ kind: "shell", changes, script: ["set -e", ...lines].join("\n") }];
  }
  return [
    {
      kind: "shell",
      get changes() {
        return [kernelChange(difference)];
      },
      get script() {
        return writtenLines(project, want, have).script.join("\n");
      },
      get shown() {
        return writtenLines(project, want, have).shown;
      },
    },
  ];
};

/** Shell lines that write the files that differ, and what of them people are shown. */
const writtenLines = (
  project: string,
  want: Boot,
  have: Boot | undefined,
): { readonly script: readonly string[]; readonly shown: readonly string[] } => {
  const files = [...(want.files ?? [])].filter(([path]) => want.digests.get(path) !== have?.digests.get(path));
  const up = upFile(project);
  const isNew = files.some(([path]) => path === up);
  const gone = goneLines(project, want, have);
  const last = [
    // The name follows when it has worked: one that fails is there as a part, which is drift.
    `${OWN_RUN}=1 sh ${isNew ? `${up}.part` : up}`,
    ...(isNew ? [`mv ${up}.part ${up}`] : []),
    ...(want.unit === undefined ? [] : enableLines(project, [...want.digests.keys()], have?.unit)),
  ];
  const shown = files.map(
    ([path, lines]) =>
      `cat > ${path}.part  # ${lines.join("\n").split("\n").length} lines; xhost eject writes them out`,
  );
  const script = [
    "set -e",
    `umask 077; mkdir -p ${hostFolder(project)}`,
    ...gone,
    ...files.flatMap(([path, lines]) => heredoc(`cat > ${path}.part`, lines, "XHOST-FILE")),
    ...files.flatMap(([path]) => (path === up ? [] : [moveLine(path, isUnit(project, path))])),
    ...last,
  ];
  return { script, shown: [...gone, ...shown, ...last] };
};

/** Each as a whole or not at all, whenever the host goes down. systemd complains of a unit that not everybody can read. */
const moveLine = (path: string, isForAll: boolean): string =>
  `${isForAll ? `chmod 644 ${path}.part; ` : ""}mv ${path}.part ${path}`;

/** What is of no use any more goes. */
const goneLines = (project: string, want: Boot | undefined, have: Boot | undefined): readonly string[] => {
  const gone = [...(have?.digests.keys() ?? [])].filter((path) => want?.digests.has(path) !== true);
  return [
    ...disableLines(gone.filter((path) => isUnit(project, path))),
    ...gone.filter((path) => !isUnit(project, path)).map((path) => `rm -f ${path}`),
  ];
};
