import { relative } from "node:path";
import { labDown } from "../lab/down.ts";
import { labExec } from "../lab/exec.ts";
import { labFaults, setLabFaults } from "../lab/faults.ts";
import { faultsAt, faultWords } from "../lab/faults-words.ts";
import { labList, type ListedLab } from "../lab/list.ts";
import { labStart, labStop } from "../lab/power.ts";
import { labUp } from "../lab/up.ts";
import type { Faults, LabKind } from "../lab/record.ts";
import { XhostError } from "../errors.ts";
import { PROJECT_PREFIX } from "../scenario/deploy-scenario.ts";
import type { Context, Outcome } from "./context.ts";
import { table } from "./table.ts";

/** Brings a lab up and says how to go on. */
export const up = async (
  name: string,
  options: {
    readonly kind: LabKind;
    readonly hosts: number;
    readonly engine: string | undefined;
    readonly segments: number;
    readonly faults: Faults | undefined;
    readonly install: boolean;
  },
  context: Context,
): Promise<Outcome> => {
  const { cwd, progress, note } = context;
  if (name.startsWith(PROJECT_PREFIX))
    throw new XhostError(
      "INVENTORY",
      `lab name "${name}": ${PROJECT_PREFIX}... is what \`xhost scenario\` calls its own, and takes down`,
    );
  const lab = await labUp({ name, ...options, cwd, signal: progress.signal, onProgress: note });
  const inventory = relative(cwd, lab.inventory);
  const text = [
    table(
      ["HOST", "ADDRESS", "ENGINE", "DOCKER"],
      lab.hosts.map((h) => [h.name, h.address, h.engine, h.version]),
    ),
    "",
    ...(options.faults === undefined ? [] : [faultsText(name, options.faults), ""]),
    `The lab ${name} is up. Next:`,
    `  xhost deploy ${inventory}`,
    `  xhost lab exec ${name} h1 docker ps`,
    `  xhost lab down ${name}`,
  ].join("\n");
  return { text, json: lab, code: 0 };
};

/** Takes a lab away with everything it left on the machine. */
export const down = async (name: string): Promise<Outcome> => {
  await labDown({ name });
  return { text: `The lab ${name} is gone.`, json: { name, down: true }, code: 0 };
};

/** Shows a lab's faults, or declares them where `declared` is given: what is not among those is healed. */
export const fault = async (
  name: string,
  { declared, install }: { readonly declared: Faults | undefined; readonly install: boolean },
  { progress, note, onChange }: Context,
): Promise<Outcome> => {
  const { signal } = progress;
  if (declared !== undefined) onChange();
  const faults =
    declared === undefined
      ? await labFaults(name)
      : await setLabFaults({ name, faults: declared, install, onProgress: note, signal });
  return { text: faultsText(name, faults), json: { name, faults }, code: 0 };
};

/** Every lab of this machine, from whatever folder it was made. */
export const list = async (): Promise<Outcome> => {
  const labs = await labList();
  const rows = labs.flatMap((lab) =>
    lab.hosts.map((h) => [
      lab.name,
      lab.kind,
      h.name,
      h.address,
      h.engine,
      h.version ?? "",
      stateOf(lab, h.running),
      faultsAt(lab.faults, h.name),
      lab.folder,
    ]),
  );
  const isHidden = labs.some(({ hosts }) => hosts.some(({ running }) => running === null));
  const text =
    labs.length === 0
      ? "There is no lab on this machine."
      : [
          table(["LAB", "KIND", "HOST", "ADDRESS", "ENGINE", "DOCKER", "STATE", "FAULTS", "FOLDER"], rows),
          ...labs
            .filter(isCutShort)
            .map(({ name }) => `The lab ${name} was cut short while it was brought up: xhost lab down ${name}`),
          ...(isHidden ? ["Whether a host runs only root can see: sudo xhost lab list"] : []),
        ].join("\n");
  return { text, json: labs, code: 0 };
};

const isCutShort = ({ ready, beingMade }: ListedLab): boolean => !ready && !beingMade;

const stateOf = (lab: ListedLab, running: boolean | null): string => {
  if (isCutShort(lab)) return "cut short";
  if (running === null) return "unknown";
  return lab.beingMade ? "coming up" : running ? "running" : "stopped";
};

/** Runs a command on a lab host with the terminal handed over; with `--json` its output is the document. */
export const exec = async (name: string, host: string, command: readonly string[], json: boolean): Promise<Outcome> => {
  if (command.length === 0)
    throw new XhostError("INVENTORY", "lab exec: names no command: xhost lab exec NAME HOST COMMAND...");
  const result = await labExec({ name, host, command, stdio: json ? "pipe" : "inherit" });
  return { text: "", json: result, code: result.exitCode };
};

/** Switches a host of a lab off, or on again with its data kept: both together are a reboot. */
export const power = async (
  name: string,
  host: string,
  on: boolean,
  { progress, onChange }: Context,
): Promise<Outcome> => {
  onChange();
  await (on ? labStart({ name, host, signal: progress.signal }) : labStop({ name, host }));
  return { text: `${host} of lab ${name} is ${on ? "up" : "down"}.`, json: { name, host, running: on }, code: 0 };
};

const faultsText = (name: string, faults: Faults): string => {
  const words = faultWords(faults);
  return words.length === 0 ? `The lab ${name} has no fault.` : `Faults of lab ${name}: ${words.join(" ")}`;
};
