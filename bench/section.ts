// What a benchmark reports.

/** A part of the report, with the pictures that it shows by file name. */
export type Section = {
  readonly title: string;
  readonly markdown: string;
  readonly plots: Readonly<Record<string, string>>;
};

export const markdownTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
