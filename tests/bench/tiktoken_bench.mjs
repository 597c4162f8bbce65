// The reference's side of scripts/bench_tokens: the same texts, the same figures.
//
//     node tiktoken_bench.mjs ENCODING SECONDS FILE…
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../functional/package.json", import.meta.url));
const { get_encoding } = require("tiktoken");

const [name, seconds, ...files] = process.argv.slice(2);
const encoding = get_encoding(name);
const text = files.map((file) => readFileSync(file, "utf8")).join("");
const count = (part) => encoding.encode(part, [], []).length;

const rate = (work) => {
    const begin = process.hrtime.bigint(), spent = () => Number(process.hrtime.bigint() - begin) / 1e9;
    let runs = 0;
    do work(), runs++;
    while (spent() < Number(seconds));
    return runs / spent();
};
const parts = [];
for (let at = 0; at + 60 < text.length; at += 60) parts.push(text.slice(at, at + 60));

const tokens = count(text), bytes = Buffer.byteLength(text);
const whole = rate(() => count(text));
const short = rate(() => parts.forEach(count));
console.log(JSON.stringify({ bytes, tokens, count_mb_s: (whole * bytes) / 1e6, short_per_s: short * parts.length }));
