import { access, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { execa, type Result } from "execa";

const root = join(import.meta.dirname, "../..");
const NAME = "va-test";
const state = `/var/tmp/xhost-sandbox-${NAME}`;
const script = join(root, "vagrant/sandbox");
const options = { cwd: root, env: { XHOST_SANDBOX: NAME }, reject: false, stdin: "ignore", all: true } as const;

/** A libvirtd of the tests' own, in namespaces of its own (vagrant/sandbox). */
export type Sandbox = {
  /** Runs a command in it, from the top folder of the checkout. */
  readonly run: (...command: string[]) => Promise<Result<typeof options>>;
  /** The same; throws when it fails, else returns stdout. */
  readonly out: (...command: string[]) => Promise<string>;
  /** The private key that its machines let in. */
  readonly key: string;
  /** Ends it, and says which processes of it are still there: none, or something is wrong. */
  readonly end: () => Promise<readonly string[]>;
};

/** Installs packages and builds the box where needed: minutes at the first time. */
export const startSandbox = async (): Promise<Sandbox> => {
  if (await exists(state)) throw new Error(`${state} is there: another run of this test goes on`);
  const process = execa(script, ["--install", "sleep", "infinity"], options);
  const ended = process.then(({ all }) => all);
  while (!(await exists(`${state}/ready`))) {
    const all = await Promise.race([ended, setTimeout(200)]);
    if (all !== undefined) throw new Error(`the sandbox ended:\n${all}`);
  }
  const namespace = await readlink(`/proc/${(await readFile(`${state}/pid`, "utf8")).trim()}/ns/pid_for_children`);
  const run = (...command: string[]) => execa(script, command, options);
  const out = async (...command: string[]): Promise<string> => {
    const { exitCode, stdout, all } = await run(...command);
    if (exitCode !== 0) throw new Error(`${command.join(" ")}: exit code ${exitCode}\n${all}`);
    return stdout;
  };
  const end = async (): Promise<readonly string[]> => {
    process.kill();
    await process;
    // they are killed by then, and some may still be on their way out
    for (let i = 0; i < 50 && (await processesIn(namespace)).length > 0; i++) await setTimeout(100);
    return await processesIn(namespace);
  };
  return { run, out, key: `${state}/home/insecure_private_key`, end };
};

const processesIn = async (namespace: string): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    if ((await readlink(`/proc/${pid}/ns/pid`).catch(() => "")) !== namespace) continue;
    found.push(`${pid} ${await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")}`);
  }
  return found;
};

/** What a sandbox must leave as it was: the machine's network, users, libvirt's files, the mounts and files of the sandbox itself. */
export const machine = async (): Promise<string> => {
  const { stdout } = await execa("sh", [
    "-c",
    `ip -o link; ip route show table all; iptables-save | grep -v '^[:#]'; cat /etc/passwd /etc/group
    ls -lR /etc/libvirt /var/lib/libvirt /run/libvirt 2>&1; grep xhost-sandbox-${NAME} /proc/mounts; ls -d /var/tmp/xhost-sandbox-${NAME} 2>&1
    ls -A '${root}/vagrant'`,
  ]);
  return stdout;
};

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
