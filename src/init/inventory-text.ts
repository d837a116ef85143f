import { Document, isCollection, isScalar, type Pair, type Scalar, type YAMLMap, type YAMLSeq } from "yaml";
import { cidrOf, contains, parseIp } from "../cidr.ts";
import type { SshOptions } from "../inventory/inventory.ts";

/** A host as the starter inventory has it. */
export type StarterHost = {
  readonly name: string;
  readonly ssh: SshOptions;
  readonly become?: "sudo" | undefined;
  readonly address?: string | undefined;
  /** Stands beside the address, or in its place. */
  readonly remark?: string | undefined;
};

/** The first that no host is in: a network must not contain its hosts' own addresses. */
const POOLS = ["172.30.0.0/16", "10.30.0.0/16", "192.168.0.0/16"];

/** A commented inventory: the hosts, one network over all of them, one container on each. `head`: lines at the top of the file. */
export const inventoryText = (hosts: readonly StarterHost[], head: readonly string[]): string => {
  const shared = sharedOptions(hosts);
  const doc = new Document({
    name: "demo",
    ...(Object.keys(shared).length > 0 && { defaults: { ssh: escaped(shared) } }),
    hosts: Object.fromEntries(hosts.map((host) => [host.name, writtenHost(host, shared)])),
    networks: { app: { pool: freePool(hosts), plane: "auto" } },
    containers: {
      probe: { hosts: "all", network: "app", image: "busybox:stable", command: ["sleep", "infinity"], init: true },
    },
  });
  doc.commentBefore = head.map((line) => ` ${line}`).join("\n");
  for (const { key } of (doc.contents as unknown as YAMLMap).items.slice(1) as Pair<Scalar>[]) key.spaceBefore = true;
  (doc.getIn(["containers", "probe", "command"]) as YAMLSeq).flow = true;
  remark(doc, ["name"], "owner of everything created on the hosts; two inventories on the same hosts need two names");
  remark(doc, ["networks", "app", "pool"], "each host gets a /24 of it, as a Docker bridge network `app`");
  remark(
    doc,
    ["networks", "app", "plane"],
    "the way from host to host: auto measures; or route, ipip, vxlan, wireguard",
  );
  for (const { name, address, remark: text } of hosts)
    if (text !== undefined) remark(doc, ["hosts", name, ...(address === undefined ? [] : ["address"])], text);
  return doc.toString({ lineWidth: 0, flowCollectionPadding: false });
};

const freePool = (hosts: readonly StarterHost[]): string => {
  const taken = hosts.flatMap(({ ssh, address }) => [address, ssh.host].map((text) => parseIp(text ?? "")));
  const isFree = (pool: string): boolean => !taken.some((ip) => ip !== undefined && contains(cidrOf(pool), ip));
  return POOLS.find(isFree) ?? POOLS.join();
};

/** Options that all hosts have in common; one host has nothing in common with others. */
const sharedOptions = (hosts: readonly StarterHost[]): Partial<SshOptions> => {
  const [first, ...others] = hosts;
  if (first === undefined || others.length === 0) return {};
  const entries = Object.entries(first.ssh) as [keyof SshOptions, unknown][];
  return Object.fromEntries(
    entries.filter(([key, value]) => key !== "host" && others.every(({ ssh }) => ssh[key] === value)),
  );
};

const writtenHost = ({ ssh, become, address }: StarterHost, shared: Partial<SshOptions>): unknown => {
  const own = escaped(Object.fromEntries(Object.entries(ssh).filter(([key]) => !(key in shared))));
  const isShort = Object.keys(own).length === 1 && address === undefined && become === undefined;
  if (isShort) return own["host"];
  return { ssh: own, ...(become !== undefined && { become }), ...(address !== undefined && { address }) };
};

/** `$` as an inventory writes it, where `${NAME}` is a variable; keys without a value are left out. */
const escaped = (options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(options)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, typeof value === "string" ? value.replaceAll("$", "$$$$") : value]),
  );

const remark = (doc: Document, path: readonly string[], text: string): void => {
  const node = doc.getIn(path, true);
  if (isScalar(node) || isCollection(node)) node.comment = ` ${text}`;
};
