import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { XhostError } from "../errors.ts";
import type { ContainerBody } from "../model/container-body.ts";
import type { Container } from "../model/state.ts";
import { containerStep } from "../plan/container-steps.ts";
import type { Host } from "../ssh/host.ts";
import { applyHost } from "./apply.ts";

/** A Docker that starts no container which it has made, and one of before only when `returns`; what it did is in `done`. */
const stubborn = (returns: boolean): { host: Host; done: string[] } => {
  const done: string[] = [];
  const old = new Set(["c1"]);
  const note = (what: string): Promise<void> => {
    done.push(what);
    return Promise.resolve();
  };
  const refused = (why: string): Promise<never> => Promise.reject(Object.assign(new Error(why), { statusCode: 500 }));
  const container = (name: string) => ({
    start: () => (old.has(name) && returns ? note(`start ${name}`) : refused(`no start of ${name}`)),
    stop: () => note(`stop ${name}`),
    rename: ({ name: to }: { name: string }) => {
      if (old.delete(name)) old.add(to);
      return note(`rename ${name} ${to}`);
    },
    remove: () => note(`remove ${name}`),
  });
  const docker = { createContainer: () => note("create"), getContainer: container };
  return { host: { name: "h1", docker } as unknown as Host, done };
};
const settings = { kind: "container", name: "c1", image: "i", network: "app" } as const;
const replaced = (running: boolean) =>
  containerStep({
    want: { ...settings, running: true } as unknown as Container,
    have: { ...settings, running } as unknown as Container,
    changed: ["image"],
  });
const quiet = {
  say: () => undefined,
  signal: new AbortController().signal,
  confirmTimeout: 60,
  confirm: () => Promise.resolve(),
};
const failure = async (host: Host, running: boolean): Promise<XhostError> => {
  const error: unknown = await applyHost(host, { host: "h1", steps: [replaced(running)] }, quiet).catch(
    (e: unknown) => e,
  );
  if (!(error instanceof XhostError)) throw error;
  return error;
};

test("a successor that does not start: the error says that the one before is back", async () => {
  const { host, done } = stubborn(true);
  const error = await failure(host, true);
  expect(error.message).toBe(
    "h1: start container c1: no start of c1\nthe container c1 that was there before is back and runs",
  );
  expect(error.host).toBe("h1");
  expect(done.slice(-2)).toEqual(["rename c1.xhost-old c1", "start c1"]);
  expect((await failure(stubborn(true).host, false)).message).toMatch(/ is back, not running as before$/);
});

test("one that does not come back is not said to be back", async () => {
  expect((await failure(stubborn(false).host, true)).message).toBe(
    "h1: start container c1: no start of c1\nand it could not be taken back:\nh1: start container c1: no start of c1",
  );
});

/** A host that runs scripts, and an interrupt that comes with one of them. */
test("an interrupt waits for what brings a confirmed change back after a restart, and for nothing else", async () => {
  const interrupt = new AbortController();
  const ran: string[] = [];
  const host = {
    name: "h1",
    run: (script: string) => {
      ran.push(script.split("\n").at(-1) ?? "");
      return Promise.resolve("");
    },
  } as unknown as Host;
  const context = {
    ...{ say: () => undefined, signal: interrupt.signal, confirmTimeout: 60 },
    confirm: () => {
      interrupt.abort();
      return Promise.resolve();
    },
  };
  const step = (script: string) => ({ kind: "shell" as const, changes: [], script });
  const risky = { ...step("routes"), undo: { project: "p", script: "no routes" } };
  const steps = [step("early"), risky, step("boot"), step("keys"), { kind: "docker" as const, changes: [], calls: [] }];
  await expect(applyHost(host, { host: "h1", steps }, context)).rejects.toThrow("aborted");
  expect(ran).toEqual(["early", "routes", "boot", "keys"]);
});

/** A Docker that tells how many containers were being started at a time at most. */
const counting = () => {
  const counts = { now: 0, most: 0 };
  const start = async (): Promise<void> => {
    counts.most = Math.max(counts.most, ++counts.now);
    await setTimeout(5);
    counts.now -= 1;
  };
  const docker = {
    createContainer: () => Promise.resolve(),
    getContainer: () => ({ start, remove: () => Promise.resolve() }),
  };
  return { counts, host: { name: "h1", docker } as unknown as Host };
};
const fresh = (name: string, body: object = {}) => ({
  kind: "docker" as const,
  changes: [],
  calls: [
    {
      call: "createContainer" as const,
      name,
      body: { HostConfig: {}, ...body } as ContainerBody,
      shown: {} as ContainerBody,
    },
    { call: "startContainer" as const, name },
  ],
});
const replacing = (name: string) => {
  const step = fresh(name);
  return { ...step, calls: [...step.calls, { call: "removeContainer" as const, name: `${name}.old`, volumes: false }] };
};
const addressed = { NetworkingConfig: { EndpointsConfig: { app: { IPAMConfig: { IPv4Address: "172.30.1.9" } } } } };

const data = { HostConfig: { Binds: ["data:/d:ro"] } };

test.each([
  ["new ones four at a time", ["a", "b", "c", "d", "e"].map((name) => fresh(name)), 4],
  ["none beside one that has chosen its address", [fresh("a"), fresh("b", addressed), fresh("c")], 1],
  [
    "none beside one with the same volume",
    [fresh("a", data), fresh("b", { HostConfig: { Binds: ["other:/d"] } }), fresh("c", data)],
    2,
  ],
  ["none beside one that takes another one's place", [fresh("a"), replacing("b"), fresh("c")], 1],
])("containers side by side: %s", async (_, steps, most) => {
  const { counts, host } = counting();
  await applyHost(host, { host: "h1", steps }, quiet);
  expect(counts).toEqual({ now: 0, most });
});

test("of containers side by side each failure is told, a lost connection once", async () => {
  const failing = (codes: Readonly<Record<string, "REMOTE" | "UNREACHABLE">>) => {
    const made = (name: string): Promise<void> =>
      codes[name] === undefined
        ? Promise.resolve()
        : Promise.reject(new XhostError(codes[name], `${name} is not to be had`, { host: "h1" }));
    const docker = {
      createContainer: ({ name }: { name: string }) => made(name),
      getContainer: () => ({ start: () => Promise.resolve(), remove: () => Promise.resolve() }),
    };
    const steps = ["a", "b", "c"].map((name) => fresh(name));
    return applyHost({ name: "h1", docker } as unknown as Host, { host: "h1", steps }, quiet);
  };
  await expect(failing({ a: "REMOTE", c: "REMOTE" })).rejects.toThrow("h1: a is not to be had\nh1: c is not to be had");
  await expect(failing({ a: "REMOTE", b: "UNREACHABLE", c: "UNREACHABLE" })).rejects.toMatchObject({
    code: "UNREACHABLE",
    message: "h1: b is not to be had\nh1: a is not to be had",
  });
});
