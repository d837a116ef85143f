import type { Shell } from "../ssh/host.ts";

/** What one probe said. */
export type Answer = { readonly ok: boolean; readonly rtt: number | undefined; readonly note: string };

/** What came back from all hosts: probes by index, sources of echo requests by speaker. */
export type Answers = { readonly probes: Map<number, Answer>; readonly sources: Map<number, Set<string>> };

/** Reads a host's lines into the answers until `last` says so or the session ends. */
export const readAnswers = async (shell: Shell, answers: Answers, last: (line: string) => boolean): Promise<void> => {
  for (let line = await shell.nextLine(); line !== undefined; line = await shell.nextLine()) {
    const [kind, id = "", ...rest] = line.split(" ");
    if (kind === "R") answers.sources.set(Number(id), new Set());
    if (kind === "S") answers.sources.get(Number(id))?.add(rest[0] ?? "");
    if (kind === "P") answers.probes.set(Number(id), answerOf(rest));
    if (last(line)) return;
  }
};

const answerOf = ([verdict, ...rest]: readonly string[]): Answer => {
  const text = rest.join(" ").trim();
  if (verdict === "ok") return { ok: true, rtt: text === "" ? undefined : Number(text), note: "" };
  return { ok: false, rtt: undefined, note: text === "" ? "no answer" : text };
};
