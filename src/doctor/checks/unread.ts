import type { Cause } from "../diagnosis.ts";
import { cause, onHost, type Scene } from "./scene.ts";

/** What was there on the hosts and could not be read, of the inventory's own containers and of the hosts themselves. */
export const unread = ({ fabric, seen }: Scene): readonly Cause[] =>
  seen.flatMap(({ host, facts, depth }) => {
    const ours = new Set(fabric.inventory.containers.filter((c) => c.host === host).map((c) => c.name));
    return depth.unseen.flatMap(({ container, what, command }): Cause[] => {
      const name = facts.containers.find((c) => c.id === container)?.name ?? "";
      if (container !== undefined && !ours.has(name)) return [];
      return [
        cause("host-unreadable", {
          host,
          severity: "warning",
          seen: container === undefined ? what : `container ${name}: ${what}`,
          remedy: onHost(host, command),
        }),
      ];
    });
  });
