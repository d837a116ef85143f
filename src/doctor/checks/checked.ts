import type { Cause } from "../diagnosis.ts";
import { endsOf, explains, type Ends } from "../attribute.ts";
import { gathered } from "../hubs.ts";
import type { Finding } from "../finding.ts";
import type { DiagnosisId } from "../ids.ts";
import { silenceOf } from "./silence.ts";
import { cause, here, listed, onHost, type Scene, type Told } from "./scene.ts";

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
  if (id === "nothing-listens" || id === "wrong-answer") return program(id, { host: to, ref: first.to, seen });
  const silence = id === "check-failed" ? (silenceOf(scene, from, to) ?? silenceOf(scene, to, from)) : undefined;
  return cause(silence === undefined ? id : "handshake-old", {
    ...placeOf({ from, to, hub, silent: silence?.host }),
    seen: silence === undefined ? seen : `${silence.seen}; ${seen}`,
    remedy: silence?.remedy ?? here(`${scene.deploy.replace(" deploy ", " trace ")} ${first.from} ${first.to}`),
    hitsCheck: (a, b) => group.some((f) => f.from === a.ref && f.to === b.ref),
  });
};

type Program = { readonly host: string; readonly ref: string; readonly seen: string };

const program = (id: "nothing-listens" | "wrong-answer", { host, ref, seen }: Program): Cause => {
  const name = ref.split("@")[0] ?? ref;
  const command = id === "nothing-listens" ? `docker restart ${name}` : `docker logs --tail 20 ${name}`;
  return cause(id, { host, seen, remedy: onHost(host, command), hitsCheck: () => false });
};

type Around = {
  readonly from: string;
  readonly to: string;
  /** The host that many pairs have in common. */
  readonly hub: string | undefined;
  /** The one that has heard nothing. */
  readonly silent: string | undefined;
};

const placeOf = ({ from, to, hub, silent }: Around): Pick<Told, "host" | "peer"> => {
  const host = hub ?? silent ?? from;
  return { host, peer: hub !== undefined || to === from ? undefined : host === from ? to : from };
};

const probeWords = ({ probe }: Finding): string =>
  probe.kind === "ping" ? "ping" : probe.kind === "tcp" ? `TCP port ${probe.port}` : probe.url;
