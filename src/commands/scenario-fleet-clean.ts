import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { combined, XhostError } from "../errors.ts";
import { connector } from "../ssh/connect.ts";
import type { Context } from "./context.ts";
import { destroy } from "./destroy.ts";
import { readInventory } from "./read-inventory.ts";
import type { Chosen } from "./scenario-fleet.ts";
import { asWritten, withGuards } from "./scenario-hosts.ts";

/** Destroys what a deploy scenario has left or kept on the hosts, all of the inventory's where none is named; tells whether there was anything. */
export const destroyProject = async (
  { inventory: file, names }: Chosen,
  { name, project }: { readonly name: string; readonly project: string },
  context: Context,
): Promise<boolean> => {
  const { hosts } = await readInventory(file, context);
  const unknown = names.filter((each) => hosts.every((host) => host.name !== each));
  if (unknown.length > 0) throw new XhostError("INVENTORY", `--host: no host named ${unknown.join(", ")} in ${file}`);
  const chosen = hosts.filter((host) => names.length === 0 || names.includes(host.name));
  const ssh = connector({ timeout: context.timeout, note: context.note });
  const folder = await mkdtemp(join(tmpdir(), "xhost-scenario-"));
  try {
    return await withGuards(ssh, chosen, { name, keep: false }, async (guarded) => {
      const written = await asWritten(file, chosen, context);
      const inventory = join(folder, `${name}.yml`);
      const text = stringify({ name: project, ...written, hosts: Object.fromEntries(written.hosts) });
      await writeFile(inventory, text, { mode: 0o600 });
      const silent = { ...context, show: () => undefined };
      const { errors = [], json } = await destroy({ inventory, limit: undefined }, silent, {
        yes: true,
        volumes: true,
      });
      if (errors.length > 0) throw combined(errors);
      const { summary } = json as { readonly summary: { readonly remove: number } };
      return summary.remove > 0 || guarded.some(({ guard }) => guard.tookOver !== undefined);
    });
  } finally {
    await ssh.close();
    await rm(folder, { recursive: true });
  }
};
