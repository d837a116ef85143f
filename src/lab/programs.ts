import { access, constants } from "node:fs/promises";
import { XhostError } from "../errors.ts";
import { suiteOf, type Engine } from "./engine.ts";
import { isStaticProgram } from "./image.ts";
import { relays } from "./inventory.ts";
import type { Faults } from "./record.ts";

/** A program that is not on PATH, and the Debian packages that have it: the first that this release knows is meant. */
export type MissingProgram = { readonly program: string; readonly packages: readonly string[] };

/** The programs of the machine that a lab of these engines uses and that PATH lacks. */
export const missingPrograms = async (engines: readonly Engine[]): Promise<readonly MissingProgram[]> => {
  const needs = [
    ...everyLab,
    ...(engines.includes("machine") ? machineEngine : []),
    ...(engines.some((engine) => suiteOf(engine) !== undefined) ? ownRoots : []),
  ];
  const missing = [...(await missingOf(needs))];
  if ((await staticBusybox()) === undefined) missing.push({ program: "busybox", packages: ["busybox-static"] });
  if ((await relay()) === undefined) missing.push({ program: "nc", packages: ["netcat-openbsd"] });
  return missing;
};

/** What the fabric's faults use; the rest of a lab does without. */
export const faultPrograms = ({ drop, mtu }: Faults): readonly MissingProgram[] => [
  ...(drop.length > 0 ? [need("nft", "nftables")] : []),
  ...(mtu.length > 0 ? [need("tc", "iproute2")] : []),
];

/** Those of the programs that PATH lacks. */
export const missingOf = async (needs: readonly MissingProgram[]): Promise<readonly MissingProgram[]> => {
  const missing = [];
  for (const need of needs) if ((await programPath(need.program)) === undefined) missing.push(need);
  return missing;
};

/** All of them in one error, with the command that helps. */
export const missingError = (missing: readonly MissingProgram[], knownPackages: readonly string[]): XhostError => {
  const width = Math.max(...missing.map(({ program }) => program.length));
  return new XhostError(
    "REMOTE",
    [
      "lab: programs are missing on this machine:",
      ...missing.map(({ program, packages }) => `  ${program.padEnd(width)}  of package ${packages.join(" or ")}`),
      `run again with --install, or: apt-get install ${knownPackages.join(" ")}`,
    ].join("\n"),
  );
};

/** A busybox that runs in an image without a C library; Debian's plain `busybox` does not. */
export const staticBusybox = async (): Promise<string | undefined> => {
  const path = await programPath("busybox");
  return path !== undefined && (await isStaticProgram(path)) ? path : undefined;
};

/** The command that stands in the inventory's proxyCommand on this machine. */
export const relay = async (): Promise<string | undefined> => {
  for (const command of relays) if ((await programPath(command.split(" ")[0] ?? "")) !== undefined) return command;
  return undefined;
};

/** Where PATH has the program, as execvp(3) would look. */
export const programPath = async (program: string): Promise<string | undefined> => {
  for (const folder of (process.env["PATH"] ?? "").split(":").filter((entry) => entry !== "")) {
    const path = `${folder}/${program}`;
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
};

/** One that a lab uses. */
export const need = (program: string, ...packages: readonly string[]): MissingProgram => ({ program, packages });

const everyLab = [
  need("ip", "iproute2"),
  need("nsenter", "util-linux"),
  need("unshare", "util-linux"),
  need("ssh-keygen", "openssh-client"),
  need("ssh", "openssh-client"),
];

const machineEngine = [
  need("dockerd", "docker.io"),
  // a package of its own since trixie
  need("docker", "docker-cli", "docker.io"),
  need("sshd", "openssh-server"),
  need("iptables", "iptables"),
  need("ping", "iputils-ping"),
];

const ownRoots = [need("mmdebstrap", "mmdebstrap"), need("flock", "util-linux"), need("apt-get", "apt")];
