import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { labFolder } from "../../src/lab/names.ts";
import { traced } from "./traced.ts";
import { ENGINES, testLab, type TestLab } from "./xhost.ts";

/** What is written reaches a real engine byte for byte, nothing of it runs, and the secret in it is nowhere else. */
const SECRET = "hunter2-s3cr3t";
const ODD = [
  ...["'", '"', "`touch /canary`", "$(touch /canary)", "a\nEOF\ntouch /canary\n", "-oProxyCommand=touch /canary", "--"],
  ...["\\", "\r\n\t", "\u2028\u202e\u001b]52;c;eA==\u0007", "é漢🐳", "${IFS}", "<script>", "%s%n", " "],
];

/** The arguments of every process of this machine, the lab's hosts among them, while something goes on. */
const watched = async <T>(secrets: readonly string[], work: Promise<T>): Promise<{ result: T; seen: string }> => {
  let seen = "";
  const over = new AbortController();
  const done = work.finally(() => over.abort());
  while (!over.signal.aborted) {
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    const all = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
    seen += all.filter((line) => secrets.some((secret) => line.includes(secret))).join("\n");
    await setTimeout(20);
  }
  return { result: await done, seen };
};

describe.each(ENGINES)("what is hostile, on %s", (_title, engine) => {
  let lab: TestLab;
  let secrets: readonly string[];
  beforeAll(async () => {
    lab = await testLab(`xo-${engine}`, 2, engine);
    const key = await readFile(join(labFolder(lab.folder, lab.lab.name), "id_ed25519"), "utf8");
    // The first line below the frame is the format's name and kind: it is the same in every key.
    secrets = [
      SECRET,
      ...key
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("-----"))
        .slice(1),
    ];
  });
  afterAll(() => lab.down());

  test("hostile values arrive byte for byte, and run nowhere", async () => {
    const environment = { ...Object.fromEntries(ODD.map((text, i) => [`V${i}`, text])), SECRET, "é ü": "x" };
    const labels = Object.fromEntries(ODD.map((text, i) => [`l${i}=${text}`, text]));
    const command = ["sh", "-c", "trap exit TERM; sleep infinity & wait", ...ODD];
    const file = await lab.inventory("hostile.yml", (text) => {
      const written = parse(text) as { containers: Record<string, object> };
      const [name = ""] = Object.keys(written.containers);
      const plain = { environment, labels, command };
      // In values, not in keys, a `$` is the beginning of a variable.
      const escaped: unknown = JSON.parse(JSON.stringify(plain), (_, value: unknown) =>
        typeof value === "string" ? value.replaceAll("$", "$$$$") : value,
      );
      written.containers[name] = { ...written.containers[name], ...(escaped as object) };
      return stringify(written);
    });
    const { result, seen } = await watched(secrets, traced(lab, "deploy", file, "--yes", "--verbose"));
    const { code, stdout, stderr, here, there } = result;
    expect(code, stderr).toBe(0);
    const [found] = JSON.parse(await lab.on("h1", "docker inspect c1")) as [
      { Config: { Env: string[]; Cmd: string[]; Labels: Record<string, string> } },
    ];
    expect(found.Config.Env).toEqual(
      expect.arrayContaining(Object.entries(environment).map(([name, value]) => `${name}=${value}`)),
    );
    expect(found.Config.Cmd).toEqual(command);
    expect(found.Config.Labels).toMatchObject(labels);
    const real = await lab.on("h1", `base64 -w0 /proc/$(docker inspect -f '{{.State.Pid}}' c1)/environ`);
    const set = Buffer.from(real, "base64").toString().split("\0");
    for (const [name, value] of Object.entries(environment)) expect(set).toContain(`${name}=${value}`);
    expect(
      await lab.on("h1", "ls /canary /root/canary canary 2>/dev/null; docker exec c1 ls / | grep canary; true"),
    ).toBe("");

    expect(seen).toBe("");
    // What was started here and there has been seen.
    expect(here).toMatch(/execve\("[^"]*\/nsenter"/);
    expect(there).toMatch(/execve\("[^"]*sh", \["[^"]*sh", "-c", "[^"]*sh -s/);
    for (const secret of secrets) for (const text of [here, there]) expect(text).not.toContain(secret);
    expect(stdout + stderr).toContain("V0=***");
    for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
    expect(stdout + stderr).not.toMatch(/(?![\n\t])\p{Cc}/u);
    const { stdout: json } = await lab.xhost("plan", file, "--json");
    for (const secret of secrets) {
      expect(json).not.toContain(secret);
      const found = `grep -rlF -e '${secret}' /etc /run/xhost /tmp /var/log /root 2>/dev/null; true`;
      for (const host of ["h1", "h2"]) expect(await lab.on(host, found), host).toBe("");
    }
  });

  test("what xhost leaves on a host is for root alone", async () => {
    const modes = await lab.on("h1", "find /etc/xhost /run/xhost -printf '%y %m\\n' 2>/dev/null | sort -u; true");
    expect(
      modes
        .trim()
        .split("\n")
        .filter((line) => !["d 700", "f 600"].includes(line)),
    ).toEqual([]);
    expect(modes).toContain("f 600");
  });
});
