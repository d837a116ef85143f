import { combined, XhostError } from "../errors.ts";
import { newFolder } from "../init/new-folder.ts";
import type { Boot, HostState } from "../model/state.ts";
import { ejectText } from "../plan/eject-text.ts";
import { failureCode, failuresJson, lookFailures } from "./change.ts";
import type { Context, Outcome, Target } from "./context.ts";
import { look } from "./look.ts";
import { wholeOf } from "./measuring.ts";
import { clashesOf, wantedStates } from "./planning.ts";

/**
 * Writes what brings the hosts' state back after a restart, as a deploy keeps it on them, to a folder for each host. Changes nothing on a host.
 * What a deploy has to find out first, such as a plane or a key, is not made up: it is an error.
 */
export const eject = async (target: Target, folder: string, context: Context): Promise<Outcome> => {
  const { path, write } = await newFolder(context.cwd, folder);
  return look(context, target, false, async (seen) => {
    const whole = wholeOf(seen);
    const clashes = clashesOf(seen, whole, { iKnow: true });
    if (clashes.length > 0) throw combined(clashes);
    const { name: project } = seen.inventory;
    const states = [...wantedStates(seen, whole, context)];
    const keyless = states.flatMap(({ name, desired, facts }) =>
      desired.some(({ kind }) => kind === "key") && !facts.keys.get(project)
        ? [
            new XhostError(
              "CONFLICT",
              `its WireGuard key is not made yet: run xhost deploy ${target.inventory} first`,
              { host: name },
            ),
          ]
        : [],
    );
    if (keyless.length > 0) throw combined(keyless);
    const files = states.flatMap(({ name, desired }) => filesOf(name, desired));
    const hosts = [...new Set(files.map(({ host }) => host))];
    const hasKeys = states.some(({ desired }) => desired.some(({ kind }) => kind === "key"));
    const units = files.flatMap(({ host, file }) => (file.endsWith(".service") ? [host] : []));
    const errors = lookFailures(seen);
    if (files.length > 0)
      await write(
        new Map([
          ...files.map(({ host, file, text }) => [`${host}/${file}`, text] as const),
          ["README.md", ejectText(project, hosts, { hasKeys, units })],
        ]),
      );
    const told =
      files.length === 0
        ? "Nothing to write: no host has links, routes or rules."
        : `${folder} is written: start with its README.md.`;
    return {
      text: [...files.map(({ host, file }) => `${host}/${file}`), ...(files.length === 0 ? [] : [""]), told].join("\n"),
      errors,
      json: {
        path,
        hosts: Object.fromEntries(
          hosts.map((name) => [name, files.filter(({ host }) => host === name).map(({ file }) => file)]),
        ),
        failed: failuresJson(errors),
      },
      code: failureCode(errors),
    };
  });
};

type EjectFile = { readonly host: string; readonly file: string; readonly text: string };

const filesOf = (host: string, desired: HostState): readonly EjectFile[] => {
  const boot = desired.find((resource): resource is Boot => resource.kind === "boot");
  return [...(boot?.files ?? [])].map(([path, lines]) => ({
    host,
    file: path.slice(path.lastIndexOf("/") + 1),
    text: `${lines.join("\n")}\n`,
  }));
};
