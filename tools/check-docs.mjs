// Fails on an exported symbol without a docstring. A re-exported symbol is judged where it is declared.
import { relative } from "node:path";
import ts from "typescript-api";
import { finish, root, workspacePackages } from "./packages.mjs";

const packages = workspacePackages();
const config = ts.parseJsonConfigFileContent(
  ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile).config,
  ts.sys,
  root,
);
const program = ts.createProgram(
  packages.flatMap(({ entries }) => entries),
  config.options,
);
const checker = program.getTypeChecker();
const findings = [];
let symbols = 0;

for (const { name, entries } of packages) {
  for (const entry of entries) {
    const source = program.getSourceFile(entry);
    const module = source && checker.getSymbolAtLocation(source);
    if (!module) {
      findings.push(`${name}: ${relative(root, entry)} is missing or exports nothing`);
      continue;
    }
    for (const exported of checker.getExportsOfModule(module)) {
      symbols += 1;
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const declaration = symbol.declarations?.[0];
      if (!declaration) continue;
      if (ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim() !== "") continue;
      const file = declaration.getSourceFile();
      const { line } = file.getLineAndCharacterOfPosition(declaration.getStart());
      findings.push(`${relative(root, file.fileName)}:${line + 1}: ${exported.name} is exported without a docstring`);
    }
  }
}

finish(`docstrings of ${symbols} public symbols`, [...new Set(findings)]);
