import type { Cause } from "../diagnosis.ts";
import { bridges } from "./bridges.ts";
import { conflicts } from "./conflicts.ts";
import { containers } from "./containers.ts";
import { drift } from "./drift.ts";
import { kernel } from "./kernel.ts";
import type { Scene } from "./scene.ts";
import { underlay } from "./underlay.ts";

/** Everything that can be told from what was read on the hosts, before any packet is sent; pure. */
export const examine = (scene: Scene, env: Readonly<Record<string, string | undefined>>): readonly Cause[] => [
  ...conflicts(scene),
  ...scene.seen.flatMap((seen) => [
    ...underlay(scene, seen),
    ...kernel(scene, seen),
    ...bridges(scene, seen, env),
    ...containers(scene, seen),
    ...drift(scene, seen, env),
  ]),
];
