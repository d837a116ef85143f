// Ways to break a healthy lab of two hosts, by theme, and for which plane each is tried.
import type { Plane } from "../../src/inventory/inventory.ts";
import type { Case } from "./doctor-case.ts";
import { CONTAINERS } from "./doctor-cases-containers.ts";
import { KERNEL, ROUTE } from "./doctor-cases-kernel.ts";
import { RULES } from "./doctor-cases-rules.ts";
import { FABRIC, VXLAN, WIREGUARD } from "./doctor-cases-tunnels.ts";

/** By what the network's plane is. */
export const CASES: Readonly<Record<Exclude<Plane, "ipip"> | "auto", readonly Case[]>> = {
  route: [...KERNEL, ...RULES, ...CONTAINERS, ...ROUTE],
  vxlan: VXLAN,
  wireguard: WIREGUARD,
  auto: FABRIC,
};
