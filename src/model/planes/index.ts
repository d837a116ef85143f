import type { Plane } from "../../inventory/inventory.ts";
import type { DataPlane } from "./plane.ts";
import { route } from "./route.ts";

/** The planes this version has; the validator lets no other one through. */
const planes: Readonly<Partial<Record<Plane, DataPlane>>> = { route };

/** Throws for a plane that the validator should have refused. */
export const planeOf = (name: Plane): DataPlane => {
  const plane = planes[name];
  if (plane === undefined) throw new TypeError(`plane ${name} got past the validator`);
  return plane;
};
