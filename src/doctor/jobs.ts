import type { Check } from "../inventory/inventory.ts";
import type { Endpoint } from "./finding.ts";
import type { CallJob, PingJob, Speaker } from "./probe-script.ts";

/** Seconds before a check begins, and that it then may take. */
export type Pace = { readonly delay: number; readonly patience: number };

/** A check whose two ends are there. */
export type Job = {
  readonly check: Check;
  readonly index: number;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly pace: Pace;
};

/** A ping with the namespace that it starts in. */
type Ping = PingJob & { readonly host: string; readonly pid: number };

/** A speaker with its host. */
export type Located = Speaker & { readonly host: string };

type Extras = {
  /** How many checks there are: a check's full-size ping has its own index and that many more, pings of hosts come behind those. */
  readonly checks: number;
  readonly hostPings: readonly { readonly from: string; readonly address: string }[];
  /** Undefined where only a small one is sent. */
  readonly full: (check: Check) => number | undefined;
};

/** Bytes of a small ping: what ping(8) sends. */
const SMALL = 84;

/** All echo requests: small ones, full-size ones, and those of the hosts themselves. */
export const pingsOf = (jobs: readonly Job[], { checks, hostPings, full }: Extras): readonly Ping[] => [
  ...jobs
    .filter(({ check }) => check.probe.kind === "ping")
    .flatMap(({ check, index, from, to, pace }): Ping[] => {
      const small = { index, host: from.host, pid: from.pid, address: to.address ?? "", bytes: SMALL, ...pace };
      const size = full(check);
      return size === undefined ? [small] : [small, { ...small, index: checks + index, bytes: size }];
    }),
  ...hostPings.map(({ from, address }, i) => ({
    ...{ index: 2 * checks + i, host: from, pid: 0, address, bytes: SMALL, delay: 0, patience: 2 },
  })),
];

/** One speaker for each namespace that sends or hears. */
export const speakersOf = (pings: readonly Ping[], jobs: readonly Job[]): readonly Located[] => {
  const hearing = jobs.filter(({ check }) => check.probe.kind === "ping").map(({ to }) => to);
  const places = new Map([...pings, ...hearing].map(({ host, pid }) => [`${host} ${pid}`, { host, pid }]));
  const own = Map.groupBy(pings, ({ host, pid }) => `${host} ${pid}`);
  return [...places].map(([key, place], id) => ({ ...place, id, jobs: own.get(key) ?? [] }));
};

/** Checks that open a connection. */
export const callsOf = (jobs: readonly Job[]): readonly (CallJob & { readonly host: string })[] =>
  jobs.flatMap(({ check, index, from, to, pace }) =>
    check.probe.kind === "ping"
      ? []
      : [{ index, host: from.host, pid: from.pid, address: to.address ?? "", probe: check.probe, ...pace }],
  );
