import { setTimeout } from "node:timers/promises";
import type { Report } from "../doctor/report.ts";
import type { Context, Outcome } from "./context.ts";
import { placeOf } from "./doctor-text.ts";

type Seen = Outcome & { readonly report: Report };
type Round = (context: Context) => Promise<Seen>;

/**
 * Looks again and again, with so many seconds in between, until an interrupt: the whole text first, then what has changed, and at the end one
 * line that sums up, with exit code 130. Progress is shown of the first round alone.
 */
export const watching = async (round: Round, seconds: number, context: Context): Promise<Outcome> => {
  const { progress } = context;
  const quiet = { ...context, progress: { ...progress, show: "silent" as const } };
  let last = await round(context);
  let rounds = 1;
  context.show(last.text);
  try {
    for (;;) {
      await setTimeout(seconds * 1000, undefined, { signal: progress.signal });
      const next = await round(quiet);
      rounds++;
      const changes = changesOf(last.report, next.report, context);
      if (changes.length > 0)
        context.show(["", context.paint(next.report.at, "host"), ...changes, summaryOf(next)].join("\n"));
      last = next;
    }
  } catch (error) {
    // A round that is cut says nothing about the hosts: what the last whole one saw stands.
    if (!progress.signal.aborted) throw error;
    const text = `\nWatched ${rounds} round${rounds === 1 ? "" : "s"}; the last one, at ${last.report.at}: ${summaryOf(last)}`;
    return { text, json: last.json, code: INTERRUPTED };
  }
};

/** Exit code after a signal, as everywhere else. */
const INTERRUPTED = 130;

type Finding = Report["findings"][number];

const keyOf = ({ id, host, peer }: Finding): string => [id, host, peer].join(" ");
const isSame = (a: Finding, b: Finding): boolean => keyOf(a) === keyOf(b) && a.seen === b.seen;

/** What is new, what looks otherwise than in the round before, and what is gone; a word and a colour for each. */
const changesOf = (before: Report, after: Report, { paint }: Context): readonly string[] => {
  const gone = before.findings.filter((f) => !after.findings.some((next) => isSame(f, next)));
  const fresh = after.findings.filter((f) => !before.findings.some((was) => isSame(f, was)));
  const [wereThere, areThere] = [gone, fresh].map((all) => new Set(all.map(keyOf)));
  const line = (word: string, f: Finding): string =>
    `  ${word}  ${paint(placeOf(f), "host")}  ${f.id}: ${indented(f.seen)}`;
  return [
    ...fresh.flatMap((f) =>
      wereThere?.has(keyOf(f)) === true
        ? [line(paint("changed", "~"), f)]
        : [line(paint("new    ", "-"), f), remedy(f)],
    ),
    ...gone.filter((f) => areThere?.has(keyOf(f)) !== true).map((f) => line(paint("healed ", "+"), f)),
  ];
};

const remedy = ({ remedy: { on, command } }: Finding): string =>
  `           remedy: ${on === null ? "" : `on ${on}: `}${indented(command)}`;

const indented = (text: string): string => text.replaceAll("\n", `\n${" ".repeat(11)}`);

const summaryOf = ({ text }: Outcome): string => text.split("\n").at(-1) ?? "";
