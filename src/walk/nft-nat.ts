import { z } from "zod";
import { translated } from "./nat.ts";
import type { Packet } from "./packet.ts";

const address = z.object({ addr: z.string().optional() }).nullable();
const change = z.union([
  z.object({ snat: address }),
  z.object({ dnat: address }),
  z.object({ masquerade: z.unknown() }),
  z.object({ redirect: z.unknown() }),
  z.object({ notrack: z.unknown() }),
  z.object({
    mangle: z.object({ key: z.object({ meta: z.object({ key: z.literal("mark") }) }), value: z.number() }),
  }),
]);

/** The packet behind a statement of an nft rule, and whether it is one of nat; `own`: what a masquerade takes. */
export const changedByNft = (
  packet: Packet,
  statement: unknown,
  own: string | undefined,
): { readonly after: Packet; readonly isNat: boolean } => {
  const found = change.safeParse(statement);
  if (!found.success) return { after: packet, isNat: false };
  const { data } = found;
  if ("mangle" in data) return { after: { ...packet, mark: data.mangle.value }, isNat: false };
  if ("notrack" in data) return { after: { ...packet, isTracked: false }, isNat: false };
  const target = "snat" in data ? "SNAT" : "masquerade" in data ? "MASQUERADE" : "DNAT";
  const to = "snat" in data ? data.snat?.addr : "dnat" in data ? data.dnat?.addr : undefined;
  return { after: translated(packet, { target, to: to ?? "", own }), isNat: true };
};
