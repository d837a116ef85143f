import type { DockerContainer, DockerNetwork, Facts } from "../model/facts.ts";
import { parseCidr, parseIp } from "../cidr.ts";
import type { Host } from "../ssh/host.ts";
import { dockerCall } from "../ssh/docker-call.ts";

type DockerFacts = Pick<
  Facts,
  "engine" | "swarm" | "firewallBackend" | "networks" | "containers" | "volumes" | "images"
>;

/** What Docker's API tells, in five calls side by side, none longer than `seconds`. */
export const observeDocker = async (host: Host, seconds: number): Promise<DockerFacts> => {
  const { docker } = host;
  const [info, networks, containers, volumes, images] = await Promise.all([
    dockerCall(host, "info", docker.info() as Promise<Info>, seconds),
    dockerCall(host, "list networks", docker.listNetworks(), seconds),
    dockerCall(host, "list containers", docker.listContainers({ all: true }), seconds),
    dockerCall(host, "list volumes", docker.listVolumes(), seconds),
    dockerCall(host, "list images", docker.listImages(), seconds),
  ]);
  return dockerFacts({ info, networks, containers, volumes, images });
};

/** The answers of `GET /info`, `/networks`, `/containers/json?all=1`, `/volumes` and `/images/json`. */
export type DockerAnswers = {
  readonly info: Info;
  readonly networks: readonly ListedNetwork[];
  readonly containers: readonly ListedContainer[];
  readonly volumes: { readonly Volumes: readonly ListedVolume[] | null };
  readonly images: readonly ListedImage[];
};

/** The API's answers as facts; pure. Lists are null where there is nothing (Go's nil slices). */
export const dockerFacts = ({ info, networks, containers, volumes, images }: DockerAnswers): DockerFacts => ({
  engine: info.ServerVersion,
  firewallBackend: info.FirewallBackend?.Driver ?? "iptables",
  swarm: !["", "inactive"].includes(info.Swarm?.LocalNodeState ?? ""),
  networks: networks.map(networkFacts),
  containers: containers.map((each) => containerFacts(each, new Set(networks.map(({ Id }) => Id)))),
  volumes: (volumes.Volumes ?? []).map((v) => ({ name: v.Name, labels: v.Labels ?? {} })),
  images: new Map(
    images.flatMap((i) => [...(i.RepoTags ?? []), ...(i.RepoDigests ?? []), i.Id].map((name) => [name, i.Id] as const)),
  ),
});

/** Parts of the API's answers that @types/dockerode leaves out or promises too much of. */
type Info = {
  readonly ServerVersion: string;
  readonly FirewallBackend?: { readonly Driver?: string };
  readonly Swarm?: { readonly LocalNodeState?: string };
};
type ListedVolume = { readonly Name: string; readonly Labels?: Record<string, string> | null };

type ListedImage = {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null | undefined;
  readonly RepoDigests?: readonly string[] | null | undefined;
};

type ListedNetwork = {
  readonly Id: string;
  readonly Name: string;
  readonly Driver: string;
  readonly Options?: Readonly<Record<string, string>> | null | undefined;
  readonly Labels?: Readonly<Record<string, string>> | null | undefined;
  readonly IPAM?:
    | { readonly Config?: readonly { Subnet?: string | undefined; Gateway?: string | undefined }[] | null | undefined }
    | undefined;
};

const networkFacts = (network: ListedNetwork): DockerNetwork => {
  const configs = (network.IPAM?.Config ?? []).filter((c) => parseCidr(c.Subnet ?? "") !== undefined);
  const options = network.Options ?? {};
  return {
    id: network.Id,
    name: network.Name,
    driver: network.Driver,
    subnets: configs.flatMap((c) => c.Subnet ?? []),
    gateway: parseIp(configs[0]?.Gateway ?? "") === undefined ? undefined : configs[0]?.Gateway,
    // moby names a bridge after the first 12 digits of the network's id where no option names it (bridge_linux.go).
    bridge: options["com.docker.network.bridge.name"] ?? `br-${network.Id.slice(0, 12)}`,
    mtu: Number(options["com.docker.network.driver.mtu"] ?? 1500),
    labels: network.Labels ?? {},
  };
};

type ListedContainer = Awaited<ReturnType<Host["docker"]["listContainers"]>>[number];

const containerFacts = (container: ListedContainer, networks: ReadonlySet<string>): DockerContainer => ({
  id: container.Id,
  // Names of legacy links have a second slash.
  name: (container.Names.find((name) => name.lastIndexOf("/") === 0) ?? "").slice(1),
  image: container.Image,
  imageId: container.ImageID,
  state: container.State,
  status: container.Status,
  labels: container.Labels,
  anonymous: container.Mounts.flatMap(({ Type, Name = "", Destination }) =>
    Type === "volume" && /^[0-9a-f]{64}$/.test(Name) ? [{ name: Name, destination: Destination }] : [],
  ),
  addresses: Object.fromEntries(
    Object.entries(container.NetworkSettings.Networks).map(([name, endpoint]) => [name, endpoint.IPAddress]),
  ),
  // One that was never started has no id there yet.
  lost: Object.entries(container.NetworkSettings.Networks).flatMap(([name, { NetworkID }]) =>
    NetworkID === "" || networks.has(NetworkID) ? [] : [name],
  ),
});
