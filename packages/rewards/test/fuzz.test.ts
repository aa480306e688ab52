import { testFuzzTargets } from "../../../fuzz-tests.shared.js";
import { fuzzTargets } from "./fuzz-targets.js";

testFuzzTargets(fuzzTargets, import.meta.url);
