import type { Report } from "../doctor/report.ts";
import type { Paint } from "../plan/format.ts";

type Finding = Report["findings"][number];

/** How the text is coloured, and the command that deploys the inventory. */
type Telling = { readonly paint: Paint; readonly deploy: string };

/** The report for people: a block for each finding, and one line that sums up. */
export const doctorText = (report: Report, telling: Telling): string =>
  [
    ...report.findings.flatMap((f) => [...findingLines(f, telling), ""]),
    ...notes(report),
    summary(report, telling.paint),
  ].join("\n");

/** `h1 > h2` for what lies between two hosts. */
export const placeOf = ({ host, peer }: Pick<Finding, "host" | "peer">): string =>
  peer === null ? host : `${host} > ${peer}`;

const findingLines = (f: Finding, { paint, deploy }: Telling): readonly string[] => {
  const isFault = f.severity === "fault";
  const more =
    f.explains > 0
      ? ` (${f.explains} failed check${f.explains === 1 ? "" : "s"} come${f.explains === 1 ? "s" : ""} of it)`
      : "";
  return [
    `${paint(isFault ? "FAULT  " : "WARNING", isFault ? "-" : "~")}  ${paint(placeOf(f), "host")}  ${f.id}${more}`,
    ...f.seen.split("\n").map((line, i) => `  ${i === 0 ? "seen  " : "      "}  ${line}`),
    `  why     ${f.why}`,
    ...remedyLines(f, deploy).map((line, i) => `  ${i === 0 ? "remedy" : "      "}  ${paint(line, "+")}`),
  ];
};

const remedyLines = ({ remedy, deployFixes }: Finding, deploy: string): readonly string[] => {
  const [first = "", ...rest] = remedy.command.split("\n");
  const where = remedy.on === null ? "" : `on ${remedy.on}: `;
  const also = deployFixes && remedy.on !== null ? [`or: ${deploy}`] : [];
  return [`${where}${first}`, ...rest, ...also];
};

const notes = ({ checks }: Report): readonly string[] => [
  ...(checks.sampled
    ? [
        `${checks.made} of ${checks.possible} checks were made: every pair of hosts both ways, every container as source and as target. --full makes all.`,
      ]
    : []),
  ...(checks.unwalked > 0
    ? [
        `${checks.unwalked} of the failed checks were not followed through the hosts' rules and routes; others between the same hosts were. --full follows all.`,
      ]
    : []),
];

const summary = ({ findings, hosts, checks }: Report, paint: Paint): string => {
  const faults = findings.filter((f) => f.severity === "fault").length;
  const warnings = findings.length - faults;
  const parts = [
    `${hosts.length} host${hosts.length === 1 ? "" : "s"} looked at`,
    `${checks.passed} of ${checks.made} checks passed${checks.unchecked > 0 ? `, ${checks.unchecked} could not be made` : ""}`,
    ...(faults > 0 ? [`${faults} fault${faults === 1 ? "" : "s"}`] : []),
    ...(warnings > 0 ? [`${warnings} warning${warnings === 1 ? "" : "s"}`] : []),
  ];
  const verdict = faults > 0 ? paint("Not healthy", "-") : paint("Healthy", "+");
  return `${verdict}: ${parts.join(", ")}.`;
};
