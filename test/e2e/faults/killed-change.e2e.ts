import { testKilled } from "./killed.ts";

testKilled({ engine: "sid", what: "change", at: "done" });
