import type { Explained } from "../doctor/attribute.ts";
import type { Scene } from "../doctor/checks/scene.ts";
import type { Finding } from "../doctor/finding.ts";
import type { Report } from "../doctor/report.ts";
import { probeText } from "./connectivity.ts";
import type { Probed } from "./doctor-probes.ts";

type Results = {
  readonly explained: readonly Explained[];
  readonly probed: Probed;
  /** Those that were chosen and answered. */
  readonly hosts: readonly string[];
  readonly possible: number;
  readonly unwalked: number;
  readonly full: boolean;
};

/** Everything that came out, as plain data. */
export const reportOf = (
  { fabric, seen }: Scene,
  { explained, probed, hosts, possible, unwalked, full }: Results,
): Report => {
  const { findings } = probed;
  const count = (result: Finding["result"]): number => findings.filter((f) => f.result === result).length;
  return {
    project: fabric.inventory.name,
    at: `${new Date().toISOString().slice(0, 19)}Z`,
    healthy: explained.every((f) => f.severity === "warning"),
    hosts: seen
      .filter(({ host }) => hosts.includes(host))
      .map(({ host, facts: { engine, firewallBackend: firewall, kernel } }) => ({
        name: host,
        engine,
        firewall,
        kernel,
      })),
    findings: explained.map(({ peer, remedy, ...rest }) => ({
      ...rest,
      peer: peer ?? null,
      remedy: { on: remedy.on ?? null, command: remedy.command },
    })),
    ways: waysJson(probed),
    checks: {
      possible,
      made: findings.length,
      passed: count("ok"),
      failed: count("failed"),
      unchecked: count("unchecked"),
      sampled: findings.length < possible,
      unwalked,
      list: findings.filter((f) => full || f.result !== "ok").map(checkJson),
    },
  };
};

const checkJson = (finding: Finding): Report["checks"]["list"][number] => ({
  from: finding.from,
  to: finding.to,
  check: probeText(finding),
  address: finding.address ?? null,
  result: finding.result,
  rtt: finding.rtt ?? null,
  source: finding.source ?? null,
  note: finding.note,
});

const waysJson = ({ sizes, answered }: Probed): Report["ways"] => {
  const pings = new Map([...answered].map(([{ from, to }, ok]) => [`${from} ${to}`, ok]));
  return [...sizes].map(([{ from, to }, bytes]) => ({
    from,
    to,
    ping: pings.get(`${from} ${to}`) ?? null,
    sizes: Object.fromEntries(bytes),
  }));
};
