// Bundles the page into the directory given: page.html, page.js, page.css.
import { build } from "esbuild";
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
if (!out) {
  console.error("usage: node build.mjs DIRECTORY");
  process.exit(2);
}
mkdirSync(out, { recursive: true });
await build({
  entryPoints: [join(here, "src/page.js")],
  outfile: join(out, "page.js"),
  bundle: true,
  loader: { ".yaml": "text", ".jk": "text" },
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "none",
  logLevel: "warning",
});
for (const file of ["page.html", "page.css"]) copyFileSync(join(here, "src", file), join(out, file));
