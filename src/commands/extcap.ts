import { chmod, mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { configText, dltsText, extcapInterfaces, extcapProgram, interfacesText } from "../capture/extcap-text.ts";
import { POINT_KINDS, type PointKind } from "../capture/point.ts";
import { XhostError } from "../errors.ts";
import { capture } from "./capture.ts";
import type { Context, Outcome } from "./context.ts";
import { readInventory } from "./read-inventory.ts";

/** Wireshark's personal folder of extcap programs since 4.2 (Help, About, Folders; `tshark -G folders`). */
const PERSONAL = join(homedir(), ".local/lib/wireshark/extcap");

/** Writes the program through which Wireshark sees the inventory's containers. */
export const installExtcap = async (
  file: string,
  { dir }: { readonly dir: string | undefined },
  context: Context,
): Promise<Outcome> => {
  const { name, containers } = await readInventory(file, context);
  const folder = resolve(context.cwd, dir ?? PERSONAL);
  const path = join(folder, `xhost-${name}`);
  const cli = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../cli.ts" : "../cli.js", import.meta.url));
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(path, extcapProgram([process.execPath, cli], resolve(context.cwd, file)), { mode: 0o755 });
    await chmod(path, 0o755);
  } catch (cause) {
    throw new XhostError("INVENTORY", `${path}: cannot be written: ${(cause as Error).message}`, { cause });
  }
  const text = [
    `${path} is written: ${containers.length} containers of ${file} are interfaces of Wireshark from its next start.`,
    ...(dir === undefined
      ? ["Wireshark before 4.2 has no folder of its user's: name its own with --dir (Help, About, Folders)."]
      : []),
  ].join("\n");
  return { text, json: { path, interfaces: containers.map((c) => `xhost-${name}-${c.ref}`) }, code: 0 };
};

/** Options as Wireshark gives them. */
export type ExtcapFlags = {
  readonly extcapInterfaces?: boolean;
  readonly extcapInterface?: string;
  readonly extcapDlts?: boolean;
  readonly extcapConfig?: boolean;
  readonly capture?: boolean;
  readonly fifo?: string;
  readonly extcapCaptureFilter?: string;
  readonly filter?: string;
  readonly with?: string;
  readonly point?: string;
};

/** Answers what Wireshark asks, or captures into its FIFO. */
export const extcap = async (file: string, flags: ExtcapFlags, version: string, context: Context): Promise<Outcome> => {
  const inventory = await readInventory(file, context);
  const answer = (text: string): Outcome => ({ text, json: null, code: 0 });
  if (flags.extcapInterfaces === true) return answer(interfacesText(inventory, version));
  const ref = extcapInterfaces(inventory).find(({ value }) => value === flags.extcapInterface)?.ref;
  if (ref === undefined)
    throw new XhostError(
      "INVENTORY",
      `${file}: no container for the interface ${flags.extcapInterface ?? "(none given)"}`,
    );
  if (flags.extcapDlts === true) return answer(dltsText);
  if (flags.extcapConfig === true) return answer(configText(inventory, ref));
  // Only a filter: Wireshark asks whether it is one, which the hosts' tcpdump says when it begins.
  if (flags.capture !== true || flags.fifo === undefined) return answer("");
  const filters = [flags.extcapCaptureFilter, flags.filter].filter((each) => each !== undefined && each.trim() !== "");
  const outcome = await capture(
    { inventory: file, limit: undefined },
    [ref, ...(flags.with === undefined || flags.with === "" ? [] : [flags.with])],
    {
      points: kindsOf(flags.point),
      file: flags.fifo,
      filter: filters.length === 0 ? undefined : filters.map((each) => `(${each})`).join(" and "),
      count: undefined,
      seconds: undefined,
      snap: 0,
      version,
      json: true,
    },
    // Whatever comes on stderr is an error to Wireshark.
    { ...context, note: () => undefined, progress: { ...context.progress, show: "silent" } },
  );
  return { ...outcome, text: "" };
};

const kindsOf = (list: string | undefined): readonly PointKind[] => {
  const kinds = POINT_KINDS.filter((kind) => list?.split(",").includes(kind) !== false);
  return kinds.length === 0 ? POINT_KINDS : kinds;
};
