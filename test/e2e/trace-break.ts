// What a way between two containers is broken by, and made whole again.
import type { Faults } from "../../src/lab/record.ts";
import { linkName } from "../../src/model/names.ts";
import { addressOf, setFaults, type TestLab } from "./xhost.ts";

/** The lab's name is part of the names of devices and chains. */
export const LAB = "ep-trc";

export type Break = {
  readonly title: string;
  /** Host and commands that break it, and make it whole again. */
  readonly on?: "h1" | "h2";
  readonly breaking?: string;
  readonly undoing?: string;
  readonly faults?: Partial<Faults>;
  /** Default: c1 to c2. */
  readonly from?: "c1" | "c2";
  readonly options?: readonly string[];
  /** What is blamed: host, point and a part of what decides. */
  readonly blamed: readonly [host: string, point: string, words: string];
  /** What is blamed without packets: nothing, or (default) the same. */
  readonly unseen?: "nothing";
  /** Device that saw the packets last. */
  readonly last?: string;
  /** Makes the remedy it prints heal it; of what is on the hosts. */
  readonly heals?: false;
  /** The remedy lets the packets pass by what breaks their way, which stays. */
  readonly stays?: true;
};

/** A rule of iptables that is put in and taken out again. */
export const rule = (chain: string, text: string, table = "filter") => ({
  breaking: `iptables -t ${table} -I ${chain} ${text}`,
  undoing: `iptables -t ${table} -D ${chain} ${text} 2>/dev/null || true`,
});

/** Puts addresses in the place of their names. */
export const filling = async (lab: TestLab): Promise<(text: string) => string> => {
  const [C1, C2] = [await addressOf(lab, "h1", "c1"), await addressOf(lab, "h2", "c2")];
  const net = (address: string): string => address.replace(/\d+$/, "0/24");
  const addresses = { C1, C2, NET1: net(C1), NET2: net(C2) };
  return (text) =>
    text
      .replace(/\b(C1|C2|NET1|NET2)\b/g, (word) => addresses[word as "C1"])
      .replaceAll("TUNNEL", linkName(LAB, "vxlan"));
};

type On = { readonly lab: TestLab; readonly filled: (text: string) => string };

export const hurt = async ({ on, breaking, faults }: Break, { lab, filled }: On): Promise<void> => {
  if (on !== undefined && breaking !== undefined) await lab.on(on, filled(breaking));
  if (faults !== undefined) await setFaults(lab, faults);
};

export const heal = async ({ on, undoing, faults }: Break, { lab, filled }: On): Promise<void> => {
  if (on !== undefined && undoing !== undefined) await lab.on(on, filled(undoing));
  if (faults !== undefined) await setFaults(lab);
};
