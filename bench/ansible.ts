// xhost beside Ansible, Debian's package, with the playbook of bench/ansible: pipelining and kept connections on, as many forks as hosts.
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { labImage } from "../src/lab/names.ts";
import { byHand, handEnvironment } from "./by-hand.ts";
import { COMMAND, root, type Fleet } from "./fleet.ts";
import { leftBehind, sameLeft } from "./left-behind.ts";
import { inTurn, timed, xhost, type Rounds } from "./measured.ts";
import { ANSIBLE } from "./targets.ts";

/** A fresh deploy and one with nothing to do, in turn. Each run of Ansible begins without connections, as each of xhost does. */
export const againstAnsible = async (fleet: Fleet, { rounds, onRound, onPair }: Rounds): Promise<void> => {
  const { size, inventories, places } = fleet;
  const hosts = places.slice(0, size);
  const play = await ansible(fleet);
  const { destroy } = await byHand({ ...fleet, places: hosts });
  const ours = async () => {
    const deploy = () => xhost(fleet, "deploy", "--yes", inventories.first);
    const fresh = await deploy();
    const left = await leftBehind(fleet, hosts);
    const idle = await deploy();
    await xhost(fleet, "destroy", "--yes", inventories.first);
    return { fresh, idle, left };
  };
  const theirs = async () => {
    const fresh = await timed(play.run).finally(play.hangUp);
    const left = await leftBehind(fleet, hosts);
    const idle = await timed(() => play.run("nothing changes")).finally(play.hangUp);
    await destroy();
    return { fresh, idle, left };
  };
  for (let round = 1; round <= rounds; round++) {
    onRound(`Ansible, round ${round} of ${rounds}`);
    const [us, them] = await inTurn(round, ours, theirs);
    sameLeft(["xhost", us.left], [ANSIBLE, them.left]);
    onPair({ hosts: size, operation: "fresh deploy", rival: ANSIBLE, ours: us.fresh, theirs: them.fresh });
    onPair({ hosts: size, operation: "no-op deploy", rival: ANSIBLE, ours: us.idle, theirs: them.idle });
  }
};

const ansible = async (fleet: Fleet) => {
  const { folder, run, size, places, ssh, bridge } = fleet;
  const all = {
    ...{ ansible_user: "root", ansible_python_interpreter: "/usr/bin/python3", bridge, image: labImage },
    ansible_ssh_private_key_file: ssh.identityFile,
    ansible_ssh_common_args: `-o UserKnownHostsFile=${ssh.userKnownHostsFile} -o ProxyCommand='${ssh.proxyCommand}'`,
    container_command: ["sh", "-c", COMMAND],
    raw: handEnvironment(fleet)["RAW"],
  };
  const hosts = places
    .slice(0, size)
    .map(({ host, ...place }): [string, object] => [host, { ansible_host: place.address, ...place }]);
  const inventory = `${folder}/ansible.yml`;
  await writeFile(inventory, JSON.stringify({ all: { vars: all, hosts: Object.fromEntries(hosts) } }));
  const sockets = `${folder}/sockets`;
  await mkdir(sockets);
  const env = {
    ...{ ANSIBLE_PIPELINING: "True", ANSIBLE_FORKS: String(size), ANSIBLE_GATHERING: "explicit" },
    ANSIBLE_SSH_ARGS: "-o ControlMaster=auto -o ControlPersist=60s",
    ...{ ANSIBLE_SSH_CONTROL_PATH_DIR: sockets, ANSIBLE_NOCOWS: "1", ANSIBLE_LOCALHOST_WARNING: "False" },
    ...{ ANSIBLE_LOCAL_TEMP: `${folder}/ansible`, LC_ALL: "C.UTF-8" },
  };
  return {
    run: async (wanted?: "nothing changes"): Promise<void> => {
      const said = await run(["ansible-playbook", "-i", inventory, `${root}bench/ansible/playbook.yml`], { env });
      if (wanted !== undefined && /changed=[1-9]/.test(said))
        throw new Error(`Ansible changes something again:\n${said}`);
    },
    hangUp: async (): Promise<void> => {
      const open = await readdir(sockets);
      await Promise.all(
        open.map((socket) => run(["ssh", "-O", "exit", "-o", `ControlPath=${sockets}/${socket}`, "none"])),
      );
    },
  };
};
