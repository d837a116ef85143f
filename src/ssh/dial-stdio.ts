import { quote } from "./quote.ts";
import { asRoot, environment, exec, type Channel, type Remote } from "./session.ts";

/** Starts `docker system dial-stdio` on the host; resolves when the daemon answers, rejects with what it says instead. */
export const startDialStdio = async (remote: Remote, socket: string): Promise<Channel> => {
  const script = `${environment}; exec docker -H ${quote(`unix://${socket}`)} system dial-stdio`;
  const channel = await exec(remote, asRoot(remote, `sh -c ${quote(script)}`), "docker system dial-stdio");
  await answered(channel, remote.timeout);
  return channel;
};

/** The program starts happily without a daemon: only an answer tells. A HEAD request leaves no body in the channel. */
const answered = (channel: Channel, timeout: number): Promise<void> =>
  new Promise((resolve, reject) => {
    let head = "";
    let stderr = "";
    const onData = (chunk: Buffer): void => {
      head += chunk.toString("latin1");
      if (head.includes("\r\n\r\n")) settle(resolve);
    };
    const onClose = (): void => settle(() => reject(new Error(stderr.trim())));
    const late = setTimeout(() => {
      settle(() => reject(new Error(`no answer within ${timeout} s`)));
      channel.destroy();
    }, timeout * 1000);
    const settle = (then: () => void): void => {
      clearTimeout(late);
      // Not paused: http would not start a stream again that somebody has stopped.
      channel.off("data", onData).off("close", onClose);
      then();
    };
    channel.on("error", () => undefined);
    channel.stderr.on("data", (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-4096)));
    channel.on("data", onData).once("close", onClose);
    channel.write("HEAD /_ping HTTP/1.1\r\nHost: docker\r\n\r\n");
  });
