import { ROUTE_PROTOCOL, routeMetric } from "../model/names.ts";
import type { FdbEntry, Link, Neighbour } from "../model/link.ts";
import type { Route } from "../model/state.ts";
import type { Difference } from "./diff.ts";
import { heredoc } from "./heredoc.ts";

type Ways = {
  readonly routes: readonly Difference[];
  readonly neighbours: readonly Difference[];
  readonly fdb: readonly Difference[];
  /** Devices that go; the others are there by now. */
  readonly links: readonly Difference[];
};

/** Shell lines for neighbours, FDB entries and routes: what is wanted first, then what goes, a device last. */
export const wayLines = ({ routes, neighbours, fdb, links }: Ways, project: string): readonly string[] => {
  const [wanted, gone] = [routes.filter(isWanted), routes.filter((d) => !isWanted(d))];
  return [
    ...heredoc("bridge -batch -", fdb.map(fdbLine)),
    ...heredoc("ip -batch -", [
      ...neighbours.filter(isWanted).map(neighbourLine),
      ...wanted.map((d) => routeLine(d, project)),
      ...gone.map((d) => routeLine(d, project)),
      ...neighbours.filter((d) => !isWanted(d)).map(neighbourLine),
      ...links.flatMap((d) => (isWanted(d) ? [] : [`link del dev ${(d.have as Link).name}`])),
    ]),
    ...links.flatMap((d) => (isWanted(d) ? [] : processLines(d.have as Link))),
  ];
};

/** wireguard-go sees that its device is gone, removes its socket and ends; it made the folder when it came, others may be in it. */
const processLines = ({ name, userspace }: Link): readonly string[] =>
  userspace === true
    ? [
        `for i in 1 2 3 4 5 6 7 8 9 10; do test -e /run/wireguard/${name}.sock || break; sleep 0.1; done`,
        `rmdir /run/wireguard 2>/dev/null || true`,
      ]
    : [];

const isWanted = (d: Difference): boolean => d.want !== undefined;

/** The words of `ip route` that tell the project's routes from others. */
export const routeOwner = (project: string): string => `proto ${ROUTE_PROTOCOL} metric ${routeMetric(project)}`;

/** For `ip`; `replace` where something stands. */
export const routeLine = ({ want, have }: Difference, project: string): string => {
  const owner = routeOwner(project);
  if (want === undefined) return `route del ${(have as Route).destination} ${owner}`;
  const { destination, via, device, source, onlink, mtu } = want as Route;
  const next = via === undefined ? "" : ` via ${via}`;
  const more = `${source === undefined ? "" : ` src ${source}`}${mtu === undefined ? "" : ` mtu ${mtu}`}`;
  return `route ${have === undefined ? "add" : "replace"} ${destination}${next} dev ${device} ${owner}${more}${onlink === true ? " onlink" : ""}`;
};

const neighbourLine = ({ want, have }: Difference): string => {
  if (want === undefined) return `neigh del ${(have as Neighbour).address} dev ${(have as Neighbour).device}`;
  const { address, mac, device } = want as Neighbour;
  return `neigh replace ${address} lladdr ${mac} dev ${device} nud permanent`;
};

const fdbLine = ({ want, have }: Difference): string => {
  if (want === undefined) return `fdb del ${(have as FdbEntry).mac} dev ${(have as FdbEntry).device} self`;
  const { mac, destination, device } = want as FdbEntry;
  return `fdb replace ${mac} dev ${device} dst ${destination} self permanent`;
};
