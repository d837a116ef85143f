import { hasPassed, type CheckResult, type Result, type Told } from "../scenario/result.ts";
import { isDeploy, type AnyScenario } from "../scenario/deploy-scenario.ts";
import type { Context } from "./context.ts";
import type { Where } from "./scenario-place.ts";

/** Tells a run on the screen as it goes on, and how it ended. */
export const scenarioTold = (
  scenario: AnyScenario,
  { show, note, paint }: Context,
): Told & { readonly end: (result: Result, where: Where) => void } => ({
  note,
  part: (part) => {
    if (part === "build") show(paint(`${scenario.name}: ${scenario.title}`, "host"));
    else if (part !== "check") show(`\n${paint(part, "host")}`);
  },
  step: ({ command, does }) => show(`${paint(`# ${does}`, "command")}\n$ ${command}`),
  output: show,
  check: (result) => show(checkLine(result, paint)),
  found: ({ found, named, wanted, why }) => {
    const lines = found.length === 0 ? ["nothing that drops the packet was found"] : found;
    const rest = named ? why : `none of it matches the cause that the file has: ${wanted}`;
    show(
      [...lines.map((line) => `  ${paint(named ? "→" : "✖", named ? "~" : "-")} ${line}`), `    ${rest}`].join("\n"),
    );
  },
  causes: (lines) => {
    for (const line of lines) show(`  ${paint("→", "~")} ${line}`);
  },
  end: (result, where) => {
    const { checks, broken, left } = result;
    const isMany = result.host.includes(", ");
    const all = [...checks, ...(broken === undefined ? [] : [...broken.checks, ...broken.healed])];
    const passed = all.filter((each) => each.passed).length;
    const verdict = `${passed} of ${all.length} checks passed${broken !== undefined && !broken.named ? ", and another cause was found than the file names" : ""}`;
    show(`\n${paint(verdict, hasPassed(result) ? "+" : "-")}`);
    if (left === undefined) {
      const [inside] = isDeploy(scenario) ? [] : scenario.nodes.filter(({ kind }) => kind === "netns");
      const look =
        where.kind === "local" || inside === undefined ? "" : ` On ${result.host}: ip netns exec ${inside.name} sh`;
      show(`It was kept.${look} To take it back: xhost scenario clean ${scenario.name}${wordsOf(where)}`);
    }
    if (left?.length === 0)
      show(`Everything was taken back: ${isMany ? "the hosts are as they were" : "the host is as it was"}.`);
    if (left !== undefined && left.length > 0)
      show(
        [
          `${isMany ? "The hosts are not as they were" : "The host is not as it was"}:`,
          ...left.map((line) => `  ${line}`),
        ].join("\n"),
      );
  },
});

const checkLine = ({ check, passed, seen, mustFail }: CheckResult, paint: Context["paint"]): string => {
  const mark = passed ? paint("✔", "+") : paint("✖", "-");
  const turned = mustFail ? (passed ? "fails, as it should: " : "should fail, and does not: ") : "";
  return `${mark} ${turned}${check.claim}\n    ${paint(seen, "command")}`;
};

const wordsOf = (where: Where): string =>
  where.kind === "local"
    ? " --local"
    : ` -i ${where.inventory}${where.names.length === 0 ? "" : ` --host ${where.names.join(",")}`}`;
