import { beforeFile, downFile, hostFolder, keyFile, PROJECT_LABEL, unitName, upFile } from "../model/names.ts";

/** `units`: hosts that have a unit of systemd. */
type Ejected = { readonly hasKeys: boolean; readonly units: readonly string[] };

/** What the folder of `xhost eject` says of itself, for people who go on without xhost. */
export const ejectText = (project: string, hosts: readonly string[], { hasKeys, units }: Ejected): string => {
  const bare = hosts.filter((host) => !units.includes(host));
  return [
    `# The container networks of ${project}, without xhost`,
    "",
    `A folder for each host (${hosts.join(", ")}), with what \`xhost deploy\` keeps in \`${hostFolder(project)}\` there, made of the same inventory:`,
    "",
    "- `up.sh`: brings links, routes, firewall rules and sysctls to what they should be; may run any number of times",
    "- `down.sh`: takes them away, and puts back what was before",
    "- `rules`: the iptables rules, which `up.sh` gives to `iptables-restore --noflush`",
    ...(units.length === 0
      ? []
      : [
          `- \`${unitName(project)}\`: the systemd unit that runs \`up.sh\` after Docker, where systemd runs; \`.path\` beside it starts it when firewalld loads its rules`,
        ]),
    "",
    `On a host that was deployed all of it is in place: nothing has to be done but to forget xhost. Elsewhere, as root, with the host's folder as \`${hostFolder(project)}\`:`,
    "",
    "```sh",
    `sh ${upFile(project)}`,
    ...(units.length === 0
      ? []
      : [
          `install -m 644 ${hostFolder(project)}/xhost-${project}.* /etc/systemd/system/`,
          `systemctl enable ${unitName(project)}; test ! -e /etc/systemd/system/xhost-${project}.path || systemctl enable --now xhost-${project}.path`,
        ]),
    "```",
    ...(bare.length === 0
      ? []
      : [
          "",
          `Nothing runs \`up.sh\` by itself on ${bare.join(", ")}, without a systemd that could: have the host's own init run it after Docker.`,
        ]),
    "",
    "Docker's networks and containers are not in it: Docker keeps them itself. The networks have to be there before `up.sh` runs, under the device",
    `names that the rules have. The label \`${PROJECT_LABEL}\` on them means nothing to anybody but xhost.`,
    ...(hasKeys
      ? [
          "",
          `The WireGuard keys are not in it either: \`${keyFile(project)}\` never leaves its host, and the peers know its public half.`,
        ]
      : []),
    "",
    "From now on the files are yours: a host that comes or goes has to be written into those of the others by hand. `xhost deploy` would write them anew,",
    `\`xhost destroy\` removes everything. By hand: disable the units, which would bring everything back at the next start of Docker, then\n\`sh ${downFile(project)}\`. What was before it puts back from \`${beforeFile(project)}\`, where a deploy or \`up.sh\` has noted it.`,
    "",
  ].join("\n");
};
