import type { Change, DockerCall, HostPlan, Sign, Step } from "./step.ts";

/**
 * A plan as text: each change with its sign, and below it the exact calls and commands. `elsewhere` names what tells all of that, such as `--verbose`: then the
 * commands stay away, and of many changes of a kind most. `unknown`: hosts without a plan.
 */
export const formatPlan = (
  plans: readonly HostPlan[],
  { paint = plain, elsewhere, unknown = 0 }: { paint?: Paint; elsewhere?: string | undefined; unknown?: number } = {},
): string => {
  const busy = plans.filter((p) => p.steps.length > 0);
  if (busy.length === 0)
    return unknown > 0 ? `Nothing to do on ${plans.map((p) => p.host).join(", ")}.` : "Nothing to do.";
  const found = { ...NONE };
  const stepLines = (step: Step): readonly string[] => {
    const { changes } = step;
    note(found, changes);
    return [
      ...(elsewhere === undefined ? changes.map(changeLine) : few(changes, elsewhere)).map(
        ([text, sign]) => `  ${paint(text, sign)}`,
      ),
      ...(elsewhere === undefined ? commandsOf(step).map((line) => `      ${paint(line, "command")}`) : []),
    ];
  };
  const hosts = busy.flatMap(({ host, steps }) => [paint(host, "host"), ...steps.flatMap(stepLines), ""]);
  return [...hosts, summary(busy.length, found)].join("\n");
};

/** Colours a piece of a plan; the default leaves it as it is. */
export type Paint = (text: string, as: Sign | "host" | "command") => string;
const plain: Paint = (text) => text;

const changeLine = ({ sign, what, detail }: Change): readonly [string, Sign] => [
  `${sign} ${what}${detail === "" ? "" : `: ${detail}`}`,
  sign,
];

/** So many changes of one kind are told one by one in short: hundreds of hosts have hundreds of routes each. */
const MANY = 20;

/** Of more than that the first three, and how many more they are. */
const few = (changes: readonly Change[], elsewhere: string): readonly (readonly [string, Sign])[] => {
  const kindOf = ({ sign, what }: Change): string => `${sign} ${what.split(" ", 1)[0] ?? ""}`;
  const sizes = new Map<string, number>();
  for (const change of changes) sizes.set(kindOf(change), (sizes.get(kindOf(change)) ?? 0) + 1);
  const told = new Map<string, number>();
  return changes.flatMap((change) => {
    const kind = kindOf(change);
    const size = sizes.get(kind) ?? 0;
    const nth = (told.get(kind) ?? 0) + 1;
    told.set(kind, nth);
    if (size <= MANY || nth < 3) return [changeLine(change)];
    const more: readonly [string, Sign] = [`${kind}: ${size - nth} more, which ${elsewhere} tells`, change.sign];
    return nth === 3 ? [changeLine(change), more] : [];
  });
};

/** The step's calls and commands as a person would type or send them. */
const commandsOf = (step: Step): readonly string[] =>
  step.kind === "shell" ? (step.shown ?? step.script.split("\n")) : step.calls.map(callText);

/** A call as `METHOD /path body` of Docker's API (https://docs.docker.com/reference/api/engine/). */
export const callText = (call: DockerCall): string => {
  switch (call.call) {
    case "pullImage":
      return `POST /images/create?fromImage=${encodeURIComponent(call.image)}`;
    case "createVolume":
      return `POST /volumes/create ${JSON.stringify({ Name: call.name, Labels: call.labels })}`;
    case "removeVolume":
      return `DELETE /volumes/${call.name}`;
    case "createNetwork":
      return `POST /networks/create ${JSON.stringify(call.body)}`;
    case "removeNetwork":
      return `DELETE /networks/${call.name}`;
    case "createContainer":
      return `POST /containers/create?name=${call.name} ${JSON.stringify(call.shown)}`;
    case "startContainer":
      return `POST /containers/${call.name}/start`;
    case "stopContainer":
      return `POST /containers/${call.name}/stop`;
    case "unpauseContainer":
      return `POST /containers/${call.name}/unpause`;
    case "connectNetwork":
      return `POST /networks/${call.network}/connect ${JSON.stringify(connection(call))}`;
    case "disconnectNetwork":
      return `POST /networks/${call.network}/disconnect ${JSON.stringify(disconnection(call))}`;
    case "renameContainer":
      return `POST /containers/${call.name}/rename?name=${call.to}`;
    case "removeContainer":
      return `DELETE /containers/${call.name}?force=true&v=${call.volumes}`;
  }
};

/** Bodies of `POST /networks/NAME/connect` and `/disconnect`; without force Docker 20.10 refuses where the network is made anew since. */
export const connection = ({ name, endpoint }: Extract<DockerCall, { call: "connectNetwork" }>) => ({
  Container: name,
  EndpointConfig: endpoint,
});
export const disconnection = ({ name }: Extract<DockerCall, { call: "disconnectNetwork" }>) => ({
  Container: name,
  Force: true,
});

type Counts = Record<Sign, number>;
const NONE: Readonly<Counts> = { "+": 0, "~": 0, "±": 0, "-": 0 };

const note = (found: Counts, changes: readonly Change[]): void => {
  for (const { sign } of changes) found[sign]++;
};

/** How many changes of each sign. */
export const counts = (plans: readonly HostPlan[]): Readonly<Counts> => {
  const found = { ...NONE };
  // Step by step: of hundreds of hosts the changes would not fit into memory beside each other.
  for (const { steps } of plans) for (const { changes } of steps) note(found, changes);
  return found;
};

const summary = (size: number, n: Readonly<Counts>): string =>
  `${size} host${size === 1 ? "" : "s"}: ${n["+"]} to add, ${n["~"]} to change, ${n["±"]} to replace, ${n["-"]} to remove.`;
