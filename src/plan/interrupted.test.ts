// Plans that are cut off behind each of their calls, on a model of Docker: the next one completes it, and the anonymous volume of the
// container is in its successor.
import { describe, expect, test } from "vitest";
import { done, network, observed, refused, type Box, type Docker } from "../../test/fakes/engine.ts";
import type { ContainerBody } from "../model/container-body.ts";
import type { Container, HostState, Network, Volume } from "../model/state.ts";
import { callText } from "./format.ts";
import { planHost } from "./plan.ts";
import type { DockerCall } from "./step.ts";

const wanted = (image: string, on = "app"): Container => {
  const body: ContainerBody = {
    Image: image,
    HostConfig: { NetworkMode: on, Mounts: [{ Type: "volume", Target: "/data" }] },
  };
  const settings = { Image: image, NetworkMode: on };
  return {
    ...{ kind: "container", name: "c1", network: on, image, imageId: image, settings, running: true },
    body,
    shown: body,
  };
};

const callsFor = (docker: Docker, desired: HostState): readonly DockerCall[] =>
  planHost("h1", { desired, actual: observed(docker), project: "p" }).steps.flatMap((step) =>
    step.kind === "docker" ? step.calls : [],
  );

/** Applies what is missing for `desired`, but for what comes after the first `limit` calls. */
const deployed = (docker: Docker, desired: HostState, limit = Infinity): readonly DockerCall[] => {
  const calls = callsFor(docker, desired);
  for (const call of calls.slice(0, limit)) done(docker, call);
  return calls;
};

const standing = (): Docker => ({
  networks: new Map([["app", "172.30.1.0/24"]]),
  boxes: [
    {
      ...{ name: "c1", image: "one", mode: "app", networks: ["app"], running: true },
      ...{ kept: [{ name: "f00", destination: "/data" }], own: ["f00"] },
    },
  ],
  volumes: ["f00"],
});

const before: HostState = [network("app", "172.30.1.0/24"), wanted("one")];
const CHANGES: readonly (readonly [string, readonly (Network | Container | Volume)[]])[] = [
  ["another image", [network("app", "172.30.1.0/24"), wanted("two")]],
  ["another pool", [network("app", "172.31.1.0/24"), wanted("one")]],
  ["another pool and image", [network("app", "172.31.1.0/24"), wanted("two")]],
  ["another network", [network("web", "172.31.1.0/24"), wanted("one", "web")]],
];

const expectWhole = (docker: Docker, desired: HostState, told: string): void => {
  expect(callsFor(docker, desired).map(callText), told).toEqual([]);
  expect(
    docker.boxes.map(({ name, running }) => `${name} ${running}`),
    told,
  ).toEqual(["c1 true"]);
  expect(docker.boxes[0]?.kept, told).toEqual([{ name: "f00", destination: "/data" }]);
  expect(docker.volumes, told).toEqual(["f00"]);
};

describe.each(CHANGES)("%s, cut off behind each of its calls", (_what, after) => {
  const cuts = (docker: Docker): readonly number[] =>
    Array.from({ length: callsFor(docker, after).length }, (_, n) => n + 1);

  test("is completed by the next one, also when that is cut off", () => {
    for (const first of cuts(standing())) {
      const once = standing();
      const calls = deployed(once, after, first);
      const told = `behind ${callText(calls[first - 1]!)}`;
      for (const second of [0, ...cuts(once)]) {
        const docker = structuredClone(once);
        deployed(docker, after, second);
        deployed(docker, after);
        expectWhole(docker, after, `${told}, then ${second} calls`);
      }
    }
  });
  test("is taken back by going back to the inventory of before", () => {
    for (const first of cuts(standing())) {
      const docker = standing();
      deployed(docker, after, first);
      deployed(docker, before);
      expectWhole(docker, before, `after ${first} calls`);
    }
  });
  test("is removed with its volume by destroy", () => {
    for (const first of cuts(standing())) {
      const docker = standing();
      deployed(docker, after, first);
      deployed(docker, []);
      expect(docker, `after ${first} calls`).toEqual({ networks: new Map(), boxes: [], volumes: [] });
    }
  });
  test("with Docker restarted in between, which starts what it finds", () => {
    for (const first of cuts(standing())) {
      const docker = standing();
      deployed(docker, after, first);
      for (const box of docker.boxes) box.running = box.networks.every((name) => docker.networks.has(name));
      deployed(docker, after);
      expectWhole(docker, after, `after ${first} calls`);
    }
  });
  test("with a successor that does not start: what was before is there until another one runs", () => {
    for (const first of cuts(standing())) {
      const docker = standing();
      deployed(docker, after, first);
      const isFirst = ({ own }: Box): boolean => own.includes("f00");
      if (docker.boxes.some((box) => box.running && !isFirst(box))) continue;
      expect(() => {
        for (const call of callsFor(docker, after)) {
          if (call.call === "startContainer") refused("does not start");
          done(docker, call);
        }
      }).toThrow(/does not start/);
      expect(docker.boxes.some(isFirst), `after ${first} calls`).toBe(true);
      deployed(docker, after);
      expectWhole(docker, after, `after ${first} calls`);
    }
  });
});
