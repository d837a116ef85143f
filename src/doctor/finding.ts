import type { Check, Probe } from "../inventory/inventory.ts";

/** What one check between two containers gave. */
export type Finding = {
  readonly from: string;
  readonly to: string;
  readonly probe: Probe;
  /** Address that was asked; undefined where the container has none. */
  readonly address: string | undefined;
  readonly ok: boolean;
  /** Round trip in milliseconds, of pings that came back. */
  readonly rtt: number | undefined;
  /** Address under which the packets came in at the other end; undefined where nobody could look. */
  readonly source: string | undefined;
  /** Why it failed, or what is odd though it did not. */
  readonly note: string;
};

/** A container as the probes need it. */
export type Endpoint = {
  readonly ref: string;
  readonly host: string;
  readonly address: string | undefined;
  /** Process id on the host whose network namespace is the container's; 0 while it does not run. */
  readonly pid: number;
  /** Docker's word for its state, with the exit code and the last log lines where it has ended. */
  readonly state: string;
};

/** A check that cannot be made at all, with the reason. */
export const failed = (check: Check, address: string | undefined, note: string): Finding => ({
  ...check,
  address,
  ok: false,
  rtt: undefined,
  source: undefined,
  note,
});
