import { setTimeout } from "node:timers/promises";
import type { Report } from "../doctor/report.ts";
import type { Context, Outcome } from "./context.ts";
import { placeOf } from "./doctor-text.ts";

type Round = () => Promise<Outcome & { readonly report: Report }>;

/**
 * Looks again and again, with so many seconds in between, until an interrupt: the whole text first, then what has changed. Never
 * returns.
 */
export const watching = async (round: Round, seconds: number, context: Context): Promise<Outcome> => {
  const { signal } = context.progress;
  let last = await round();
  context.show(last.text);
  for (;;) {
    await setTimeout(seconds * 1000, undefined, { signal });
    const next = await round();
    const changes = changesOf(last.report, next.report, context);
    if (changes.length > 0) context.show([next.report.at, ...changes, summaryOf(next)].join("\n"));
    last = next;
  }
};

type Finding = Report["findings"][number];

const keyOf = ({ id, host, peer, seen }: Finding): string => [id, host, peer, seen].join(" ");

const changesOf = (before: Report, after: Report, { paint }: Context): readonly string[] => {
  const [was, is] = [before, after].map(({ findings }) => new Map(findings.map((f) => [keyOf(f), f])));
  const line = (word: string, f: Finding): string => `  ${word}  ${paint(placeOf(f), "host")}  ${f.id}: ${f.seen}`;
  return [
    ...after.findings.flatMap((f) =>
      was?.has(keyOf(f)) === true ? [] : [line(paint("new   ", "-"), f), ...remedy(f)],
    ),
    ...before.findings.flatMap((f) => (is?.has(keyOf(f)) === true ? [] : [line(paint("healed", "+"), f)])),
  ];
};

const remedy = ({ remedy: { on, command } }: Finding): readonly string[] => [
  `          remedy: ${on === null ? "" : `on ${on}: `}${command}`,
];

const summaryOf = ({ text }: Outcome): string => text.split("\n").at(-1) ?? "";
