import { pathUnitFile, unitFile, unitMark, unitName, upFile } from "../model/names.ts";
import { LATER } from "./boot-script.ts";

/** The first version that takes `Restart=` for a unit of type oneshot (systemd NEWS, 244). */
const OLDEST = 244;

/**
 * What takes rules or routes of others away when it starts: Docker puts its own above ours, systemd-networkd removes routes that it does not know
 * (ManageForeignRoutes in networkd.conf(5)), firewalls load their whole ruleset.
 */
const DISTURBERS = [
  "docker.service",
  "systemd-networkd.service",
  "NetworkManager.service",
  "networking.service",
  "firewalld.service",
  "nftables.service",
  "netfilter-persistent.service",
  "iptables.service",
  "ufw.service",
].join(" ");

/**
 * All is set once more after some seconds, until that succeeds: networkd and firewalld do their work after they have told systemd that they are up,
 * and Docker makes its rules anew after firewalld has thrown them away. Turns that wait for a run of xhost do not count: its unit fails, and systemd
 * starts it again, only where the script itself does, so that a unit that is started again is one that is failing.
 */
const SETTLE = { seconds: 3, times: 5 };

/** What firewalld writes to while it loads its rules (FIREWALLD_TEMPDIR of its config): systemd hears nothing of `firewall-cmd --reload`. */
const FIREWALLD = "/run/firewalld";

/** Why no unit can be had on a host with this systemd, in words; undefined where it can. */
export const unitLacking = (systemd: number | undefined): string | undefined => {
  if (systemd === undefined) return "no systemd runs";
  return systemd < OLDEST ? `systemd ${systemd} is older than ${OLDEST}` : undefined;
};

/**
 * The unit that runs `up.sh` once Docker has started, at boot and whenever one of the list is started or restarted (WantedBy: it ends when it is done,
 * so that each start of theirs starts it too). What cannot be done yet, because an address comes late, is tried again. wireguard-go, which
 * `up.sh` starts, is not to end with it (KillMode in systemd.kill(5)).
 */
export const unitLines = (project: string): readonly string[] => [
  `${unitMark} for the project ${project}; its next deploy writes it anew.`,
  "[Unit]",
  `Description=Links, routes and firewall rules of the container networks of ${project}, by xhost`,
  `After=network-online.target ${DISTURBERS}`,
  "PartOf=docker.service",
  "StartLimitIntervalSec=0",
  "",
  "[Service]",
  "Type=oneshot",
  `ExecStart=-/bin/sh ${upFile(project)}`,
  // Two dollars are one (systemd.service(5)).
  `ExecStart=/bin/sh -c 'i=0; while test $$i -lt ${SETTLE.times}; do sleep ${SETTLE.seconds}; sh ${upFile(project)} && exit; test $$? = ${LATER} || i=$$((i + 1)); done; exit 1'`,
  "Restart=on-failure",
  "RestartSec=15",
  "KillMode=process",
  "",
  "[Install]",
  `WantedBy=multi-user.target ${DISTURBERS}`,
];

/** The unit that starts the other when firewalld loads its rules (systemd.path(5)). */
export const pathUnitLines = (project: string): readonly string[] => [
  `${unitMark} for the project ${project}; its next deploy writes it anew.`,
  "[Unit]",
  `Description=firewalld's reloads, for ${unitName(project)}`,
  "",
  "[Path]",
  `PathChanged=${FIREWALLD}`,
  "",
  "[Install]",
  "WantedBy=multi-user.target",
];

/** Shell lines that make the units known, and the path unit active; `state` is what the units were. */
export const enableLines = (
  project: string,
  paths: readonly string[],
  state: string | undefined,
): readonly string[] => {
  const watches = paths.includes(pathUnitFile(project)) ? [pathName(project)] : [];
  return [
    ...(state === "failed"
      ? [`systemctl stop ${unitName(project)}; systemctl reset-failed ${unitName(project)} 2>/dev/null || true`]
      : []),
    // Together: every call has systemd read all units anew, which takes seconds on a slow host.
    `systemctl --quiet reenable ${[unitName(project), ...watches].join(" ")}`,
    ...watches.map((name) => `systemctl start ${name}`),
  ];
};

/** Shell lines that take units away, with the links by which they are wanted. */
export const disableLines = (paths: readonly string[]): readonly string[] =>
  paths.length === 0
    ? []
    : [
        `systemctl --no-reload --quiet disable --now ${paths.map(nameOf).join(" ")} 2>/dev/null || true`,
        `rm -f ${paths.join(" ")}`,
        `test ! -d /run/systemd/system || systemctl daemon-reload`,
        `systemctl reset-failed ${paths.map(nameOf).join(" ")} 2>/dev/null || true`,
      ];

const pathName = (project: string): string => nameOf(pathUnitFile(project));
const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Whether a file of ours is a unit. */
export const isUnit = (project: string, path: string): boolean =>
  path === unitFile(project) || path === pathUnitFile(project);
