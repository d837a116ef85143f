import { z } from "zod";
import type { Judged } from "./judge-match.ts";
import type { Packet } from "./packet.ts";

/** Bits by their names: those that are set, and those of which nobody can tell. */
export type Flags = { readonly flags: readonly string[]; readonly other: readonly string[] };

/** `ct status` as nft(8) names its bits. Whether an application or time has set others is not known in a walk. */
export const statusOf = ({ isReply, nat }: Packet): Flags => ({
  flags: [...(isReply ? ["seen-reply"] : []), ...nat],
  other: ["expected", "assured", "confirmed", "dying"],
});

/** nft prints `in` for any of the bits and `!` for none of them; `==` and `!=` are about all bits at once, which nobody knows. */
export const flagged = (op: string, { flags, other }: Flags, right: unknown): Judged => {
  const asked = z.array(z.string()).safeParse([right].flat());
  if (!asked.success || (op !== "in" && op !== "!")) return undefined;
  if (asked.data.some((bit) => flags.includes(bit))) return op === "in";
  return asked.data.some((bit) => other.includes(bit)) ? undefined : op !== "in";
};
