// Writes what the npm package `@huggingface/tokenizers` makes of texts: the input of token_check.
//
//     node hugging_face.mjs TOKENIZER.json SEED [FILE…]
//
// JavaScript's \s has U+FEFF and lacks U+0085, which no other implementation does: they are left out.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { answer, flush } from "./answers.mjs";
import { texts } from "./texts.mjs";

const require = createRequire(new URL("../functional/package.json", import.meta.url));
const { Tokenizer } = require("@huggingface/tokenizers");

const [path, seed, ...files] = process.argv.slice(2);
const definition = JSON.parse(readFileSync(path, "utf8"));
const tokenizer = new Tokenizer(definition, {});
const specials = definition.added_tokens.map((token) => token.content);
for (const [given] of texts(seed, files, specials, false)) {
    const text = given.replaceAll(/[\u0085\ufeff]/g, "");
    // A word that is hundreds of letters long takes this implementation seconds.
    if (text.length > 40000 || /\S{2000}/.test(text)) continue;
    answer(text, true, tokenizer.encode(text, { add_special_tokens: false }).ids);
}
flush();
