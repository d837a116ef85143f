import { setTimeout } from "node:timers/promises";
import { endOf, type Channel, type End } from "./session.ts";

/** The output of a running command, line by line. */
export type Lines = {
  /** The next line; `undefined` after the last one; `late` when none came within the timeout. */
  readonly next: () => Promise<{ readonly line: string | undefined } | "late">;
  /** `late` when the command has not ended within the timeout. */
  readonly ended: () => Promise<End | "late">;
};

/** Reads a channel from now on; `timeout` in seconds. */
export const readLines = (channel: Channel, timeout: number): Lines => {
  const lines: string[] = [];
  let rest = "";
  let stderr = "";
  let end: End | undefined;
  let news = Promise.withResolvers<undefined>();
  const wake = (): void => {
    news.resolve(undefined);
    news = Promise.withResolvers();
  };
  channel.setEncoding("utf8");
  channel.stderr.setEncoding("utf8");
  channel.on("error", () => undefined);
  channel.on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    wake();
  });
  channel.stderr.on("data", (text: string) => (stderr += text));
  channel.once("close", (...how: unknown[]) => {
    if (rest !== "") lines.push(rest);
    end = endOf(how, { stdout: "", stderr });
    wake();
  });

  const until = async (isThere: () => boolean): Promise<"late" | undefined> => {
    // Mostly many lines come at once, and each AbortError below costs a tenth of a millisecond.
    if (isThere()) return undefined;
    const enough = new AbortController();
    const late = setTimeout(timeout * 1000, "late" as const, { signal: enough.signal });
    late.catch(() => undefined);
    while (!isThere()) {
      if ((await Promise.race([news.promise, late])) === "late") return "late";
    }
    enough.abort();
    return undefined;
  };
  return {
    next: async () => (await until(() => lines.length > 0 || end !== undefined)) ?? { line: lines.shift() },
    ended: async () => (await until(() => end !== undefined)) ?? end ?? "late",
  };
};
