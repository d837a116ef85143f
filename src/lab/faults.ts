import { XhostError } from "../errors.ts";
import { applyFaults } from "./faults-apply.ts";
import { checkedFaults, noFaults } from "./faults-words.ts";
import { ensurePrograms } from "./install.ts";
import { faultPrograms, missingOf } from "./programs.ts";
import { requireRecord, updateRecord, type Faults, type LabRecord } from "./record.ts";
import { requireRoot } from "./root.ts";

/** The faults that a lab has now, as they were declared. */
export const labFaults = async (name: string): Promise<Faults> => (await requireReady(name)).faults ?? noFaults;

/**
 * Declares the whole set of a lab's faults: what is not among them is healed. They last until the next set, also over a host's
 * stop and start. `install`: missing packages are installed first.
 */
export const setLabFaults = async (options: {
  readonly name: string;
  readonly faults: Faults;
  readonly install?: boolean | undefined;
  readonly onProgress?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}): Promise<Faults> => {
  const { name, install = false, onProgress = () => undefined, signal } = options;
  requireRoot();
  const record = await requireReady(name);
  const faults = checkedFaults(name, record.hosts, options.faults);
  await ensurePrograms(() => missingOf(faultPrograms(faults)), install, { onProgress, signal });
  // noted first: what is applied in part is seen, and `--clear` heals it
  await updateRecord({ ...record, faults });
  await applyFaults({ ...record, faults }, record.hosts);
  return faults;
};

const requireReady = async (name: string): Promise<LabRecord> => {
  const record = await requireRecord(name);
  if (!record.ready)
    throw new XhostError("CONFLICT", `lab ${name}: is not up: it is being made, or its \`lab up\` was cut short`);
  return record;
};
