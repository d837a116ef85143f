import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, it, vi } from "vitest";
import { XhostError } from "../../src/errors.ts";
import { captureScript } from "../../src/capture/tcpdump.ts";
import { narrowed } from "../../src/capture/filter.ts";
import { parseInventory } from "../../src/inventory/parse.ts";
import { resolveSsh, type Resolved } from "../../src/ssh/resolve.ts";
import { SHELLS, inShell } from "./shells.ts";
import { hostile } from "./texts.ts";

const folder = mkdtempSync(join(tmpdir(), "xhost-hostile-"));
const [bin, cwd] = [join(folder, "bin"), join(folder, "cwd")];
for (const each of [bin, cwd]) mkdirSync(each);
writeFileSync(join(bin, "tcpdump"), `#!/bin/sh\nprintf '%s\\0' "$@"\n`);
chmodSync(join(bin, "tcpdump"), 0o755);
vi.stubEnv("PATH", `${bin}:${process.env["PATH"] ?? ""}`);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

it.each(SHELLS)("capture: a filter and a device are one word each, in %s", (shell) => {
  fc.assert(
    fc.property(hostile, hostile, (own, device) => {
      const filter = narrowed("net 172.30.1.2", own);
      const point = { host: "h1", name: "x", kind: "nic", device, pid: undefined, filter } as const;
      const script = captureScript(point, 0);
      const words = (args: readonly string[]): string[] =>
        inShell(shell, `${script}\n`, { cwd, args }).toString().split("\0").slice(0, -1);
      expect(words([])[1]).toBe(device);
      expect(words([]).at(-1)).toBe(filter);
      expect(words(["10.0.0.9 50000 10.0.0.1 22"]).at(-1)).toBe(
        `(${filter}) and not (tcp port 50000 and tcp port 22 and host 10.0.0.9)`,
      );
    }),
    { numRuns: 25 },
  );
});

/** Undefined where it is refused, here or by ssh(1), with words for the user. */
const resolved = async (text: string): Promise<Resolved | undefined> => {
  try {
    const [host] = parseInventory(text, { file: "i.yml", env: {} }).hosts;
    return host && (await resolveSsh(host));
  } catch (error) {
    if (error instanceof XhostError && error.code === "INVENTORY") return undefined;
    throw error;
  }
};

it("ssh: what an inventory says of a connection is refused there, or is what ssh(1) takes it for", async () => {
  // Paths and commands have a meaning of their own for `~`, `%h` and `${HOME}` (ssh_config(5)).
  const plain = hostile.map((text) => text.replace(/[~%$]/g, "."));
  const fields = fc.record({
    user: hostile,
    identityFile: plain.map((text) => `/x${text}`),
    userKnownHostsFile: plain.map((text) => `/y${text}`),
    proxyCommand: plain.map((text) => `nc ${text}z`),
  });
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(
      fields,
      fc.constantFrom("user", "identityFile", "userKnownHostsFile", "proxyCommand"),
      async (all, key) => {
        const text = JSON.stringify({ name: "demo", hosts: { h1: { ssh: { host: "h1.invalid", [key]: all[key] } } } });
        const told = text.replaceAll("$", "$$$$");
        const found = await resolved(told);
        if (found === undefined) return;
        taken++;
        const is = {
          user: found.user,
          identityFile: found.requiredIdentity,
          userKnownHostsFile: found.userKnownHostsFiles[0],
          proxyCommand: found.proxyCommand,
        };
        expect(is[key]).toBe(all[key]);
        if (key === "identityFile") expect(found.identityFiles).toEqual([all.identityFile]);
        if (key !== "proxyCommand") expect(found.proxyCommand).toBeUndefined();
      },
    ),
    { numRuns: 120 },
  );
  expect(taken).toBeGreaterThan(30);
});
