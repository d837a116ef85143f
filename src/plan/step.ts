import type { ContainerBody, Endpoint } from "../model/container-body.ts";

/** terraform's signs: add, change in place, replace, remove. */
export type Sign = "+" | "~" | "±" | "-";

/** One line of a plan: what happens to one thing. */
export type Change = {
  readonly sign: Sign;
  /** Kind and name, such as `container web`. */
  readonly what: string;
  /** What it will be, or what is different. */
  readonly detail: string;
};

/** Body of `POST /networks/create`. */
export type NetworkBody = {
  readonly Name: string;
  readonly Driver: "bridge";
  readonly Labels: Readonly<Record<string, string>>;
  readonly Options: Readonly<Record<string, string>>;
  readonly IPAM: {
    readonly Driver: "default";
    readonly Config: readonly { readonly Subnet: string; readonly Gateway: string }[];
  };
};

type Call =
  | { readonly call: "pullImage"; readonly image: string }
  | { readonly call: "createVolume"; readonly name: string; readonly labels: Readonly<Record<string, string>> }
  | { readonly call: "removeVolume"; readonly name: string }
  | { readonly call: "createNetwork"; readonly body: NetworkBody }
  | { readonly call: "removeNetwork"; readonly name: string }
  | {
      readonly call: "createContainer";
      readonly name: string;
      readonly body: ContainerBody;
      /** The body for people and logs: no values of its environment, and `${NAME}` for what came out of a variable. */
      readonly shown: ContainerBody;
    }
  /** With what it was made of, where that was not in the same step: an engine may repeat it when it refuses. */
  | {
      readonly call: "startContainer";
      readonly name: string;
      readonly made?: { readonly body: ContainerBody; readonly shown: ContainerBody };
    }
  | { readonly call: "stopContainer"; readonly name: string }
  | { readonly call: "unpauseContainer"; readonly name: string }
  | {
      readonly call: "connectNetwork";
      readonly name: string;
      readonly network: string;
      /** EndpointConfig, as in the body that the container was created with. */
      readonly endpoint: Endpoint;
    }
  | { readonly call: "disconnectNetwork"; readonly name: string; readonly network: string }
  | { readonly call: "renameContainer"; readonly name: string; readonly to: string }
  /** `volumes`: with its anonymous ones, unless another container has them. */
  | { readonly call: "removeContainer"; readonly name: string; readonly volumes: boolean };

/** A call of Docker's API as data; `undo` takes it back when a later call of the same step fails. */
export type DockerCall = Call & { readonly undo?: DockerCall };

/** Calls of Docker's API, one after the other; when one fails, what the earlier ones did is taken back where it can be. */
export type DockerStep = {
  readonly kind: "docker";
  readonly changes: readonly Change[];
  readonly calls: readonly DockerCall[];
};

/** One shell script that brings the kernel's state of a host from what it is to what it should be. */
export type ShellStep = {
  readonly kind: "shell";
  readonly changes: readonly Change[];
  readonly script: string;
  /** For people, where the script says again what stands above it. */
  readonly shown?: readonly string[];
  /** What takes it back, wherever it was cut off; undefined where it can cut nobody off. */
  readonly undo?: Undo | undefined;
};

/** Shell text that takes a step back, and the project whose files it puts back before. */
export type Undo = { readonly project: string; readonly script: string };

export type Step = DockerStep | ShellStep;

/** What has to be done on one host, in order; nothing when `steps` is empty. */
export type HostPlan = { readonly host: string; readonly steps: readonly Step[] };
