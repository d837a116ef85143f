import type { InventoryHost } from "../inventory/inventory.ts";
import type { Facts } from "./facts.ts";

/** What is known of a host before anything is planned; `facts` is missing while it cannot be reached. */
export type Sight = { readonly host: InventoryHost; readonly hostname: string; readonly facts: Facts | undefined };
