import OpenAI from "openai";

const client = new OpenAI({ maxRetries: 0 });
const model = process.argv[2] ?? "m1";
const plain = await client.completions.create({ model, prompt: "Say it. [[sim:echo]]", max_tokens: 50 });
let streamed = "";
let finish = null;
const stream = await client.completions.create({ model, prompt: "Say it. [[sim:echo]]", stream: true });
for await (const chunk of stream) {
    streamed += chunk.choices[0]?.text ?? "";
    finish = chunk.choices[0]?.finish_reason ?? finish;
}
console.log(JSON.stringify({ object: plain.object, text: plain.choices[0].text, usage: plain.usage, streamed, finish }));
