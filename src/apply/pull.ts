import { XhostError } from "../errors.ts";
import { dockerCall } from "../ssh/docker-call.ts";
import type { Host } from "../ssh/host.ts";

type Event = {
  readonly id?: string;
  readonly status?: string;
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
};

/** Pulls an image and says how far it is; the registry's refusal comes in the stream, not as a status (moby, API docs). */
export const pullImage = async (
  host: Host,
  image: string,
  { say, signal }: { say: (text: string) => void; signal: AbortSignal },
): Promise<void> => {
  const what = `pull image ${image}`;
  const stream = await dockerCall(host, what, host.docker.pull(image, { abortSignal: signal }));
  const layers = new Map<string, { current: number; total: number }>();
  await new Promise<void>((resolve, reject) => {
    const refused = (why: string, cause?: unknown): void => {
      reject(new XhostError("REMOTE", `${what}: ${why}`, { host: host.name, cause }));
    };
    const finished = (error: Error | null): void => {
      if (error === null) resolve();
      else refused(error.message, error);
    };
    const progress = (event: Event): void => {
      if (event.error !== undefined) refused(event.error);
      const { current, total } = event.progressDetail ?? {};
      if (event.id !== undefined && current !== undefined && total !== undefined)
        layers.set(event.id, { current, total });
      say(`${what} ${percent([...layers.values()])}`);
    };
    (host.docker.modem as Modem).followProgress(stream, finished, progress);
  });
};

/** The part of docker-modem that is used; dockerode's types call it `any`. */
type Modem = {
  followProgress: (
    stream: NodeJS.ReadableStream,
    done: (error: Error | null) => void,
    progress: (event: Event) => void,
  ) => void;
};

const percent = (layers: readonly { current: number; total: number }[]): string => {
  const total = layers.reduce((sum, layer) => sum + layer.total, 0);
  const current = layers.reduce((sum, layer) => sum + layer.current, 0);
  return total === 0 ? "" : `${Math.floor((100 * current) / total)}%`;
};
