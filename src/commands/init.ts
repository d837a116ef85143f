import { phase } from "../apply/phase.ts";
import { XhostError } from "../errors.ts";
import { ask } from "../init/ask.ts";
import type { Found } from "../init/found.ts";
import { inventoryText, type StarterHost } from "../init/inventory-text.ts";
import { newFile } from "../init/new-file.ts";
import { hostsFrom } from "../init/source.ts";
import { placeholders, starterHosts, type Answers } from "../init/starter.ts";
import { parseInventory } from "../inventory/parse.ts";
import { connector } from "../ssh/connect.ts";
import { quote } from "../ssh/quote.ts";
import type { Context, Outcome } from "./context.ts";
import { table } from "./table.ts";

/** `from`: a source and perhaps its path; `only`: names of the hosts that are wanted. */
export type InitOptions = {
  readonly from: readonly string[] | undefined;
  readonly only: readonly string[] | undefined;
};

/** Writes a starter inventory, with the hosts of a source where one is named. A host that does not answer is no failure. */
export const init = async (file: string, { from, only }: InitOptions, context: Context): Promise<Outcome> => {
  const { path, write } = await newFile(context.cwd, file);
  if (from === undefined && only !== undefined)
    throw new XhostError("INVENTORY", "--limit: chooses among the hosts of --from, which is not given");
  const found = from && (await hostsFrom(from, { cwd: context.cwd, only, signal: context.progress.signal }));
  const answers = await askAll(found?.hosts.filter((host) => host.isAsked) ?? [], context);
  const hosts = found === undefined ? placeholders : starterHosts(found.hosts, answers);
  const text = inventoryText(hosts, head(file, { from, only }, found));
  parseInventory(text, { file, env: {} });
  await write(text);
  return {
    text: [written(hosts), "", `${file} is written. Next:`, ...next(file, from === undefined)].join("\n"),
    errors: [...answers.failed.values()],
    json: { path, hosts: hosts.map(({ name, ssh, become, address }) => ({ name, ssh, become, address })) },
    code: 0,
  };
};

const askAll = async (hosts: Found["hosts"], { note, progress, timeout }: Context): Promise<Answers> => {
  if (hosts.length === 0) return { done: new Map(), failed: new Map() };
  const ssh = connector({ timeout, note });
  const cut = (): void => void ssh.close();
  progress.signal.addEventListener("abort", cut, { once: true });
  try {
    return await phase("Ask the hosts for their addresses", hosts, (host) => ask(host, ssh), progress);
  } finally {
    progress.signal.removeEventListener("abort", cut);
    await ssh.close();
  }
};

const head = (file: string, { from = [], only }: InitOptions, found: Found | undefined): readonly string[] => {
  const limit = only === undefined ? [] : ["--limit", only.join()];
  const source = from.length === 0 ? [] : ["--from", ...from];
  return [
    `Written by \`${["xhost", "init", file, ...limit, ...source].map(quote).join(" ")}\`.`,
    "Every key is explained in docs/inventory.md; xhost validate checks the file, xhost plan shows what a deploy would do.",
    ...(from[0] === "vagrant"
      ? [
          "ssh goes where `vagrant ssh` goes and takes any host key, as it does. The next `vagrant up` may change ports and addresses.",
        ]
      : []),
    ...(found?.leftOut.map(({ name, why }) => `Left out: ${name}, ${why}.`) ?? []),
  ];
};

const written = (hosts: readonly StarterHost[]): string =>
  table(
    ["HOST", "SSH", "ADDRESS"],
    hosts.map(({ name, ssh, address }) => [
      name,
      ssh.port === undefined ? ssh.host : `${ssh.host}:${ssh.port}`,
      address ?? "",
    ]),
  );

const next = (file: string, isEmpty: boolean): readonly string[] => [
  ...(isEmpty ? [`  put your hosts into ${quote(file)}`] : []),
  `  xhost plan ${quote(file)}`,
];
