import type { Exec, Scenario } from "./scenario.ts";

/** A lab that is a whole deploy over several Docker hosts: an inventory without hosts, and what has to hold. */
export type DeployScenario = Pick<Scenario, "file" | "name" | "title" | "about"> & {
  readonly deploy: Deploy;
  readonly checks: readonly DeployCheck[];
  readonly breaks: readonly DeployBreak[];
};

export type Deploy = {
  /** As the file calls them; the first stands for the first host of whatever inventory it is run on. */
  readonly hosts: readonly string[];
  /** Of containers that name none: the first that all hosts have, else the first. */
  readonly images: readonly string[];
  readonly wanted: Wanted;
  /** What is planned first, and has to be refused. */
  readonly refused: Refused | undefined;
};

/** `networks` and `containers` as an inventory has them, but that a container may leave its image out. */
export type Wanted = {
  readonly networks: Readonly<Record<string, object>>;
  readonly containers: Readonly<Record<string, { readonly host: string; readonly network: string }>>;
};

export type Refused = {
  readonly claim: string;
  /** A regular expression that the reason has to match. */
  readonly matches: string;
  readonly wanted: Wanted;
};

export type DeployCheck = { readonly claim: string } & (
  | { readonly kind: "ping"; readonly from: string; readonly to: string }
  | {
      /** Output of a command on a host, against a regular expression (multi-line); `lacks` the contrary. */
      readonly kind: "run";
      readonly in: string;
      readonly run: string;
      readonly matches: string | undefined;
      readonly lacks: string | undefined;
    }
  /** Planned again, nothing is to be done. */
  | { readonly kind: "plan" }
);

/** A way to break it. `in` of its commands is a host. What they do not take back themselves, a deploy does. */
export type DeployBreak = {
  readonly name: string;
  readonly title: string;
  readonly exec: readonly Exec[];
  readonly fails: readonly string[];
  /** `matches` what doctor has to find, `HOST: ID: WHAT IT SAW`. */
  readonly cause: { readonly matches: string; readonly why: string };
};

export type AnyScenario = Scenario | DeployScenario;

export const isDeploy = (scenario: AnyScenario): scenario is DeployScenario => "deploy" in scenario;

/** Owner of what it creates on the hosts; a project of a user's is not called so. */
export const projectOf = ({ name }: Pick<DeployScenario, "name">): string => `${PROJECT_PREFIX}${name}`;
/** Of projects and labs of scenarios alone. */
export const PROJECT_PREFIX = "scenario-";

/** So that the project's name keeps to 20 characters, as the inventory wants it. */
export const LONGEST_NAME = 20 - PROJECT_PREFIX.length;
