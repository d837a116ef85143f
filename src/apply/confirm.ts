import { XhostError } from "../errors.ts";
import { settledBy, settleScript } from "../plan/confirm-lines.ts";
import type { Host } from "../ssh/host.ts";

/** Confirms a change over a connection that was opened after it. Throws a REMOTE XhostError where the host has taken it back already. */
export const confirm = async (host: Host, project: string): Promise<void> => {
  const said = settledBy(await host.run(settleScript(project), "confirm the change"));
  if (said === "confirmed") return;
  const late = (what: string): string =>
    `it came too late: the host ${what}; deploy again, with a longer --confirm-timeout`;
  const why =
    said === "undoing"
      ? late("is taking the change back")
      : said.startsWith("undone ")
        ? late(`took the change back at ${said.slice("undone ".length)}`)
        : "nothing waited for it";
  throw new XhostError("REMOTE", `confirm the change: ${why}`, { host: host.name });
};
