// A network that is Docker's own on one host: its bridge is known there by another name.
import { expect, test } from "vitest";
import { examine } from "../../src/doctor/checks/examine.ts";
import { health } from "../../src/doctor/checks/health.ts";
import { parseHealth } from "../../src/observe/health.ts";
import { sceneOf } from "./scenes.ts";

const adopted = {
  moment: "after" as const,
  edit: (text: string) => text.replace("plane: route", "plane: route\n    existing: { h2: bridge }"),
};
const isOff = { conf: new Map([["docker0.forwarding", "0"]]) };

test("a bridge of an adopted network that does not forward", async () => {
  const found = async (each: Parameters<typeof sceneOf>[0]): Promise<readonly string[]> =>
    examine(await sceneOf(each, () => isOff), {})
      .filter(({ id }) => id === "interface-forwarding")
      .map(({ host, seen }) => `${host} ${seen}`);
  expect(await found(adopted)).toEqual(["h2 net.ipv4.conf.docker0.forwarding is 0"]);
  expect(await found({ moment: "after" })).toEqual([]);
});

test("a bridge of an adopted network that NetworkManager manages", async () => {
  const said = parseHealth("\u001emanager\ndocker0:connected\n", { sent: 0, got: 0 });
  const found = async (each: Parameters<typeof sceneOf>[0]): Promise<readonly string[]> => {
    const scene = await sceneOf(each);
    return health(scene, new Map(scene.seen.map(({ host }) => [host, said])))
      .filter(({ id }) => id === "networkmanager")
      .map(({ host, seen }) => `${host} ${seen}`);
  };
  expect(await found(adopted)).toEqual(["h2 NetworkManager manages docker0"]);
  expect(await found({ moment: "after" })).toEqual([]);
});
