import { engineVersion } from "./docker.ts";
import { namespaceOf } from "./names.ts";
import { initOf, processesIn } from "./processes.ts";
import { listRecords, type LabHost, type LabRecord } from "./record.ts";

/** A lab as it is now; `ready` is false for one that is being brought up or whose `up` was killed. */
export type ListedLab = {
  readonly name: string;
  readonly folder: string;
  readonly ready: boolean;
  readonly hosts: readonly ListedHost[];
};

/** `version` is null while Docker does not answer, as on a host that is down. */
export type ListedHost = LabHost & { readonly running: boolean; readonly version: string | null };

/** All labs of this machine by name, wherever they were made. */
export const labList = async (): Promise<readonly ListedLab[]> => await Promise.all((await listRecords()).map(listed));

const listed = async ({ name, folder, ready, hosts }: LabRecord): Promise<ListedLab> => {
  const processes = await processesIn(hosts.map((host) => namespaceOf(name, host.name)));
  const rows = hosts.map(async (host) => {
    const init = initOf(processes.get(namespaceOf(name, host.name)) ?? []);
    const version = init === undefined ? undefined : await engineVersion(init);
    return { ...host, running: init !== undefined, version: version ?? null };
  });
  return { name, folder, ready, hosts: await Promise.all(rows) };
};
