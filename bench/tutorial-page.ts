// A page of the tutorial: prose from docs/tutorial/src, and in it what the tool printed. Pure.

/** A place in the prose that the tool fills: `<!-- run: COMMAND -->`, `<!-- run checks: COMMAND -->` or `<!-- mermaid: COMMAND -->`. */
export type Block = { readonly kind: "run" | "mermaid"; readonly part: Part; readonly command: string };

/** Which lines are shown: `steps` come before the first check, `checks` from there to the end, `break` from the break on. */
export type Part = "all" | "steps" | "checks" | "break";

const BLOCK = /^<!-- (run|mermaid)(?: (steps|checks|break))?: (.+) -->$/gm;

/** In the order of the page; the same command may come several times, and is run once. */
export const blocksOf = (source: string): readonly Block[] =>
  [...source.matchAll(BLOCK)].map(([, kind, part = "all", command = ""]) => ({
    kind: kind as Block["kind"],
    part: part as Part,
    command,
  }));

/** Whether the page is about a host of a lab, which plain `npm run tutorial` does not have. */
export const needsLab = (source: string): boolean => blocksOf(source).some(({ command }) => command.includes(LAB));

/** Where the pages' own lab is; the generator puts another of the same kind in its place. */
export const LAB = ".xhost/lab/real";

/** The page: the prose with what each command printed. Throws where a command printed none of the lines that are wanted. */
export const pageOf = (source: string, outputs: ReadonlyMap<string, string>): string =>
  source.replaceAll(BLOCK, (_all, kind: string, part: Part | undefined, command: string) => {
    const output = outputs.get(command);
    if (output === undefined) throw new Error(`nothing was run for: ${command}`);
    if (kind === "mermaid") return fenced("mermaid", output.trimEnd());
    return fenced("", [`$ ${command}`, ...partOf(stable(output), part ?? "all")].join("\n"));
  });

/** What is left of a page, or of its source, without what the tool printed: the two have to be the same. */
export const proseOf = (text: string): string =>
  text
    .replaceAll(BLOCK, (_all, kind: string, _part: unknown, command: string) =>
      fenced(kind === "mermaid" ? "mermaid" : "", kind === "mermaid" ? "" : `$ ${command}`),
    )
    .replaceAll(
      /^```(mermaid)?\n(\$ xhost [^\n]*\n)?[^]*?^```$/gm,
      (all, language: string | undefined, command: string | undefined) =>
        // Without a command that was run it is a block of the prose.
        language === undefined && command === undefined ? all : fenced(language ?? "", (command ?? "").trimEnd()),
    );

const fenced = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;

const partOf = (output: string, part: Part): readonly string[] => {
  const lines = output.trimEnd().split("\n");
  const from = (pattern: RegExp): number => {
    const at = lines.findIndex((line) => pattern.test(line));
    if (at < 0) throw new Error(`no line like ${pattern.source} in:\n${output}`);
    return at;
  };
  // With --explain its command stands before it; that of a step has a line of its own above.
  const firstCheck = (): number => {
    const at = from(/^[✔✖] /);
    return lines[at - 1]?.startsWith("$ ") === true && lines[at - 2]?.startsWith("# ") !== true ? at - 1 : at;
  };
  switch (part) {
    case "all":
      return lines;
    case "steps":
      return [...lines.slice(0, firstCheck()), "..."];
    case "checks":
      return ["...", ...lines.slice(firstCheck())];
    case "break":
      return ["...", ...lines.slice(from(/^break /))];
  }
};

/**
 * The same for every run, by rules that docs/tutorial/README.md tells: Ethernet addresses and the identifiers of pings are counted through in
 * the order in which they appear, the first process of a kept scenario is 4711, it is always the same second, and what Open vSwitch logs is left out.
 */
export const stable = (output: string): string => {
  const counted = (nth: (n: number) => string): ((found: string) => string) => {
    const seen = new Map<string, string>();
    return (found) => {
      const known = seen.get(found) ?? nth(seen.size + 1);
      seen.set(found, known);
      return known;
    };
  };
  const mac = counted((n) => `02:00:00:00:00:${n.toString(16).padStart(2, "0")}`);
  const id = counted(String);
  return output
    .replaceAll(/^\d{4}-\d\d-\d\dT[\d:]+Z\|\d+\|.*\n/gm, "")
    .replaceAll(/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, (found) => (/^(ff|00)(:\1)+$/.test(found) ? found : mac(found)))
    .replaceAll(/\bid (\d+) seq\b/g, (_all, found: string) => `id ${id(found)} seq`)
    .replaceAll(/(--target) \d+/g, "$1 4711")
    .replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\b/g, "2026-01-01T00:00:00Z");
};
