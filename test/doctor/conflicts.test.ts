import { describe, expect, test } from "vitest";
import { conflicts } from "../../src/doctor/checks/conflicts.ts";
import type { Facts } from "../../src/model/facts.ts";
import { sceneOf } from "./scenes.ts";

describe("addresses of the fabric that a host has already", () => {
  const remedies = async (
    edit: (text: string) => string,
    route?: Facts["routes"][number],
  ): Promise<readonly string[]> => {
    const editFacts = (f: Facts): Facts => (route === undefined ? f : { ...f, routes: [...f.routes, route] });
    const found = conflicts(await sceneOf({ moment: "before", edit, editFacts }));
    return found.filter(({ host }) => host === "h1").map(({ remedy }) => remedy.command);
  };
  // By names: the file itself is refused with addresses that are in its pool.
  const lan = (text: string): string =>
    text
      .replace(/10\.211\.55\.(\d+)/g, "h$1.example")
      .replace("172.30.0.0/16", "10.211.55.0/24")
      .replace("prefix: 24", "prefix: 26");
  const asIs = (text: string): string => text;
  const route = { destination: "172.30.0.0/16", metric: 0, protocol: "3" } as Facts["routes"][number];

  test("the LAN by which ssh comes in is left alone", async () => {
    const all = await remedies(lan);
    expect(all).toContain("# choose another pool, then\nxhost deploy inventory.yml");
    expect(all.join("\n")).not.toContain("ip address del");
  });
  test("a route of a VPN is left alone, one that leads nowhere may go", async () => {
    const vpn = await remedies(asIs, { ...route, gateway: "10.8.0.1", device: "tun0" });
    expect(vpn).toEqual(["# choose another pool, then\nxhost deploy inventory.yml"]);
    const nowhere = await remedies(asIs, { ...route, gateway: undefined, device: undefined });
    expect(nowhere).toEqual([
      "# choose another pool; or, if nobody needs it any more,\nip route del 172.30.0.0/16 proto 3",
    ]);
  });
  test("a route to one block of the fabric is named as it stands, and may go", async () => {
    const subnet = (await sceneOf({ moment: "after" })).fabric.subnets.get("app")?.get("h2")?.[0] ?? "";
    const stray = { ...route, destination: subnet, protocol: "", gateway: "10.211.55.99", device: "eth0" };
    const editFacts = (f: Facts): Facts => ({ ...f, routes: [...f.routes, stray] });
    const found = conflicts(await sceneOf({ moment: "after", editFacts })).find(({ host }) => host === "h1");
    expect(found).toMatchObject({ id: "route-foreign", peer: "h2", remedy: { on: "h1" } });
    expect(found?.seen).toContain(`overlaps the route ${subnet} via 10.211.55.99 dev eth0`);
    expect(found?.remedy.command).toMatch(/\nip route del \S+ via 10\.211\.55\.99 dev eth0 proto boot$/);
  });
  test("a container's name that is taken claims that container's checks alone", async () => {
    const editFacts = (f: Facts): Facts => ({
      ...f,
      containers: f.containers.map((c) => (c.name === "c1" ? { ...c, labels: {} } : c)),
    });
    const [taken] = conflicts(await sceneOf({ moment: "after", editFacts }));
    const end = (n: number) => ({ ref: `c${n}`, host: `h${n}` });
    expect(taken).toMatchObject({ id: "name-taken", host: "h1" });
    expect(taken?.hitsCheck?.(end(2), end(1))).toBe(true);
    expect(taken?.hitsCheck?.(end(2), { ref: "other", host: "h1" })).toBe(false);
  });
});
