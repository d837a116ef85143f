import type { End, Link, Scenario } from "./scenario.ts";

/** The topology as a Mermaid flowchart (mermaid.js.org): a box for each node, a line for each link. Pure. */
export const mermaid = ({ nodes, links }: Scenario): string => {
  const used = nodes.filter(
    ({ name, kind }) => kind !== "host" || links.some((link) => endsOf(link).some((e) => e.node === name)),
  );
  const id = (node: string): string => `n_${node.replace(/\W/g, "_")}`;
  const devices = links.flatMap((link, i) => ("end" in link ? [{ id: `p${i}`, link }] : []));
  return [
    "flowchart LR",
    ...used.map(
      ({ name, kind, ipv4 }) =>
        `  ${id(name)}${shapes[kind](text([name, ...(ipv4 === undefined ? [] : [ipv4]), kinds[kind]]))}`,
    ),
    ...devices.map((device) => `  ${device.id}([${text(["process", `${device.link.type} device`])}])`),
    ...links.map((link, i) => {
      if ("end" in link) return `  ${id(link.end.node)} -->|${text(words(link.end))}| p${i}`;
      const [one, other] = link.ends;
      const label = text([...words(one), ...(link.type === "ipip" ? ["ipip tunnel"] : []), ...words(other)]);
      return `  ${id(one.node)} ${link.type === "ipip" ? "-.-" : "---"}|${label}| ${id(other.node)}`;
    }),
  ].join("\n");
};

const kinds = { netns: "network namespace", host: "the host", bridge: "bridge", "ovs-bridge": "Open vSwitch" } as const;
const shapes = {
  netns: (label: string) => `[${label}]`,
  host: (label: string) => `{{${label}}}`,
  bridge: (label: string) => `([${label}])`,
  "ovs-bridge": (label: string) => `([${label}])`,
} as const;

/** Quoted, so that no character of a name means anything. */
const text = (lines: readonly string[]): string => `"${lines.join("<br/>").replaceAll('"', "#quot;")}"`;

const endsOf = (link: Link): readonly End[] => ("end" in link ? [link.end] : link.ends);

const words = ({ interface: device, ipv4 }: End): readonly string[] => [
  `${device}${ipv4 === undefined ? "" : ` ${ipv4}`}`,
];

/**
 * The same in text, a line for each link: `ns1 v1 10.1.1.2/24 ------ v1_r 10.1.1.1/24 host`, columns lined up. Pure.
 */
export const picture = (scenario: Scenario): string => {
  const rows = scenario.links.map((link): readonly [string, string, string] => {
    if ("end" in link) return [left(link.end), `== ${link.type} ==`, "a process"];
    const [one, other] = link.ends;
    return [left(one), link.type === "ipip" ? "== ipip ==" : "----------", right(other)];
  });
  const width = Math.max(0, ...rows.map(([start]) => start.length));
  const bridges = scenario.nodes.filter(({ kind }) => kind === "bridge" || kind === "ovs-bridge");
  const alone = scenario.nodes.filter(
    ({ name, kind }) =>
      kind === "netns" && !scenario.links.some((link) => endsOf(link).some((end) => end.node === name)),
  );
  return [
    ...rows.map(([start, line, end]) => `${start.padEnd(width)} ${line} ${end}`),
    ...bridges.map(
      ({ name, kind, ipv4 }) =>
        `[${name}] is ${kind === "bridge" ? "a Linux bridge" : "a switch of Open vSwitch"}${ipv4 === undefined ? "" : `, the host's address there is ${ipv4}`}`,
    ),
    ...alone.map(({ name }) => `[${name}] has no link`),
  ].join("\n");
};

const left = ({ node, interface: device, ipv4 }: End): string =>
  [`[${node}]`, device, ...(ipv4 === undefined ? [] : [ipv4])].join(" ");
const right = ({ node, interface: device, ipv4 }: End): string =>
  [device, ...(ipv4 === undefined ? [] : [ipv4]), `[${node}]`].join(" ");
