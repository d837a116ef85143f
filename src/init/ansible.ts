import { execa } from "execa";
import { z } from "zod";
import { XhostError } from "../errors.ts";
import { words } from "./ansible-words.ts";
import type { Found, FoundHost } from "./found.ts";
import { HOST_NAME, optionsOf } from "./ssh-config.ts";

/** Dynamic inventories ask their cloud. */
const TIMEOUT = 120_000;

type Source = {
  /** Inventory file, folder or script; absent: what Ansible itself takes. */
  readonly path: string | undefined;
  readonly cwd: string;
  /** Names of hosts or of groups. */
  readonly only: readonly string[] | undefined;
  readonly signal: AbortSignal;
};

/** Values that are words or numbers; lists and such say nothing about a connection. */
type Variables = ReadonlyMap<string, string>;

/**
 * The hosts of an Ansible inventory as Ansible itself reads it, with the variables of their groups; `ansible_ssh_common_args` and
 * `ansible_ssh_extra_args` go through `ssh -G`. Throws REMOTE when Ansible fails, else INVENTORY.
 */
export const ansibleHosts = async (source: Source): Promise<Found> => {
  const { _meta, ...groups } = await listing(source);
  const all = Object.keys(_meta.hostvars);
  const names = source.only === undefined ? all : chosen(source.only, { all, groups });
  const hosts: FoundHost[] = [];
  const leftOut: { name: string; why: string }[] = [];
  for (const name of names) {
    const variables = _meta.hostvars[name] ?? new Map<string, string>();
    const why = HOST_NAME.test(name) ? obstacle(variables) : "no name for a host of an inventory";
    if (why === undefined) hosts.push(await foundHost(name, variables));
    else leftOut.push({ name, why });
  }
  return { hosts, leftOut };
};

const plain = (variables: Readonly<Record<string, unknown>>): Variables =>
  new Map(
    Object.entries(variables).flatMap(([key, value]): readonly [string, string][] =>
      typeof value === "string" || typeof value === "number" || typeof value === "boolean"
        ? [[key, String(value)]]
        : [],
    ),
  );

const listingSchema = z
  .object({ _meta: z.object({ hostvars: z.record(z.string(), z.record(z.string(), z.unknown()).transform(plain)) }) })
  .catchall(z.object({ hosts: z.array(z.string()).default([]), children: z.array(z.string()).default([]) }));

/** With `--list` the variables of a host's groups are among its own (ansible-inventory(1)). */
const listing = async ({ path, cwd, signal }: Source): Promise<z.infer<typeof listingSchema>> => {
  const args = [...(path === undefined ? [] : ["-i", path]), "--list"];
  const command = `ansible-inventory ${args.join(" ")}`;
  const result = await execa("ansible-inventory", args, {
    cwd,
    reject: false,
    stdin: "ignore",
    timeout: TIMEOUT,
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  if (result.code === "ENOENT")
    throw new XhostError("INVENTORY", "there is no program ansible-inventory on PATH: install ansible-core");
  if (result.failed) throw new XhostError("REMOTE", `${command}: ${result.shortMessage}\n${result.stderr}`.trimEnd());
  const parsed = listingSchema.safeParse(JSON.parse(result.stdout));
  if (parsed.success && Object.keys(parsed.data._meta.hostvars).length === 0)
    throw new XhostError("INVENTORY", `${command}: names no host\n${result.stderr}`.trimEnd());
  if (parsed.success) return parsed.data;
  throw new XhostError("REMOTE", `${command}: not the output that was expected: ${z.prettifyError(parsed.error)}`);
};

type Known = {
  readonly all: readonly string[];
  readonly groups: Readonly<
    Record<string, { readonly hosts: readonly string[]; readonly children: readonly string[] }>
  >;
};

const chosen = (only: readonly string[], { all, groups }: Known): readonly string[] => {
  const unknown = only.filter((name) => !all.includes(name) && groups[name] === undefined);
  if (unknown.length > 0) {
    const known = [...all, ...Object.keys(groups)].join(", ");
    throw new XhostError("INVENTORY", `--limit: no host or group ${unknown.join(", ")} (known: ${known})`);
  }
  const members = (name: string): readonly string[] => {
    const group = groups[name];
    return group === undefined ? [] : [...group.hosts, ...group.children.flatMap(members)];
  };
  const wanted = new Set(only.flatMap((name) => (all.includes(name) ? [name] : members(name))));
  return all.filter((name) => wanted.has(name));
};

/** Why a host cannot be taken over. */
const obstacle = (variables: Variables): string | undefined => {
  const connection = variables.get("ansible_connection") ?? "ssh";
  if (!["ssh", "smart", "paramiko", "paramiko_ssh"].includes(connection)) return `ansible_connection is ${connection}`;
  const template = KEYS.find((key) => variables.get(key)?.includes("{{"));
  return template && `${template} is a template, which only a playbook resolves`;
};

const KEYS = [
  "ansible_host",
  "ansible_port",
  "ansible_user",
  "ansible_ssh_private_key_file",
  "ansible_ssh_common_args",
  "ansible_ssh_extra_args",
];

/** Older names that Ansible still takes (its docs, "Connecting to hosts: behavioral inventory parameters"). */
const ALIASES: Readonly<Record<string, string>> = {
  ansible_host: "ansible_ssh_host",
  ansible_port: "ansible_ssh_port",
  ansible_user: "ansible_ssh_user",
  ansible_ssh_private_key_file: "ansible_private_key_file",
};

const foundHost = async (name: string, variables: Variables): Promise<FoundHost> => {
  const get = (key: string): string | undefined => variables.get(key) ?? variables.get(ALIASES[key] ?? "");
  const [port, user, key] = ["ansible_port", "ansible_user", "ansible_ssh_private_key_file"].map(get);
  const args = [get("ansible_ssh_common_args"), get("ansible_ssh_extra_args")].filter((text) => text !== undefined);
  const options = args.length === 0 ? {} : await optionsOf(name, await words(args.join(" ")));
  const isRoot = user === "root";
  const become = /^(true|yes|1|on)$/i.test(variables.get("ansible_become") ?? "") && !isRoot;
  return {
    name,
    ssh: {
      host: get("ansible_host") ?? name,
      ...options,
      ...(port !== undefined && { port: Number(port) }),
      ...(user !== undefined && { user }),
    },
    ...(become && { become: "sudo" as const }),
    identityFiles: key === undefined ? [] : [key],
    isAsked: false,
  };
};
