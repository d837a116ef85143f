import { requireHost } from "./exec.ts";
import { rebuildHost } from "./fabric.ts";
import { applyFaults, freeCables } from "./faults-apply.ts";
import { kinds } from "./kinds.ts";
import { requireRecord } from "./record.ts";
import { requireRoot } from "./root.ts";

/** Pulls a host's plug. A host that is down stays so. */
export const labStop = async ({ name, host }: { readonly name: string; readonly host: string }): Promise<void> => {
  requireRoot();
  const record = await requireRecord(name);
  await kinds[record.kind].stop(record, requireHost(record, host));
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
  const { running, start, stop } = kinds[record.kind];
  if ((await running(record)).has(host.name)) return;
  // what is left of one that ended by itself
  await stop(record, host);
  await rebuildHost(record, host);
  if (record.faults !== undefined) await freeCables(record, [host]);
  await start(record, host, { image: `${record.folder}/image.tar`, signal: options.signal });
  if (record.faults !== undefined) await applyFaults(record, [host]);
};
