import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { labDown } from "../../src/lab/down.ts";
import { labExec } from "../../src/lab/exec.ts";
import type { Faults, LabKind } from "../../src/lab/record.ts";
import { setLabFaults } from "../../src/lab/faults.ts";
import { labUp, type Lab } from "../../src/lab/up.ts";

/** The two engines every behaviour is tried on, and a lab in which both meet. */
export const ENGINES = [
  ["Docker 20.10", "bookworm"],
  ["Docker 28.5", "sid"],
] as const;

export type Run = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** A lab with the command line and a shell on each host; everything goes with `down`. */
export type TestLab = {
  readonly lab: Lab;
  readonly folder: string;
  /** Runs `xhost` as a user would, from the checkout. */
  readonly xhost: (...args: string[]) => Promise<Run>;
  readonly start: typeof startIn extends (folder: string) => infer S ? S : never;
  /** Runs a shell command on a host and returns its stdout; throws when it fails. */
  readonly on: (host: string, command: string) => Promise<string>;
  /** The inventory that `lab up` wrote, changed by `edit`, under another name; returns the path. */
  readonly inventory: (name: string, edit?: (text: string) => string) => Promise<string>;
  /** Everything on a host that `destroy` has to leave as it was. */
  readonly snapshot: (host: string) => Promise<string>;
  readonly down: () => Promise<void>;
};

const startIn =
  (folder: string) =>
  (...args: string[]) =>
    execa(process.execPath, [CLI, ...args], { reject: false, stdin: "ignore", cwd: folder });

/** The command line as it stands in the checkout, or what was built of it: that starts in two thirds of the time (`.ci/run`). */
export const CLI = join(import.meta.dirname, "../..", process.env["XHOST_E2E_CLI"] ?? "src/cli.ts");

/** As for `xhost lab up`; hosts with a kernel of their own have Docker 20.10 only. */
type More = { readonly kind?: LabKind; readonly segments?: number; readonly faults?: Faults };

export const testLab = async (name: string, hosts: number, engine: string, more: More = {}): Promise<TestLab> => {
  const folder = join(tmpdir(), `xhost-e2e-${name}-${process.pid}`);
  await mkdir(folder, { recursive: true });
  const lab = await labUp({ name, hosts, engine, ...more, cwd: folder });
  const start = startIn(folder);
  // systemd alone takes five seconds to read its units on a kernel in user mode.
  const slow = more.kind === "uml" ? ["deploy", "destroy"] : [];
  const xhost = async (...args: string[]): Promise<Run> => {
    const {
      exitCode = -1,
      stdout,
      stderr,
    } = await start(...args, ...(slow.includes(args[0]!) ? ["--timeout", "90"] : []));
    return { code: exitCode, stdout, stderr };
  };
  const on = async (host: string, command: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await labExec({ name, host, command: ["sh", "-c", command] });
    if (exitCode !== 0) throw new Error(`${host}: ${command}: status ${exitCode}\n${stdout}\n${stderr}`);
    return stdout;
  };
  const inventory = async (file: string, edit: (text: string) => string = (text) => text): Promise<string> => {
    const text = edit(await readFile(lab.inventory, "utf8"));
    await writeFile(join(folder, file), text);
    return join(folder, file);
  };
  const down = async (): Promise<void> => {
    await labDown({ name });
    await rm(folder, { recursive: true, force: true });
  };
  return { lab, folder, xhost, start, on, inventory, snapshot: (host) => on(host, SNAPSHOT), down };
};

/**
 * Counters, clocks, the order in which the kernel lists routes, IPv6 routes and the multicast groups of devices (the kernel's own: nothing
 * here makes any) left out; nothing of substance.
 */
const SNAPSHOT = [
  `ip -j -4 route show table all | tr '}' '\\n' | sed 's/"flags":\\[[^]]*\\]//' | sort`,
  `ip -o -d link | sed -E 's/ [a-z_]+_timer +[0-9.]+//g; s/^[0-9]+: //; s/ fdb_n_learned [0-9]+//; s/ tso_max_[a-z]+ [0-9]+//g' | sort`,
  `ip -4 rule`,
  `ip neigh show nud permanent | sort`,
  `bridge fdb show | grep -vE '^(33:33|01:00:5e):' | sort`,
  `wg show interfaces 2>/dev/null; pgrep -x wireguard-go; find /run/wireguard 2>/dev/null`,
  `iptables-save | grep -v '^#' | sed 's/\\[[0-9:]*\\]//'`,
  `ip6tables-save | grep -v '^#' | sed 's/\\[[0-9:]*\\]//'`,
  `nft list ruleset 2>/dev/null | sed 's/counter packets [0-9]* bytes [0-9]*//' | sort`,
  `sysctl -a 2>/dev/null | grep -E 'ip_forward|rp_filter|bridge-nf'`,
  `docker ps -a --format '{{.ID}} {{.Names}} {{.Image}}'`,
  `docker network ls --format '{{.ID}} {{.Name}} {{.Driver}}'`,
  `docker volume ls -q`,
  `find /etc /run /var/lib -path /var/lib/docker -prune -o -path '*xhost*' -print 2>/dev/null | sort; find /etc/systemd/system 2>/dev/null | sort`,
  `true`,
].join("; ");

/** The lab's inventory with containers that end at once when they are told to: sleep as PID 1 waits for the kill after 10 s. */
export const obedient = (text: string): string =>
  text.replaceAll("[sleep, infinity]", "[sh, -c, 'trap exit TERM; sleep infinity & wait']");

/** Declares what the lab's fabric does wrong from now on; everything else is healed. */
export const setFaults = async ({ lab: { name } }: TestLab, some: Partial<Faults> = {}): Promise<void> => {
  await setLabFaults({ name, faults: { drop: [], mtu: [], down: [], ...some } });
};

/** Pings from a container to an address with the image's own ping, as a user would by hand. */
export const pings = (lab: TestLab, host: string, container: string, address: string): Promise<boolean> =>
  lab.on(host, `docker exec ${container} ping -c 1 -W 2 ${address}`).then(
    () => true,
    () => false,
  );

export const addressOf = async (lab: TestLab, host: string, container: string): Promise<string> =>
  (
    await lab.on(host, `docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' ${container}`)
  ).trim();

/** Id and start time: what must not change where nothing was to be done. */
export const identity = (lab: TestLab, host: string, container: string): Promise<string> =>
  lab.on(host, `docker inspect -f '{{.Id}} {{.State.StartedAt}}' ${container}`);
