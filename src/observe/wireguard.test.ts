import { expect, it } from "vitest";
import { parseWireguard } from "./wireguard.ts";

// what the read script printed on two lab hosts, with a peer that was never heard of added
const OUTPUT = `device xh-co-wg 51820 eAiU8PWTwH/b9o1c13RuffsTdp5ZHBZaDnNAUwxgvkI=
peer xh-co-wg a09k6vCmg/QBrnWOE1+br8HcoimADu4gTfnBWre9fTk=\t(none)\t10.211.55.13:51820\t172.30.35.0/24\t1763834292\t660\t604\toff
peer xh-co-wg XIqeqPV5eAsjs3p+GFVRKl54pB2xceq61KV+2MjbaGo=\t(none)\t(none)\t172.30.200.0/24,172.30.189.0/24\t0\t0\t0\t25
device xh-two-wg 51821 b09k6vCmg/QBrnWOE1+br8HcoimADu4gTfnBWre9fTk=
`;

it("reads devices with their peers", () => {
  expect(parseWireguard(OUTPUT)).toEqual([
    {
      name: "xh-co-wg",
      port: 51820,
      publicKey: "eAiU8PWTwH/b9o1c13RuffsTdp5ZHBZaDnNAUwxgvkI=",
      peers: [
        {
          publicKey: "a09k6vCmg/QBrnWOE1+br8HcoimADu4gTfnBWre9fTk=",
          endpoint: "10.211.55.13:51820",
          allowed: ["172.30.35.0/24"],
          keepalive: 0,
        },
        {
          publicKey: "XIqeqPV5eAsjs3p+GFVRKl54pB2xceq61KV+2MjbaGo=",
          endpoint: "",
          allowed: ["172.30.189.0/24", "172.30.200.0/24"],
          keepalive: 25,
        },
      ],
    },
    { name: "xh-two-wg", port: 51821, publicKey: "b09k6vCmg/QBrnWOE1+br8HcoimADu4gTfnBWre9fTk=", peers: [] },
  ]);
});

it("finds nothing in nothing", () => {
  expect(parseWireguard("")).toEqual([]);
});
