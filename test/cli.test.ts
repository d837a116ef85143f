import { execa } from "execa";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

// The command line as a user runs it, as far as no host is needed.
const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "xhost-cli-"));
mkdirSync(join(folder, "sub"));
afterAll(() => rmSync(folder, { recursive: true }));

const inventory = (name: string, proxyCommand: string): void =>
  writeFileSync(
    join(folder, name),
    `name: demo\ndefaults: { ssh: { proxyCommand: ${proxyCommand} } }\nhosts: { h1: 192.0.2.1, h2: 192.0.2.2 }\n`,
  );
inventory("closed.yml", '"false"');
inventory("slow.yml", "sleep 60");

const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  execa(process.execPath, [join(root, "src/cli.ts"), ...args], {
    cwd: folder,
    reject: false,
    stdin: "ignore",
    detached: true,
    extendEnv: false,
    env: { PATH: process.env["PATH"] ?? "", HOME: folder, ...env },
  });
const ERROR = (code: string, message: unknown): object => ({ error: { code, message } });

test("by the npm script paths are meant from where the user is", async () => {
  const result = await execa("npm", ["run", "-s", "--prefix", root, "xhost", "--", "validate", "../closed.yml"], {
    cwd: join(folder, "sub"),
    reject: false,
  });
  expect(result.stdout).toMatch(/^..\/closed.yml is fine: 2 hosts,/);
  // a script of that name in somebody else's package is none of ours
  const foreign = { npm_lifecycle_event: "xhost", INIT_CWD: join(folder, "sub"), npm_package_json: "/" };
  expect((await start(["validate", "closed.yml"], foreign)).stdout).toMatch(/^closed.yml is fine/);
}, 30_000);

test("a wrong command line gives one document with --json, too", async () => {
  const { exitCode, stdout, stderr } = await start(["plan", "--json"]);
  expect(JSON.parse(stdout)).toEqual(ERROR("INVENTORY", "missing required argument 'inventory'"));
  expect(stderr).toBe("error: missing required argument 'inventory'");
  expect(exitCode).toBe(3);
  expect((await start(["lab", "exec", "x", "--", "--json"])).stdout).toBe("");
}, 30_000);

test("trace: the first packet of a TCP connection has a size of its own", async () => {
  const both = ["trace", "closed.yml", "c1", "c2", "--tcp", "80", "--size", "1400"];
  const { exitCode, stderr } = await start(both);
  expect([exitCode, stderr]).toEqual([
    3,
    "trace: --size is about echo requests, and --tcp sends none: give one of the two",
  ]);
  // each by itself gets as far as the inventory, in which there is no c1
  for (const one of [both.slice(0, 6), [...both.slice(0, 4), ...both.slice(6)]])
    expect((await start(one)).stderr).not.toContain("--size");
});

test("a folder is no inventory", async () => {
  const { exitCode, stderr } = await start(["validate", "sub"]);
  expect([exitCode, stderr]).toEqual([3, "sub: is a folder: name the inventory file in it"]);
}, 30_000);

test.each([[["--no-color"], {}] as const, [[], { NO_COLOR: "1" }] as const])(
  "no colours, whatever FORCE_COLOR says: %j %j",
  async (args, env) => {
    const { exitCode, stderr } = await start(["plan", "closed.yml", ...args], { FORCE_COLOR: "1", ...env });
    expect(stderr).toContain("Look at the hosts");
    expect(stderr).not.toContain("\u001B[");
    expect(exitCode).toBe(4);
  },
  30_000,
);

test("what a host says does not reach the terminal, neither as text nor in a document", async () => {
  inventory("loud.yml", `"printf 'gone \\\\033]52;c;eA==\\\\007\\\\033[2J\\\\302\\\\2332J' >&2; false"`);
  const { stderr } = await start(["plan", "loud.yml"]);
  expect(stderr).toContain("gone \\u001b]52;c;eA==\\u0007\\u001b[2J\\u009b2J");
  const { stdout } = await start(["plan", "loud.yml", "--json"]);
  expect(stdout + stderr).not.toMatch(/(?!\n)\p{Cc}/u);
  expect(JSON.stringify(JSON.parse(stdout))).toContain("\\u001b]52;c;");
}, 30_000);

test("Ctrl-C while it only looks: nothing was changed, and no host has failed", async () => {
  const running = start(["plan", "slow.yml", "--json"]);
  let said = "";
  await new Promise<void>((resolve) => {
    running.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("Look at the hosts")) resolve();
    });
  });
  // the terminal sends it to the whole foreground group
  process.kill(-(running.pid ?? 0), "SIGINT");
  const { exitCode, stdout, stderr } = await running;
  expect(exitCode).toBe(130);
  expect(JSON.parse(stdout)).toEqual(ERROR("INTERRUPTED", "interrupted: nothing was changed"));
  expect(stderr).toContain("\ninterrupted: nothing was changed");
  expect(stderr).not.toMatch(/h1|h2|failed|SIGINT/);
}, 30_000);
