import type { XhostError } from "../errors.ts";
import { peerAddresses } from "./addresses.ts";
import type { Answer } from "./ask.ts";
import type { FoundHost } from "./found.ts";
import type { StarterHost } from "./inventory-text.ts";

/** What the hosts that were asked said; a host that was asked is in one of the two. */
export type Answers = {
  readonly done: ReadonlyMap<string, Answer>;
  readonly failed: ReadonlyMap<string, XhostError>;
};

/** Hosts for somebody who has none to read: addresses that nobody has (RFC 5737). */
export const placeholders: readonly StarterHost[] = [
  {
    name: "h1",
    ssh: { host: "192.0.2.11" },
    remark: "an address or a name; a Host alias of ~/.ssh/config is fine too",
  },
  { name: "h2", ssh: { host: "192.0.2.12" } },
];

/** What was found and what the hosts said, as the inventory will have it. */
export const starterHosts = (found: readonly FoundHost[], { done, failed }: Answers): readonly StarterHost[] => {
  const addresses = peerAddresses([...done.values()].map(({ guest }) => guest));
  return found.map(({ name, ssh, become, identityFiles }) => {
    const identityFile = done.get(name)?.identityFile ?? identityFiles[0];
    const peer = addresses.get(name);
    return {
      name,
      ssh: { ...ssh, ...(identityFile !== undefined && { identityFile }) },
      ...(become !== undefined && { become }),
      address: peer?.address,
      remark:
        peer !== undefined
          ? `${peer.device}, on the network that all of these hosts are on`
          : failed.has(name)
            ? "address: where the other hosts reach it; left out, because it did not answer"
            : done.has(name)
              ? "address: where the other hosts reach it; left out, because these hosts share no network"
              : undefined,
    };
  });
};
