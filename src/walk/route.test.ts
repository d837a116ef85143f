import { expect, test } from "vitest";
import type { DeepLink, DeepRoute, Space } from "../model/depth.ts";
import { disbelief } from "./route.ts";

const route = (destination: string, device: string, more: Partial<DeepRoute> = {}): DeepRoute => ({
  ...{ table: "main", type: "unicast", gateway: undefined, protocol: "", metric: 0, source: undefined },
  ...{ mtu: undefined, onlink: false, flags: [], multipath: false },
  destination,
  device,
  ...more,
});

const link = (name: string, ...addresses: readonly string[]): DeepLink =>
  ({ name, up: true, addresses: addresses.map((address) => ({ address, prefix: 24 })) }) as unknown as DeepLink;

/** Where packets of 172.30.1.2 come in by a tunnel or the NIC, and the way back is by the other one. */
const judged = (incoming: string, mode: { readonly own: string; readonly all?: string }, back: DeepRoute) => {
  const policy = { priority: 9, action: "lookup", table: "main", not: false, others: [], text: "from all lookup main" };
  const space = {
    links: [link("tunnel"), link("eth0", "10.0.0.2")],
    policies: [policy],
    routes: [back],
    conf: new Map([
      [`${incoming}.rp_filter`, mode.own],
      ["all.rp_filter", mode.all ?? "0"],
    ]),
  } as unknown as Space;
  const said = disbelief(space, { source: "172.30.1.2", destination: "172.30.2.2", mark: 0, incoming });
  return said && `${said.decides.kind}: ${said.why.replace(/;.*/, "")}`;
};

const ELSEWHERE = /^sysctl: it came in by \w+, but the way back to its source 172\.30\.1\.2 is by \w+ /;

test.each([
  ["strict, on a device with an address", "eth0", { own: "1" }, "tunnel", ELSEWHERE],
  ["loose, on a device with an address", "eth0", { own: "2" }, "tunnel", undefined],
  ["strict, on a device without one", "tunnel", { own: "1" }, "eth0", ELSEWHERE],
  ["loose, on a device without one", "tunnel", { own: "2" }, "eth0", ELSEWHERE],
  ["off there, and loose for all", "tunnel", { own: "0", all: "2" }, "eth0", ELSEWHERE],
  ["off", "tunnel", { own: "0" }, "eth0", undefined],
  ["loose, with the way back by the same device", "tunnel", { own: "2" }, "tunnel", undefined],
] as const)("%s", (_what, incoming, mode, device, wanted) => {
  const said = judged(incoming, mode, route("172.30.1.0/24", device));
  if (wanted === undefined) expect(said).toBeUndefined();
  else expect(said).toMatch(wanted);
});

test("a dead end is what decides, and not the filter that asks for a way back", () => {
  const back = route("172.30.1.0/24", "", { type: "blackhole", device: undefined });
  expect(judged("eth0", { own: "2" }, back)).toBe("route: there is no route back to its source 172.30.1.2");
  expect(judged("eth0", { own: "2" }, route("192.0.2.0/24", "eth0"))).toBe(
    "sysctl: there is no route back to its source 172.30.1.2",
  );
});
