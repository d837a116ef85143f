import { allSubnets } from "../../walk/accept.ts";
import { diversion, type Ends } from "../../walk/diversion.ts";
import { deciderText, type Hop } from "../../walk/hop.ts";
import { removal } from "../../walk/removal.ts";
import type { Health } from "../../observe/health.ts";
import type { Cause } from "../diagnosis.ts";
import { WHY, type DiagnosisId } from "../ids.ts";
import { managed } from "./managed.ts";
import { cause, here, onHost, worldOf, type Scene } from "./scene.ts";

type Known = {
  readonly ends: Ends;
  readonly health: ReadonlyMap<string, Health>;
  readonly hitsCheck: Cause["hitsCheck"];
};

/** By what decides; what is no rule and no route has a name of its own, and where nothing on a host decides the check has just failed. */
const IDS: Readonly<Record<Hop["decides"]["kind"], DiagnosisId>> = {
  ...{ rule: "rule-blocks", policy: "rule-blocks", nft: "rule-blocks", "ip rule": "policy-rule" },
  ...{ route: "route-foreign", sysctl: "sysctl-changed", neighbour: "neighbour-wrong", fdb: "fdb-wrong" },
  ...{ peer: "peer-wrong", device: "check-failed", tap: "check-failed", network: "check-failed" },
};

const idOf = ({ decides: d, container, becomes }: Hop): DiagnosisId => {
  if (becomes !== undefined) return "source-changed";
  const id = IDS[d.kind];
  if (container !== undefined && id === "rule-blocks") return "container-blocks";
  if (container !== undefined && d.kind === "route") return "container-route";
  if (d.kind === "route" && d.table !== "main") return "policy-rule";
  if (d.kind !== "sysctl") return id;
  return d.key.endsWith("rp_filter") ? "rp-filter" : d.key.endsWith("forwarding") ? "interface-forwarding" : id;
};

/** What is to be said of a hop that drops; `ends` are those of a packet that it dropped. */
export const blockCause = (scene: Scene, hop: Hop, { ends, health, hitsCheck }: Known): Cause => {
  const told = managed(scene, hop, health.get(hop.host));
  const plain = plainCause(scene, hop, { ends, hitsCheck });
  return told === undefined
    ? plain
    : { ...plain, id: told.id, why: WHY[told.id], remedy: onHost(hop.host, told.command) };
};

const plainCause = (scene: Scene, hop: Hop, { ends, hitsCheck }: Omit<Known, "health">): Cause => {
  const { host } = hop;
  const led = diversion({ world: worldOf(scene), fabric: scene.fabric }, hop, ends);
  const command = led?.command ?? removal(hop, { subnets: allSubnets(scene.fabric) });
  const refs = scene.fabric.inventory.containers
    .filter((c) => c.host === host && isIn(scene, hop, c.name))
    .map((c) => c.ref);
  const inside = hop.container === undefined ? "" : `in the namespace of ${refs.join(", ")}: `;
  return cause(idOf(hop), {
    host,
    seen: `${inside}${hop.point}: ${led === undefined ? "" : `${led.rule}, which leads to the `}${deciderText(hop.decides)}: ${hop.why}`,
    remedy: command === undefined ? here(scene.deploy.replace(" deploy ", " plan ")) : onHost(host, command),
    hitsCheck,
    hitsUnderlay: hop.isOuter ? (from, to) => from === host || to === host : undefined,
  });
};

const isIn = ({ seen }: Scene, { container, host }: Hop, name: string): boolean =>
  seen.find((s) => s.host === host)?.facts.containers.some((c) => c.id === container && c.name === name) === true;
