import { expect, test } from "vitest";
import { parseBoot } from "./boot.ts";

const A = "a".repeat(64);
const show = (id: string, active: string, sub: string, file: string, restarts = 0): string =>
  `Id=${id}\nActiveState=${active}\nSubState=${sub}\nUnitFileState=${file}\nNRestarts=${restarts}\n`;

test("nothing of xhost, and no systemd", () => {
  expect(parseBoot("", "", "")).toEqual({ systemd: undefined, boot: new Map() });
});

test("files by project, what was being written among them, and nobody else's units", () => {
  const paths = [
    "/etc/xhost/demo/up.sh",
    "/etc/xhost/other/rules.part",
    "/etc/systemd/system/xhost-demo.service",
    "/etc/systemd/system/xhost-other.path.part",
    "/etc/systemd/system/xhost-demo.service.d/mine.conf",
  ];
  const { boot } = parseBoot(`${paths.map((path) => `${A}  ${path}`).join("\n")}\n`, "Version=252\n", "");
  expect([...boot].map(([project, { digests }]) => [project, [...digests.keys()]])).toEqual([
    ["demo", [paths[0], paths[2]]],
    ["other", [paths[1], paths[3]]],
  ]);
});

test.each([
  ["enabled", [show("xhost-demo.service", "inactive", "dead", "enabled")]],
  ["enabled", [show("xhost-demo.service", "activating", "start", "enabled")]],
  ["disabled", [show("xhost-demo.service", "inactive", "dead", "disabled")]],
  ["failed", [show("xhost-demo.service", "failed", "failed", "enabled")]],
  ["failed", [show("xhost-demo.service", "activating", "auto-restart", "enabled")]],
  // started again, and at it; then that has succeeded
  ["failed", [show("xhost-demo.service", "activating", "start", "enabled", 1)]],
  ["enabled", [show("xhost-demo.service", "inactive", "dead", "enabled", 3)]],
  [
    "inactive",
    [show("xhost-demo.service", "inactive", "dead", "enabled"), show("xhost-demo.path", "inactive", "dead", "enabled")],
  ],
  [
    "enabled",
    [
      show("xhost-demo.service", "inactive", "dead", "enabled"),
      show("xhost-demo.path", "active", "waiting", "enabled"),
    ],
  ],
])("units that are %s", (state, blocks) => {
  const { systemd, boot } = parseBoot(`${A}  /etc/xhost/demo/up.sh\n`, `Version=252\n${blocks.join("\n")}`, "");
  expect(systemd).toBe(252);
  expect(boot.get("demo")?.unit).toBe(state);
});

test("a unit of such a name that somebody else has written is not ours", () => {
  const path = "/etc/systemd/system/xhost-demo.service";
  const { boot } = parseBoot(`${A}  ${path}\n${A}  /etc/xhost/demo/up.sh\n`, "", `${path}\n`);
  expect(boot.get("demo")).toEqual({
    digests: new Map([["/etc/xhost/demo/up.sh", A]]),
    unit: undefined,
    foreign: [path],
  });
});
