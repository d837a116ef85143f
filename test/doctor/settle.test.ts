import { expect, test } from "vitest";
import { examine } from "../../src/doctor/checks/examine.ts";
import { settled } from "../../src/doctor/checks/settle.ts";
import { deletionOf } from "../../src/model/overlaps.ts";
import { chainName } from "../../src/model/names.ts";
import type { Facts } from "../../src/model/facts.ts";
import { named, sceneOf } from "./scenes.ts";

const isFirst = ({ sshAddress }: Facts): boolean => sshAddress === "10.211.55.11";
const foreign = (route: Partial<Facts["routes"][number]>) => (f: Facts) =>
  isFirst(f)
    ? { ...f, routes: [...f.routes, { device: "eth0", metric: 0, protocol: "", destination: "", ...route }] }
    : f;

/** As after a restart: only what Docker puts into the kernel. */
const restarted = (f: Facts): Facts => ({
  ...f,
  routes: f.routes.filter(({ protocol }) => protocol !== "88"),
  tables: new Map(
    [...f.tables].map(([name, table]) => {
      const own = chainName("capture");
      const kept = [...table.chains].filter(([chain]) => chain !== own);
      return [
        name,
        {
          ...table,
          chains: new Map(kept.map(([chain, { rules }]) => [chain, { rules: rules.filter((r) => !r.endsWith(own)) }])),
        },
      ];
    }),
  ),
});

test("a host that was restarted is one finding, with what is gone below it", async () => {
  const editFacts = (f: Facts): Facts => (isFirst(f) ? restarted(f) : f);
  expect(await named({ moment: "after", editFacts })).toEqual(["state-lost h1 fault"]);
  const [cause] = settled(examine(await sceneOf({ moment: "after", editFacts }), {}));
  expect(cause?.seen).toMatch(/as after a restart:\nroute-missing: .*\nrules-missing: /);
  expect(cause?.remedy.command).toBe("xhost deploy inventory.yml");
});

test("one kind of thing that is gone is no restart", async () => {
  const editFacts = (f: Facts): Facts => (isFirst(f) ? { ...f, routes: restarted(f).routes } : f);
  expect(await named({ moment: "after", editFacts })).toEqual(["route-missing h1 fault"]);
});

test("what keeps deploy from working comes first, and remedies by deploy wait for it", async () => {
  const editFacts = (f: Facts): Facts =>
    foreign({ destination: "10.211.55.12/32", gateway: "10.211.55.99" })({ ...f, tables: restarted(f).tables });
  const all = settled(examine(await sceneOf({ moment: "after", editFacts }), {}));
  expect(all[0]).toMatchObject({ id: "route-foreign", host: "h1", peer: "h2" });
  expect(all[0]?.remedy).toEqual({
    on: "h1",
    command: "ip route del 10.211.55.12/32 via 10.211.55.99 dev eth0",
  });
  const late = all.slice(1).filter(({ id }) => id === "rules-missing");
  expect(late.length).toBeGreaterThan(0);
  for (const { remedy } of late)
    expect(remedy.command).toMatch(/^# after that which stands first, on h1: .*\nxhost deploy inventory.yml$/);
});

test("a route is taken away by words that fit no route of ours", () => {
  const route = { destination: "172.30.1.0/24", device: "eth0", gateway: "10.0.0.2", metric: 0, protocol: "" };
  expect(deletionOf(route).join(" ")).toBe("ip route del 172.30.1.0/24 via 10.0.0.2 dev eth0 proto boot");
  expect(deletionOf({ ...route, metric: 50, protocol: "186" }).join(" ")).toBe(
    "ip route del 172.30.1.0/24 via 10.0.0.2 dev eth0 proto 186 metric 50",
  );
});
