import { engineVersion } from "./docker.ts";
import { suiteOf } from "./engine.ts";
import { enterHost, runningHosts, startHost, stopHost, writeHost } from "./host.ts";
import type { Kind } from "./kind.ts";
import type { LabKind } from "./record.ts";
import { suiteRoot } from "./rootfs.ts";
import { enterGuest } from "./uml/enter.ts";
import { guestVersion, startGuest, stopGuest, writeGuest } from "./uml/host.ts";
import { umlImage } from "./uml/image.ts";
import { runningGuests } from "./uml/running.ts";

/** Every kind there is. */
export const kinds: Readonly<Record<LabKind, Kind>> = {
  netns: {
    root: async (engine, options) => {
      const suite = suiteOf(engine);
      return suite === undefined ? undefined : await suiteRoot(suite, options);
    },
    write: writeHost,
    start: startHost,
    stop: stopHost,
    running: runningHosts,
    version: (_lab, _host, pid) => engineVersion(pid),
    enter: enterHost,
  },
  uml: {
    root: (_engine, options) => umlImage(options),
    write: writeGuest,
    start: startGuest,
    stop: stopGuest,
    running: ({ name }) => runningGuests(name),
    version: guestVersion,
    enter: enterGuest,
  },
};
