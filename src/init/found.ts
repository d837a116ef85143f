import type { SshOptions } from "../inventory/inventory.ts";

/** A host that a source names. */
export type FoundHost = {
  readonly name: string;
  /** What the inventory will say, without the identity file. */
  readonly ssh: SshOptions;
  readonly become?: "sudo" | undefined;
  /** Keys that the source names for it, in the order in which ssh would try them; an inventory has room for one. */
  readonly identityFiles: readonly string[];
  /** The address that ssh goes to cannot be the one that the other hosts use, or need not be: the host itself has to be asked. */
  readonly isAsked: boolean;
};

/** What a source gave: hosts, and the names that were left out with the reason. */
export type Found = {
  readonly hosts: readonly FoundHost[];
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
};
