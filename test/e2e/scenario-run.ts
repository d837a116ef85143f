import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect } from "vitest";
import { CLI, type Run } from "./xhost.ts";

/** What `scenario run --json` prints, as far as tests ask. */
export type Document = {
  readonly host: string;
  readonly passed: boolean;
  readonly checks: readonly { readonly claim: string; readonly passed: boolean; readonly seen: string }[];
  readonly broken: { readonly found: readonly string[]; readonly named: boolean } | null;
  readonly left: readonly string[] | null;
};

/** The document of a run that has passed. */
export const passes = ({ code, stdout, stderr }: Run): Document => {
  expect(code, stdout + stderr).toBe(0);
  const document = JSON.parse(stdout) as Document;
  expect(document.passed).toBe(true);
  return document;
};

/** A run under way. */
export type Started = {
  readonly pid: number | undefined;
  readonly kill: (signal: NodeJS.Signals) => boolean;
  readonly ended: Promise<Run>;
};

/** A folder to run `xhost scenario` in. */
export type Desk = {
  readonly folder: string;
  readonly xhost: (...args: string[]) => Promise<Run>;
  /** Starts it, and comes back when that is on the screen. */
  readonly until: (text: string, ...args: string[]) => Promise<Started>;
  /** One of the package's own, changed, as a file of the user's; returns its path. */
  readonly mine: (name: string, file: string, ...changes: readonly (readonly [string, string])[]) => Promise<string>;
  readonly gone: () => Promise<void>;
};

export const desk = async (): Promise<Desk> => {
  const folder = await mkdtemp(join(tmpdir(), "xhost-e2e-desk-"));
  const start = (args: readonly string[]) =>
    execa(process.execPath, [CLI, "scenario", ...args], {
      reject: false,
      stdin: "ignore",
      cwd: folder,
      // One that is killed cannot take its files along.
      env: { TMPDIR: folder },
    });
  const asRun = ({ exitCode = -1, stdout, stderr }: { exitCode?: number; stdout: string; stderr: string }): Run => ({
    code: exitCode,
    stdout,
    stderr,
  });
  return {
    folder,
    xhost: async (...args) => asRun(await start(args)),
    until: async (text, ...args) => {
      const run = start(args);
      let said = "";
      await new Promise<void>((resolve, reject) => {
        const heard = (chunk: Buffer): void => {
          said += chunk.toString();
          if (said.includes(text)) resolve();
        };
        run.stdout.on("data", heard);
        run.stderr.on("data", heard);
        void run.then(({ stderr }) => reject(new Error(`it ended: ${said}${stderr}`)));
      });
      return { pid: run.pid, kill: (signal) => run.kill(signal), ended: run.then(asRun) };
    },
    mine: async (name, file, ...changes) => {
      const text = await readFile(join(import.meta.dirname, `../../scenarios/${name}.yml`), "utf8");
      const changed = changes.reduce((all, [from, to]) => {
        expect(all).toContain(from);
        return all.replace(from, to);
      }, text);
      await writeFile(join(folder, file), changed);
      return `./${file}`;
    },
    gone: () => rm(folder, { recursive: true }),
  };
};

/** Everything that a scenario could leave, in the words of the system's own programs. */
export const STATE = [
  `ls /run/netns 2>/dev/null; ls /sys/class/net`,
  `ip -4 route show table all | sort; ip -o -4 address | sed 's/ *valid_lft.*//'`,
  `iptables-save 2>/dev/null | grep -E '^-A' | sed 's/\\[[0-9:]*\\]//'`,
  `sysctl net.ipv4.ip_forward net.bridge.bridge-nf-call-iptables 2>/dev/null`,
  `ls /sys/module | grep -xE 'ipip|tunnel4|ip_tunnel|openvswitch'`,
  `find /run/xhost 2>/dev/null`,
  `ps -eo args | grep -E '[t]untap.pl|[t]cpdump -i|[o]vs-vswitchd|[o]vsdb-server|[s]h -s.*xhost-scenario' || true`,
].join("; ");

/** The machine's; labs of other runs come and go, and what is theirs begins with `xhost-` or `xh`. */
export const machine = async (): Promise<string> => {
  const { stdout } = await execa("sh", ["-c", STATE]);
  return stdout
    .split("\n")
    .filter((line) => !line.startsWith("xh") && !/ dev xh| xh\S+ +inet /.test(line))
    .join("\n");
};
