import { removeCgroups } from "./cgroups.ts";
import { endProcesses, labNamespaces, removeNamespaces } from "./end.ts";
import { requireHost } from "./exec.ts";
import { rebuildHost, removeCable } from "./fabric.ts";
import { startHost } from "./host.ts";
import { namespaceOf } from "./names.ts";
import { requireRecord } from "./record.ts";
import { requireRoot } from "./root.ts";

/**
 * Pulls a host's plug: everything of its kernel is gone, its disk is kept (unless that had to be in memory, see
 * `initScript`). A host that is down stays so.
 */
export const labStop = async ({ name, host }: { readonly name: string; readonly host: string }): Promise<void> => {
  requireRoot();
  const record = await requireRecord(name);
  const namespace = namespaceOf(name, requireHost(record, host).name);
  if (!(await labNamespaces(name)).includes(namespace)) return;
  await endProcesses([namespace]);
  await removeCable(name, host);
  await removeNamespaces([namespace]);
  await removeCgroups(name, host);
};

/** Boots a host that was stopped, and waits until it answers; stop and start are a reboot. A host that runs is left alone. */
export const labStart = async (options: {
  readonly name: string;
  readonly host: string;
  readonly signal?: AbortSignal | undefined;
}): Promise<void> => {
  requireRoot();
  const record = await requireRecord(options.name);
  const host = requireHost(record, options.host);
  if ((await labNamespaces(record.name)).includes(namespaceOf(record.name, host.name))) return;
  await rebuildHost(record.name, host);
  await startHost(record, host, { image: `${record.folder}/image.tar`, signal: options.signal });
};
