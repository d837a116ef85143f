import pLimit from "p-limit";
import { XhostError } from "../errors.ts";
import type { HostPlan } from "../plan/step.ts";
import { dockerCall } from "../ssh/docker-call.ts";
import type { Host } from "../ssh/host.ts";

/** Registries count requests by address, and all hosts of a site may share one. */
const AT_ONCE = 16;

/**
 * Asks the engines that would have to pull an image whether their registry has it (`GET /distribution/{name}/json`, which
 * fetches the manifest and nothing else), so that an image that is nowhere is known before anything is changed.
 */
export const unavailableImages = async (
  hosts: ReadonlyMap<string, Host>,
  plans: readonly HostPlan[],
): Promise<readonly XhostError[]> => {
  const wanted = plans.flatMap((plan) =>
    plan.steps
      .flatMap((step) => (step.kind === "docker" ? step.calls : []))
      .flatMap((call) => (call.call === "pullImage" ? [{ host: hosts.get(plan.host), image: call.image }] : [])),
  );
  const limit = pLimit(AT_ONCE);
  const found = await Promise.all(
    wanted.flatMap(({ host, image }) => (host === undefined ? [] : [limit(unavailable, host, image)])),
  );
  return found.filter((error) => error !== undefined);
};

const unavailable = async (host: Host, image: string): Promise<XhostError | undefined> => {
  const what = `image ${image} is not on the host and cannot be pulled`;
  try {
    await dockerCall(host, what, host.docker.getImage(image).distribution());
    return undefined;
  } catch (error) {
    if (error instanceof XhostError) return error;
    throw error;
  }
};
