import { describe, expect, test } from "vitest";
import { clashesOf } from "../src/commands/planning.ts";
import { look, type Case } from "./captured.ts";
import { fabric } from "../src/model/fabric.ts";

// What a plan may not do on what real hosts said: refused before the first change.
describe("what must not be changed is refused", () => {
  // One line per clash: how the inventory or the host differs from the captured ones, and what is said.
  test.each<[string, Case, RegExp]>([
    [
      "docker network in the pool",
      { moment: "before", edit: (t) => t.replace("172.30.0.0/16", "172.17.0.0/16") },
      /^h1: network app: 172\.17\.\d+\.0\/24, its block here, overlaps the Docker network bridge \(172\.17\.0\.0\/16\) on this host \(and 2 more of its blocks\): choose another pool$/m,
    ],
    [
      "both ends adopt the same range",
      {
        moment: "before",
        edit: (t) => t.replace(/pool:.*\n.*prefix:.*\n/, "existing: { h1: bridge, h2: bridge, h3: bridge }\n"),
      },
      /^h2: network app: 172\.17\.0\.0\/16 of h1 overlaps the Docker network bridge/m,
    ],
    [
      "a foreign route",
      {
        moment: "before",
        editFacts: (f) => ({
          ...f,
          routes: [...f.routes, { destination: "172.16.0.0/12", device: "tun0", protocol: "static", metric: 0 }],
        }),
      },
      /overlaps the route 172\.16\.0\.0\/12 dev tun0 on this host/,
    ],
    [
      "a foreign network of that name",
      {
        moment: "before",
        editFacts: (f) => ({
          ...f,
          networks: [
            ...f.networks,
            {
              id: "1",
              name: "app",
              driver: "bridge",
              subnets: [],
              gateway: undefined,
              bridge: "br-1",
              mtu: 1500,
              labels: {},
            },
          ],
        }),
      },
      /network app: there is a Docker network of that name that is not xhost's/,
    ],
    [
      "a network of another project",
      { moment: "after", edit: (t) => t.replace("name: capture", "name: other") },
      /network app: there is a Docker network of that name that belongs to the project capture/,
    ],
    [
      "the same address twice",
      { moment: "before", edit: (t) => t.replace("h2: { ssh:", "h2: { address: 10.211.55.11, ssh:") },
      /h1: has the same address as h2/,
    ],
    [
      "a peer behind a gateway",
      { moment: "before", edit: (t) => t.replace("h2: { ssh:", "h2: { address: 10.9.9.9, ssh:") },
      /h1: network app: plane route does not cross between h1 and h2: h2 \(10\.9\.9\.9\) is not on the same segment: it is behind the gateway 10\.211\.55\.1 on eth0: write `plane: auto`/,
    ],
    [
      "nftables backend",
      { moment: "before", editFacts: (f) => ({ ...f, firewallBackend: "nftables" }) },
      /h1: Docker runs on its nftables firewall backend/,
    ],
  ])("%s", async (_name, each, message) => {
    const seen = await look(each);
    const said = clashesOf(seen, fabric(seen.inventory, seen.sights), { iKnow: false }).map((e) => e.message);
    expect(said.join("\n")).toMatch(message);
  });
});
