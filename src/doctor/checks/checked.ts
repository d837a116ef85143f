import type { Cause } from "../diagnosis.ts";
import { linkName } from "../../model/names.ts";
import { endsOf, explains, type Ends } from "../attribute.ts";
import { gathered } from "../hubs.ts";
import type { Finding } from "../finding.ts";
import type { DiagnosisId } from "../ids.ts";
import { cause, here, listed, onHost, type Scene } from "./scene.ts";

/** Failed checks that no cause explains, one for each pair of hosts, and for each container whose program does not answer. */
export const unexplained = (scene: Scene, findings: readonly Finding[], causes: readonly Cause[]): readonly Cause[] => {
  const ends = endsOf(scene.fabric.inventory);
  const open = findings.filter((f) => f.result === "failed" && !causes.some((c) => explains(c, f, ends)));
  const hostOf = (ref: string): string => ends.get(ref)?.host ?? "";
  const isProgram = (f: Finding): boolean => ["nothing-listens", "wrong-answer"].includes(idOf(f));
  const programs = Map.groupBy(open.filter(isProgram), (f) => `${idOf(f)} ${f.to} ${JSON.stringify(f.probe)}`);
  const others = Map.groupBy(
    open.filter((f) => !isProgram(f)),
    idOf,
  );
  return [
    ...[...programs.values()].map((group) => told(scene, group, ends)),
    ...[...others.values()]
      .flatMap((all) => gathered(all, (f) => [hostOf(f.from), hostOf(f.to)]))
      .map(({ hub, items }) => told(scene, items, ends, hub)),
  ];
};

const idOf = ({ probe, note, answered }: Finding): DiagnosisId => {
  if (probe.kind !== "ping" && /refused/i.test(note)) return "nothing-listens";
  if (probe.kind === "http" && answered === true) return "wrong-answer";
  if (probe.kind === "ping" && note.startsWith("arrives, but")) return "source-changed";
  return "check-failed";
};

const told = (scene: Scene, group: readonly Finding[], ends: Ends, hub?: string): Cause => {
  const [first] = group as readonly [Finding];
  const id = idOf(first);
  const [from, to] = [ends.get(first.from)?.host ?? "", ends.get(first.to)?.host ?? ""];
  const seen = listed(
    group.map((f) => `${f.from} to ${f.to} (${f.address ?? "no address"}), ${probeWords(f)}: ${f.note}`),
  );
  const name = first.to.split("@")[0] ?? first.to;
  if (id === "nothing-listens" || id === "wrong-answer") {
    const command = id === "nothing-listens" ? `docker restart ${name}` : `docker logs --tail 20 ${name}`;
    return cause(id, { host: to, seen, remedy: onHost(to, command), hitsCheck: () => false });
  }
  const silence = id === "check-failed" ? handshakeSilence(scene, from, to) : undefined;
  return cause(silence === undefined ? id : "handshake-old", {
    host: hub ?? from,
    peer: hub !== undefined || to === from ? undefined : to,
    seen: silence === undefined ? seen : `${silence}; ${seen}`,
    remedy: here(`${scene.deploy.replace(" deploy ", " trace ")} ${first.from} ${first.to}`),
    hitsCheck: (a, b) => group.some((f) => f.from === a.ref && f.to === b.ref),
  });
};

/** Seconds after which WireGuard makes no use of a session any more (its paper, section 6.1: reject-after-time). */
const REJECT_AFTER = 180;

/** What a host's tunnel says of the other one, where it has heard nothing from it for too long. */
const handshakeSilence = ({ fabric, seen }: Scene, from: string, to: string): string | undefined => {
  const key = fabric.ports.wireguard.get(to)?.publicKey;
  const depth = seen.find(({ host }) => host === from)?.depth;
  const device = linkName(fabric.inventory.name, "wireguard");
  const peer = depth?.wireguard.find((p) => p.device === device && p.publicKey === key);
  if (depth === undefined || peer === undefined) return undefined;
  if (peer.handshake === 0) return `no WireGuard handshake with ${to} so far`;
  const age = depth.clock - peer.handshake;
  return age > REJECT_AFTER ? `the last WireGuard handshake with ${to} was ${age} s ago` : undefined;
};

const probeWords = ({ probe }: Finding): string =>
  probe.kind === "ping" ? "ping" : probe.kind === "tcp" ? `TCP port ${probe.port}` : probe.url;
