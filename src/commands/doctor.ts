import { endsOf, withSymptoms, type Explained } from "../doctor/attribute.ts";
import { blocked } from "../doctor/checks/blocked.ts";
import { walksOf, type Walks } from "../doctor/checks/walks.ts";
import { unexplained } from "../doctor/checks/checked.ts";
import { examine } from "../doctor/checks/examine.ts";
import type { Scene } from "../doctor/checks/scene.ts";
import { health } from "../doctor/checks/health.ts";
import { settled } from "../doctor/checks/settle.ts";
import { withMeasuredMtus } from "../doctor/checks/underlay.ts";
import { waysNoted } from "../doctor/checks/ways.ts";
import { unread } from "../doctor/checks/unread.ts";
import { unseen } from "../doctor/checks/unseen.ts";
import { notMeasured, pairCauses } from "../doctor/pairs.ts";
import { covering, MESH } from "../doctor/sample.ts";
import type { Cause } from "../doctor/diagnosis.ts";
import type { Report } from "../doctor/report.ts";
import { failureCode, lookFailures } from "./change.ts";
import { checksOf } from "./connectivity.ts";
import { probes, type Probed } from "./doctor-probes.ts";
import { quote } from "../ssh/quote.ts";
import type { Context, Outcome, Target } from "./context.ts";
import { reportOf } from "./doctor-report.ts";
import { doctorText } from "./doctor-text.ts";
import { watching } from "./doctor-watch.ts";
import { look, type Look } from "./look.ts";
import { wholeOf } from "./measuring.ts";

/** Looks at everything that may keep containers from each other, and names what is guilty; changes nothing. `watch`: every so many seconds. */
export const doctor = (
  target: Target,
  context: Context,
  { full, watch }: { readonly full: boolean; readonly watch: number | undefined },
): Promise<Outcome> => {
  const round = (its: Context) => examination(target, its, full);
  return watch === undefined ? round(context) : watching(round, watch, context);
};

const examination = (target: Target, context: Context, full: boolean): Promise<Outcome & { readonly report: Report }> =>
  look(
    context,
    target,
    false,
    async (seen) => {
      const scene = sceneOf(seen, target);
      const ends = endsOf(seen.inventory);
      const possible = checksOf(seen);
      const checks = full || possible.length <= MESH ? possible : covering(possible, ends);
      const probed = await probes(seen, scene, context, { checks, full });
      const walks = walksOf(scene, probed.findings, full);
      const causes = causesOf(seen, scene, context, { ...probed, walks });
      const report = reportOf(scene, {
        explained: withSymptoms(causes, probed.findings, ends).filter((f) => matters(seen, f)),
        hosts: seen.inventory.hosts
          .map(({ name }) => name)
          .filter((name) => seen.chosen.has(name) && seen.hosts.has(name)),
        probed,
        possible: possible.length,
        unwalked: walks.left,
        full,
      });
      return {
        text: doctorText(report, { paint: context.paint, deploy: scene.deploy }),
        json: report,
        report,
        code: failureCode(lookFailures(seen)) || (report.healthy ? 0 : 1),
      };
    },
    { deep: true },
  );

/** What is outside of `--limit` matters where a check of the chosen hosts fails because of it. */
const matters = ({ chosen }: Look, { host, peer, explains }: Explained): boolean =>
  chosen.has(host) || (peer !== undefined && chosen.has(peer)) || explains > 0;

/** All root causes: what was read first, then what the packets tell beyond it. */
const causesOf = (
  look: Look,
  scene: Scene,
  { env }: Context,
  probed: Probed & { readonly walks: Walks },
): readonly Cause[] => {
  const silent = [...lookFailures(look), ...probed.errors].map((error) =>
    unseen(error.host ?? "", error, sshOf(look, error.host)),
  );
  const read = [...silent, ...unread(scene), ...examine(scene, env), ...health(scene, probed.health)];
  const known = [...read, ...blocked(scene, read, probed)];
  const all = [
    ...known,
    ...pairCauses(scene, probed, known),
    ...notMeasured(probed.unmeasured),
    ...waysNoted(scene, probed.sizes),
  ];
  return settled([...all, ...unexplained(scene, probed.findings, all)]);
};

/** What was seen, with the devices' MTUs as they were measured: what follows from another one is no fault of its own. */
const sceneOf = (look: Look, { inventory: file }: Target): Scene => {
  const measured = wholeOf(look);
  const sights = new Map(
    [...look.sights].map(([name, sight]) => [
      name,
      { ...sight, facts: sight.facts && withMeasuredMtus(measured, name, sight.facts) },
    ]),
  );
  const seen = look.inventory.hosts.flatMap(({ name }) => {
    const [facts, depth] = [sights.get(name)?.facts, look.depths.get(name)];
    return facts !== undefined && depth !== undefined ? [{ host: name, facts, depth }] : [];
  });
  return { fabric: wholeOf({ ...look, sights }), seen, deploy: `xhost deploy ${quote(file)}` };
};

/** What `ssh` takes to get to a host as the inventory says. */
const sshOf = ({ inventory }: Look, host: string | undefined): string => {
  const found = inventory.hosts.find((h) => h.name === host)?.ssh;
  if (found === undefined) return host ?? "";
  const options = [
    ...(found.port === undefined ? [] : [`-p ${found.port}`]),
    ...(found.identityFile === undefined ? [] : [`-i ${quote(found.identityFile)}`]),
    ...(found.userKnownHostsFile === undefined
      ? []
      : [`-o ${quote(`UserKnownHostsFile=${found.userKnownHostsFile}`)}`]),
    ...(found.proxyCommand === undefined ? [] : [`-o ${quote(`ProxyCommand=${found.proxyCommand}`)}`]),
    ...(found.proxyJump === undefined ? [] : [`-J ${quote(found.proxyJump)}`]),
  ];
  return [...options, quote(`${found.user === undefined ? "" : `${found.user}@`}${found.host}`)].join(" ");
};
