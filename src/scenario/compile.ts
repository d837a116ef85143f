import type { Build, Ground, Step } from "./build.ts";
import { deviceSteps, ipipSteps, vethSteps } from "./compile-links.ts";
import { bridgeSteps, namespaceSteps, nodeSteps } from "./compile-nodes.ts";
import { ovsSteps } from "./ovs.ts";
import type { Break, Scenario } from "./scenario.ts";

/** Of a host that is not asked: what `show` prints. */
export const anyGround: Ground = { datapath: "system", startOvs: false, loadable: new Set(), sysctls: new Map() };

/** Everything to be done on the host, in the words of ip(8), bridge(8) and ovs-vsctl(8), in the order of the tutorials; pure. */
export const compile = (scenario: Scenario, ground: Ground): Build => {
  const { nodes, links, needs } = scenario;
  const kinds = new Map(nodes.map(({ name, kind }) => [name, kind]));
  const steps: readonly Step[] = [
    ...moduleSteps(needs.modules, ground),
    ...(ground.startOvs ? ovsSteps : []),
    ...nodes.flatMap(namespaceSteps),
    ...nodes.flatMap((node) => bridgeSteps(node, ground)),
    ...links.flatMap((link) => (link.type === "veth" ? vethSteps(link, kinds) : [])),
    ...links.flatMap((link) => (link.type === "ipip" ? ipipSteps(link) : [])),
    ...links.flatMap((link) => ("end" in link ? deviceSteps(link) : [])),
    ...nodes.flatMap((node) => nodeSteps(node, { ground, scenario })),
  ];
  return { names: namesOf(scenario), steps };
};

/** What breaks it, on a host as it is right before. */
export const compileBreak = ({ modules, host }: Break, scenario: Scenario, ground: Ground): readonly Step[] => [
  ...moduleSteps(modules, ground),
  ...nodeSteps(host, { ground, scenario }),
];

const moduleSteps = (modules: readonly string[], { loadable }: Ground): readonly Step[] =>
  modules
    .filter((module) => loadable.has(module))
    .map((module) => ({
      command: `modprobe ${module}`,
      does: `loads the kernel module ${module}, which is not loaded yet`,
      undo: `modprobe -r ${module}`,
    }));

const namesOf = ({ nodes, links }: Scenario): Build["names"] => {
  const named = (...kinds: readonly string[]): readonly string[] =>
    nodes.filter(({ kind }) => kinds.includes(kind)).map(({ name }) => name);
  const inNamespace = new Set(named("netns"));
  const ends = links.flatMap((link) => {
    if ("end" in link) return inNamespace.has(link.end.node) ? [] : [link.end.interface];
    // Made in the host's namespace first, whatever becomes of them then.
    const isMoved = link.type === "veth" && !link.inPlace;
    return link.ends.filter((end) => isMoved || !inNamespace.has(end.node)).map((end) => end.interface);
  });
  return {
    namespaces: named("netns"),
    links: [...new Set([...named("bridge", "ovs-bridge"), ...ends])],
    ovsBridges: named("ovs-bridge"),
  };
};
