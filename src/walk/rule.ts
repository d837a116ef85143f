/** One match of a rule, such as `! -s 10.0.0.0/8`. */
export type Match = {
  readonly not: boolean;
  readonly option: string;
  readonly words: readonly string[];
  readonly module: string;
};

/** A rule of iptables, taken apart. */
export type ParsedRule = {
  readonly matches: readonly Match[];
  /** What `-j` or `-g` names; undefined where the rule only counts. */
  readonly target: string | undefined;
  readonly isGoto: boolean;
  readonly options: ReadonlyMap<string, readonly string[]>;
};

/**
 * Takes a rule apart as `iptables-save` prints it behind `-A CHAIN `. Every option of a match is one, with the words up to the next
 * option: which of them can be judged is not seen here. `-m NAME` itself only says to whom the options behind it belong.
 */
export const parseRule = (text: string): ParsedRule => {
  const groups = grouped(tokens(text));
  const at = groups.findIndex(({ option }) => option === "-j" || option === "-g");
  const [matching, behind] = at < 0 ? [groups, []] : [groups.slice(0, at), groups.slice(at)];
  let module = "";
  const matches: Match[] = [];
  for (const group of matching) {
    if (group.option === "-m") module = group.words[0] ?? "";
    else matches.push({ ...group, module });
  }
  return {
    matches,
    target: behind[0]?.words[0],
    isGoto: behind[0]?.option === "-g",
    options: new Map(behind.slice(1).map(({ option, words }) => [option, words])),
  };
};

/** Words; what is quoted is one, with a `"` before it in place of the quotes. */
export const tokens = (text: string): readonly string[] =>
  [...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? "") : `"${quoted.replace(/\\(.)/g, "$1")}`,
  );

type Group = { readonly not: boolean; readonly option: string; readonly words: readonly string[] };

const grouped = (words: readonly string[]): readonly Group[] => {
  const groups: { not: boolean; option: string; words: string[] }[] = [];
  let not = false;
  for (const word of words) {
    if (word === "!") not = true;
    else if (/^--?[a-zA-Z]/.test(word)) {
      groups.push({ not, option: word, words: [] });
      not = false;
    } else groups.at(-1)?.words.push(word.replace(/^"/, ""));
  }
  return groups;
};
