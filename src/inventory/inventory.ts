/** How to reach a host: keys and meaning as in ssh_config(5), camelCase. What is not given, `ssh -G` decides. */
export type SshOptions = {
  readonly host: string;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly identityFile?: string | undefined;
  readonly proxyJump?: string | undefined;
  readonly proxyCommand?: string | undefined;
  readonly userKnownHostsFile?: string | undefined;
  readonly strictHostKeyChecking?: "yes" | "accept-new" | "no" | undefined;
};

/** A host as the inventory names it, defaults merged in. */
export type InventoryHost = {
  readonly name: string;
  readonly ssh: SshOptions;
  /** How to become root; absent: nothing for root, `sudo` for anybody else. */
  readonly become?: "none" | "sudo" | undefined;
  /** IPv4 address under which the other hosts reach this one; absent: its source address toward them. */
  readonly address?: string | undefined;
  readonly dockerSocket: string;
};
