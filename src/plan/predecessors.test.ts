import { expect, test } from "vitest";
import { callText } from "./format.ts";
import { planHost } from "./plan.ts";
import type { Container } from "../model/state.ts";

const container = (name: string, more: Partial<Container> = {}): Container => ({
  ...{
    kind: "container",
    name,
    network: "app",
    image: "i",
    imageId: "sha256:1",
    settings: { Image: "1" },
    running: true,
  },
  ...more,
});
const data = { anonymous: [{ name: "f00", destination: "/data" }] };

/** Calls, without the bodies, for one wanted container c1 where those stand; and what is wanted besides. */
const calls = (actual: readonly Container[], more: readonly Container[] = []): readonly string[] =>
  planHost("h1", { desired: [container("c1"), ...more], actual: [...actual, ...more], project: "p" })
    .steps.flatMap((step) => (step.kind === "docker" ? step.calls : []))
    .map((call) =>
      callText(call)
        .replace(/ \{.*Binds.*f00:.data.*/, " with f00")
        .replace(/ \{.*/, ""),
    );

const CREATE = ["POST /containers/create?name=c1", "POST /containers/c1/start"];

test.each<[string, readonly Container[], readonly string[]]>([
  ["renamed by hand", [container("mine", data)], ["POST /containers/mine/rename?name=c1"]],
  [
    "renamed and stopped",
    [container("mine", { ...data, running: false })],
    ["POST /containers/mine/rename?name=c1", "POST /containers/c1/start"],
  ],
  [
    "another one that has to go",
    [container("mine", { ...data, settings: { Image: "2" } })],
    ["DELETE /containers/mine?force=true&v=true", "DELETE /volumes/f00", ...CREATE],
  ],
  [
    "two that are alike: nobody knows which it was",
    [container("one"), container("two")],
    ["DELETE /containers/one?force=true&v=true", "DELETE /containers/two?force=true&v=true", ...CREATE],
  ],
  [
    "left by an interrupted replacement, with other settings",
    [container("c1.xhost-old", { ...data, running: false, settings: { Image: "2" } })],
    [
      "POST /containers/create?name=c1 with f00",
      "POST /containers/c1/start",
      "DELETE /containers/c1.xhost-old?force=true&v=true",
    ],
  ],
  [
    "left beside its successor, which has its volume",
    [container("c1"), container("c1.xhost-old", { ...data, running: false })],
    ["DELETE /containers/c1.xhost-old?force=true&v=true"],
  ],
  [
    "left beside a successor that has not started: it goes when that has",
    [container("c1", { ...data, running: false }), container("c1.xhost-old", { ...data, running: false })],
    ["POST /containers/c1/start", "DELETE /containers/c1.xhost-old?force=true&v=true"],
  ],
  [
    "the same, and a restart of Docker has started it again: it has the ports",
    [container("c1", { ...data, running: false }), container("c1.xhost-old", data)],
    [
      "POST /containers/c1.xhost-old/stop",
      "POST /containers/c1/start",
      "DELETE /containers/c1.xhost-old?force=true&v=true",
    ],
  ],
  [
    "a successor that has not started, and is not wanted any more",
    [
      container("c1", { ...data, running: false, settings: { Image: "3" } }),
      container("c1.xhost-old", { ...data, running: false, settings: { Image: "2" } }),
    ],
    [
      "DELETE /containers/c1?force=true&v=false",
      "POST /containers/create?name=c1 with f00",
      "POST /containers/c1/start",
      "DELETE /containers/c1.xhost-old?force=true&v=true",
    ],
  ],
  [
    "the same, with data of its own",
    [
      container("c1", { ...data, running: false, settings: { Image: "3" } }),
      container("c1.xhost-old", { running: false, anonymous: [{ name: "f01", destination: "/data" }] }),
    ],
    [
      "DELETE /containers/c1.xhost-old?force=true&v=true",
      "POST /containers/c1/rename?name=c1.xhost-old",
      "POST /containers/create?name=c1 with f00",
      "POST /containers/c1/start",
      "DELETE /containers/c1.xhost-old?force=true&v=true",
    ],
  ],
])("%s", (_what, actual, expected) => {
  expect(calls(actual)).toEqual(expected);
});
