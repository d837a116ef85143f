import { totalmem } from "node:os";
import { execa } from "execa";
import { expect, test } from "vitest";
import { bootScript, memory } from "./boot.ts";
import { customisation } from "./guest.ts";
import { checkMemory, guestEngines } from "./needs.ts";

test("what runs on the machine is a bash script, what makes the guest one for any shell", async () => {
  await execa("bash", ["-n"], {
    input: bootScript({ name: "h2", address: "10.211.55.12", engine: "debian-bookworm" }),
  });
  await execa("sh", ["-n"], { input: customisation });
});

test("there is a guest of one suite", () => {
  expect(guestEngines(undefined, 2)).toEqual(["debian-bookworm", "debian-bookworm"]);
  expect(guestEngines("bookworm", 1)).toEqual(["debian-bookworm"]);
  for (const list of ["sid", "bookworm,machine"])
    expect(() => guestEngines(list, 2)).toThrow(
      `engine "${list}": hosts of kind uml have that of Debian bookworm only`,
    );
});

test("more hosts than the machine has memory for are refused", () => {
  const most = Math.floor(totalmem() / 2 ** 20 / memory);
  expect(() => checkMemory(most)).not.toThrow();
  expect(() => checkMemory(most + 1)).toThrow(`${(most + 1) * memory} MiB, and this machine has`);
});
