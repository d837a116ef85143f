import { XhostError } from "../errors.ts";
import type { Host } from "../ssh/host.ts";

/** A host's clock against this machine's: how far it is ahead, and by how much that may be wrong, in nanoseconds. */
export type Clock = { readonly ahead: bigint; readonly doubt: bigint };

/**
 * A question and its answer: when it was asked and answered by this machine's clock, and what the host's said, in nanoseconds since 1970;
 * `step` is how fine the host tells it.
 */
export type Round = {
  readonly asked: bigint;
  readonly said: bigint;
  readonly step: bigint;
  readonly answered: bigint;
};

/**
 * What the quickest round says: the host answered somewhere between question and answer (RFC 5905 section 8 has the same bounds). A clock that
 * may as well be right is taken as right: hosts that are synchronized are nearer to each other than SSH can tell.
 */
export const clockOf = (rounds: readonly Round[]): Clock => {
  const trip = ({ asked, answered }: Round): bigint => answered - asked;
  const best = rounds.reduce((a, b) => (trip(b) < trip(a) ? b : a));
  const [half, rounding] = [trip(best) / 2n, best.step / 2n];
  return { ahead: best.said + rounding - (best.asked + half), doubt: half + rounding };
};

/** Nanoseconds to take off the host's times. */
export const correction = ({ ahead, doubt }: Clock): bigint => ((ahead < 0n ? -ahead : ahead) <= doubt ? 0n : ahead);

/** `clock 12.345 ms ahead (± 0.210 ms), corrected`. */
export const clockText = (clock: Clock): string => {
  const ms = (ns: bigint): string => (Number(ns) / 1e6).toFixed(3);
  const { ahead, doubt } = clock;
  const seen = `clock ${ms(ahead < 0n ? -ahead : ahead)} ms ${ahead < 0n ? "behind" : "ahead"} (± ${ms(doubt)} ms)`;
  return `${seen}, ${correction(clock) === 0n ? "not more than can be measured: left as it is" : "corrected"}`;
};

/**
 * A clock in nanoseconds since 1970. Date tells whole milliseconds, and performance.timeOrigin may be most of one off: the moments at which
 * Date goes on set the fine clock. Who sees such a moment late sets it back, so the foremost of some counts.
 */
export const fineClock = (): (() => bigint) => {
  const origins = Array.from({ length: 8 }, () => {
    const before = Date.now();
    let after = before;
    while (after === before) after = Date.now();
    return BigInt(after) * 1_000_000n - process.hrtime.bigint();
  });
  const origin = origins.reduce((a, b) => (b > a ? b : a));
  return () => origin + process.hrtime.bigint();
};

const ROUNDS = 12;

/**
 * Bash tells the time without starting a program (EPOCHREALTIME, since 5.0): the answer is not late. Elsewhere `date` does; busybox's
 * has no %N, and tells whole seconds.
 */
const TELL = [
  `echo ready`,
  `if [ -n "$(bash -c 'echo $EPOCHREALTIME' 2>/dev/null)" ]`,
  `then exec bash -c 'while read -r _; do echo "$EPOCHREALTIME"; done'; fi`,
  `while read -r _; do date +%s.%N; done\n`,
].join("\n");

/** Measures it with a dozen questions. */
export const measureClock = async (host: Pick<Host, "name" | "run" | "shell">): Promise<Clock> => {
  const shell = await host.shell("ask for the time");
  shell.send(TELL);
  await shell.nextLine();
  const rounds: Round[] = [];
  const now = fineClock();
  while (rounds.length < ROUNDS) {
    const asked = now();
    shell.send("\n");
    const line = await shell.nextLine();
    const said = nanoseconds(line ?? "");
    if (said === undefined) throw new XhostError("REMOTE", `ask for the time: it says "${line}"`, { host: host.name });
    rounds.push({ asked, ...said, answered: now() });
  }
  await shell.close();
  return clockOf(rounds);
};

/** `1763847205.123456` with as many decimals as there are. */
const nanoseconds = (text: string): Pick<Round, "said" | "step"> | undefined => {
  const [, seconds, fraction = ""] = /^(\d+)(?:[.,](\d{0,9}).*)?$/.exec(text.trim()) ?? [];
  if (seconds === undefined) return undefined;
  const step = 10n ** BigInt(9 - fraction.length);
  return { said: BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0")), step };
};
