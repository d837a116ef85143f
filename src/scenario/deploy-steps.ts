import type { Step } from "./build.ts";
import type { DeployScenario } from "./deploy-scenario.ts";

/** What a reader would type, in order: the inventories are in the files that are named. */
export const deploySteps = ({ name, deploy }: DeployScenario) =>
  ({
    refused: deploy.refused && {
      command: `xhost plan ${name}-refused.yml`,
      does: "plans what cannot work: what is wrong is found before anything is changed",
      undo: undefined,
    },
    deploy: {
      command: `xhost deploy --yes ${name}.yml`,
      does: "makes the networks, the containers, the routes and the firewall rules on all hosts",
      undo: `xhost destroy --yes ${name}.yml`,
    },
    doctor: {
      command: `xhost doctor --full ${name}.yml`,
      does: "looks at everything that may keep the containers from each other, and names what is guilty",
      undo: undefined,
    },
    mend: {
      command: `xhost deploy --yes ${name}.yml`,
      does: "puts back what is missing or in the wrong order",
      undo: undefined,
    },
    destroy: {
      command: `xhost destroy --yes ${name}.yml`,
      does: "removes everything that the project owns, and nothing else",
      undo: undefined,
    },
  }) satisfies Record<string, Step | undefined>;
