import type { Probe } from "../inventory/inventory.ts";

/** What one check between two containers gave. */
export type Finding = {
  readonly from: string;
  readonly to: string;
  readonly probe: Probe;
  /** Address that was asked; undefined where the container has none. */
  readonly address: string | undefined;
  /** `unchecked`: an end is on a host that could not be asked, or in a network namespace that cannot be entered. */
  readonly result: "ok" | "failed" | "unchecked";
  /** Round trip in milliseconds, of pings that came back. */
  readonly rtt: number | undefined;
  /** Address under which the packets came in at the other end; undefined where nobody could look. */
  readonly source: string | undefined;
  /** Why it failed, or what is odd though it did not. */
  readonly note: string;
  /** Of a failed HTTP check: whether something answered, though not as it should. */
  readonly answered?: boolean;
  /** Bytes of a packet that did not arrive though small ones did. */
  readonly tooBig?: number;
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
  /** Why its network namespace cannot be entered though it runs. */
  readonly unseen?: string | undefined;
};
