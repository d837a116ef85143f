import { labImage, namespaceOf } from "./names.ts";
import type { LabHost } from "./record.ts";
import { routersOf } from "./segments.ts";

/** What connects a ProxyCommand's stdin and stdout with a port; the first that the machine has is taken. */
export const relays = ["nc %h %p", "busybox nc %h %p", "socat - TCP:%h:%p"] as const;

/** An inventory that deploys as it stands: all hosts of the lab, one network over them, one container on each. */
export const inventoryText = (lab: {
  readonly name: string;
  readonly folder: string;
  readonly hosts: readonly LabHost[];
  readonly relay: string;
}): string => `# Written by \`xhost lab up ${lab.name}\`; gone with \`xhost lab down ${lab.name}\`.
name: ${lab.name}
defaults:
  ssh:
    user: root
    identityFile: ${JSON.stringify(`${lab.folder}/id_ed25519`)}
    userKnownHostsFile: ${JSON.stringify(`${lab.folder}/known_hosts`)}
    # the hosts live in namespaces of this machine, which it has no route to
    proxyCommand: nsenter --net=/run/netns/${namespaceOf(lab.name)} ${lab.relay}
hosts:
${lab.hosts.map(({ name, address, engine }) => `  ${name}: { ssh: { host: ${address} } } # ${engine}`).join("\n")}
networks:
  app:
    pool: 172.30.0.0/16 # a /24 for each host
    prefix: 24${routersOf(lab.hosts).length === 1 ? "\n    plane: route" : ""}
containers:
${lab.hosts.map(({ name }) => `  c${name.slice(1)}: { host: ${name}, network: app, image: "${labImage}", command: [sleep, infinity] }`).join("\n")}
`;
