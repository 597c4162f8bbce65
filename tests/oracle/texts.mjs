// The texts that tokenizers are compared on, the same for the same seed.
//
//     for (const [text, special] of texts(seed, files, specials, points)) ...
//
// `special`: special tokens are to be recognised. `points`: every code point is among them.
import { readFileSync } from "node:fs";

export const texts = (seed, files, specials, points) => {
    const list = [];
    const answer = (text, special = false) => list.push([text.toWellFormed(), special]);

    // mulberry32: the same texts for the same seed, whatever Node runs this.
    let state = Number(seed) >>> 0;
    const random = () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ (state >>> 15), state | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    const below = (n) => Math.floor(random() * n);
    const pick = (list) => list[below(list.length)];

    // Every code point that is or may be assigned, among letters, digits, blanks and punctuation: each is
    // of the class that the reference's Unicode gives it. Beyond plane 1, where whole planes are alike, some.
    const surroundings = (c) => `a${c}b ${c} 1${c}2${c}A${c}B'S${c}\n${c}${c}c!${c}?`;
    for (let at = points ? 0 : 0x110000, text = ""; at < 0x110000; at += at < 0x20000 ? 1 : at < 0x33500 ? 16 : 257) {
        if (at < 0xd800 || at > 0xdfff) text += surroundings(String.fromCodePoint(at));
        if (text.length > 2000 || at + 257 >= 0x110000) answer(text), (text = "");
    }

    // Whatever the patterns distinguish, next to each other at random.
    const letters = ["a", "bc", "the", "Ing", "XY", "é", "ß", "Ω", "ω", "ǅ", "ʰ", "中", "文字", "カ", "가", "ا", "ש", "ด", "ī", "ſ", "K"];
    const others = ["1", "22", "333", "4444", "٣", "Ⅷ", "½", " ", "  ", "\t", "\n", "\r\n", "\r", "\v", "\f", "\u00a0", "\u3000", "\u2028", "\u0085",
        "'", "'s", "'S", "'T", "'re", "'VE", "'ll", "'Ll", "'d", "'M", "'ſ", "'x", "/", "//", "\n/", ".", ",", "!?", "--", "_", "(", "{\"", "\":", "<|", "|>",
        "<|endoftext|>", "<|fim_prefix|>", "<|endofprompt|>", "<|start|>", "\u0301", "\u0308", "\u200d", "\ufe0f", "😀", "👩‍👩‍👧", "🇩🇪", "\u0000", "\u0007", "\u001b[0m",
        "\u007f", "\ufeff", "\u{e0001}", "\u{10ffff}", "\u{f0000}", "ﷺ", "𝒜", "𝟘", "𐐀"];
    for (let i = 0; i < 3000; i++) {
        let text = "";
        for (let n = 1 + below(40); n > 0; n--) text += random() < 0.5 ? pick(letters) : pick(others);
        answer(text);
    }
    // Special tokens as text and as tokens.
    for (let i = 0; i < 300; i++) {
        let text = "";
        for (let n = 1 + below(12); n > 0; n--) text += random() < 0.4 ? pick(specials) : pick([...letters, ...others]);
        answer(text, true);
        answer(text);
    }
    // Any code points.
    for (let i = 0; points && i < 300; i++) {
        let text = "";
        for (let n = below(60); n > 0; n--) text += String.fromCodePoint(pick([below(0x80), below(0x800), below(0x10000), below(0x110000)]));
        answer(text);
    }
    // Long runs, and long runs with an end of another kind.
    for (const unit of ["a", "A", " ", "\n", "\t", "0", "!", "-", "=", "'", "中", "é", "😀", "ab", "xyz", "aA", " a", "\r\n", "\u0301", "ǅ", "/", "\n/", "ʰA"])
        for (const count of [1, 2, 3, 7, 95, 96, 97, 200, 1500])
            for (const tail of ["", "b", " b", "\n"]) answer(unit.repeat(count) + tail);
    for (let i = 0; i < 20; i++) {  // words without end, of random letters
        let text = "";
        for (let n = 90 + below(900); n > 0; n--) text += String.fromCharCode(97 + below(random() < 0.5 ? 26 : 3));
        answer(text), answer(text.toUpperCase());
    }
    // Documents: words of real texts in a new order, up to a megabyte.
    const real = files.map((file) => readFileSync(file, "utf8"));
    const words = real.flatMap((text) => text.match(/\s*\S+/gu) ?? []);
    for (const length of words.length > 0 ? [1000, 30000, 1000000] : []) {
        let text = "";
        while (text.length < length) text += pick(words);
        answer(text);
    }
    for (const text of real) answer(text);
    for (const text of ["", "a", "\n", "'", "é", "<|endoftext|>"]) answer(text), answer(text, true);
    return list;
};
