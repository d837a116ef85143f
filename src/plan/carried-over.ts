import type { ContainerBody } from "../model/container-body.ts";
import type { Container } from "../model/state.ts";

/**
 * The body with a predecessor's anonymous volumes mounted where they were, as Compose does when it makes a container anew; not
 * where the new one has a mount of its own.
 */
export const carriedOver = (body: ContainerBody, anonymous: NonNullable<Container["anonymous"]>): ContainerBody => {
  const { Binds, Mounts, Tmpfs } = body.HostConfig as HostConfig;
  const taken = new Set([...(Binds ?? []).map((bind) => bind.split(":")[1]), ...Object.keys(Tmpfs ?? {})]);
  const kept = anonymous.filter(({ destination }) => !taken.has(destination));
  if (kept.length === 0) return body;
  const replaced = new Set(kept.map(({ destination }) => destination));
  const mounts = (Mounts ?? []).filter(({ Target }) => !replaced.has(Target));
  const binds = [...(Binds ?? []), ...kept.map(({ name, destination }) => `${name}:${destination}`)];
  const rest = Object.entries(body.HostConfig).filter(([key]) => key !== "Mounts");
  const hostConfig = { ...Object.fromEntries(rest), Binds: binds, ...(mounts.length > 0 && { Mounts: mounts }) };
  return { ...body, HostConfig: hostConfig };
};

/** The mounts as `containerBody` writes them. */
type HostConfig = {
  readonly Binds?: readonly string[];
  readonly Mounts?: readonly { readonly Type: string; readonly Target: string }[];
  readonly Tmpfs?: Readonly<Record<string, string>>;
};
