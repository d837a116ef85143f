import { expect, test } from "vitest";
import { unseen } from "../../src/doctor/checks/unseen.ts";
import { XhostError } from "../../src/errors.ts";

test.each<[string, XhostError, string]>([
  [
    "SSH",
    new XhostError("UNREACHABLE", "cannot connect to root@10.0.0.1:22: no answer", { host: "h1" }),
    "ssh-unreachable | ssh -v root@h1 true",
  ],
  [
    "Docker",
    new XhostError("UNREACHABLE", "info: Docker does not answer within 20 s", { host: "h1" }),
    "docker-unreachable | systemctl start docker 2>/dev/null || service docker start",
  ],
  [
    "programs",
    new XhostError(
      "REMOTE",
      "programs are missing: ip (Debian package iproute2), nsenter (Debian package util-linux)",
      { host: "h1" },
    ),
    "program-missing | apt-get install -y iproute2 util-linux || dnf install -y iproute util-linux || apk add iproute2 util-linux",
  ],
  [
    "root",
    new XhostError("REMOTE", "look at the host: status 1\nthis needs root: log in as root, or set become: sudo", {
      host: "h1",
    }),
    "sudo-refused | ssh root@h1 sudo -n true",
  ],
  [
    "a container, which is no trouble with the engine",
    new XhostError("REMOTE", "start c1: Docker: no such image", { host: "h1" }),
    "host-unreadable | ssh root@h1 true",
  ],
  [
    "the group docker",
    new XhostError("UNREACHABLE", "Docker cannot be reached at /s: permission denied: add me to the group docker", {
      host: "h1",
    }),
    "ssh-unreachable | ssh -v root@h1 true",
  ],
  [
    "anything else",
    new XhostError("REMOTE", "look at the host: status 2", { host: "h1" }),
    "host-unreadable | ssh root@h1 true",
  ],
])("a host that cannot be looked at: %s", (_what, error, expected) => {
  const { id, remedy } = unseen("h1", error, "root@h1");
  expect(`${id} | ${remedy.command}`).toBe(expected);
});

test("the whole reason is told, with the command to try by hand", () => {
  const why = "cannot connect to root@h1:22: the proxyCommand ended; try it by hand:\nnc h1 22\nnc: no such host";
  const { seen } = unseen("h1", new XhostError("UNREACHABLE", why, { host: "h1" }), "root@h1");
  expect(seen).toBe(why);
});
