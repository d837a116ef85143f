import type { Change, DockerCall, HostPlan, Sign, Step } from "./step.ts";

/** A plan as text: each change with its sign and, with `commands`, below it the exact calls and commands. `unknown`: hosts without a plan. */
export const formatPlan = (
  plans: readonly HostPlan[],
  { paint = plain, commands, unknown = 0 }: { paint?: Paint; commands: boolean; unknown?: number },
): string => {
  const busy = plans.filter((p) => p.steps.length > 0);
  if (busy.length === 0)
    return unknown > 0 ? `Nothing to do on ${plans.map((p) => p.host).join(", ")}.` : "Nothing to do.";
  const host = (p: HostPlan): readonly string[] => [
    paint(p.host, "host"),
    ...p.steps.flatMap((step) => [
      ...step.changes.map((c) => `  ${paint(`${c.sign} ${changeText(c)}`, c.sign)}`),
      ...(commands ? commandsOf(step).map((line) => `      ${paint(line, "command")}`) : []),
    ]),
    "",
  ];
  return [...busy.flatMap(host), summary(busy)].join("\n");
};

/** Colours a piece of a plan; the default leaves it as it is. */
export type Paint = (text: string, as: Sign | "host" | "command") => string;
const plain: Paint = (text) => text;

const changeText = (change: Change): string => `${change.what}${change.detail === "" ? "" : `: ${change.detail}`}`;

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

/** How many changes of each sign. */
export const counts = (plans: readonly HostPlan[]): Readonly<Record<Sign, number>> => {
  const all = plans.flatMap((p) => p.steps.flatMap((s) => s.changes));
  const count = (sign: Sign): number => all.filter((c) => c.sign === sign).length;
  return { "+": count("+"), "~": count("~"), "±": count("±"), "-": count("-") };
};

const summary = (plans: readonly HostPlan[]): string => {
  const n = counts(plans);
  const hosts = `${plans.length} host${plans.length === 1 ? "" : "s"}`;
  return `${hosts}: ${n["+"]} to add, ${n["~"]} to change, ${n["±"]} to replace, ${n["-"]} to remove.`;
};
