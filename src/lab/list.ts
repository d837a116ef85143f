import { isBeingMade } from "./down.ts";
import { noFaults } from "./faults-words.ts";
import { kinds } from "./kinds.ts";
import { listRecords, type Faults, type LabHost, type LabKind, type LabRecord } from "./record.ts";

/** A lab as it is now; one that is neither `ready` nor `beingMade` was cut short: its `up` was killed. */
export type ListedLab = {
  readonly name: string;
  readonly kind: LabKind;
  readonly folder: string;
  readonly ready: boolean;
  readonly beingMade: boolean;
  readonly faults: Faults;
  readonly hosts: readonly ListedHost[];
};

/** `version` is null while Docker does not answer, as on a host that is down; both are for anybody but root, who alone can see it. */
export type ListedHost = LabHost & { readonly running: boolean | null; readonly version: string | null };

/** All labs of this machine by name, wherever they were made. */
export const labList = async (): Promise<readonly ListedLab[]> => await Promise.all((await listRecords()).map(listed));

const listed = async (lab: LabRecord): Promise<ListedLab> => {
  const { name, kind, folder, ready, faults = noFaults } = lab;
  const running = process.geteuid?.() === 0 ? await kinds[kind].running(lab) : undefined;
  const rows = lab.hosts.map(async (host) => {
    const pid = running?.get(host.name);
    const version = pid === undefined ? undefined : await kinds[kind].version(lab, host, pid);
    return { ...host, running: running === undefined ? null : pid !== undefined, version: version ?? null };
  });
  const beingMade = await isBeingMade(lab);
  return { name, kind, folder, ready, beingMade, faults, hosts: await Promise.all(rows) };
};
