// One way to break a healthy lab of two hosts, h1 with Docker 20.10 and h2 with 28.5, and what `xhost doctor` has to say of it.
import type { DiagnosisId } from "../../src/doctor/ids.ts";
import type { Faults } from "../../src/lab/record.ts";

/**
 * `shell` runs on the host with these variables: ME and PEER, the hosts' addresses; OWN and NET, their blocks; BR, VX, WG, CHAIN, what
 * xhost has made there; C the host's container, P its process, IP its address and THEIRS that of the other container.
 */
export type Case = {
  readonly what: string;
  readonly host: string;
  readonly shell: string;
  readonly id: DiagnosisId;
  /** Where the finding is; default: the host that was broken. */
  readonly at?: string;
  readonly peer?: string;
  readonly severity?: "warning";
  readonly remedy: RegExp;
  /** What the remedy leaves for the test to tidy up. */
  readonly after?: string;
  /** The remedy mends what is guilty; what the kernel took away along with it, or what could not be made meanwhile, a deploy brings back. */
  readonly thenDeploy?: true;
  /** What the fabric does wrong instead; it stays so after the remedy. */
  readonly faults?: Partial<Faults>;
  /** What it did wrong already when the planes were chosen; default: nothing. */
  readonly before?: Partial<Faults>;
  /** Instead of the remedy: what the same is called on a lab host, which has no systemd. */
  readonly inLab?: string;
};

export const DEPLOY = /^xhost deploy \S+$/;
