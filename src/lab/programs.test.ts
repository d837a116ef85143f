import { expect, test } from "vitest";
import { missingError } from "./programs.ts";

test("all missing programs are named in one error, each with its package", () => {
  const missing = [
    { program: "dockerd", packages: ["docker.io"] },
    { program: "nc", packages: ["netcat-openbsd"] },
  ];
  expect(missingError(missing, ["docker.io", "netcat-openbsd"]).message).toBe(
    [
      "lab: programs are missing on this machine:",
      "  dockerd  of package docker.io",
      "  nc       of package netcat-openbsd",
      "run again with --install, or: apt-get install docker.io netcat-openbsd",
    ].join("\n"),
  );
});
