import type { CheckProbe } from "./check-script.ts";
import type { Ping, Tcp } from "./scenario.ts";

/** Whether it holds, and what was seen, in one line that a person can judge by. */
export type Judged = { readonly holds: boolean; readonly seen: string };

/** What a check's script printed; pure. */
export const judge = (check: CheckProbe, output: string): Judged => {
  switch (check.kind) {
    case "ping":
      return judgePing(check.ping, output);
    case "tcp":
      return judgeTcp(check.tcp, output);
    case "run":
      return judgeRun(check, output);
    case "peer":
      return judgePeer(output);
    case "fdb":
      return judgeFdb(output);
  }
};

const lines = (text: string): readonly string[] => text.split("\n").filter((line) => line.trim() !== "");

/** iputils: `64 bytes from 10.1.2.2: icmp_seq=1 ttl=63 time=0.05 ms`; `3 packets transmitted, 3 received, ...`. */
const judgePing = ({ ttl }: Ping, output: string): Judged => {
  const answer = lines(output).find((line) => /bytes from .* ttl=/.test(line));
  if (answer === undefined) {
    // "Destination Host Unreachable" only says how long ARP had been tried by then.
    const why = lines(output).find((line) =>
      /(?<!Host )unreachable|prohibited|message too long|filtered|exceeded/i.test(line),
    );
    return { holds: false, seen: why ?? "no answer" };
  }
  const left = Number(/ttl=(\d+)/.exec(answer)?.[1]);
  const holds = ttl === undefined || left === ttl;
  return { holds, seen: `${answer.replace(/ time=.*/, "")}${holds ? "" : `, which should be ${ttl}`}` };
};

const judgeTcp = ({ seenFrom }: Tcp, output: string): Judged => {
  const seen = /^seen as (\S+)$/m.exec(output)?.[1];
  if (seen === undefined) return { holds: false, seen: lines(output).at(-1) ?? "no connection" };
  const holds = seenFrom === undefined || seenFrom === seen;
  return { holds, seen: `connected; the listener sees ${seen}${holds ? "" : `, which should be ${seenFrom}`}` };
};

/** Against the regular expressions of a check, multi-line; tells the line that decided. */
export const judgeRun = (
  { matches, lacks }: { readonly matches: string | undefined; readonly lacks: string | undefined },
  output: string,
): Judged => {
  const found = matches === undefined ? undefined : new RegExp(matches, "m").exec(output);
  const foreign = lacks === undefined ? null : new RegExp(lacks, "m").exec(output);
  const lineOf = (match: RegExpExecArray): string =>
    lines(output).find((line) => line.includes((match[0].split("\n")[0] ?? "").trim())) ?? match[0];
  if (foreign !== null) return { holds: false, seen: `${lineOf(foreign).trim()} (should lack ${lacks})` };
  if (found === null)
    return { holds: false, seen: `${lines(output)[0]?.trim() ?? "nothing"} (should match ${matches})` };
  return { holds: true, seen: found === undefined ? "nothing of it" : lineOf(found).trim() };
};

const judgePeer = (output: string): Judged => {
  const [[index = "", link = ""] = [], [otherIndex = "", otherLink = ""] = []] = lines(output).map((l) => l.split(" "));
  const seen = `device ${index} has its other end at ${link}; device ${otherIndex} at ${otherLink}`;
  return { holds: index !== "" && index === otherLink && otherIndex === link, seen };
};

const judgeFdb = (output: string): Judged => {
  const words = lines(output).map((line) => line.split(" "));
  const has = words.filter(([what]) => what === "has").map(([, mac, port]) => `${mac ?? ""} ${port ?? ""}`);
  const wanted = words.filter(([what]) => what === "want");
  const missing = wanted.filter(([, , mac, port]) => !has.includes(`${mac ?? ""} ${port ?? ""}`));
  if (missing.length > 0) return { holds: false, seen: `not learned: ${missing.map(([, place]) => place).join(", ")}` };
  return {
    holds: wanted.length > 0,
    seen: wanted.map(([, place, mac, port]) => `${mac ?? ""} (${place ?? ""}) behind port ${port ?? ""}`).join(", "),
  };
};
