import OpenAI from "openai";

// Embeddings come in base64 unless told otherwise: the SDK decodes them.
const client = new OpenAI({ maxRetries: 0 });
const coded = await client.embeddings.create({ model: "e1", input: ["the red fox", "the red dog"], dimensions: 8 });
const plain = await client.embeddings.create({
    model: "e1", input: ["the red fox"], dimensions: 8, encoding_format: "float",
});
const moderation = await client.moderations.create({ input: ["nice", "not [[sim:flag]]"] });
console.log(JSON.stringify({
    lengths: coded.data.map((entry) => entry.embedding.length),
    same: coded.data[0].embedding.every((number, at) => Math.abs(number - plain.data[0].embedding[at]) < 1e-6),
    usage: coded.usage,
    flagged: moderation.results.map((result) => result.flagged),
}));
