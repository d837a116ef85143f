import type { DeployBreak, DeployScenario } from "../scenario/deploy-scenario.ts";
import type { Told } from "../scenario/result.ts";
import type { Context, Target } from "./context.ts";
import type { Fleet } from "./scenario-fleet.ts";

/** How a deploy scenario is run. */
export type DeployRun = {
  readonly broken: DeployBreak | undefined;
  /** Every command is told before it runs, with what it does and what it prints. */
  readonly explain: boolean;
  readonly keep: boolean;
  readonly told: Told;
  /** Runs the checks, while it records what it likes. */
  readonly recording: <T>(target: Target, work: () => Promise<T>) => Promise<T>;
};

/** A run under way; what the commands show that it runs is told only where it explains. */
export type Running = DeployRun & {
  readonly scenario: DeployScenario;
  readonly fleet: Fleet;
  readonly context: Context;
  /** The same, where progress is shown too. */
  readonly loud: Context;
  readonly target: Target;
};
