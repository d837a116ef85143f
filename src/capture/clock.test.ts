import fc from "fast-check";
import { expect, test } from "vitest";
import { clockOf, clockText, correction, type Round } from "./clock.ts";

const MS = 1_000_000n;

test("however the rounds go, the true difference is within the doubt of what is found", () => {
  const round = fc.record({ there: fc.nat(50), back: fc.nat(50), step: fc.constantFrom(1n, 1000n, 1_000_000_000n) });
  fc.assert(
    fc.property(fc.integer({ min: -10_000, max: 10_000 }), fc.array(round, { minLength: 1 }), (ahead, all) => {
      const true_ = BigInt(ahead) * MS;
      const rounds = all.map(({ there, back, step }, i): Round => {
        const asked = 1_000_000n * MS + BigInt(i) * 100n * MS;
        const exact = asked + BigInt(there) * MS + true_;
        return { asked, said: exact - (exact % step), step, answered: asked + BigInt(there + back) * MS };
      });
      const found = clockOf(rounds);
      const wrong = found.ahead - true_;
      expect(wrong < 0n ? -wrong : wrong).toBeLessThanOrEqual(found.doubt + 1n);
    }),
  );
});

test("a clock that may as well be right is left as it is, another one is corrected", () => {
  const near = { ahead: 2n * MS, doubt: 3n * MS };
  expect(correction(near)).toBe(0n);
  expect(clockText(near)).toBe("clock 2.000 ms ahead (± 3.000 ms), not more than can be measured: left as it is");
  const far = { ahead: -20n * MS, doubt: 3n * MS };
  expect(correction(far)).toBe(-20n * MS);
  expect(clockText(far)).toBe("clock 20.000 ms behind (± 3.000 ms), corrected");
});
