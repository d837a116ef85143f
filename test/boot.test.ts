// What brings the kernel's state back, word for word, and when it is written.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { clashesOf, planDestroy, plansOf, wantedStates } from "../src/commands/planning.ts";
import { fabric } from "../src/model/fabric.ts";
import type { Facts } from "../src/model/facts.ts";
import type { Boot } from "../src/model/state.ts";
import { look, type Case } from "./captured.ts";

const systemd =
  (version: number | undefined) =>
  (f: Facts): Facts => ({ ...f, systemd: version, programs: new Set([...f.programs, "firewalld"]) });
const bootsOf = async (some: Case): Promise<readonly Boot[]> => {
  const seen = await look(some);
  return [...wantedStates(seen, fabric(seen.inventory, seen.sights), { env: {} })].flatMap(({ desired }) =>
    desired.flatMap((r) => (r.kind === "boot" ? [r] : [])),
  );
};
const textOf = (lines: readonly string[]): string => `${lines.join("\n")}\n`;
const stepsOf = async (some: Case): Promise<readonly (readonly string[])[]> => {
  const seen = await look(some);
  return plansOf(seen, fabric(seen.inventory, seen.sights), { env: {} }).map(({ steps }) =>
    steps.flatMap(({ changes }) => changes.map(({ sign, what, detail }) => `${sign} ${what}: ${detail}`)),
  );
};

describe.each(["route", "vxlan", "wireguard"])("plane %s", (plane) => {
  const some: Case = {
    moment: "before",
    edit: (t) => t.replace("plane: route", `plane: ${plane}`),
    editFacts: systemd(252),
  };

  test("its files", async () => {
    const [, boot] = await bootsOf(some);
    const files = [...(boot?.files ?? [])].map(([path, lines]) => `==> ${path}\n${textOf(lines)}`);
    await expect(files.join("\n")).toMatchFileSnapshot(join(import.meta.dirname, "golden", `boot-${plane}.txt`));
  });

  test("are shell", async () => {
    for (const { files } of await bootsOf(some))
      for (const [path, lines] of files ?? [])
        if (path.endsWith(".sh")) execFileSync("sh", ["-n"], { input: textOf(lines) });
  });
});

test.each([
  [undefined, "nothing runs it after a restart, because no systemd runs: have the host run it after Docker"],
  [241, "nothing runs it after a restart, because systemd 241 is older than 244: have the host run it after Docker"],
  [252, "run by xhost-capture.service"],
])("systemd %s: the plan says who runs it", async (version, told) => {
  const [steps = []] = await stepsOf({ moment: "before", editFacts: systemd(version) });
  expect(steps.at(-1)).toBe(`+ boot script /etc/xhost/capture/up.sh: ${told}`);
});

const edited =
  (edit: (boot: NonNullable<ReturnType<Facts["boot"]["get"]>>) => ReturnType<Facts["boot"]["get"]>) =>
  (f: Facts): Facts => {
    const own = f.boot.get("capture");
    const boot = own && edit(own);
    return { ...f, boot: boot === undefined ? new Map() : new Map([["capture", boot]]) };
  };

test.each([
  ["removed", edited(() => undefined), "\\+ boot script .*no systemd runs"],
  [
    "edited",
    edited((b) => ({ ...b, digests: new Map([...b.digests, ["/etc/xhost/capture/up.sh", "0"]]) })),
    "~ boot script .*: up.sh changed",
  ],
  [
    "cut short",
    edited((b) => ({ ...b, digests: new Map([...b.digests, ["/etc/xhost/capture/up.sh.part", "0"]]) })),
    "~ boot script .*: up.sh.part not needed",
  ],
])("one that was %s is all there is to do", async (_, editFacts, line) => {
  const [steps = []] = await stepsOf({ moment: "after", editFacts });
  expect(steps).toEqual([expect.stringMatching(line)]);
});

test("nothing where nothing would be lost", async () => {
  const only = "name: capture\nhosts: { h1: 10.211.55.11 }\n";
  expect(await bootsOf({ moment: "before", edit: () => only })).toEqual([]);
});

test("a unit of somebody else's is a conflict, and stays", async () => {
  const path = "/etc/systemd/system/xhost-capture.service";
  const editFacts = (f: Facts): Facts => ({
    ...f,
    boot: new Map([["capture", { digests: new Map(), unit: "enabled", foreign: [path] }]]),
  });
  const seen = await look({ moment: "before", editFacts });
  const [clash] = clashesOf(seen, fabric(seen.inventory, seen.sights), { iKnow: false });
  expect(clash?.message).toBe(
    `h1: ${path}: there is a systemd unit of that name that is not xhost's: remove it, or rename the project`,
  );
  expect(planDestroy(seen, { volumes: false }).flatMap(({ steps }) => steps)).toEqual([]);
});
