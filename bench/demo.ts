// npm run demo: two Docker hosts on this machine, one deploy, containers that reach each other, and nothing left of it.
import { readFile } from "node:fs/promises";
import { styleText } from "node:util";
import { fromSource, withScratchLab, type ScratchLab } from "./scratch-lab.ts";

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const heading = (title: string, command?: string): void => {
  say(`\n${styleText("bold", title, { stream: process.stdout })}`);
  if (command !== undefined) say(styleText("dim", `$ xhost ${command}`, { stream: process.stdout }));
};

type Status = { readonly containers: readonly { readonly container: string; readonly address: string }[] };

const demo = async ({ name, folder, run }: ScratchLab): Promise<void> => {
  const inventory = `.xhost/lab/${name}/inventory.yml`;
  const xhost = (args: string, show?: "both" | "stderr") =>
    run([...fromSource, ...args.split(" ")], show === undefined ? {} : { show });

  heading("A lab: two Docker hosts made of network namespaces, each with its own sshd and dockerd", `lab up ${name}`);
  await xhost(`lab up ${name} --hosts 2 --install --json`, "stderr");

  heading("The inventory that came with it: what is wanted, in one file");
  const text = await readFile(`${folder}/${inventory}`, "utf8");
  say(text.slice(text.indexOf("hosts:")).trimEnd());

  heading("Deploy it: look at the hosts, plan, apply, check with real packets", `deploy --yes ${inventory}`);
  await xhost(`deploy --yes ${inventory}`, "both");
  say("SEEN FROM is the source address of the packets as they came in: each container kept its own.");

  const { containers } = JSON.parse(await xhost(`status --json ${inventory}`)) as Status;
  const address = containers.find(({ container }) => container === "c2")?.address ?? "";
  const ping = `lab exec ${name} h1 docker exec c1 ping -c 1 ${address}`;
  heading("What c1 on host h1 sees of c2 on host h2", ping);
  const answer = (await xhost(ping)).split("\n").find((line) => line.includes("bytes from"));
  if (answer === undefined) throw new Error(`c1 gets no answer from ${address}`);
  say(answer);

  heading("Take it all away again", `destroy --yes ${inventory} && xhost lab down ${name}`);
  say((await xhost(`destroy --yes ${inventory}`)).trimEnd().split("\n").at(-1) ?? "");
};

const code = await withScratchLab("demo", demo);
if (code === 0) say("The lab is gone, and nothing of it is left on this machine.");
process.exitCode = code;
