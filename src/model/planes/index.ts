import type { Plane } from "../../inventory/inventory.ts";
import { ipip } from "./ipip.ts";
import type { DataPlane } from "./plane.ts";
import { route } from "./route.ts";
import { vxlan } from "./vxlan.ts";
import { wireguard } from "./wireguard.ts";

/** Every plane by its name; the compiler sees to it that none is missing. */
export const planes: Readonly<Record<Plane, DataPlane>> = { route, ipip, vxlan, wireguard };
