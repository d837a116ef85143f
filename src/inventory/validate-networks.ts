import { blockCount, cidrOf } from "../cidr.ts";
import { allocate } from "./allocate.ts";
import type { Inventory, InventoryNetwork } from "./inventory.ts";
import type { Problem } from "./problem.ts";
import type { Written } from "./schema.ts";

const DOCKERS_OWN = ["bridge", "host", "none"];

/** Blocks without a source, pools that are too small, names Docker keeps for itself, planes that do not encrypt as they should. */
export const networkProblems = (written: Written, inventory: Inventory): readonly Problem[] => [
  ...adoptedTwice(inventory),
  ...inventory.networks.flatMap((network) => {
    const path = ["networks", network.name];
    return [
      ...(DOCKERS_OWN.includes(network.name)
        ? [
            {
              path,
              message: "is a name of Docker's own: choose another, or adopt it with `existing`",
              at: "key",
            } as const,
          ]
        : []),
      ...blockProblems(network, written),
      ...(network.encrypt && network.plane !== "auto" && network.plane !== "wireguard"
        ? [
            {
              path: [...path, "encrypt"],
              message: `plane ${network.plane} does not encrypt: write \`plane: wireguard\`, or leave the plane to xhost`,
            },
          ]
        : []),
    ];
  }),
];

/** A Docker network can be part of one network of the inventory only: its routes would be wanted twice. */
const adoptedTwice = (inventory: Inventory): readonly Problem[] => {
  const owners = new Map<string, string>();
  return inventory.networks.flatMap((network) =>
    [...network.blocks].flatMap(([host, source]): readonly Problem[] => {
      if (source.kind !== "existing") return [];
      const key = `${host}/${source.dockerNetwork}`;
      const owner = owners.get(key);
      owners.set(key, owner ?? network.name);
      const path = ["networks", network.name, "existing", host];
      return owner === undefined
        ? []
        : [{ path, message: `${source.dockerNetwork} of ${host} is adopted by ${owner} already` }];
    }),
  );
};

const blockProblems = (network: InventoryNetwork, written: Written): readonly Problem[] => {
  const path = ["networks", network.name];
  const both = Object.keys(written.networks?.[network.name]?.subnets ?? {}).filter(
    (host) => written.networks?.[network.name]?.existing?.[host] !== undefined,
  );
  const doubled = both.map((host): Problem => {
    const message = `${host} has an explicit subnet too: an adopted network brings its own`;
    return { path: [...path, "existing", host], message, at: "key" };
  });
  const wanting = [...network.blocks].filter(([, source]) => source.kind === "pool").map(([host]) => host);
  if (wanting.length === 0) return doubled;
  if (network.pool === undefined)
    return [
      ...doubled,
      { path, message: `no block for ${wanting.join(", ")}: write a pool, or subnets or existing for each`, at: "key" },
    ];
  const pool = cidrOf(network.pool);
  const count = blockCount(pool, network.prefix);
  const given = [...allocate(network).keys()].filter((host) => wanting.includes(host)).length;
  if (given >= wanting.length) return doubled;
  const where = written.networks?.[network.name]?.prefix === undefined || count > 0 ? "pool" : "prefix";
  const hosts = `${wanting.length} ${wanting.length === 1 ? "host" : "hosts"}`;
  const message =
    count === 0
      ? `${network.pool} is smaller than one block of /${network.prefix}: ${remedy(network.prefix, pool.prefix, wanting.length)}`
      : `${network.pool} has ${count} ${count === 1 ? "block" : "blocks"} of /${network.prefix}, ${given} of them free, for ${hosts}: widen the pool or lengthen the prefix`;
  return [...doubled, { path: [...path, where], message }];
};

/** What to write so that so many blocks of `prefix` fit: at least one does not. */
const remedy = (prefix: number, pool: number, blocks: number): string => {
  const bits = Math.ceil(Math.log2(blocks));
  const wider = `write a pool of /${prefix - bits} or wider`;
  return pool + bits > LONGEST ? wider : `${wider}, or \`prefix: ${pool + bits}\``;
};

/** A smaller block has no room for containers: as the schema says. */
const LONGEST = 29;
