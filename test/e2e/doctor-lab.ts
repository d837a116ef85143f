// A lab that is broken and mended by the table of doctor-cases.ts.
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { bridgeName, chainName, linkName } from "../../src/model/names.ts";
import { reportSchema, type Report } from "../../src/doctor/report.ts";
import type { Case } from "./doctor-case.ts";
import { CLI, type TestLab } from "./xhost.ts";

const ADDRESSES: Readonly<Record<string, string>> = { h1: "10.211.55.11", h2: "10.211.55.12" };

/** Those of the variables that the table's commands use which a command needs, as shell text: to ask Docker for all of them takes half a second. */
const variables = (project: string, host: string, shell: string): string => {
  const other = host === "h1" ? "h2" : "h1";
  const container = host.replace("h", "c");
  const all = {
    ME: ADDRESSES[host] ?? "",
    PEER: ADDRESSES[other] ?? "",
    C: container,
    CHAIN: chainName(project),
    BR: bridgeName(project, "app"),
    VX: linkName(project, "vxlan"),
    WG: linkName(project, "wireguard"),
    OWN: "$(docker network inspect -f '{{(index .IPAM.Config 0).Subnet}}' app)",
    NET: "$(ip -4 route show proto 88 | cut -d' ' -f1 | head -n 1)",
    THEIRS: "$(ip -4 route show proto 88 | cut -d' ' -f1 | head -n 1 | sed 's/[.][0-9]*\\/.*/.2/')",
    P: `$(docker inspect -f '{{.State.Pid}}' ${container})`,
    IP: `$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' ${container})`,
  };
  return Object.entries(all)
    .filter(([name]) => new RegExp(`\\$\\{?${name}\\b`).test(shell))
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
};

/** Breaks a host as a case says. */
export const harm = (lab: TestLab, { host, shell }: Pick<Case, "host" | "shell">): Promise<string> =>
  lab.on(host, `${variables(lab.lab.name, host, shell)}${shell}`);

/** Runs doctor; the report is checked against its schema. */
export const examined = async (
  lab: TestLab,
  file: string,
  ...options: readonly string[]
): Promise<Report & { readonly code: number }> => {
  const { code, stdout, stderr } = await lab.xhost("doctor", file, "--json", ...options);
  try {
    return { ...reportSchema.parse(JSON.parse(stdout)), code };
  } catch (cause) {
    throw new Error(`${stdout}\n${stderr}`, { cause });
  }
};

/** What a report names, a line each. */
export const named = ({ findings }: Report): readonly string[] =>
  findings.map(
    ({ id, host, peer, severity, seen }) =>
      `${id} ${[host, ...(peer === null ? [] : [peer])].join(" > ")} ${severity}: ${seen}`,
  );

/** Does what a finding says, as a person would who copies the line; `deploy` is told yes. */
export const heal = async (lab: TestLab, { on, command }: Report["findings"][number]["remedy"]): Promise<void> => {
  if (on !== null) {
    await lab.on(on, command);
    return;
  }
  const bin = join(lab.folder, "bin");
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, "xhost"), `#!/bin/sh\nexec ${process.execPath} ${CLI} "$@"\n`);
  await chmod(join(bin, "xhost"), 0o755);
  const line = command.replace(/^(xhost deploy .*)$/m, "$1 --yes");
  await execa("sh", ["-c", line], {
    cwd: lab.folder,
    env: { PATH: `${bin}:${process.env["PATH"] ?? ""}` },
    stdin: "ignore",
  });
};

/** The inventory with checks of every kind, and containers that come back with Docker. */
export const withChecks = (text: string): string =>
  `${text.replaceAll("network: app,", "network: app, restart: unless-stopped,")}checks:
  - { from: c1, to: c2 }
  - { from: c2, to: c1 }
  - { from: c1, to: c2, tcp: 80 }
  - { from: c2, to: c1, http: "http://c1/cgi-bin/who" }
`;
