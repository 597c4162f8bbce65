// Makes texts and writes what the npm package `tiktoken`, the reference compiled to WebAssembly,
// makes of each: the input of token_check.
//
//     node tiktoken.mjs ENCODING SEED [FILE…]      FILE: real texts, besides the made ones
import { createRequire } from "node:module";

import { answer, flush } from "./answers.mjs";
import { texts } from "./texts.mjs";

// The packages lie with the functional tests.
const require = createRequire(new URL("../functional/package.json", import.meta.url));
const { Tiktoken, get_encoding } = require("tiktoken");

const [name, seed, ...files] = process.argv.slice(2);

// o200k_harmony has the ranks and the pattern of o200k_base and more special tokens.
const harmony = () => {
    const base = require("tiktoken/encoders/o200k_base.json");
    const special = {
        "<|startoftext|>": 199998, "<|endoftext|>": 199999, "<|return|>": 200002, "<|constrain|>": 200003,
        "<|channel|>": 200005, "<|start|>": 200006, "<|end|>": 200007, "<|message|>": 200008, "<|call|>": 200012,
        "<|endofprompt|>": 200018, "<|reserved_200000|>": 200000, "<|reserved_201087|>": 201087,
    };
    return [new Tiktoken(base.bpe_ranks, special, base.pat_str), Object.keys(special)];
};
const plain = () => [get_encoding(name), Object.keys(require(`tiktoken/encoders/${name}.json`).special_tokens)];
const [encoding, specials] = name === "o200k_harmony" ? harmony() : plain();

for (const [text, special] of texts(seed, files, specials, true)) answer(text, special, encoding.encode(text, special ? "all" : [], []));
flush();
