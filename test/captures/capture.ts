// Renews the captures from a lab of three hosts on two engines: `node test/captures/capture.ts` (root, Debian).
// Written before and after a deploy of the lab's own inventory, and of a deep look after one by vxlan, so that parsers and plans are tested on what real hosts say.
import { execa } from "execa";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labDown } from "../../src/lab/down.ts";
import { labUp } from "../../src/lab/up.ts";
import { parseInventory } from "../../src/inventory/parse.ts";
import { DEEP_SCRIPT } from "../../src/observe/depth-script.ts";
import { READ_SCRIPT } from "../../src/observe/script.ts";
import { connector } from "../../src/ssh/connect.ts";

const here = import.meta.dirname;
const folder = await mkdtemp(join(tmpdir(), "xhost-capture-"));
const lab = await labUp({ name: "capture", hosts: 3, engine: "bookworm,sid,trixie", install: true, cwd: folder });

const capture = async (moment: string, script = READ_SCRIPT): Promise<void> => {
  const inventory = parseInventory(await readFile(lab.inventory, "utf8"), { file: lab.inventory, env: {} });
  const ssh = connector({ timeout: 30, note: () => undefined });
  for (const each of inventory.hosts) {
    const host = await ssh.open(each);
    const { docker } = host;
    const { ServerVersion, FirewallBackend } = (await docker.info()) as Record<string, unknown>;
    const answers = {
      info: { ServerVersion, FirewallBackend },
      networks: await docker.listNetworks(),
      containers: await docker.listContainers({ all: true }),
      volumes: await docker.listVolumes(),
      images: await docker.listImages(),
    };
    await mkdir(join(here, moment), { recursive: true });
    await writeFile(join(here, moment, `${each.name}.docker.json`), `${JSON.stringify(answers, null, 1)}\n`);
    await writeFile(join(here, moment, `${each.name}.txt`), await host.run(script, "capture"));
  }
  await ssh.close();
};

try {
  const text = await readFile(lab.inventory, "utf8");
  await writeFile(join(here, "inventory.yml"), text.replace(/^ +(identityFile|userKnownHostsFile|# the hosts|proxyCommand).*\n/gm, ""));
  await capture("before");
  const cli = join(here, "../../src/cli.ts");
  await execa(process.execPath, [cli, "deploy", lab.inventory, "--yes"], { stdio: "inherit" });
  await capture("after");
  // by vxlan, whose way has everything in it that a walk knows
  await writeFile(lab.inventory, text.replace("plane: route", "plane: vxlan"));
  await execa(process.execPath, [cli, "deploy", lab.inventory, "--yes"], { stdio: "inherit" });
  await capture("deep", DEEP_SCRIPT);
} finally {
  await labDown({ name: "capture" });
  await rm(folder, { recursive: true, force: true });
}
