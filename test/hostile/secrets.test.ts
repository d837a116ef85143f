import fc from "fast-check";
import { expect, test } from "vitest";
import { planJson } from "../../src/commands/change.ts";
import { plansOf } from "../../src/commands/planning.ts";
import { applyHost } from "../../src/apply/apply.ts";
import { XhostError } from "../../src/errors.ts";
import { parseInventory } from "../../src/inventory/parse.ts";
import { fabric } from "../../src/model/fabric.ts";
import { formatPlan } from "../../src/plan/format.ts";
import { containerStep } from "../../src/plan/container-steps.ts";
import type { DockerCall, HostPlan } from "../../src/plan/step.ts";
import type { Host } from "../../src/ssh/host.ts";
import { look } from "../captured.ts";
import { hostile } from "./texts.ts";

/** The captured hosts with one container that has a secret wherever an inventory can have one. */
const planned = async (secret: string) => {
  const seen = await look({ moment: "before" });
  const service = {
    image: "xhost-lab:1",
    command: ["serve", "--password=${SECRET}", "literal"],
    entrypoint: ["sh", "-c", "x ${SECRET}"],
    environment: {
      A: "${SECRET}",
      B: "x${SECRET}y",
      C: secret.replaceAll("$", "$$$$"),
      D: "${NONE:-fallback!}",
      E: null,
      F: 80,
    },
    labels: { "org.example.token": "${SECRET}" },
    healthcheck: { test: ["CMD", "check", "${SECRET}"], interval: "${TIME}" },
    logging: { driver: "syslog", options: { tag: "${SECRET}" } },
    extra_hosts: ["x:${SECRET}"],
    ports: ["${PORT}:80"],
    mem_limit: "${MEMORY}",
  };
  const text = JSON.stringify({
    name: "capture",
    hosts: { h1: "10.211.55.11", h2: "10.211.55.12", h3: "10.211.55.13" },
    networks: { app: { pool: "172.30.0.0/16", plane: "route" } },
    containers: {
      map: { host: "h1", network: "app", ...service },
      list: {
        host: "h2",
        network: "app",
        image: "xhost-lab:1",
        environment: ["A=${SECRET}", "B", `C=${service.environment.C}`],
      },
    },
  });
  const env = { SECRET: secret, TIME: "30s", PORT: "8080", MEMORY: "64m", E: `E${secret}`, B: `B${secret}` };
  const inventory = parseInventory(text, { file: "i.yml", env });
  const its = { ...seen, inventory };
  return { seen: its, plans: plansOf(its, fabric(inventory, seen.sights), { env }) };
};

const bodies = (plans: readonly HostPlan[]) =>
  plans.flatMap(({ steps }) =>
    steps.flatMap((s) =>
      s.kind === "docker" ? s.calls.flatMap((c) => (c.call === "createContainer" ? [c] : [])) : [],
    ),
  );

test("a plan shows names of variables, and of the environment names alone", async () => {
  const { seen, plans } = await planned("hunter2-$-'\"");
  const [map, list] = bodies(plans);
  expect(map!.body["Env"]).toEqual([
    "A=hunter2-$-'\"",
    "B=xhunter2-$-'\"y",
    "C=hunter2-$-'\"",
    "D=fallback!",
    "E=Ehunter2-$-'\"",
    "F=80",
  ]);
  expect(map!.shown).toMatchObject({
    Cmd: ["serve", "--password=${SECRET}", "literal"],
    Entrypoint: ["sh", "-c", "x ${SECRET}"],
    Env: ["A=${SECRET}", "B=***", "C=***", "D=***", "E=${E}", "F=***"],
    Labels: { "org.example.token": "${SECRET}", "io.xhost.project": "capture" },
    Healthcheck: { Test: ["CMD", "check", "${SECRET}"], Interval: 30e9 },
    HostConfig: { LogConfig: { Config: { tag: "${SECRET}" } }, ExtraHosts: ["x:${SECRET}"], Memory: 67108864 },
  });
  expect(map!.shown.Labels?.["io.xhost.settings"]).toMatch(
    /Cmd=\*\*\*,Entrypoint=\*\*\*,Env=\*\*\*,ExposedPorts=[0-9a-f]{8},/,
  );
  expect(list!.shown["Env"]).toEqual(["A=${SECRET}", "B=${B}", "C=***"]);
  const text = formatPlan(plans) + JSON.stringify(planJson(plans, seen));
  expect(text).not.toContain("hunter2");
  expect(text).not.toContain("fallback!");
});

test("whatever the secret, it is not in a plan", async () => {
  const secret = hostile.map((text) => `s3cr3t${text}end`).filter((text) => text.isWellFormed());
  await fc.assert(
    fc.asyncProperty(secret, async (value) => {
      const { seen, plans } = await planned(value);
      expect(JSON.stringify(bodies(plans).map((call) => call.body))).toContain("s3cr3t");
      const told = formatPlan(plans) + JSON.stringify(planJson(plans, seen));
      expect(told).not.toContain("s3cr3t");
    }),
    { numRuns: 60 },
  );
});

const refusedBy = async (docker: object, calls: readonly DockerCall[]): Promise<XhostError> => {
  const host = { name: "h1", docker } as unknown as Host;
  const context = {
    say: () => undefined,
    signal: new AbortController().signal,
    confirmTimeout: 60,
    confirm: () => Promise.resolve(),
  };
  const steps = [{ kind: "docker", changes: [], calls } as const];
  const error: unknown = await applyHost(host, { host: "h1", steps }, context).catch((e: unknown) => e);
  if (!(error instanceof XhostError)) throw error;
  return error;
};

/** As engines do with a container's command. */
const refusing = (secret: string) => (): Promise<never> => {
  const refusal = `bad A=${secret}: exec: ${JSON.stringify(`--password=${secret}`)}: not found`;
  return Promise.reject(Object.assign(new Error(refusal), { statusCode: 400 }));
};

const SECRET = 'hunter2-"\\x';

test("an engine that repeats what it refuses tells nobody the secret", async () => {
  const { plans } = await planned(SECRET);
  const [call] = bodies(plans);
  const { message, stack = "" } = await refusedBy({ createContainer: refusing(SECRET) }, [call!]);
  expect(message).toBe('h1: create container map: bad A=***: exec: "--password=***": not found');
  expect(stack).not.toContain("hunter2");
});

test("nor when it refuses what is to be taken back", async () => {
  const { plans } = await planned(SECRET);
  const [call] = bodies(plans);
  const container = { stop: () => Promise.resolve(), start: refusing(SECRET) };
  const docker = { createContainer: refusing(SECRET), getContainer: () => container };
  const stop = { call: "stopContainer", name: "map", undo: { call: "startContainer", name: "map" } } as const;
  const { message } = await refusedBy(docker, [stop, call!]);
  expect(message).toContain("could not be taken back:\nh1: start container map: bad A=***: exec");
  expect(message).not.toContain("hunter2");
});

test("nor when it refuses to start a container that stands already", async () => {
  const { plans } = await planned(SECRET);
  const [map] = bodies(plans);
  const want = {
    ...({
      kind: "container",
      name: "map",
      network: "app",
      image: "i",
      imageId: "1",
      settings: {},
      running: true,
    } as const),
    ...{ body: map!.body, shown: map!.shown },
  };
  const step = containerStep({ want, have: { ...want, running: false }, changed: ["not running"] });
  const { message } = await refusedBy({ getContainer: () => ({ start: refusing(SECRET) }) }, step.calls);
  expect(message).toBe('h1: start container map: bad A=***: exec: "--password=***": not found');
});

test("and what it is told beside a start is in no JSON", async () => {
  const { seen, plans } = await planned(SECRET);
  const [map] = bodies(plans);
  const calls = [{ call: "startContainer", name: "map", made: map! } as const];
  const json = planJson([{ host: "h1", steps: [{ kind: "docker", changes: [], calls }] }], seen);
  expect(json.hosts["h1"]).toEqual([{ kind: "docker", changes: [], calls: [{ call: "startContainer", name: "map" }] }]);
});
